#include "courseselect/nodes/auth/registration.hpp"

#include <fmt/format.h>

#include "courseselect/auth/totp.hpp"
#include "courseselect/core/log.hpp"

namespace courseselect::nodes::accounts {
namespace {

namespace auth = courseselect::auth;
using core::Errc;

constexpr const char* code_bad = "Invalid or expired registration code";

/// How long the request itself may take to tell the data node before the outbox steps in.
constexpr std::chrono::seconds first_delivery_time{60};

core::Result<repo::RegistrationCode> check_code(storage::Connection& connection,
                                                const repo::User& user, std::string_view code,
                                                core::WallTime now) {
    COURSESELECT_TRY(auto found, repo::find_code(connection, code));
    if (!found || found->uses >= found->max_uses || found->expires_at <= now) {
        return core::Error(Errc::invalid_argument, "code_bad", code_bad);
    }
    if (found->kind != user.key.kind) {
        return core::Error(Errc::invalid_argument, "code_kind", "Registration code type mismatch");
    }
    COURSESELECT_TRY(const auto other, repo::find_user(connection, user.username));
    if (other) {
        return core::Error(Errc::invalid_argument, "name_taken", "Username already exists");
    }
    return *std::move(found);
}

}  // namespace

void Registration::add_routes(api::Service& service) {
    service.add(api::post("/register/v1")
                    .summary("Make an account with a registration code.")
                    .tag("registration")
                    .body<wire::RegisterStart>()
                    .error(403, "Student registration is currently disabled")
                    .error(400, "Registration code is required")
                    .error(400, code_bad)
                    .error(400, "Registration code type mismatch")
                    .error(400, "Username already exists")
                    .error(500, "The data node has another user of that name"),
                [this](api::Context& context, wire::RegisterStart body) {
                    return start(context, std::move(body));
                });
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

async::Task<core::Result<wire::RegisterStarted>> Registration::start(api::Context& context,
                                                                     wire::RegisterStart body) {
    const bool student = body.user_type == "student";
    if (student ? !state_.options.student_registration : !state_.options.teacher_registration) {
        co_return core::Error(
            Errc::permission_denied, "registration_closed",
            fmt::format("{} registration is currently disabled", student ? "Student" : "Teacher"));
    }
    COURSESELECT_CO_TRY_OK(state_.admit_address(context));
    std::string code = body.registration_code.value_or("");
    if (code.empty()) {
        co_return core::Error(Errc::invalid_argument, "Registration code is required");
    }
    repo::User user;
    user.key.kind = student ? UserKind::student : UserKind::teacher;
    user.username = std::move(body.username);
    user.created_at = user.updated_at = state_.runtime.clock.wall_now();
    if (student) {
        user.pending_totp_secret = auth::make_totp_secret(state_.runtime.random);
    }
    // A first look, so that bad codes do not cost a hash.
    auto look = [user, code](storage::Connection& connection) {
        return check_code(connection, user, code, user.created_at);
    };
    COURSESELECT_CO_TRY_OK(co_await state_.readers->read(std::move(look)));
    auto hash = [this, password = std::move(body.password)] {
        return state_.hasher.hash(password);
    };
    COURSESELECT_CO_TRY(auto hashed,
                        co_await state_.hashing.run(state_.runtime.loop, std::move(hash)));
    COURSESELECT_CO_TRY(user.password_hash, std::move(hashed));
    auto profile = co_await create(context, user, std::move(code));
    if (!profile) {
        co_return std::move(profile).error();
    }
    user.key = profile->user;
    COURSESELECT_CO_TRY(user, co_await introduce(context, std::move(user), *std::move(profile)));
    COURSESELECT_CO_TRY(auto session, state_.make_session(user, false));
    auto store = [record = session.record](storage::Connection& connection) {
        return repo::insert_refresh_token(connection, record);
    };
    COURSESELECT_CO_TRY_OK(co_await state_.writes->run(std::move(store)));
    wire::RegisterStarted answer;
    answer.refresh_token = std::move(session.token);
    answer.expires_in = session.expires_in;
    answer.message =
        student ? "Registration successful, please set up 2FA" : "Registration successful";
    if (student) {
        answer.totp_secret = std::string(user.pending_totp_secret.reveal());
        answer.totp_uri = auth::totp_uri(user.username, user.pending_totp_secret);
    }
    co_return answer;
}

async::Task<core::Result<repo::ProfileEntry>> Registration::create(api::Context& context,
                                                                   repo::User user,
                                                                   std::string code) {
    const UserKind kind = user.key.kind;
    COURSESELECT_CO_TRY_OK(co_await outbox_.ensure_ids(kind, 1));
    auto make = [user, code](storage::Connection& connection,
                             repo::AuditEntry& event) mutable -> core::Result<repo::ProfileEntry> {
        COURSESELECT_TRY(auto found, check_code(connection, user, code, user.created_at));
        COURSESELECT_TRY(user.key.id, repo::take_id(connection, user.key.kind));
        COURSESELECT_TRY_OK(repo::use_code(connection, code));
        COURSESELECT_TRY_OK(repo::insert_user(connection, user));
        repo::ProfileEntry profile{.user = user.key,
                                   .name = user.username,
                                   .tags = std::move(found.tags),
                                   .code = code,
                                   .attempts = 0,
                                   .next_at = user.created_at + first_delivery_time};
        COURSESELECT_TRY_OK(repo::insert_profile(connection, profile));
        event.actor = repo::to_string(user.key);
        return profile;
    };
    for (int tries = 0; tries < 3; ++tries) {
        repo::AuditEntry event = state_.event(context, "register", user.username);
        auto profile = co_await state_.decide(std::move(event), make);
        if (profile || profile.error().reason() != "ids_exhausted") {
            outbox_.refill_soon(kind);
            co_return profile;
        }
        COURSESELECT_CO_TRY_OK(co_await outbox_.ensure_ids(kind, 1));
    }
    co_return core::Error(Errc::unavailable, "ids_exhausted", "ids are used up at once");
}

async::Task<core::Result<repo::User>> Registration::introduce(api::Context& context,
                                                              repo::User user,
                                                              repo::ProfileEntry profile) {
    for (int tries = 0; tries < state_.options.profiles.id_tries_max; ++tries) {
        const Delivery delivery = co_await outbox_.deliver(profile);
        if (delivery == Delivery::away) {
            auto retry_later = [key = profile.user, now = state_.runtime.clock.wall_now()](
                                   storage::Connection& connection) {
                return repo::postpone_profile(connection, key, now);
            };
            COURSESELECT_CO_TRY_OK(co_await state_.writes->run(std::move(retry_later)));
            co_return user;
        }
        if (delivery == Delivery::done) {
            auto forget = [key = profile.user](storage::Connection& connection) {
                return repo::delete_profile(connection, key);
            };
            COURSESELECT_CO_TRY_OK(co_await state_.writes->run(std::move(forget)));
            co_return user;
        }
        if (delivery == Delivery::refused) {
            break;
        }
        COURSESELECT_CO_TRY(profile.user.id, co_await next_id(profile.user));
        user.key = profile.user;
    }
    COURSESELECT_CO_TRY_OK(co_await undo(context, std::move(profile)));
    co_return core::Error(Errc::internal, "profile_refused", "the data node refused the profile");
}

async::Task<core::Result<std::int64_t>> Registration::next_id(repo::UserKey user) {
    COURSESELECT_CO_TRY_OK(co_await outbox_.ensure_ids(user.kind, 1));
    auto move = [user](storage::Connection& connection) -> core::Result<std::int64_t> {
        COURSESELECT_TRY(const auto id, repo::take_id(connection, user.kind));
        COURSESELECT_TRY_OK(repo::change_user_id(connection, user, id));
        return id;
    };
    auto id = co_await state_.writes->run(std::move(move));
    co_return id;
}

async::Task<core::Result<>> Registration::undo(api::Context& context, repo::ProfileEntry profile) {
    repo::AuditEntry event = state_.event(context, "register_undone", profile.name);
    event.actor = repo::to_string(profile.user);
    event.outcome = "profile_refused";
    auto remove = [event = std::move(event), profile = std::move(profile)](
                      storage::Connection& connection) -> core::Result<> {
        COURSESELECT_TRY_OK(repo::delete_user(connection, profile.user));
        COURSESELECT_TRY_OK(repo::give_code_back(connection, profile.code));
        return repo::append_audit(connection, event);
    };
    auto undone = co_await state_.writes->run(std::move(remove));
    co_return undone;
}

async::Task<core::Result<wire::TokenOut>> Registration::confirm(api::Context& context,
                                                                wire::TotpStepBody body) {
    const Principal who = context.who();
    COURSESELECT_CO_TRY_OK(state_.admit_address(context));
    COURSESELECT_CO_TRY_OK(state_.admit_totp(key_of(who)));
    auto check = [who, hash = auth::refresh_token_hash(context.token), code = body.totp_code,
                  now = state_.runtime.clock.wall_now()](
                     storage::Connection& connection,
                     repo::AuditEntry&) -> core::Result<repo::User> {
        COURSESELECT_TRY(auto session, find_session(connection, who, hash, now));
        const repo::User& user = session.user;
        if (user.key.kind == UserKind::admin) {
            return core::Error(Errc::permission_denied, "admin", "Admins have no 2FA");
        }
        if (user.has_2fa()) {
            COURSESELECT_TRY_OK(use_totp(connection, user, code, now));
        } else if (user.key.kind == UserKind::student) {
            const auto step = auth::verify_totp(user.pending_totp_secret, code, now, std::nullopt);
            if (!step) {
                return invalid_totp();
            }
            COURSESELECT_TRY_OK(repo::activate_totp(connection, user.key, now));
        }
        COURSESELECT_TRY_OK(repo::complete_refresh_token(connection, hash));
        return std::move(session.user);
    };
    repo::AuditEntry event = state_.event(context, "register_confirm");
    COURSESELECT_CO_TRY(const auto user,
                        co_await state_.decide(std::move(event), std::move(check)));
    state_.forgive_totp(user.key);
    COURSESELECT_CO_TRY(auto issued, state_.issue(user, TokenType::access));
    co_return wire::TokenOut{.access_token = std::move(issued.token),
                             .expires_in = issued.expires_in.count()};
}

}  // namespace courseselect::nodes::accounts
