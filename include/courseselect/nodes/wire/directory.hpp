#pragma once
/// Accounts by name, between nodes: one call for a whole list.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/json/describe.hpp"

namespace courseselect::nodes::wire {

inline constexpr std::size_t users_looked_up_max = 1000;

/// Body of `POST /internal/users/lookup`.
struct UserLookup {
    std::vector<std::string> usernames;
};
/// What the auth node knows of a name; nothing beside the name when there is no such account.
struct FoundUser {
    std::string username;  ///< as it was asked for
    std::optional<std::int64_t> user_id;
    std::optional<std::string> user_type;  ///< "student", "teacher" or "admin"
    std::optional<std::string> email;      ///< when the account has an address
};
/// One entry for each name, in the order asked for.
struct FoundUsers {
    std::vector<FoundUser> users;
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

namespace wire = nodes::wire;

template <>
struct Describe<wire::UserLookup> {
    static constexpr auto fields() {
        return object(
            "UserLookup", "Names of accounts.",
            field<&wire::UserLookup::usernames>("usernames", items(1, wire::users_looked_up_max),
                                                each(length(1, 100)), example("[\"alice\"]")));
    }
};
template <>
struct Describe<wire::FoundUser> {
    static constexpr auto fields() {
        using U = wire::FoundUser;
        return object("FoundUser", "Whose account a name is; nulls when there is none.",
                      field<&U::username>("username"), field<&U::user_id>("user_id"),
                      field<&U::user_type>("user_type"), field<&U::email>("email", omit_empty));
    }
};
template <>
struct Describe<wire::FoundUsers> {
    static constexpr auto fields() {
        return object("FoundUsers", "In the order asked for.",
                      field<&wire::FoundUsers::users>("users"));
    }
};

}  // namespace courseselect::json
