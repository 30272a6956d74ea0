#include "courseselect/nodes/auth/user_admin.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "courseselect/json/writer.hpp"
#include "courseselect/nodes/auth/steps.hpp"
#include "courseselect/nodes/auth/user_contacts.hpp"
#include "courseselect/nodes/auth/user_rules.hpp"
#include "courseselect/nodes/wire/page.hpp"
#include "courseselect/nodes/wire/people_batch.hpp"

namespace courseselect::nodes::accounts {
namespace {

namespace auth = courseselect::auth;
using core::Errc;

constexpr std::size_t made_password_length = 12;
/// What clients of old take for "2FA is on". It is no secret of anybody.
constexpr const char* totp_placeholder = "enabled";

constexpr const char* username_and_type = "Username and user_type required";
constexpr const char* invalid_type = "Invalid user type";
constexpr const char* password_rule = "Password must be at least 6 characters";
constexpr const char* username_rule =
    "Username must have 3 to 100 characters: letters, digits, '_', '.' or '-'";
constexpr const char* user_missing = "User not found";

core::Error bad_request(const char* text) { return {Errc::invalid_argument, text}; }

bool is_given(const std::optional<std::string>& text) { return text && !text->empty(); }
bool is_given(const std::optional<core::Secret>& secret) { return secret && !secret->empty(); }

/// Those that were chosen; made ones have a strength of their own.
core::Result<> check_chosen(const std::optional<core::Secret>& password,
                            const SecuritySettings& settings) {
    if (!is_given(password)) {
        return {};
    }
    std::string fault = password_fault(*password, settings, password_length_min);
    return fault.empty() ? core::Result<>() : core::Error(Errc::invalid_argument, std::move(fault));
}

wire::UserSeen seen_of(const repo::User& user) {
    wire::UserSeen seen{.user_id = user.key.id,
                        .username = user.username,
                        .name = user.username,
                        .email = user.email,
                        .user_type = std::string(auth::user_kind_name(user.key.kind)),
                        .is_active = user.is_active,
                        .has_2fa = user.has_2fa(),
                        .totp_secret = {},
                        .student_tags = {},
                        .created_at = user.created_at,
                        .updated_at = user.updated_at};
    if (user.has_2fa()) {
        seen.totp_secret = totp_placeholder;
    }
    if (user.key.kind == UserKind::student) {
        seen.student_tags.emplace();
    }
    return seen;
}

/// Users named in a body, with the texts that a wrong body gets.
struct NamedKind {
    std::string username;
    UserKind kind = UserKind::student;
};
core::Result<NamedKind> named_kind(std::optional<std::string> username,
                                   const std::optional<std::string>& user_type,
                                   const char* missing_text) {
    if (!is_given(username) || !is_given(user_type)) {
        return bad_request(missing_text);
    }
    const auto kind = auth::parse_user_kind(*user_type);
    if (!kind) {
        return bad_request(invalid_type);
    }
    return NamedKind{*std::move(username), *kind};
}

/// Errors: not_found, also for a user of another kind.
core::Result<repo::User> find_named(storage::Connection& connection, const NamedKind& named) {
    COURSESELECT_TRY(auto user, repo::find_user(connection, named.username));
    if (!user || user->key.kind != named.kind) {
        return core::Error(Errc::not_found, "user_unknown", user_missing);
    }
    return *std::move(user);
}

/// Without a kind students come first, then teachers (contract §3.4).
core::Result<repo::User> find_switched(storage::Connection& connection, std::int64_t id,
                                       std::optional<UserKind> kind) {
    const UserKind first = kind.value_or(UserKind::student);
    COURSESELECT_TRY(auto user, repo::find_user(connection, repo::UserKey{first, id}));
    if (!user && !kind) {
        COURSESELECT_TRY(user, repo::find_user(connection, repo::UserKey{UserKind::teacher, id}));
    }
    if (!user) {
        return kind ? kind_missing(*kind) : core::Error(Errc::not_found, user_missing);
    }
    return *std::move(user);
}

}  // namespace

core::Secret make_password(crypto::RandomSource& random) {
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    constexpr std::size_t fair = 256 - 256 % letters.size();  // above it some would come more often
    std::string made;
    while (made.size() < made_password_length) {
        for (const std::uint8_t byte : random.array<16>()) {
            if (byte < fair && made.size() < made_password_length) {
                made += letters[byte % letters.size()];
            }
        }
    }
    return core::Secret(std::move(made));
}

void UserAdmin::add_routes(api::Service& service) {
    service.add(api::get("/admin/users")
                    .summary("Users, newest first.")
                    .tag("users")
                    .access(api::Access::admin_or_internal)
                    .query<wire::UserListQuery>()
                    .error(404, "Admin not found"),
                [this](api::Context& context, wire::UserListQuery query) {
                    return list(context, std::move(query));
                });
    service.add(api::get("/admin/user")
                    .summary("The account of a name.")
                    .tag("users")
                    .access(api::Access::admin_or_internal)
                    .query<wire::UserByName>()
                    .error(404, user_missing),
                [this](api::Context& context, wire::UserByName query) {
                    return detail(context, std::move(query.username));
                });
    service.add(api::post("/admin/user/add")
                    .summary("Make an account.")
                    .tag("users")
                    .access(api::Access::admin)
                    .optional_body<wire::UserAdd>()
                    .error(400, username_and_type)
                    .error(400, invalid_type)
                    .error(400, username_rule)
                    .error(400, password_rule)
                    .error(400, "User already exists")
                    .error(400, "Admin already exists")
                    .error(400, "Email already exists")
                    .error(500, "The data node has another user of that name"),
                [this](api::Context& context, wire::UserAdd body) {
                    return add(context, std::move(body));
                });
    add_change_routes(service);
}

void UserAdmin::add_change_routes(api::Service& service) {
    service.add(api::post("/admin/user/delete")
                    .summary("Delete an account, its profile and its seats.")
                    .tag("users")
                    .access(api::Access::admin)
                    .optional_body<wire::UserDelete>()
                    .error(400, "user_id and user_type required")
                    .error(400, invalid_type)
                    .error(400, "At least one admin must remain")
                    .error(400, "Cannot delete teacher with assigned courses")
                    .error(404, "Student not found"),
                [this](api::Context& context, wire::UserDelete body) {
                    return remove(context, std::move(body));
                });
    service.add(api::post("/admin/user/reset-2fa")
                    .summary("Turn somebody's 2FA off.")
                    .tag("users")
                    .access(api::Access::admin)
                    .optional_body<wire::UserNamed>()
                    .error(400, "Username required")
                    .error(400, "Only students can have 2FA")
                    .error(404, user_missing),
                [this](api::Context& context, wire::UserNamed body) {
                    return reset_totp(context, std::move(body));
                });
    service.add(api::post("/admin/user/toggle-status")
                    .summary("Keep somebody out, or let them in again.")
                    .tag("users")
                    .access(api::Access::admin)
                    .optional_body<wire::UserToggle>()
                    .error(400, "user_id and is_active required")
                    .error(400, "Toggling admin status is not supported")
                    .error(400, invalid_type)
                    .error(404, user_missing),
                [this](api::Context& context, wire::UserToggle body) {
                    return toggle(context, std::move(body));
                });
    service.add(api::post("/admin/user/reset-password")
                    .summary("Give somebody another password.")
                    .tag("users")
                    .access(api::Access::admin)
                    .optional_body<wire::PasswordReset>()
                    .error(400, "username and user_type required")
                    .error(400, invalid_type)
                    .error(400, password_rule)
                    .error(404, user_missing),
                [this](api::Context& context, wire::PasswordReset body) {
                    return reset_password(context, std::move(body));
                });
}

async::Task<core::Result<wire::UserPage>> UserAdmin::list(api::Context& context,
                                                          wire::UserListQuery query) {
    repo::UserFilter filter{.kind = auth::parse_user_kind(query.user_type.value_or("")),
                            .search = query.search.value_or("")};
    const wire::Page page{.page = query.page, .page_size = query.page_size};
    auto read = [filter = std::move(filter),
                 page](storage::Connection& connection) -> core::Result<wire::UserPage> {
        wire::UserPage answer;
        answer.page = page.page;
        answer.page_size = page.page_size;
        COURSESELECT_TRY(const auto found,
                         repo::find_users_page(connection, filter, page.offset(), page.page_size));
        answer.total = found.total;
        if (!found.is_exact) {
            answer.total_is_exact = false;
        }
        for (const repo::User& user : found.users) {
            answer.users.push_back(seen_of(user));
            COURSESELECT_TRY(auto name, repo::find_display_name(connection, user.key));
            if (name) {
                answer.users.back().name = *std::move(name);
            }
        }
        return answer;
    };
    COURSESELECT_CO_TRY(auto answer, co_await look_as_admin(state_, context, std::move(read)));
    auto complete = co_await with_tags(context, std::move(answer));
    co_return complete;
}

async::Task<core::Result<wire::UserPage>> UserAdmin::with_tags(api::Context& context,
                                                               wire::UserPage page) {
    wire::StudentLookup lookup;
    for (const wire::UserSeen& user : page.users) {
        if (user.student_tags) {
            lookup.student_ids.emplace_back(user.user_id);
        }
    }
    if (lookup.student_ids.empty()) {
        co_return page;
    }
    COURSESELECT_CO_TRY(
        auto found, co_await data_.tell<wire::StudentTagsList>(context, "/internal/students/lookup",
                                                               json::to_text(lookup)));
    std::map<std::int64_t, std::vector<std::string>> tags;
    for (wire::StudentTags& student : found.students) {
        tags[student.student_id.value()] = std::move(student.student_tags);
    }
    for (wire::UserSeen& user : page.users) {
        if (user.student_tags) {
            *user.student_tags = std::move(tags[user.user_id]);
        }
    }
    co_return page;
}

async::Task<core::Result<wire::UserDetail>> UserAdmin::detail(api::Context& context,
                                                              std::string username) {
    auto read = [username = std::move(username)](
                    storage::Connection& connection) -> core::Result<wire::UserDetail> {
        COURSESELECT_TRY(const auto user, repo::find_user(connection, username));
        if (!user) {
            return core::Error(Errc::not_found, user_missing);
        }
        return detail_of(connection, *user);
    };
    auto answer = co_await look_as_admin(state_, context, std::move(read));
    co_return answer;
}

async::Task<core::Result<wire::UserAdded>> UserAdmin::add(api::Context& context,
                                                          wire::UserAdd body) {
    COURSESELECT_CO_TRY(auto named,
                        named_kind(std::move(body.username), body.user_type, username_and_type));
    const std::size_t length = named.username.size();
    if (length < 3 || length > wire::name_length_max || !wire::is_username(named.username)) {
        co_return bad_request(username_rule);
    }
    COURSESELECT_CO_TRY_OK(check_chosen(body.password, state_.control.settings().security));
    const bool is_chosen = is_given(body.password);
    core::Secret password;
    if (is_chosen) {
        password = *std::move(body.password);
    } else {
        password = make_password(state_.runtime.random);
    }
    repo::User user;
    user.key.kind = named.kind;
    user.username = named.username;
    user.must_change_password = !is_chosen;
    COURSESELECT_CO_TRY(user.password_hash, co_await state_.passwords.hash(password));
    user.created_at = user.updated_at = state_.runtime.clock.wall_now();
    if (is_given(body.email)) {
        user.email = std::move(body.email);
    }
    std::optional<std::string> name;
    if (is_given(body.name)) {
        name = std::move(body.name);
    }
    COURSESELECT_CO_TRY_OK(
        co_await maker_.make_for_admin(context, std::move(user), std::move(name)));
    co_return wire::UserAdded{
        .message = "User created successfully",
        .username = std::move(named.username),
        .password = is_chosen ? std::string() : std::string(password.reveal()),
        .user_type = std::string(auth::user_kind_name(named.kind))};
}

async::Task<core::Result<wire::Done>> UserAdmin::remove(api::Context& context,
                                                        wire::UserDelete body) {
    if (!body.user_id || !is_given(body.user_type)) {
        co_return bad_request("user_id and user_type required");
    }
    const auto kind = auth::parse_user_kind(*body.user_type);
    if (!kind) {
        co_return bad_request(invalid_type);
    }
    const repo::UserKey key{*kind, *body.user_id};
    COURSESELECT_CO_TRY_OK(co_await remover_.remove(context, key));
    co_return wire::Done{.message = "User deleted successfully"};
}

async::Task<core::Result<wire::Done>> UserAdmin::reset_totp(api::Context& context,
                                                            wire::UserNamed body) {
    if (!is_given(body.username)) {
        co_return bad_request("Username required");
    }
    std::string target = *body.username;
    auto clear = [name = *std::move(body.username), &book = state_.sessions,
                  &notices = state_.notices, now = state_.runtime.clock.wall_now()](
                     storage::Connection& connection) -> core::Result<bool> {
        COURSESELECT_TRY(const auto user, repo::find_user(connection, name));
        if (!user) {
            return core::Error(Errc::not_found, "user_unknown", user_missing);
        }
        if (user->key.kind == UserKind::admin) {
            return core::Error(Errc::invalid_argument, "admin", "Only students can have 2FA");
        }
        COURSESELECT_TRY_OK(repo::clear_totp(connection, user->key, now));
        COURSESELECT_TRY_OK(book.end_all(connection, user->key, now));
        const Notice notice{.event = "two_factor_reset", .user = user->key};
        COURSESELECT_TRY_OK(notices.tell(connection, notice, now));
        return true;
    };
    COURSESELECT_CO_TRY_OK(co_await act_as_admin(state_, context, "reset_user_2fa",
                                                 std::move(target), std::move(clear)));
    co_return wire::Done{.message = "2FA reset successfully"};
}

async::Task<core::Result<wire::Done>> UserAdmin::toggle(api::Context& context,
                                                        wire::UserToggle body) {
    if (!body.user_id || !body.is_active) {
        co_return bad_request("user_id and is_active required");
    }
    std::optional<UserKind> kind;
    if (is_given(body.user_type)) {
        kind = auth::parse_user_kind(*body.user_type);
        if (!kind) {
            co_return bad_request(invalid_type);
        }
    }
    if (kind == UserKind::admin) {
        co_return bad_request("Toggling admin status is not supported");
    }
    const bool is_active = *body.is_active;
    auto change = [id = *body.user_id, is_active, kind, &book = state_.sessions,
                   &notices = state_.notices, now = state_.runtime.clock.wall_now()](
                      storage::Connection& connection) -> core::Result<UserKind> {
        COURSESELECT_TRY(const auto user, find_switched(connection, id, kind));
        COURSESELECT_TRY_OK(repo::set_active(connection, user.key, is_active, now));
        if (!is_active) {
            COURSESELECT_TRY_OK(book.end_all(connection, user.key, now));
        }
        if (user.is_active != is_active) {
            COURSESELECT_TRY_OK(notices.tell(connection, status_notice(user.key, is_active), now));
        }
        return user.key.kind;
    };
    std::string target =
        fmt::format("{}:{}", kind ? auth::user_kind_name(*kind) : "user", *body.user_id);
    std::string action = is_active ? "activate_user" : "deactivate_user";
    COURSESELECT_CO_TRY(const UserKind changed,
                        co_await act_as_admin(state_, context, std::move(action), std::move(target),
                                              std::move(change)));
    co_return wire::Done{.message = fmt::format("{} {} successfully", kind_title(changed),
                                                is_active ? "activated" : "deactivated")};
}

async::Task<core::Result<wire::PasswordResetDone>> UserAdmin::reset_password(
    api::Context& context, wire::PasswordReset body) {
    COURSESELECT_CO_TRY(auto named, named_kind(std::move(body.username), body.user_type,
                                               "username and user_type required"));
    COURSESELECT_CO_TRY_OK(check_chosen(body.new_password, state_.control.settings().security));
    core::Secret password;
    if (is_given(body.new_password)) {
        password = *std::move(body.new_password);
    } else {
        password = make_password(state_.runtime.random);
    }
    // A first look, so that a name nobody has does not cost a hash.
    auto look = [named](storage::Connection& connection) { return find_named(connection, named); };
    COURSESELECT_CO_TRY_OK(co_await look_as_admin(state_, context, std::move(look)));
    COURSESELECT_CO_TRY(auto hash, co_await state_.passwords.hash(password));
    auto change = [named, hash = std::move(hash), &book = state_.sessions,
                   &notices = state_.notices, now = state_.runtime.clock.wall_now()](
                      storage::Connection& connection) -> core::Result<std::string> {
        COURSESELECT_TRY(const auto user, find_named(connection, named));
        COURSESELECT_TRY_OK(repo::set_password(connection, user.key, hash, true, now));
        COURSESELECT_TRY_OK(book.end_all(connection, user.key, now));
        const Notice notice{.event = "password_changed", .user = user.key};
        COURSESELECT_TRY_OK(notices.tell(connection, notice, now));
        return user.username;
    };
    std::string target = fmt::format("{} {}", auth::user_kind_name(named.kind), named.username);
    COURSESELECT_CO_TRY(auto username, co_await act_as_admin(state_, context, "reset_password",
                                                             std::move(target), std::move(change)));
    state_.guesses.forgive_password(username);
    co_return wire::PasswordResetDone{.message = "Password reset successfully",
                                      .new_password = std::string(password.reveal()),
                                      .username = std::move(username)};
}

}  // namespace courseselect::nodes::accounts
