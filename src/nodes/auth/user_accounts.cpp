#include "courseselect/nodes/auth/user_accounts.hpp"

#include <utility>

#include "courseselect/json/writer.hpp"
#include "courseselect/nodes/auth/user_rules.hpp"
#include "courseselect/nodes/upstream.hpp"
#include "courseselect/repo/auth_administration.hpp"
#include "courseselect/repo/auth_search.hpp"

namespace courseselect::nodes::accounts {
namespace {

namespace auth = courseselect::auth;
using api::ErrorStyle;
using core::Errc;

constexpr const char* closed_text = "Registration is closed: an administrator's token is needed";
constexpr const char* own_text = "Only this user and administrators may do that";

/// Errors: failed_precondition `last_admin`.
core::Result<> check_admin_remains(storage::Connection& connection, const repo::User& leaving) {
    if (leaving.key.kind != UserKind::admin || !leaving.is_active) {
        return {};
    }
    COURSESELECT_TRY(const auto admins, repo::count_active_admins(connection));
    if (admins < 2) {
        return core::Error(Errc::failed_precondition, "last_admin",
                           "This is the last active administrator; make another one first");
    }
    return {};
}

/// What a request wants to change, with the wire's status as a flag.
repo::UserChange change_of(wire::UserChangeBody body) {
    repo::UserChange change{.username = std::move(body.username),
                            .email = std::move(body.email),
                            .phone = std::move(body.phone),
                            .is_active = {}};
    if (body.status) {
        change.is_active = *body.status == "active";
    }
    return change;
}

/// Whether `caller` may change that. Errors: those of `find_target`, permission_denied,
/// failed_precondition (taken, or the last administrator).
core::Result<repo::User> check_change(storage::Connection& connection, const Caller& caller,
                                      std::string_view oid, const repo::UserChange& change) {
    COURSESELECT_TRY(auto target, find_target(connection, caller, oid));
    if (change.is_active && caller.who.kind != UserKind::admin) {
        return core::Error(Errc::permission_denied, "status",
                           "Only administrators change the status");
    }
    COURSESELECT_TRY_OK(check_free(connection, target.key,
                                   change.username.value_or(target.username), change.email));
    if (change.is_active == false) {
        COURSESELECT_TRY_OK(check_admin_remains(connection, target));
    }
    return target;
}

/// The routes that make a user differ in their answers only.
auto making(std::string_view path, std::string summary) {
    return api::post(path)
        .summary(std::move(summary))
        .description("Open to all where registration is open, else an administrator's.")
        .handler_reads(api::HandlerReads::optional_bearer)
        .tag("users")
        .errors(ErrorStyle::success_flag)
        .status(201)
        .body<wire::NewUser>()
        .error(401, "Authorization required")
        .error(403, closed_text)
        .error(409, "The email or the username is taken");
}

}  // namespace

void UserAccounts::add_routes(api::Service& service) {
    service.add(making("/users", "Make a user."),
                [this](api::Context& context, wire::NewUser body) {
                    return make(context, std::move(body));
                });
    service.add(making("/auth/register", "Make a user; the answer has the wallet too."),
                [this](api::Context& context, wire::NewUser body) {
                    return enrol(context, std::move(body));
                });
    service.add(api::get("/users/{user_id}")
                    .summary("One user.")
                    .tag("users")
                    .errors(ErrorStyle::success_flag)
                    .access(api::Access::bearer)
                    .path<wire::UserPath>()
                    .error(403, own_text)
                    .error(404, "User not found"),
                [this](api::Context& context, wire::UserPath path) {
                    return look(context, std::move(path));
                });
    service.add(api::put("/auth/{user_id}")
                    .summary("Change a user; the status is for administrators.")
                    .description("Whoever becomes inactive loses all sessions at once.")
                    .tag("users")
                    .errors(ErrorStyle::success_flag)
                    .access(api::Access::bearer)
                    .path<wire::UserPath>()
                    .body<wire::UserChangeBody>()
                    .error(403, own_text)
                    .error(404, "User not found")
                    .error(409, "The email or the username is taken"),
                [this](api::Context& context, wire::UserPath path, wire::UserChangeBody body) {
                    return change(context, std::move(path), std::move(body));
                });
    service.add(api::delete_("/auth/{user_id}")
                    .summary("Delete a user; all sessions and tokens end at once.")
                    .tag("users")
                    .errors(ErrorStyle::success_flag)
                    .access(api::Access::bearer)
                    .path<wire::UserPath>()
                    .error(403, own_text)
                    .error(404, "User not found")
                    .error(409, "The last administrator, or a teacher with courses"),
                [this](api::Context& context, wire::UserPath path) {
                    return remove(context, std::move(path));
                });
}

async::Task<core::Result<>> UserAccounts::admit(api::Context& context) {
    COURSESELECT_CO_TRY_OK(state_.guesses.admit(context));
    const auto caller = co_await identify(context);
    if (state_.control.settings().security.open_registration_enabled) {
        co_return core::Result<>();  // anyone: a token that is no longer good counts as none
    }
    if (!caller) {
        co_return caller.error();
    }
    if (*caller != UserKind::admin) {
        co_return core::Error(Errc::permission_denied, "registration_closed", closed_text);
    }
    co_return core::Result<>();
}

async::Task<core::Result<UserKind>> UserAccounts::identify(api::Context& context) {
    const auto header = context.request.header("Authorization");
    if (!header) {
        co_return core::Error(Errc::unauthenticated, "registration_closed", closed_text);
    }
    const auto token = auth::bearer_token(*header);
    COURSESELECT_CO_TRY(context.principal,
                        state_.tokens.verify(token.value_or(""), TokenType::access));
    context.token = token.value_or("");
    auto look = [caller = caller_of(state_, context)](storage::Connection& connection) {
        return find_live_caller(connection, caller);
    };
    const auto user = co_await state_.readers->read(std::move(look));
    if (!user) {
        context.principal.reset();
        co_return user.error();
    }
    co_return user->key.kind;
}

async::Task<core::Result<repo::User>> UserAccounts::create(api::Context& context,
                                                           wire::NewUser body) {
    COURSESELECT_CO_TRY_OK(co_await admit(context));
    COURSESELECT_CO_TRY_OK(
        check_password(context, body.password, state_.control.settings().security));
    repo::User user;
    user.key.kind = UserKind::student;
    user.username = std::move(body.username);
    user.email = std::move(body.email);
    user.origin = repo::UserOrigin::open;
    user.created_at = user.updated_at = state_.runtime.clock.wall_now();
    COURSESELECT_CO_TRY(user.password_hash,
                        co_await state_.passwords.hash(std::move(body.password)));
    auto made = co_await maker_.make_open(context, std::move(user));
    co_return made;
}

async::Task<core::Result<wire::UserMade>> UserAccounts::make(api::Context& context,
                                                             wire::NewUser body) {
    COURSESELECT_CO_TRY(const auto user, co_await create(context, std::move(body)));
    co_return wire::UserMade{.message = "User created successfully", .user = to_wire(user)};
}

async::Task<core::Result<wire::UserRegistered>> UserAccounts::enrol(api::Context& context,
                                                                    wire::NewUser body) {
    COURSESELECT_CO_TRY(const auto user, co_await create(context, std::move(body)));
    auto read = [oid = user.oid](storage::Connection& connection) {
        return repo::find_wallet(connection, oid);
    };
    COURSESELECT_CO_TRY(const auto wallet, co_await state_.readers->read(std::move(read)));
    COURSESELECT_CHECK(wallet.has_value());  // made with the user, and it stays
    co_return wire::UserRegistered{.message = "User registered successfully",
                                   .user = to_wire(user),
                                   .data = {.wallet = to_wire(*wallet)}};
}

async::Task<core::Result<repo::User>> UserAccounts::find(api::Context& context, std::string oid) {
    auto read = [oid = std::move(oid),
                 caller = caller_of(state_, context)](storage::Connection& connection) {
        return find_target(connection, caller, oid);
    };
    auto found = co_await state_.readers->read(std::move(read));
    co_return found;
}

async::Task<core::Result<wire::ManagedUser>> UserAccounts::look(api::Context& context,
                                                                wire::UserPath path) {
    COURSESELECT_CO_TRY(const auto user, co_await find(context, std::move(path.user_id)));
    co_return to_wire(user);
}

async::Task<core::Result<>> UserAccounts::rename(const api::Context& context, repo::User user,
                                                 std::string name) {
    if (user.key.kind == UserKind::admin || user.username == name) {
        co_return core::Result<>();  // administrators have no profile
    }
    const bool is_student = user.key.kind == UserKind::student;
    std::string body = is_student
                           ? json::make_object("student_id", user.key.id, "student_name", name)
                           : json::make_object("teacher_id", user.key.id, "teacher_name", name);
    const char* path = is_student ? "/update/student" : "/update/teacher";
    std::string token(state_.options.service.internal_token.reveal());
    const auto told = co_await call_upstream(data_node_, net::http::Method::post, path,
                                             std::move(body), std::move(token), context.identity(),
                                             state_.options.profiles.call_timeout);
    // A profile that has not arrived yet will arrive with the new name.
    if (told || told.error().code() == Errc::not_found) {
        co_return core::Result<>();
    }
    if (told.error().code() == Errc::invalid_argument) {
        co_return core::Error(Errc::conflict, "username_taken",
                              "This username is taken; choose another one");
    }
    co_return told.error();
}

async::Task<core::Result<wire::UserChanged>> UserAccounts::change(api::Context& context,
                                                                  wire::UserPath path,
                                                                  wire::UserChangeBody body) {
    const Caller caller = caller_of(state_, context);
    const repo::UserChange wanted = change_of(std::move(body));
    auto check = [caller, wanted, oid = path.user_id](storage::Connection& connection) {
        return check_change(connection, caller, oid, wanted);
    };
    auto checked = co_await state_.readers->read(check);
    if (checked && wanted.username) {
        COURSESELECT_CO_TRY_OK(co_await rename(context, *checked, *wanted.username));
    }
    auto apply = [caller, wanted, oid = path.user_id, &book = state_.sessions,
                  &notices = state_.notices](storage::Connection& connection,
                                             repo::AuditEntry& event) -> core::Result<repo::User> {
        COURSESELECT_TRY(const auto user, check_change(connection, caller, oid, wanted));
        event.target = repo::to_string(user.key);
        COURSESELECT_TRY_OK(repo::change_user(connection, user.key, wanted, event.time));
        if (wanted.is_active == false) {
            COURSESELECT_TRY_OK(book.end_all(connection, user.key, event.time));
        }
        if (wanted.is_active && *wanted.is_active != user.is_active) {
            const Notice notice = status_notice(user.key, *wanted.is_active);
            COURSESELECT_TRY_OK(notices.tell(connection, notice, event.time));
        }
        COURSESELECT_TRY(auto changed, repo::find_user(connection, user.key));
        return *std::move(changed);
    };
    repo::AuditEntry event = state_.event(context, "change_user", std::move(path.user_id));
    auto changed = co_await state_.decide(std::move(event), std::move(apply));
    if (!changed) {
        co_return as_conflict(std::move(changed).error());
    }
    co_return wire::UserChanged{.message = "User updated successfully", .user = to_wire(*changed)};
}

async::Task<core::Result<wire::Done>> UserAccounts::remove(api::Context& context,
                                                           wire::UserPath path) {
    auto check = [oid = path.user_id, caller = caller_of(state_, context)](
                     storage::Connection& connection) -> core::Result<repo::User> {
        COURSESELECT_TRY(auto target, find_target(connection, caller, oid));
        COURSESELECT_TRY_OK(check_admin_remains(connection, target));
        return target;
    };
    auto target = co_await state_.readers->read(std::move(check));
    if (!target) {
        auto refuse = [why = target.error()](storage::Connection&,
                                             repo::AuditEntry&) -> core::Result<bool> {
            return why;
        };
        repo::AuditEntry event = state_.event(context, "delete_user", std::move(path.user_id));
        auto refused = co_await state_.decide(std::move(event), std::move(refuse));
        co_return as_conflict(std::move(refused).error());
    }
    const auto removed = co_await remover_.remove(context, target->key);
    if (!removed) {
        const bool refused = removed.error().code() == Errc::invalid_argument;
        co_return refused ? core::Error(Errc::conflict, "user_needed", removed.error().detail())
                          : removed.error();
    }
    co_return wire::Done{.message = "User deleted successfully"};
}

}  // namespace courseselect::nodes::accounts
