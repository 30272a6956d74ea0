#pragma once
/// What an auth node can be told, with the reason of each default.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "courseselect/api/service.hpp"
#include "courseselect/auth/throttle.hpp"
#include "courseselect/auth/token_issuer.hpp"
#include "courseselect/core/secret.hpp"
#include "courseselect/nodes/auth/password_work.hpp"
#include "courseselect/nodes/control/settings.hpp"
#include "courseselect/notify/courier.hpp"
#include "courseselect/ratelimit/keyed_limiter.hpp"
#include "courseselect/storage/database.hpp"

namespace courseselect::nodes::accounts {

/// How guessing is slowed down. An address may be a campus behind one NAT, so its bucket is wide;
/// an account is one person, so its patience is short.
struct GuessLimits {
    bool enabled = true;
    /// Every path that takes a password, code or refresh token, by client address.
    ratelimit::LimiterOptions address{.bucket = {.capacity = 600, .refill_per_second = 20}};
    /// Passwords, by user name: 20 at once, then a second, two, four ... to a quarter of an hour.
    courseselect::auth::ThrottleOptions password{.free_attempts = 20};
    /// 2FA codes, by account: three of a million codes fit at a time, so 10 and then slower.
    courseselect::auth::ThrottleOptions totp{.free_attempts = 10};
    /// Reset codes, by address: 40 bits are enough only while tries are few.
    courseselect::auth::ThrottleOptions reset{.free_attempts = 5};
};

/// How profiles reach the data node.
struct ProfileOptions {
    std::chrono::milliseconds call_timeout{5'000};  ///< of one call (contract §1.1)
    std::chrono::milliseconds poll{1'000};          ///< between looks for profiles that are due
    std::chrono::milliseconds retry_first{2'000};   ///< then twice as long each time ...
    std::chrono::milliseconds retry_max{300'000};   ///< ... up to this
    std::int64_t ids_block = 64;  ///< ids reserved at a time; unused ones are never handed out
    std::int64_t ids_low = 16;    ///< fewer left: the next block is fetched in the background
    int batch_max = 32;           ///< profiles delivered in one turn
    /// Ids that turn out to belong to somebody else, before a registration fails.
    int id_tries_max = 16;
};

/// How what is over is forgotten.
struct PurgeOptions {
    std::chrono::milliseconds every{60'000};
    std::int64_t batch = 500;  ///< rows in one transaction; more would hold up the logins
};

/// How people are told. What may change while everything runs is in `NotificationSettings`.
struct NotificationOptions {
    core::Secret smtp_password;
    core::Secret sms_authorization;  ///< the whole header line of the SMS gateway; may be empty
    std::string ca_file;             ///< PEM, for mail server and gateway; empty: the system's
    std::string templates;           ///< a directory; empty: only those the program carries
    std::chrono::milliseconds poll{1'000};  ///< between looks for decisions and dates
    int round_batch = 200;                  ///< students told in one transaction
    /// Of one message. A stop of the node waits for tries under way.
    std::chrono::milliseconds delivery_timeout{8'000};
    notify::CourierOptions courier;
};

struct AuthNodeOptions {
    storage::DatabaseUrl database{.path = "auth_data.db"};
    storage::DatabaseOptions storage;
    api::ServiceOptions service;
    core::Secret jwt_secret;                ///< HS256
    std::size_t jwt_secret_bytes_min = 32;  ///< RFC 7518 §3.2; existing installations have less
    /// PKCS#8 PEM; when given, tokens are signed with RS256 or EdDSA, as the key is.
    core::Secret jwt_private_key;
    courseselect::auth::TokenLifetimes lifetimes;
    int bcrypt_cost = 10;  ///< 10 is 60 ms; below 10 only with `dev`
    HashThreads hashing;
    /// Development: the documented passwords `admin123` and `super123` are allowed.
    bool dev = false;
    core::Secret admin_password;        ///< first start only; needed then
    core::Secret super_admin_password;  ///< first start only; empty: no such account
    Settings settings;                  ///< until an administrator changes them
    GuessLimits guesses;
    ProfileOptions profiles;
    PurgeOptions purge;
    NotificationOptions notifications;
};

}  // namespace courseselect::nodes::accounts
