#include "courseselect/nodes/auth/registration.hpp"

#include <fmt/format.h>

#include <utility>

#include "courseselect/auth/totp.hpp"
#include "courseselect/nodes/auth/steps.hpp"
#include "courseselect/nodes/auth/user_rules.hpp"

namespace courseselect::nodes::accounts {
namespace {

namespace auth = courseselect::auth;
using core::Errc;

}  // namespace

void Registration::add_routes(api::Service& service) {
    service_ = &service;
    service.add(api::post("/register/v1")
                    .summary("Make an account with a registration code.")
                    .description("With an administrator's access token it is part of an import: "
                                 "it is allowed while registration is closed, nobody's tries are "
                                 "counted, and its password is hashed when no login waits.")
                    .tag("registration")
                    .body<wire::RegisterStart>()
                    .error(403, "Student registration is currently disabled")
                    .error(400, "Registration code is required")
                    .error(400, "Invalid or expired registration code")
                    .error(400, "Registration code type mismatch")
                    .error(400, "Username already exists")
                    .error(400, "Email already exists")
                    .error(500, "The data node has another user of that name"),
                [this](api::Context& context, wire::RegisterStart body) {
                    return start(context, std::move(body));
                });
    for (const auto& [path, kind] :
         {std::pair("/register", "student"), std::pair("/register/teacher", "teacher")}) {
        service.add(
            api::post(path)
                .summary("Make an account in one step, as older command lines do.")
                .description("The login's steps follow as after /register/v1.")
                .tag("registration")
                .body<wire::RegisterAtOnce>()
                .error(403, "Student registration is currently disabled")
                .error(400, "Registration code is required")
                .error(400, "Invalid or expired registration code")
                .error(400, "Registration code type mismatch")
                .error(400, "Username already exists")
                .error(400, "Email already exists")
                .error(500, "The data node has another user of that name"),
            [this, kind = std::string(kind)](api::Context& context, wire::RegisterAtOnce body) {
                return at_once(context, std::move(body), kind);
            });
    }
    service.add(api::post("/register/v2")
                    .summary("Confirm 2FA with a first code; teachers need none.")
                    .tag("registration")
                    .access(api::Access::refresh)
                    .body<wire::TotpStepBody>()
                    .error(400, "Invalid 2FA code")
                    .error(404, "User not found"),
                [this](api::Context& context, wire::TotpStepBody body) {
                    return confirm(context, std::move(body));
                });
}

async::Task<core::Result<MadeAccount>> Registration::make(api::Context& context,
                                                          wire::RegisterStart body,
                                                          RegisterExtra extra) {
    const bool student = body.user_type == "student";
    const SecuritySettings& security = state_.control.settings().security;
    const bool is_import = service_->is_privileged(context);
    const bool is_open =
        student ? security.student_registration_enabled : security.teacher_registration_enabled;
    if (!is_open && !is_import) {
        co_return core::Error(
            Errc::permission_denied, "registration_closed",
            fmt::format("{} registration is currently disabled", student ? "Student" : "Teacher"));
    }
    if (!is_import) {
        COURSESELECT_CO_TRY_OK(state_.guesses.admit(context));
    }
    COURSESELECT_CO_TRY_OK(check_password(context, body.password, security, password_length_min));
    std::string code = body.registration_code.value_or("");
    if (code.empty()) {
        co_return core::Error(Errc::invalid_argument, "Registration code is required");
    }
    repo::User user;
    user.key.kind = student ? UserKind::student : UserKind::teacher;
    user.username = std::move(body.username);
    user.email = std::move(extra.email);
    user.created_at = user.updated_at = state_.runtime.clock.wall_now();
    if (student) {
        user.pending_totp_secret = auth::make_totp_secret(state_.runtime.random);
    }
    // A first look, so that bad codes do not cost a hash.
    COURSESELECT_CO_TRY_OK(co_await accounts_.check(user, code));
    const auto lane = is_import ? HashLane::import : HashLane::people;
    COURSESELECT_CO_TRY(user.password_hash,
                        co_await state_.passwords.hash(std::move(body.password), lane));
    auto made =
        co_await accounts_.make(context, std::move(user), std::move(code), std::move(extra.name));
    co_return made;
}

async::Task<core::Result<wire::RegisterStarted>> Registration::start(api::Context& context,
                                                                     wire::RegisterStart body) {
    const bool student = body.user_type == "student";
    RegisterExtra extra;
    extra.email = std::move(body.email);
    if (body.name && !body.name->empty()) {
        extra.name = std::move(body.name);
    }
    COURSESELECT_CO_TRY(auto made, co_await make(context, std::move(body), std::move(extra)));
    wire::RegisterStarted answer;
    answer.refresh_token = std::move(made.session.token);
    answer.expires_in = made.session.expires_in;
    answer.message =
        student ? "Registration successful, please set up 2FA" : "Registration successful";
    if (student) {
        const core::Secret& secret = made.user.pending_totp_secret;
        answer.totp_secret = std::string(secret.reveal());
        answer.totp_uri = auth::totp_uri(made.user.username, secret);
    }
    co_return answer;
}

async::Task<core::Result<wire::Registered>> Registration::at_once(api::Context& context,
                                                                  wire::RegisterAtOnce body,
                                                                  std::string user_type) {
    RegisterExtra extra{.name = std::move(body.name), .email = std::move(body.email)};
    wire::RegisterStart start{.username = std::move(body.username),
                              .password = std::move(body.password),
                              .user_type = std::move(user_type),
                              .registration_code = std::move(body.registration_code)};
    COURSESELECT_CO_TRY(const auto made,
                        co_await make(context, std::move(start), std::move(extra)));
    wire::Registered answer{.id = made.user.key.id, .username = made.user.username};
    if (made.user.key.kind == UserKind::student) {
        const core::Secret& secret = made.user.pending_totp_secret;
        answer.totp_secret = std::string(secret.reveal());
        answer.totp_uri = auth::totp_uri(made.user.username, secret);
    }
    co_return answer;
}

async::Task<core::Result<wire::TokenOut>> Registration::confirm(api::Context& context,
                                                                wire::TotpStepBody body) {
    auto check = [code = std::move(body.totp_code)](storage::Connection& connection,
                                                    const Session& session,
                                                    core::WallTime now) -> core::Result<> {
        const repo::User& user = session.user;
        switch (user.key.kind) {
            case UserKind::admin:
                return core::Error(Errc::permission_denied, "admin", "Admins have no 2FA");
            case UserKind::teacher:
                return user.has_2fa() ? use_totp(connection, user, code, now) : core::Result<>();
            case UserKind::student: break;
        }
        return user.has_2fa() ? use_totp(connection, user, code, now)
                              : confirm_totp(connection, user, code, now);
    };
    SessionStep step{.action = "register_confirm", .takes_totp = true, .check = std::move(check)};
    return take_last_step(state_, context, std::move(step));
}

}  // namespace courseselect::nodes::accounts
