#pragma once
/// What the groups of endpoints of the auth node share: database, hashing, tokens, limits, audit.

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "courseselect/api/context.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/nodes/auth/auth_options.hpp"
#include "courseselect/nodes/auth/control_state.hpp"
#include "courseselect/nodes/auth/guess_guard.hpp"
#include "courseselect/nodes/auth/notices.hpp"
#include "courseselect/nodes/auth/password_work.hpp"
#include "courseselect/nodes/auth/session_book.hpp"
#include "courseselect/nodes/auth/tokens.hpp"
#include "courseselect/nodes/node.hpp"
#include "courseselect/repo/auth_users.hpp"
#include "courseselect/storage/reader_pool.hpp"
#include "courseselect/storage/write_queue.hpp"

namespace courseselect::nodes::accounts {

/// A refusal is an answer: what led to it is kept, the audit too. Any other error undoes the write.
[[nodiscard]] bool is_refusal(const core::Error& error);

/// Thread-safety: the runtime's loop, except where noted.
struct AuthState {
    /// Errors: invalid_argument (a cost below 10 outside development, a bad secret, bucket or
    /// template);
    /// those of `storage::Database::open` and `storage::migrate`.
    [[nodiscard]] static core::Result<std::unique_ptr<AuthState>> open(Runtime runtime,
                                                                       AuthNodeOptions options);
    AuthState(Runtime to_use, AuthNodeOptions given, Tokens to_sign, GuessGuard to_slow_down,
              courseselect::auth::PasswordHasher to_hash, notify::Templates to_write);

    /// The audit's entry for something that this request does.
    [[nodiscard]] repo::AuditEntry event(const api::Context& context, std::string action,
                                         std::string target = {}) const;
    /// The same for something that the node does by itself; its outcome is "ok".
    [[nodiscard]] repo::AuditEntry own_event(std::string action, std::string target) const;

    /// Runs `body(Connection&, AuditEntry&)` in a write transaction and puts the audit's entry with
    /// its outcome beside it. A refusal of `body` keeps what it wrote before. The other nodes hear
    /// of it when sessions ended.
    template <class Body,
              class R = std::invoke_result_t<Body&, storage::Connection&, repo::AuditEntry&>>
    [[nodiscard]] async::Task<R> decide(repo::AuditEntry entry, Body body) {
        using T = typename R::value_type;
        using Outcome = std::variant<T, core::Error>;
        bool ended = false;  // written before the outcome is told, read after
        auto closure = [entry = std::move(entry), body = std::move(body), &ended,
                        this](storage::Connection& connection) mutable -> core::Result<Outcome> {
            const std::uint64_t ends = sessions.ends();
            auto result = body(connection, entry);
            ended = sessions.ends() != ends;
            if (!result && !is_refusal(result.error())) {
                return std::move(result).error();
            }
            entry.outcome = result                            ? "ok"
                            : result.error().reason().empty() ? result.error().detail()
                                                              : result.error().reason();
            COURSESELECT_TRY_OK(repo::append_audit(connection, entry));
            return result ? Outcome(std::in_place_index<0>, *std::move(result))
                          : Outcome(std::in_place_index<1>, std::move(result).error());
        };
        auto outcome = co_await writes->run(std::move(closure));
        if (!outcome) {
            co_return std::move(outcome).error();
        }
        if (ended) {
            control.announce();
        }
        if (outcome->index() == 1) {
            co_return std::get<1>(*std::move(outcome));
        }
        co_return std::get<0>(*std::move(outcome));
    }

    Runtime runtime;
    AuthNodeOptions options;
    Tokens tokens;
    GuessGuard guesses;
    SessionBook sessions;
    ControlState control;
    Notices notices;
    async::TaskGroup tasks;
    std::unique_ptr<storage::Database> database;
    std::unique_ptr<storage::ReaderPool> readers;
    std::unique_ptr<storage::WriteQueue> writes;
    PasswordWork passwords;
};

}  // namespace courseselect::nodes::accounts
