#include "courseselect/nodes/auth/login.hpp"

#include "courseselect/core/log.hpp"
#include "courseselect/nodes/auth/administration.hpp"
#include "courseselect/nodes/auth/steps.hpp"
#include "courseselect/repo/auth_tokens.hpp"

namespace courseselect::nodes::accounts {
namespace {

namespace auth = courseselect::auth;
using core::Errc;

constexpr const char* needs_2fa = "Students must set up 2FA before logging in";
constexpr const char* teacher_needs_2fa = "Teachers must set up 2FA before logging in";

core::Error bad_credentials() {
    return {Errc::unauthenticated, "bad_credentials", "Invalid credentials"};
}

/// May this user finish a login in two steps at all?
core::Result<> check_two_steps(const repo::User& user, const SecuritySettings& settings) {
    if (user.key.kind == UserKind::admin) {
        return core::Error(Errc::permission_denied, "admin", "Admins log in at /login/admin");
    }
    const bool is_student = user.key.kind == UserKind::student;
    const bool is_needed = is_student ? settings.students_need_2fa : settings.teachers_need_2fa;
    if (is_needed && !user.has_2fa()) {
        return core::Error(Errc::permission_denied, "no_2fa",
                           is_student ? needs_2fa : teacher_needs_2fa);
    }
    return {};
}

}  // namespace

void Login::add_routes(api::Service& service) {
    for (const char* const path : {"/login/v1", "/login"}) {  // the second: contract §7
        service.add(api::post(path)
                        .summary("First step: name and password.")
                        .tag("login")
                        .body<wire::LoginStart>()
                        .error(401, "Invalid credentials")
                        .error(403, "Account is inactive"),
                    [this](api::Context& context, wire::LoginStart body) {
                        return password_step(context, std::move(body));
                    });
    }
    service.add(api::post("/login/v2")
                    .summary("Second step: a 2FA code.")
                    .tag("login")
                    .access(api::Access::refresh)
                    .body<wire::TotpStepBody>()
                    .error(400, "Invalid 2FA code")
                    .error(403, needs_2fa)
                    .error(403, teacher_needs_2fa)
                    .error(404, "User not found"),
                [this](api::Context& context, wire::TotpStepBody body) {
                    return totp_step(context, std::move(body));
                });
    service.add(api::post("/login/no-2fa")
                    .summary("Second step of those who have no 2FA.")
                    .tag("login")
                    .access(api::Access::refresh)
                    .error(400, "User has 2FA enabled, cannot use this endpoint")
                    .error(403, needs_2fa)
                    .error(403, teacher_needs_2fa)
                    .error(404, "User not found"),
                [this](api::Context& context) { return no_second_step(context); });
    service.add(api::get("/check/2fa-status")
                    .summary("Which second step comes next.")
                    .tag("login")
                    .access(api::Access::refresh)
                    .error(404, "User not found"),
                [this](api::Context& context) { return status(context); });
    for (const char* const path : {"/login/admin", "/admin/login"}) {  // the second: contract §7
        service.add(api::post(path)
                        .summary("An administrator logs in.")
                        .tag("login")
                        .body<wire::LoginStart>()
                        .example_body(R"({"username":"admin","password":"admin123"})")
                        .error(401, "Invalid credentials"),
                    [this](api::Context& context, wire::LoginStart body) {
                        return admin(context, std::move(body));
                    });
    }
}

/// Who gave the right password, and the session that begins with it.
struct Login::LoggedIn {
    repo::User user;
    NewSession session;
};

async::Task<core::Result<Login::LoggedIn>> Login::log_in(api::Context& context,
                                                         wire::LoginStart body, bool admins) {
    COURSESELECT_CO_TRY_OK(state_.guesses.admit_password(context, body.username));
    auto find = [name = body.username](storage::Connection& connection) {
        return repo::find_user(connection, name);
    };
    COURSESELECT_CO_TRY(auto user, co_await state_.readers->read(std::move(find)));
    // Who may not log in here is treated like nobody: same text, same work.
    const bool is_admin = user && user->key.kind == UserKind::admin;
    const bool is_known_to_all = !state_.options.dev && is_documented_password(body.password);
    if (is_admin != admins || (is_admin && is_known_to_all)) {
        user.reset();
    }
    std::optional<std::string> stored;
    if (user) {
        stored = user->password_hash;
    }
    COURSESELECT_CO_TRY(const bool matches,
                        co_await state_.passwords.verify(body.password, std::move(stored)));
    if (!matches) {
        user.reset();
    }
    repo::AuditEntry event =
        state_.event(context, admins ? "login_admin" : "login", body.username.substr(0, 100));
    COURSESELECT_CO_TRY(auto session, co_await open_session(std::move(event), user));
    state_.guesses.forgive_password(body.username);
    if (state_.passwords.needs_rehash(user->password_hash)) {
        state_.tasks.spawn(rehash(state_, *user, std::move(body.password)));
    }
    co_return LoggedIn{*std::move(user), std::move(session)};
}

async::Task<core::Result<NewSession>> Login::open_session(repo::AuditEntry event,
                                                          std::optional<repo::User> user) {
    const bool is_admin = user && user->key.kind == UserKind::admin;
    NewSession session;
    if (user) {
        COURSESELECT_CO_TRY(session, state_.tokens.session(*user, is_admin));
    }
    auto store = [user = std::move(user), record = session.record, &book = state_.sessions,
                  &notices = state_.notices, settings = state_.control.settings().security](
                     storage::Connection& connection,
                     repo::AuditEntry& entry) -> core::Result<bool> {
        if (!user) {
            return bad_credentials();
        }
        entry.actor = repo::to_string(user->key);
        COURSESELECT_TRY(const auto present, repo::find_user(connection, user->key));
        if (!present || present->username != user->username) {
            return bad_credentials();
        }
        if (!present->is_active) {
            return account_inactive();
        }
        COURSESELECT_TRY_OK(
            notices.tell_of_login(connection, user->key, entry.address, entry.time));
        COURSESELECT_TRY_OK(book.open(connection, record, entry.address, settings, entry.time));
        return true;
    };
    COURSESELECT_CO_TRY_OK(co_await state_.decide(std::move(event), std::move(store)));
    co_return session;
}

async::Task<> Login::rehash(AuthState& state, repo::User user, core::Secret password) {
    auto hashed = co_await state.passwords.hash(std::move(password));
    if (!hashed) {
        co_return;  // the next login tries again
    }
    auto keep = [key = user.key, old = user.password_hash,
                 made = *std::move(hashed)](storage::Connection& connection) {
        return repo::replace_password_hash(connection, key, old, made);
    };
    const auto kept = co_await state.writes->run(std::move(keep));
    if (!kept) {
        core::log::warn("rehash_not_kept", {{"error", kept.error()}});
    }
}

async::Task<core::Result<wire::LoginStarted>> Login::password_step(api::Context& context,
                                                                   wire::LoginStart body) {
    COURSESELECT_CO_TRY(auto made, co_await log_in(context, std::move(body), false));
    co_return wire::LoginStarted{.refresh_token = std::move(made.session.token),
                                 .expires_in = made.session.expires_in};
}

async::Task<core::Result<wire::AdminTokens>> Login::admin(api::Context& context,
                                                          wire::LoginStart body) {
    COURSESELECT_CO_TRY(auto made, co_await log_in(context, std::move(body), true));
    co_return state_.tokens.both(made.user, made.session);
}

async::Task<core::Result<wire::TokenOut>> Login::totp_step(api::Context& context,
                                                           wire::TotpStepBody body) {
    auto check = [code = std::move(body.totp_code), settings = state_.control.settings().security](
                     storage::Connection& connection, const Session& session,
                     core::WallTime now) -> core::Result<> {
        COURSESELECT_TRY_OK(check_two_steps(session.user, settings));
        return session.user.has_2fa() ? use_totp(connection, session.user, code, now)
                                      : core::Result<>();
    };
    SessionStep step{.action = "login_2fa", .takes_totp = true, .check = std::move(check)};
    return take_last_step(state_, context, std::move(step));
}

async::Task<core::Result<wire::TokenOut>> Login::no_second_step(api::Context& context) {
    auto check = [settings = state_.control.settings().security](storage::Connection&,
                                                                 const Session& session,
                                                                 core::WallTime) -> core::Result<> {
        COURSESELECT_TRY_OK(check_two_steps(session.user, settings));
        if (session.user.has_2fa()) {
            return core::Error(Errc::invalid_argument, "has_2fa",
                               "User has 2FA enabled, cannot use this endpoint");
        }
        return {};
    };
    SessionStep step{.action = "login_no_2fa", .check = std::move(check)};
    return take_last_step(state_, context, std::move(step));
}

async::Task<core::Result<wire::TwoFactorStatus>> Login::status(api::Context& context) {
    COURSESELECT_CO_TRY_OK(state_.guesses.admit(context));
    auto look = [who = context.who(), hash = auth::refresh_token_hash(context.token),
                 now = state_.runtime.clock.wall_now()](storage::Connection& connection) {
        return find_session(connection, who, hash, now);
    };
    COURSESELECT_CO_TRY(const auto session, co_await state_.readers->read(std::move(look)));
    co_return wire::TwoFactorStatus{
        .has_2fa = session.user.has_2fa(),
        .user_type = std::string(auth::user_kind_name(session.user.key.kind)),
        .username = session.user.username};
}

}  // namespace courseselect::nodes::accounts
