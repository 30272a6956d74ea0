#pragma once
/// Messages that wait to be sent, in the host's database. All functions run inside the caller's
/// transaction, so that a message exists exactly when the thing it tells of happened.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/notify/message.hpp"
#include "courseselect/storage/connection.hpp"

namespace courseselect::notify {

/// The table, for one of the host's migrations. Never changes: a later step corrects it.
inline constexpr std::string_view outbox_schema = R"sql(
CREATE TABLE notifications (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL UNIQUE,
    event TEXT NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('email', 'sms')),
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'dead')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    finished_at INTEGER,
    last_error TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX notifications_due ON notifications (channel, next_at) WHERE state = 'waiting';
CREATE INDEX notifications_finished ON notifications (finished_at) WHERE state <> 'waiting';
CREATE INDEX notifications_by_state ON notifications (state, id);
)sql";

enum class State : std::uint8_t { waiting, sent, dead };
/// "waiting", "sent", "dead".
[[nodiscard]] std::string_view state_name(State state);
[[nodiscard]] std::optional<State> parse_state(std::string_view name);

struct Entry {
    std::int64_t id = 0;
    std::string message_id;  ///< unique; the same key is enqueued once
    std::string event;
    Message message;
    State state = State::waiting;
    std::int64_t attempts = 0;
    core::WallTime next_at;
    core::WallTime created_at;
    std::optional<core::WallTime> finished_at;
    std::string last_error;
};

/// Adds a message, due at `now`. A `message_id` that was used already changes nothing: whoever
/// repeats a step after a crash may enqueue again.
/// Errors: those of `check_message`.
[[nodiscard]] core::Result<> enqueue(storage::Connection& connection, std::string_view message_id,
                                     std::string_view event, const Message& message,
                                     core::WallTime now);
/// The messages of a channel that are due, longest due first, at most `limit`.
[[nodiscard]] core::Result<std::vector<Entry>> due(storage::Connection& connection, Channel channel,
                                                   core::WallTime now, std::int64_t limit);
/// Counts a try and puts the next one off to `next_at`: also done before a try, so that a crash in
/// the middle delays the message and does not lose it.
[[nodiscard]] core::Result<> begin_try(storage::Connection& connection, std::int64_t id,
                                       core::WallTime next_at);
[[nodiscard]] core::Result<> postpone(storage::Connection& connection, std::int64_t id,
                                      core::WallTime next_at, std::string_view error);
/// Ends a message as sent or dead.
[[nodiscard]] core::Result<> finish(storage::Connection& connection, std::int64_t id, State state,
                                    core::WallTime now, std::string_view error);
/// A message that is dead or waits is due now, with no tries counted. Of one that is being sent at
/// this moment a second copy may go out. False: there is none with this id, or it was sent.
[[nodiscard]] core::Result<bool> retry(storage::Connection& connection, std::int64_t id,
                                       core::WallTime now);
/// Forgets a message that was not sent. False: there is none with this id, or it was sent.
[[nodiscard]] core::Result<bool> discard(storage::Connection& connection, std::int64_t id);
[[nodiscard]] core::Result<std::optional<Entry>> find(storage::Connection& connection,
                                                      std::int64_t id);
/// A page of messages, newest first; all states when none is given.
[[nodiscard]] core::Result<std::vector<Entry>> list(storage::Connection& connection,
                                                    std::optional<State> state, std::int64_t offset,
                                                    std::int64_t limit);
[[nodiscard]] core::Result<std::int64_t> count(storage::Connection& connection,
                                               std::optional<State> state);
/// Forgets messages finished before `before`, at most `limit`. Returns how many.
[[nodiscard]] core::Result<std::int64_t> purge(storage::Connection& connection,
                                               core::WallTime before, std::int64_t limit);

}  // namespace courseselect::notify
