#pragma once
/// Users, their logins and their wallets as the user management contract has them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/nodes/wire/auth.hpp"
#include "courseselect/nodes/wire/contact_rules.hpp"

namespace courseselect::nodes::wire {

/// Body of `POST /users` and `POST /auth/register`.
struct NewUser {
    std::string email;
    std::string username;
    core::Secret password;
};
struct ManagedUser {
    std::string id;
    std::optional<std::string> email;
    std::string username;
    std::string status;  ///< "active" or "inactive"
    core::WallTime created_at;
    core::WallTime updated_at;
};
struct WalletSeen {
    std::string id;
    std::string user_id;
    double balance = 0;  ///< credits, with two decimals
    std::string currency = "credits";
};
struct UserMade {
    std::string message;
    ManagedUser user;
    std::string status = "created";
};
struct WalletData {
    WalletSeen wallet;
};
struct UserRegistered {
    std::string message;
    ManagedUser user;
    std::string status = "created";
    WalletData data;
};

/// The `{user_id}` of a path.
struct UserPath {
    std::string user_id;
};
/// Body of `PUT /auth/{user_id}`; what is left out stays.
struct UserChangeBody {
    std::optional<std::string> username;
    std::optional<std::string> email;
    std::optional<std::string> phone;
    std::optional<std::string> status;
};
struct UserChanged {
    std::string message;
    ManagedUser user;
};

/// Body of `POST /users/search`.
struct UserSearchBody {
    std::optional<std::string> username;
    std::optional<std::string> email;
    std::optional<std::string> status;
    int page = 1;
    int page_size = 20;
};
struct UsersFound {
    std::vector<ManagedUser> users;
    std::int64_t total = 0;
    int page = 1;
    int page_size = 20;
    std::optional<bool> total_is_exact;  ///< false: there are more
};

/// Body of `POST /auth/login`: an address or a name.
struct UserLoginBody {
    std::optional<std::string> email;
    std::optional<std::string> username;
    core::Secret password;
    std::optional<std::string> totp_code;
};
struct UserTokens {
    ManagedUser user;
    std::string access_token;
    std::string refresh_token;
    std::string token_type = "Bearer";
    std::int64_t expires_in = 0;
};
struct UserLoggedIn {
    bool success = true;
    std::string message;
    UserTokens data;
};
struct OwnUserData {
    ManagedUser user;
    WalletSeen wallet;
};
struct OwnUser {
    bool success = true;
    OwnUserData data;
};

/// Body of `POST /admin/wallets/{user_id}/entries`.
struct WalletEntryBody {
    double amount = 0;
    std::string reason;
    std::string idempotency_key;
};
struct WalletEntrySeen {
    std::int64_t number = 0;
    double amount = 0;
    double balance = 0;
    std::string reason;
    std::string idempotency_key;
    std::string made_by;
    core::WallTime created_at;
};
struct WalletEntryMade {
    std::string message;
    WalletEntrySeen entry;
    WalletSeen wallet;
};
struct WalletEntries {
    WalletSeen wallet;
    std::vector<WalletEntrySeen> entries;
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

template <>
struct Describe<wire::NewUser> {
    static constexpr auto fields() {
        using U = wire::NewUser;
        return object("NewUser", "A new user.",
                      field<&U::email>("email", wire::email_rules, example("\"dora@example.org\"")),
                      field<&U::username>("username", wire::username_rules, example("\"dora\"")),
                      field<&U::password>("password", length(8, 1024),
                                          doc("As the settings ask, and 8 characters at least."),
                                          example("\"correct horse\"")));
    }
};
template <>
struct Describe<wire::ManagedUser> {
    static constexpr auto fields() {
        using U = wire::ManagedUser;
        return object("ManagedUser", "A user.",
                      field<&U::id>("_id", doc("24 lower-case hexadecimal digits.")),
                      field<&U::email>("email"), field<&U::username>("username"),
                      field<&U::status>("status", one_of<"active", "inactive">),
                      field<&U::created_at>("created_at"), field<&U::updated_at>("updated_at"));
    }
};
template <>
struct Describe<wire::WalletSeen> {
    static constexpr auto fields() {
        using W = wire::WalletSeen;
        return object("Wallet", "What a user has.", field<&W::id>("_id"),
                      field<&W::user_id>("user_id"), field<&W::balance>("balance"),
                      field<&W::currency>("currency"));
    }
};
template <>
struct Describe<wire::UserMade> {
    static constexpr auto fields() {
        using U = wire::UserMade;
        return object("UserMade", "The user exists.", field<&U::message>("message"),
                      field<&U::user>("user"), field<&U::status>("status"));
    }
};
template <>
struct Describe<wire::WalletData> {
    static constexpr auto fields() {
        return object("WalletData", "A wallet.", field<&wire::WalletData::wallet>("wallet"));
    }
};
template <>
struct Describe<wire::UserRegistered> {
    static constexpr auto fields() {
        using U = wire::UserRegistered;
        return object("UserRegistered", "The user exists, and so does the wallet.",
                      field<&U::message>("message"), field<&U::user>("user"),
                      field<&U::status>("status"), field<&U::data>("data"));
    }
};
template <>
struct Describe<wire::UserPath> {
    static constexpr auto fields() {
        return object("UserPath", "A user.",
                      field<&wire::UserPath::user_id>("user_id", length_max(100),
                                                      example("\"65f0c0ffee65f0c0ffee65f0\"")));
    }
};
template <>
struct Describe<wire::UserChangeBody> {
    static constexpr auto fields() {
        using U = wire::UserChangeBody;
        return object(
            "UserChange", "What is left out stays.",
            field<&U::username>("username", wire::username_rules),
            field<&U::email>("email", wire::email_rules),
            field<&U::phone>("phone", wire::phone_rules, doc("Where notifications by SMS go.")),
            field<&U::status>("status", one_of<"active", "inactive">));
    }
};
template <>
struct Describe<wire::UserChanged> {
    static constexpr auto fields() {
        using U = wire::UserChanged;
        return object("UserChanged", "The user as it is now.", field<&U::message>("message"),
                      field<&U::user>("user"));
    }
};
template <>
struct Describe<wire::UserSearchBody> {
    static constexpr auto fields() {
        using S = wire::UserSearchBody;
        return object(
            "UserSearch", "All that is given must fit.",
            field<&S::username>("username", length_max(100), example("\"ali\""),
                                doc("A part of the name; one or two characters: its beginning.")),
            field<&S::email>("email", length_max(254),
                             doc("A part of the address; one or two characters: its beginning.")),
            field<&S::status>("status", one_of<"active", "inactive">),
            field<&S::page>("page", between(1, 1'000'000), optional_with_default),
            field<&S::page_size>("page_size", between(1, 100), optional_with_default));
    }
};
template <>
struct Describe<wire::UsersFound> {
    static constexpr auto fields() {
        using U = wire::UsersFound;
        return object("UsersFound", "In the order in which they were made.",
                      field<&U::users>("users"), field<&U::total>("total"), field<&U::page>("page"),
                      field<&U::page_size>("page_size"),
                      field<&U::total_is_exact>(
                          "total_is_exact", omit_empty,
                          doc("Only present, and false, when there are more than total.")));
    }
};
template <>
struct Describe<wire::UserLoginBody> {
    static constexpr auto fields() {
        using L = wire::UserLoginBody;
        return object(
            "UserLogin", "An address or a name, and the password.",
            field<&L::email>("email", length_max(256), example("\"alice@example.org\"")),
            field<&L::username>("username", length_max(256)),
            field<&L::password>("password", length_max(4096), example("\"correct horse\"")),
            field<&L::totp_code>("totp_code", wire::optional_totp_rules,
                                 doc("Of users who have 2FA.")));
    }
};
template <>
struct Describe<wire::UserTokens> {
    static constexpr auto fields() {
        using T = wire::UserTokens;
        return object("UserTokens", "Who logged in, and the tokens.", field<&T::user>("user"),
                      field<&T::access_token>("access_token"),
                      field<&T::refresh_token>("refresh_token"),
                      field<&T::token_type>("token_type"), field<&T::expires_in>("expires_in"));
    }
};
template <>
struct Describe<wire::UserLoggedIn> {
    static constexpr auto fields() {
        using L = wire::UserLoggedIn;
        return object("UserLoggedIn", "The session is open.", field<&L::success>("success"),
                      field<&L::message>("message"), field<&L::data>("data"));
    }
};
template <>
struct Describe<wire::OwnUserData> {
    static constexpr auto fields() {
        using O = wire::OwnUserData;
        return object("OwnUserData", "User and wallet.", field<&O::user>("user"),
                      field<&O::wallet>("wallet"));
    }
};
template <>
struct Describe<wire::OwnUser> {
    static constexpr auto fields() {
        using O = wire::OwnUser;
        return object("OwnUser", "The user behind the token.", field<&O::success>("success"),
                      field<&O::data>("data"));
    }
};
template <>
struct Describe<wire::WalletEntryBody> {
    static constexpr auto fields() {
        using E = wire::WalletEntryBody;
        return object("WalletEntryNew", "Credits to add, or to take when negative.",
                      field<&E::amount>("amount", between(-1e9, 1e9), doc("Two decimals at most."),
                                        example("12.5")),
                      field<&E::reason>("reason", length(1, 500), example("\"Prize\"")),
                      field<&E::idempotency_key>("idempotency_key", length(1, 100),
                                                 doc("The same key again makes no second entry."),
                                                 example("\"prize-2026-17\"")));
    }
};
template <>
struct Describe<wire::WalletEntrySeen> {
    static constexpr auto fields() {
        using E = wire::WalletEntrySeen;
        return object("WalletEntry", "One change of a balance.", field<&E::number>("number"),
                      field<&E::amount>("amount"),
                      field<&E::balance>("balance", doc("With this entry.")),
                      field<&E::reason>("reason"), field<&E::idempotency_key>("idempotency_key"),
                      field<&E::made_by>("made_by", example("\"admin:1\"")),
                      field<&E::created_at>("created_at"));
    }
};
template <>
struct Describe<wire::WalletEntryMade> {
    static constexpr auto fields() {
        using E = wire::WalletEntryMade;
        return object("WalletEntryMade", "The entry, and the wallet with it.",
                      field<&E::message>("message"), field<&E::entry>("entry"),
                      field<&E::wallet>("wallet"));
    }
};
template <>
struct Describe<wire::WalletEntries> {
    static constexpr auto fields() {
        using E = wire::WalletEntries;
        return object("WalletEntries", "Newest first.", field<&E::wallet>("wallet"),
                      field<&E::entries>("entries"));
    }
};

}  // namespace courseselect::json
