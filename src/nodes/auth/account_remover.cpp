#include "courseselect/nodes/auth/account_remover.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "courseselect/async/sleep.hpp"
#include "courseselect/core/log.hpp"
#include "courseselect/nodes/auth/steps.hpp"
#include "courseselect/nodes/wire/course.hpp"

namespace courseselect::nodes::accounts {
namespace {

namespace auth = courseselect::auth;
using core::Errc;

/// How long the request itself may take to tell the data node before the background task does.
constexpr std::chrono::seconds first_removal_time{60};

/// The part of a removal that this node decides alone.
core::Result<repo::Removal> note_removal(storage::Connection& connection, SessionBook& sessions,
                                         repo::UserKey key, core::WallTime now) {
    COURSESELECT_TRY(const auto user, repo::find_user(connection, key));
    if (!user) {
        return kind_missing(key.kind);
    }
    repo::Removal removal{.user = key,
                          .username = user->username,
                          .is_decided = key.kind != UserKind::teacher,
                          .next_at = now + first_removal_time};
    if (key.kind == UserKind::admin) {
        COURSESELECT_TRY(const auto admins, repo::count_active_admins(connection));
        if (user->is_active && admins <= 1) {
            return core::Error(Errc::invalid_argument, "last_admin",
                               "At least one admin must remain");
        }
    } else {
        COURSESELECT_TRY_OK(repo::insert_removal(connection, removal));
    }
    if (removal.is_decided) {
        COURSESELECT_TRY_OK(sessions.end_all(connection, key, now));
        COURSESELECT_TRY_OK(repo::delete_user(connection, key));
    }
    return removal;
}

}  // namespace

std::string_view kind_title(UserKind kind) {
    switch (kind) {
        case UserKind::student: return "Student";
        case UserKind::teacher: return "Teacher";
        case UserKind::admin: return "Admin";
    }
    return "";
}

core::Error kind_missing(UserKind kind) {
    return {Errc::not_found, "user_unknown", fmt::format("{} not found", kind_title(kind))};
}

async::Task<> AccountRemover::stop() {
    tasks_.request_stop();
    co_await tasks_.join();
}

async::Task<> AccountRemover::run(AccountRemover& self) {
    while (!self.tasks_.stop_token().stop_requested()) {
        co_await self.deliver_due();
        co_await async::sleep_for(self.state_.runtime.loop, self.state_.options.profiles.poll,
                                  self.tasks_.stop_token());
    }
}

async::Task<core::Result<>> AccountRemover::remove(api::Context& context, repo::UserKey user) {
    COURSESELECT_CO_TRY(auto removal, co_await note(context, user));
    if (user.kind == UserKind::admin) {
        co_return core::Result<>();
    }
    const bool is_decided = removal.is_decided;
    repo::AuditEntry event = state_.event(context, "delete_profile", repo::to_string(user));
    auto done = co_await carry_out(context.identity(), std::move(event), std::move(removal));
    if (is_decided && !done) {
        co_return core::Result<>();  // the account is gone; the profile follows
    }
    co_return done;
}

async::Task<core::Result<repo::Removal>> AccountRemover::note(api::Context& context,
                                                              repo::UserKey user) {
    auto begin = [user, &book = state_.sessions,
                  now = state_.runtime.clock.wall_now()](storage::Connection& connection) {
        return note_removal(connection, book, user, now);
    };
    std::string target = repo::to_string(user);
    if (key_of(context.who()) != user) {
        auto noted = co_await act_as_admin(state_, context, "delete_user", std::move(target),
                                           std::move(begin));
        co_return noted;
    }
    auto begin_own = [begin = std::move(begin), caller = caller_of(state_, context)](
                         storage::Connection& connection,
                         repo::AuditEntry&) -> core::Result<repo::Removal> {
        COURSESELECT_TRY_OK(find_caller(connection, caller));
        return begin(connection);
    };
    repo::AuditEntry event = state_.event(context, "delete_user", std::move(target));
    auto removal = co_await state_.decide(std::move(event), std::move(begin_own));
    co_return removal;
}

async::Task<core::Result<>> AccountRemover::carry_out(api::RequestIdentity identity,
                                                      repo::AuditEntry event,
                                                      repo::Removal removal) {
    const auto kind = auth::user_kind_name(removal.user.kind);
    std::string target = fmt::format("/delete/{}?{}_id={}", kind, kind, removal.user.id);
    auto answer = co_await data_.tell<wire::Done>(std::move(identity), std::move(target),
                                                  std::string(), data_.timeout());
    if (!answer && answer.error().code() == Errc::invalid_argument) {
        auto refused =
            co_await refuse(std::move(event), std::move(removal), std::move(answer).error());
        co_return refused;
    }
    if (!answer && answer.error().code() != Errc::not_found) {
        co_return core::Error(Errc::unavailable, "data_node_away", answer.error().to_string());
    }
    auto finish = [removal, &book = state_.sessions](
                      storage::Connection& connection,
                      repo::AuditEntry& entry) -> core::Result<bool> {
        COURSESELECT_TRY(const auto user, repo::find_user(connection, removal.user));
        if (user) {
            COURSESELECT_TRY_OK(book.end_all(connection, removal.user, entry.time));
            COURSESELECT_TRY_OK(repo::delete_user(connection, removal.user));
        }
        COURSESELECT_TRY_OK(repo::delete_removal(connection, removal.user));
        return true;
    };
    COURSESELECT_CO_TRY_OK(co_await state_.decide(std::move(event), std::move(finish)));
    co_return core::Result<>();
}

async::Task<core::Result<>> AccountRemover::refuse(repo::AuditEntry event, repo::Removal removal,
                                                   core::Error why) {
    // A student's profile is never refused today; should it be, the removal stays and is tried
    // again, because the account is gone already.
    auto drop = [removal, why](storage::Connection& connection,
                               repo::AuditEntry&) -> core::Result<bool> {
        if (!removal.is_decided) {
            COURSESELECT_TRY_OK(repo::delete_removal(connection, removal.user));
        }
        return why;
    };
    COURSESELECT_CO_TRY_OK(co_await state_.decide(std::move(event), std::move(drop)));
    co_return core::Result<>();
}

async::Task<> AccountRemover::deliver_due() {
    const core::WallTime now = state_.runtime.clock.wall_now();
    auto find = [now, limit = state_.options.profiles.batch_max](storage::Connection& connection) {
        return repo::due_removals(connection, now, limit);
    };
    auto due = co_await state_.readers->read(std::move(find));
    if (!due) {
        core::log::error("removals_unreadable", {{"error", due.error()}});
        co_return;
    }
    for (const repo::Removal& removal : *due) {
        repo::AuditEntry event = state_.own_event("delete_profile", repo::to_string(removal.user));
        const auto done = co_await carry_out(traces_.identity(), std::move(event), removal);
        if (done) {
            continue;
        }
        core::log::warn("profile_not_removed",
                        {{"user", repo::to_string(removal.user)}, {"error", done.error()}});
        auto postpone = [key = removal.user, at = profile_retry_at(state_, removal.attempts)](
                            storage::Connection& connection) {
            return repo::postpone_removal(connection, key, at);
        };
        const auto noted = co_await state_.writes->run(std::move(postpone));
        if (!noted || done.error().code() == Errc::unavailable ||
            tasks_.stop_token().stop_requested()) {
            co_return;
        }
    }
}

}  // namespace courseselect::nodes::accounts
