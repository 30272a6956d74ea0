#pragma once
/// The daemons' configuration: names, defaults and bounds in one place (contract §1.6).

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/auth/token_issuer.hpp"
#include "courseselect/core/config.hpp"
#include "courseselect/core/log.hpp"
#include "courseselect/core/secret.hpp"
#include "courseselect/domain/selection_rule.hpp"
#include "courseselect/nodes/host.hpp"
#include "courseselect/nodes/realtime/realtime_bounds.hpp"
#include "courseselect/ratelimit/client_address.hpp"
#include "courseselect/ratelimit/token_bucket.hpp"
#include "courseselect/redis/address.hpp"
#include "courseselect/storage/database.hpp"

namespace courseselect::nodes {

/// One of the services: the five nodes, and the realtime server.
enum class Service : std::uint8_t { data, auth, teacher, student, queue, realtime };

inline constexpr Service all_services[] = {Service::data,    Service::auth,    Service::queue,
                                           Service::teacher, Service::student, Service::realtime};

/// "data": in program names, socket names and variables.
[[nodiscard]] std::string_view service_name(Service service);
/// 8001 to 8005 (contract, first table); 5000 for the realtime server.
[[nodiscard]] std::uint16_t default_port(Service service);

/// Existing installations have short secrets; ours are longer when we make them. Below 8 characters
/// a configuration is refused.
inline constexpr std::size_t jwt_secret_bytes_min = 8;

/// What all nodes of a program share.
struct CommonConfig {
    core::Secret internal_token;
    core::Secret jwt_secret;       ///< HS256, unless there is a key
    core::Secret jwt_private_key;  ///< PEM; RS256 or EdDSA, as the key is; for the auth node
    std::string jwt_public_key;    ///< PEM; what every node checks tokens with; empty: HS256
    bool dev = false;
    bool rate_limits = true;
    ratelimit::BucketOptions bearer_bucket{.capacity = 60, .refill_per_second = 1.0};
    bool use_sockets = true;
    std::string socket_directory;
    std::map<Service, std::string> urls;  ///< `DATA_NODE_URL` ...: only those that are set
    std::vector<std::string> cors_origins;
    std::vector<ratelimit::IpNetwork> trusted_proxies;
    std::size_t body_bytes_max = 1024 * 1024;
    bool metrics_open = false;  ///< `/metrics` for everybody, not only for this machine
};

struct AuthConfig {
    core::Secret admin_password;
    core::Secret super_admin_password;
    int bcrypt_cost = 10;
    auth::TokenLifetimes lifetimes;
    core::Secret smtp_password;
    core::Secret sms_authorization;
    std::string notification_ca_file;    ///< PEM; empty: the system's
    std::string notification_templates;  ///< a directory; empty: the built-in ones
};

/// Limits of `/queue/submit`. An address may stand for a campus behind one NAT, so it may do much
/// more than a student.
struct QueueConfig {
    ratelimit::BucketOptions student{.capacity = 10, .refill_per_second = 0.1};
    ratelimit::BucketOptions address{.capacity = 5'000, .refill_per_second = 500};
};

/// What realtime servers share their rooms over, if there are several.
struct SharingConfig {
    std::optional<redis::Address> redis;  ///< `REDIS_URL`; nothing: it is the only one
    std::string channel;                  ///< `REDIS_CHANNEL`: one for each school
};

/// Everything a program of one or more services needs.
struct ProgramConfig {
    CommonConfig common;
    AuthConfig auth;
    QueueConfig queue;
    realtime::RealtimeBounds realtime;
    SharingConfig sharing;
    domain::LedgerLimits limits;
    storage::DatabaseOptions database;
    std::map<Service, storage::DatabaseUrl> database_urls;
    std::map<Service, Listeners> listeners;
    HostOptions host;
    core::log::LogOptions log;
};

/// Reads every value for a program that runs `services`. Faults are noted in `environment`: ask its
/// `check()` before using the result.
[[nodiscard]] ProgramConfig read_config(core::Environment& environment,
                                        const std::vector<Service>& services);

/// `LOG_LEVEL` alone, for reading it again at run time; a fault is noted in `environment`.
[[nodiscard]] core::log::Level read_log_level(core::Environment& environment);

}  // namespace courseselect::nodes
