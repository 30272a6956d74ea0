#pragma once
/// Users as administrators see and change them (contract §3.4). A member that is missing in a body
/// is a 400 with a text of its own, so no member is required here.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/json/patch.hpp"
#include "courseselect/nodes/wire/auth.hpp"
#include "courseselect/nodes/wire/contact_rules.hpp"
#include "courseselect/nodes/wire/people.hpp"

namespace courseselect::nodes::wire {

inline constexpr std::size_t name_length_max = 100;
inline constexpr std::size_t email_length_max = 254;  ///< RFC 5321 §4.5.3.1.3, less the brackets
inline constexpr std::size_t tags_per_student_max = 50;
/// Lines of one import of tags. More are refused before any is looked at.
inline constexpr std::size_t tag_lines_max = 1000;

/// Query of `GET /admin/users`.
struct UserListQuery {
    std::optional<std::string> user_type;
    int page = 1;
    int page_size = 20;
    std::optional<std::string> search;
};
struct UserSeen {
    std::int64_t user_id = 0;
    std::string username;
    std::string name;
    std::optional<std::string> email;
    std::string user_type;
    bool is_active = true;
    bool has_2fa = false;
    /// Clients look whether it is there: a constant or null, never the secret.
    std::optional<std::string> totp_secret;
    std::optional<std::vector<std::string>> student_tags;
    core::WallTime created_at;
    core::WallTime updated_at;
};
struct UserPage {
    std::vector<UserSeen> users;
    std::int64_t total = 0;
    int page = 1;
    int page_size = 20;
    std::optional<bool> total_is_exact;  ///< false: there are more
};

/// `GET /admin/user`.
struct UserByName {
    std::string username;
};
struct UserDetail {
    std::int64_t user_id = 0;
    std::string username;
    std::string name;
    std::string user_type;
    bool is_active = true;
    std::optional<std::string> email;
    std::optional<std::string> phone;
    std::optional<std::string> group;
    bool has_2fa = false;
    core::WallTime created_at;
    core::WallTime updated_at;
};
/// `GET /admin/user/{id}`.
struct UserNumberPath {
    std::int64_t id = 0;
};
struct UserKindQuery {
    std::string user_type = "student";
};
/// `POST /admin/user/contact`.
struct ContactChange {
    std::string username;
    json::Patch<std::string> name;
    json::Patch<std::string> email;
    json::Patch<std::string> phone;
    json::Patch<std::string> group;
};

/// `POST /admin/user/add`.
struct UserAdd {
    std::optional<std::string> username;
    std::optional<std::string> user_type;
    std::optional<core::Secret> password;
    std::optional<std::string> name;
    std::optional<std::string> email;
};
/// The password is told only when the node made it; else whoever asked knows it.
struct UserAdded {
    bool success = true;
    std::string message;
    std::string username;
    std::string password;
    std::string user_type;
};

/// `POST /admin/user/delete`.
struct UserDelete {
    std::optional<std::int64_t> user_id;
    std::optional<std::string> user_type;
};
/// `POST /admin/user/reset-2fa`.
struct UserNamed {
    std::optional<std::string> username;
};
/// `POST /admin/user/toggle-status`.
struct UserToggle {
    std::optional<std::int64_t> user_id;
    std::optional<bool> is_active;
    std::optional<std::string> user_type;
};
/// `POST /admin/user/reset-password`.
struct PasswordReset {
    std::optional<std::string> username;
    std::optional<std::string> user_type;
    std::optional<core::Secret> new_password;
};
struct PasswordResetDone {
    bool success = true;
    std::string message;
    std::string new_password;
    std::string username;
};

/// `POST /admin/student/update-tags`.
struct TagsUpdate {
    std::optional<core::StudentId> student_id;
    std::optional<std::vector<std::string>> student_tags;
};
/// `POST /admin/student/batch-import-tags`.
struct TagImport {
    std::optional<std::string> csv_text;
};
struct TagImported {
    std::string username;
    std::vector<std::string> tags_added;
    std::int64_t total_tags = 0;
};
struct TagImportFault {
    std::int64_t line = 0;
    std::optional<std::string> username;
    std::string error;
};
struct TagImportDetails {
    std::vector<TagImported> success;
    std::vector<TagImportFault> failed;
    std::int64_t total = 0;
};
struct TagImportDone {
    bool success = true;
    std::int64_t imported_count = 0;
    std::int64_t failed_count = 0;
    std::int64_t total = 0;
    TagImportDetails details;
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

template <>
struct Describe<wire::UserListQuery> {
    static constexpr auto fields() {
        using U = wire::UserListQuery;
        return object("UserListQuery", "Which users, and which page of them.",
                      field<&U::user_type>("user_type", one_of<"student", "teacher", "admin">,
                                           empty_is_absent),
                      field<&U::page>("page", between(1, 1'000'000), optional_with_default),
                      field<&U::page_size>("page_size", between(1, 1'000), optional_with_default),
                      field<&U::search>("search", length_max(wire::name_length_max),
                                        empty_is_absent, doc("Part of the user name.")));
    }
};
template <>
struct Describe<wire::UserSeen> {
    static constexpr auto fields() {
        using U = wire::UserSeen;
        return object(
            "UserSeen", "A user in a list.", field<&U::user_id>("user_id"),
            field<&U::username>("username"),
            field<&U::name>("name", doc("The user name when no other is known.")),
            field<&U::email>("email"), field<&U::user_type>("user_type"),
            field<&U::is_active>("is_active"), field<&U::has_2fa>("has_2fa"),
            field<&U::totp_secret>("totp_secret", doc("Set when 2FA is on; never the secret.")),
            field<&U::student_tags>("student_tags", omit_empty, doc("Of students.")),
            field<&U::created_at>("created_at"), field<&U::updated_at>("updated_at"));
    }
};
template <>
struct Describe<wire::UserPage> {
    static constexpr auto fields() {
        using U = wire::UserPage;
        return object("UserPage", "Users, newest first.", field<&U::users>("users"),
                      field<&U::total>("total"), field<&U::page>("page"),
                      field<&U::page_size>("page_size"),
                      field<&U::total_is_exact>("total_is_exact", omit_empty,
                                                doc("False: there are more than `total`.")));
    }
};
template <>
struct Describe<wire::UserByName> {
    static constexpr auto fields() {
        return object(
            "UserByName", "One user.",
            field<&wire::UserByName::username>("username", length(1, 256), example("\"alice\"")));
    }
};
template <>
struct Describe<wire::UserDetail> {
    static constexpr auto fields() {
        using U = wire::UserDetail;
        return object("UserDetail", "An account.", field<&U::user_id>("user_id"),
                      field<&U::username>("username"),
                      field<&U::name>("name", doc("The user name when no other is known.")),
                      field<&U::user_type>("user_type"), field<&U::is_active>("is_active"),
                      field<&U::email>("email"), field<&U::phone>("phone"),
                      field<&U::group>("group"), field<&U::has_2fa>("has_2fa"),
                      field<&U::created_at>("created_at"), field<&U::updated_at>("updated_at"));
    }
};
template <>
struct Describe<wire::UserNumberPath> {
    static constexpr auto fields() {
        return object("UserNumberPath", "A user's number among those of the kind.",
                      field<&wire::UserNumberPath::id>("id", at_least(1)));
    }
};
template <>
struct Describe<wire::UserKindQuery> {
    static constexpr auto fields() {
        return object("UserKindQuery", "Of which kind.",
                      field<&wire::UserKindQuery::user_type>(
                          "user_type", one_of<"student", "teacher", "admin">, empty_is_absent,
                          optional_with_default));
    }
};
template <>
struct Describe<wire::ContactChange> {
    static constexpr auto fields() {
        using C = wire::ContactChange;
        return object("ContactChange", "What is left out stays, null clears.",
                      field<&C::username>("username", length(1, 256), example("\"alice\"")),
                      field<&C::name>("name", length(1, wire::name_length_max)),
                      field<&C::email>("email", wire::email_rules),
                      field<&C::phone>("phone", wire::phone_rules),
                      field<&C::group>("group", length(1, wire::name_length_max)));
    }
};
template <>
struct Describe<wire::UserAdd> {
    static constexpr auto fields() {
        using U = wire::UserAdd;
        return object("UserAdd", "A new account; without a password one is made.",
                      field<&U::username>("username", length_max(256), example("\"dora\"")),
                      field<&U::user_type>("user_type", example("\"student\"")),
                      field<&U::password>("password", length_max(1024)),
                      field<&U::name>("name", length_max(wire::name_length_max)),
                      field<&U::email>("email", length_max(wire::email_length_max)));
    }
};
template <>
struct Describe<wire::UserAdded> {
    static constexpr auto fields() {
        using U = wire::UserAdded;
        return object("UserAdded", "The account exists.", field<&U::success>("success"),
                      field<&U::message>("message"), field<&U::username>("username"),
                      field<&U::password>("password", doc("Empty when the caller chose it.")),
                      field<&U::user_type>("user_type"));
    }
};
template <>
struct Describe<wire::UserDelete> {
    static constexpr auto fields() {
        using U = wire::UserDelete;
        return object("UserDelete", "Whom to delete.", field<&U::user_id>("user_id", example("1")),
                      field<&U::user_type>("user_type", example("\"student\"")));
    }
};
template <>
struct Describe<wire::UserNamed> {
    static constexpr auto fields() {
        return object("UserNamed", "Whose.",
                      field<&wire::UserNamed::username>("username", example("\"alice\"")));
    }
};
template <>
struct Describe<wire::UserToggle> {
    static constexpr auto fields() {
        using U = wire::UserToggle;
        return object("UserToggle", "Whom to let in or to keep out.",
                      field<&U::user_id>("user_id", example("1")),
                      field<&U::is_active>("is_active", example("false")),
                      field<&U::user_type>("user_type", doc("Without it students come first.")));
    }
};
template <>
struct Describe<wire::PasswordReset> {
    static constexpr auto fields() {
        using P = wire::PasswordReset;
        return object("PasswordReset", "Whose password; without a new one, one is made.",
                      field<&P::username>("username", example("\"alice\"")),
                      field<&P::user_type>("user_type", example("\"student\"")),
                      field<&P::new_password>("new_password", length_max(1024)));
    }
};
template <>
struct Describe<wire::PasswordResetDone> {
    static constexpr auto fields() {
        using P = wire::PasswordResetDone;
        return object("PasswordResetDone", "The password of now.", field<&P::success>("success"),
                      field<&P::message>("message"), field<&P::new_password>("new_password"),
                      field<&P::username>("username"));
    }
};
template <>
struct Describe<wire::TagsUpdate> {
    static constexpr auto fields() {
        using T = wire::TagsUpdate;
        return object("TagsUpdate", "A student's tags from now on; [] clears them.",
                      field<&T::student_id>("student_id", example("1")),
                      field<&T::student_tags>("student_tags", items(0, wire::tags_per_student_max),
                                              each(length(1, 100)), example("[\"year1\"]")));
    }
};
template <>
struct Describe<wire::TagImport> {
    static constexpr auto fields() {
        return object("TagImport", "One student a line.",
                      field<&wire::TagImport::csv_text>("csv_text", length_max(1'000'000),
                                                        example("\"alice,year1,honours\"")));
    }
};
template <>
struct Describe<wire::TagImported> {
    static constexpr auto fields() {
        using T = wire::TagImported;
        return object("TagImported", "A student who has more tags now.",
                      field<&T::username>("username"), field<&T::tags_added>("tags_added"),
                      field<&T::total_tags>("total_tags"));
    }
};
template <>
struct Describe<wire::TagImportFault> {
    static constexpr auto fields() {
        using T = wire::TagImportFault;
        return object("TagImportFault", "A line that changed nothing.", field<&T::line>("line"),
                      field<&T::username>("username", omit_empty), field<&T::error>("error"));
    }
};
template <>
struct Describe<wire::TagImportDetails> {
    static constexpr auto fields() {
        using T = wire::TagImportDetails;
        return object("TagImportDetails", "Line by line.", field<&T::success>("success"),
                      field<&T::failed>("failed"), field<&T::total>("total"));
    }
};
template <>
struct Describe<wire::TagImportDone> {
    static constexpr auto fields() {
        using T = wire::TagImportDone;
        return object("TagImportDone", "What became of the lines.", field<&T::success>("success"),
                      field<&T::imported_count>("imported_count"),
                      field<&T::failed_count>("failed_count"), field<&T::total>("total"),
                      field<&T::details>("details"));
    }
};

}  // namespace courseselect::json
