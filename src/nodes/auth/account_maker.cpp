#include "courseselect/nodes/auth/account_maker.hpp"

#include <utility>

namespace courseselect::nodes::accounts {
namespace {

using core::Errc;

/// How long the request itself may take to tell the data node before the outbox steps in.
constexpr std::chrono::seconds first_delivery_time{60};

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
                                                          std::string code) {
    COURSESELECT_CO_TRY(auto profile, co_await create(context, user, std::move(code)));
    COURSESELECT_CO_TRY(const Delivery delivery, co_await introduce(profile));
    if (delivery == Delivery::refused || delivery == Delivery::id_taken) {
        repo::AuditEntry event = state_.event(context, "register_undone", profile.name);
        COURSESELECT_CO_TRY_OK(co_await outbox_.undo(std::move(event), std::move(profile)));
        co_return core::Error(Errc::internal, "profile_refused",
                              "the data node refused the profile");
    }
    user.key = profile.user;
    COURSESELECT_CO_TRY(auto session, co_await promise(context, user, delivery));
    co_return MadeAccount{std::move(user), std::move(session)};
}

async::Task<core::Result<repo::ProfileEntry>> AccountMaker::create(api::Context& context,
                                                                   repo::User user,
                                                                   std::string code) {
    const UserKind kind = user.key.kind;
    COURSESELECT_CO_TRY_OK(co_await outbox_.ensure_ids(kind, 1));
    auto make = [user, code](storage::Connection& connection,
                             repo::AuditEntry& event) mutable -> core::Result<repo::ProfileEntry> {
        COURSESELECT_TRY(auto found, check_code(connection, user, code));
        COURSESELECT_TRY(user.key.id, repo::take_id(connection, user.key.kind));
        COURSESELECT_TRY_OK(repo::use_code(connection, code));
        COURSESELECT_TRY_OK(repo::insert_user(connection, user));
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
         settings = state_.control.settings().security,
         now = state_.runtime.clock.wall_now()](storage::Connection& connection) -> core::Result<> {
        // A slow data node may have left the outbox time to undo or to renumber the account.
        COURSESELECT_TRY(const auto present, repo::find_user(connection, key));
        if (!present) {
            return core::Error(Errc::internal, "account_gone", "the outbox was faster");
        }
        COURSESELECT_TRY_OK(is_delivered ? repo::delete_profile(connection, key)
                                         : repo::promise_profile(connection, key, now));
        return book.open(connection, record, address, settings, now);
    };
    COURSESELECT_CO_TRY_OK(co_await state_.writes->run(std::move(keep)));
    co_return session;
}

}  // namespace courseselect::nodes::accounts
