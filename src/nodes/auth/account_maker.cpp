#include "courseselect/nodes/auth/account_maker.hpp"

#include <fmt/format.h>

#include <utility>

#include "courseselect/nodes/auth/steps.hpp"
#include "courseselect/nodes/auth/user_rules.hpp"
#include "courseselect/repo/auth_administration.hpp"
#include "courseselect/repo/auth_search.hpp"

namespace courseselect::nodes::accounts {
namespace {

namespace auth = courseselect::auth;
using core::Errc;

/// How long the request itself may take to tell the data node before the outbox steps in.
constexpr std::chrono::seconds first_delivery_time{60};

core::Result<> check_email_free(storage::Connection& connection,
                                const std::optional<std::string>& email) {
    if (email) {
        COURSESELECT_TRY(const auto owner, repo::find_user_by_email(connection, *email));
        if (owner) {
            return core::Error(Errc::invalid_argument, "email_taken", "Email already exists");
        }
    }
    return {};
}

core::Result<repo::RegistrationCode> check_code(storage::Connection& connection,
                                                const repo::User& user, std::string_view code) {
    COURSESELECT_TRY(auto found, repo::find_code(connection, code));
    if (!found || found->uses >= found->max_uses || found->expires_at <= user.created_at) {
        return core::Error(Errc::invalid_argument, "code_bad",
                           "Invalid or expired registration code");
    }
    if (found->kind != user.key.kind) {
        return core::Error(Errc::invalid_argument, "code_kind", "Registration code type mismatch");
    }
    COURSESELECT_TRY(const auto other, repo::find_user(connection, user.username));
    if (other) {
        return core::Error(Errc::invalid_argument, "name_taken", "Username already exists");
    }
    COURSESELECT_TRY_OK(check_email_free(connection, user.email));
    return *std::move(found);
}

}  // namespace

async::Task<core::Result<>> AccountMaker::check(repo::User user, std::string code) {
    auto look = [user = std::move(user), code = std::move(code)](storage::Connection& connection) {
        return check_code(connection, user, code);
    };
    COURSESELECT_CO_TRY_OK(co_await state_.readers->read(std::move(look)));
    co_return core::Result<>();
}

async::Task<core::Result<MadeAccount>> AccountMaker::make(api::Context& context, repo::User user,
                                                          std::string code,
                                                          std::optional<std::string> name) {
    COURSESELECT_CO_TRY(auto profile,
                        co_await create(context, user, std::move(code), std::move(name)));
    COURSESELECT_CO_TRY(const Delivery delivery,
                        co_await settle(context, profile, "register_undone"));
    user.key = profile.user;
    COURSESELECT_CO_TRY(auto session, co_await promise(context, user, delivery));
    co_return MadeAccount{std::move(user), std::move(session)};
}

async::Task<core::Result<Delivery>> AccountMaker::settle(api::Context& context,
                                                         repo::ProfileEntry& profile,
                                                         std::string action) {
    COURSESELECT_CO_TRY(const Delivery delivery, co_await introduce(profile));
    if (delivery == Delivery::refused || delivery == Delivery::id_taken) {
        repo::AuditEntry event = state_.event(context, std::move(action), profile.name);
        COURSESELECT_CO_TRY_OK(co_await outbox_.undo(std::move(event), profile));
        co_return core::Error(Errc::internal, "profile_refused",
                              "the data node refused the profile");
    }
    co_return delivery;
}

async::Task<core::Result<>> AccountMaker::make_for_admin(api::Context& context, repo::User user,
                                                         std::optional<std::string> name) {
    const UserKind kind = user.key.kind;
    if (kind != UserKind::admin) {
        COURSESELECT_CO_TRY_OK(co_await outbox_.ensure_ids(kind, 1));
    }
    COURSESELECT_CO_TRY(auto profile,
                        co_await store_for_admin(context, std::move(user), std::move(name)));
    if (kind == UserKind::admin) {
        co_return core::Result<>();
    }
    outbox_.refill_soon(kind);
    COURSESELECT_CO_TRY(const Delivery delivery,
                        co_await settle(context, profile, "add_user_undone"));
    COURSESELECT_CO_TRY_OK(co_await keep(profile.user, delivery));
    co_return core::Result<>();
}

async::Task<core::Result<repo::User>> AccountMaker::keep(repo::UserKey key, Delivery delivery) {
    auto promise = [key, is_delivered = delivery == Delivery::done, &notices = state_.notices,
                    now = state_.runtime.clock.wall_now()](
                       storage::Connection& connection) -> core::Result<repo::User> {
        COURSESELECT_TRY(auto user, repo::find_user(connection, key));
        if (!user) {
            return core::Error(Errc::internal, "account_gone", "the outbox was faster");
        }
        COURSESELECT_TRY_OK(is_delivered ? repo::delete_profile(connection, key)
                                         : repo::promise_profile(connection, key, now));
        const Notice notice{.event = "account_created", .user = key};
        COURSESELECT_TRY_OK(notices.tell(connection, notice, now));
        return *std::move(user);
    };
    auto kept = co_await state_.writes->run(std::move(promise));
    co_return kept;
}

async::Task<core::Result<repo::User>> AccountMaker::make_open(api::Context& context,
                                                              repo::User user) {
    const UserKind kind = user.key.kind;
    COURSESELECT_CO_TRY_OK(co_await outbox_.ensure_ids(kind, 1));
    COURSESELECT_CO_TRY(auto profile, co_await store_open(context, std::move(user)));
    outbox_.refill_soon(kind);
    COURSESELECT_CO_TRY(const Delivery delivery,
                        co_await settle(context, profile, "register_undone"));
    auto kept = co_await keep(profile.user, delivery);
    co_return kept;
}

async::Task<core::Result<repo::ProfileEntry>> AccountMaker::store_open(api::Context& context,
                                                                       repo::User user) {
    repo::AuditEntry event = state_.event(context, "register", user.username);
    auto store = [user = std::move(user)](
                     storage::Connection& connection,
                     repo::AuditEntry& entry) mutable -> core::Result<repo::ProfileEntry> {
        COURSESELECT_TRY_OK(check_free(connection, user.key, user.username, user.email));
        COURSESELECT_TRY(user.key.id, repo::take_id(connection, user.key.kind));
        COURSESELECT_TRY_OK(repo::insert_user(connection, user));
        repo::ProfileEntry profile{.user = user.key,
                                   .name = user.username,
                                   .next_at = user.created_at + first_delivery_time};
        COURSESELECT_TRY_OK(repo::insert_profile(connection, profile));
        if (entry.actor.empty()) {
            entry.actor = repo::to_string(user.key);
        }
        return profile;
    };
    auto profile = co_await state_.decide(std::move(event), std::move(store));
    co_return as_conflict(std::move(profile));
}

async::Task<core::Result<repo::ProfileEntry>> AccountMaker::store_for_admin(
    api::Context& context, repo::User user, std::optional<std::string> name) {
    std::string target = fmt::format("{} {}", auth::user_kind_name(user.key.kind), user.username);
    auto store = [user = std::move(user), name = std::move(name), &notices = state_.notices](
                     storage::Connection& connection) mutable -> core::Result<repo::ProfileEntry> {
        const bool is_admin = user.key.kind == UserKind::admin;
        COURSESELECT_TRY(const auto other, repo::find_user(connection, user.username));
        if (other) {
            const bool same = is_admin && other->key.kind == UserKind::admin;
            return core::Error(Errc::invalid_argument, "name_taken",
                               same ? "Admin already exists" : "User already exists");
        }
        COURSESELECT_TRY_OK(check_email_free(connection, user.email));
        COURSESELECT_TRY(user.key.id, repo::take_id(connection, user.key.kind));
        COURSESELECT_TRY_OK(repo::insert_user(connection, user));
        if (name) {
            COURSESELECT_TRY_OK(repo::set_display_name(connection, user.key, *name));
        }
        repo::ProfileEntry profile{.user = user.key,
                                   .name = user.username,
                                   .next_at = user.created_at + first_delivery_time};
        // Others are told once the data node agrees to them.
        const Notice notice{.event = "account_created", .user = user.key};
        COURSESELECT_TRY_OK(is_admin ? notices.tell(connection, notice, user.created_at)
                                     : repo::insert_profile(connection, profile));
        return profile;
    };
    auto profile =
        co_await act_as_admin(state_, context, "add_user", std::move(target), std::move(store));
    co_return profile;
}

async::Task<core::Result<repo::ProfileEntry>> AccountMaker::create(
    api::Context& context, repo::User user, std::string code, std::optional<std::string> name) {
    const UserKind kind = user.key.kind;
    COURSESELECT_CO_TRY_OK(co_await outbox_.ensure_ids(kind, 1));
    auto make = [user, code, name](
                    storage::Connection& connection,
                    repo::AuditEntry& event) mutable -> core::Result<repo::ProfileEntry> {
        COURSESELECT_TRY(auto found, check_code(connection, user, code));
        COURSESELECT_TRY(user.key.id, repo::take_id(connection, user.key.kind));
        COURSESELECT_TRY_OK(repo::use_code(connection, code));
        COURSESELECT_TRY_OK(repo::insert_user(connection, user));
        if (name) {
            COURSESELECT_TRY_OK(repo::set_display_name(connection, user.key, *name));
        }
        repo::ProfileEntry profile{.user = user.key,
                                   .name = user.username,
                                   .tags = std::move(found.tags),
                                   .code = code,
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

async::Task<core::Result<Delivery>> AccountMaker::introduce(repo::ProfileEntry& profile) {
    Delivery delivery = Delivery::id_taken;
    for (int tries = 0; tries < state_.options.profiles.id_tries_max; ++tries) {
        delivery = co_await outbox_.deliver(profile);
        if (delivery != Delivery::id_taken) {
            break;
        }
        COURSESELECT_CO_TRY(profile.user.id, co_await next_id(profile.user));
    }
    co_return delivery;
}

async::Task<core::Result<std::int64_t>> AccountMaker::next_id(repo::UserKey user) {
    COURSESELECT_CO_TRY_OK(co_await outbox_.ensure_ids(user.kind, 1));
    auto move = [user](storage::Connection& connection) -> core::Result<std::int64_t> {
        COURSESELECT_TRY(const auto id, repo::take_id(connection, user.kind));
        COURSESELECT_TRY_OK(repo::change_user_id(connection, user, id));
        return id;
    };
    auto id = co_await state_.writes->run(std::move(move));
    co_return id;
}

async::Task<core::Result<NewSession>> AccountMaker::promise(api::Context& context, repo::User user,
                                                            Delivery delivery) {
    COURSESELECT_CO_TRY(auto session, state_.tokens.session(user, false));
    auto keep =
        [key = user.key, record = session.record, address = context.client_address(),
         is_delivered = delivery == Delivery::done, &book = state_.sessions,
         &notices = state_.notices, settings = state_.control.settings().security,
         now = state_.runtime.clock.wall_now()](storage::Connection& connection) -> core::Result<> {
        // A slow data node may have left the outbox time to undo or to renumber the account.
        COURSESELECT_TRY(const auto present, repo::find_user(connection, key));
        if (!present) {
            return core::Error(Errc::internal, "account_gone", "the outbox was faster");
        }
        COURSESELECT_TRY_OK(is_delivered ? repo::delete_profile(connection, key)
                                         : repo::promise_profile(connection, key, now));
        const Notice notice{.event = "account_created", .user = key};
        COURSESELECT_TRY_OK(notices.tell(connection, notice, now));
        return book.open(connection, record, address, settings, now);
    };
    COURSESELECT_CO_TRY_OK(co_await state_.writes->run(std::move(keep)));
    co_return session;
}

}  // namespace courseselect::nodes::accounts
