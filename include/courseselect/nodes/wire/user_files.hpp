#pragma once
/// Users as files, and their numbers (contract §7).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/json/describe.hpp"

namespace courseselect::nodes::wire {

/// Rows of one import. Each new account costs a password hash, about 60 ms of one core; clients
/// wait 30 seconds.
inline constexpr std::size_t users_imported_max = 500;
inline constexpr std::size_t users_exported_ids_max = 10'000;

/// A password that was made here; nobody else knows it.
struct MadePassword {
    std::string username;
    std::string password;
};
struct UserImportFault {
    std::int64_t line = 0;
    std::string username;
    std::string error;
};
/// Answer of `POST /admin/users/import`.
struct UserImportDone {
    bool success = true;
    std::int64_t success_count = 0;
    std::int64_t failed_count = 0;
    std::vector<UserImportFault> errors;
    std::vector<MadePassword> passwords;
};

/// Body of `POST /admin/users/export`.
struct UserExport {
    std::optional<std::string> user_type;
    std::optional<std::vector<std::int64_t>> user_ids;
};

/// Answer of `GET /admin/stats`.
struct AdminStats {
    std::int64_t total_users = 0;
    std::int64_t total_students = 0;
    std::int64_t total_teachers = 0;
    std::int64_t total_admins = 0;
    std::int64_t active_users = 0;
    std::int64_t users_with_2fa = 0;
    std::int64_t open_sessions = 0;
    std::optional<std::int64_t> total_courses;
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

template <>
struct Describe<nodes::wire::MadePassword> {
    static constexpr auto fields() {
        using M = nodes::wire::MadePassword;
        return object("MadePassword", "Told this once.", field<&M::username>("username"),
                      field<&M::password>("password"));
    }
};
template <>
struct Describe<nodes::wire::UserImportFault> {
    static constexpr auto fields() {
        using F = nodes::wire::UserImportFault;
        return object("UserImportFault", "A line that made no account.", field<&F::line>("line"),
                      field<&F::username>("username"), field<&F::error>("error"));
    }
};
template <>
struct Describe<nodes::wire::UserImportDone> {
    static constexpr auto fields() {
        using U = nodes::wire::UserImportDone;
        return object(
            "UserImportDone", "What became of the lines.", field<&U::success>("success"),
            field<&U::success_count>("success_count"), field<&U::failed_count>("failed_count"),
            field<&U::errors>("errors"),
            field<&U::passwords>("passwords", doc("Those made for lines without a password.")));
    }
};
template <>
struct Describe<nodes::wire::UserExport> {
    static constexpr auto fields() {
        using U = nodes::wire::UserExport;
        return object(
            "UserExport", "Which users; all when nothing is said.",
            field<&U::user_type>("user_type", one_of<"student", "teacher", "admin">,
                                 example("\"student\"")),
            field<&U::user_ids>(
                "user_ids", items(0, nodes::wire::users_exported_ids_max), each(at_least(1)),
                doc("Numbers of users of that kind; students when no kind is given.")));
    }
};
template <>
struct Describe<nodes::wire::AdminStats> {
    static constexpr auto fields() {
        using A = nodes::wire::AdminStats;
        return object(
            "AdminStats", "How many there are.", field<&A::total_users>("total_users"),
            field<&A::total_students>("total_students"),
            field<&A::total_teachers>("total_teachers"), field<&A::total_admins>("total_admins"),
            field<&A::active_users>("active_users"), field<&A::users_with_2fa>("users_with_2fa"),
            field<&A::open_sessions>("open_sessions"),
            field<&A::total_courses>("total_courses", doc("Null: the data node is away.")));
    }
};

}  // namespace courseselect::json
