#include "courseselect/notify/outbox.hpp"

namespace courseselect::notify {
namespace {

using storage::Connection;
using storage::Row;

constexpr std::size_t error_bytes_max = 500;

Entry entry_from(const Row& row) {
    Entry entry;
    entry.id = row.get<std::int64_t>(0);
    entry.message_id = row.get<std::string>(1);
    entry.event = row.get<std::string>(2);
    entry.message.channel = parse_channel(row.get<std::string_view>(3)).value_or(Channel::email);
    entry.message.recipient = row.get<std::string>(4);
    entry.message.subject = row.get<std::string>(5);
    entry.message.text = row.get<std::string>(6);
    entry.state = parse_state(row.get<std::string_view>(7)).value_or(State::dead);
    entry.attempts = row.get<std::int64_t>(8);
    entry.next_at = row.get<core::WallTime>(9);
    entry.created_at = row.get<core::WallTime>(10);
    entry.finished_at = row.get<std::optional<core::WallTime>>(11);
    entry.last_error = row.get<std::string>(12);
    return entry;
}

}  // namespace

std::string_view state_name(State state) {
    switch (state) {
        case State::waiting: return "waiting";
        case State::sent: return "sent";
        case State::dead: return "dead";
    }
    return "";
}

std::optional<State> parse_state(std::string_view name) {
    for (const State state : {State::waiting, State::sent, State::dead}) {
        if (name == state_name(state)) {
            return state;
        }
    }
    return std::nullopt;
}

core::Result<> enqueue(Connection& connection, std::string_view message_id, std::string_view event,
                       const Message& message, core::WallTime now) {
    COURSESELECT_TRY_OK(check_message(message));
    COURSESELECT_TRY_OK(connection.execute(
        "INSERT INTO notifications (message_id, event, channel, recipient, subject, text, state, "
        "next_at, created_at) VALUES (?, ?, ?, ?, ?, ?, 'waiting', ?, ?) "
        "ON CONFLICT (message_id) DO NOTHING",
        message_id, event, channel_name(message.channel), message.recipient, message.subject,
        message.text, now, now));
    return {};
}

core::Result<std::vector<Entry>> due(Connection& connection, Channel channel, core::WallTime now,
                                     std::int64_t limit) {
    return connection.all(
        "SELECT id, message_id, event, channel, recipient, subject, text, state, attempts, "
        "next_at, created_at, finished_at, last_error FROM notifications "
        "WHERE state = 'waiting' AND channel = ? AND next_at <= ? ORDER BY next_at, id LIMIT ?",
        entry_from, channel_name(channel), now, limit);
}

core::Result<> begin_try(Connection& connection, std::int64_t id, core::WallTime next_at) {
    COURSESELECT_TRY_OK(
        connection.execute("UPDATE notifications SET attempts = attempts + 1, next_at = ? "
                           "WHERE id = ? AND state = 'waiting'",
                           next_at, id));
    return {};
}

core::Result<> postpone(Connection& connection, std::int64_t id, core::WallTime next_at,
                        std::string_view error) {
    COURSESELECT_TRY_OK(connection.execute(
        "UPDATE notifications SET next_at = ?, last_error = ? WHERE id = ? AND state = 'waiting'",
        next_at, error.substr(0, error_bytes_max), id));
    return {};
}

core::Result<> finish(Connection& connection, std::int64_t id, State state, core::WallTime now,
                      std::string_view error) {
    COURSESELECT_TRY_OK(connection.execute(
        "UPDATE notifications SET state = ?, finished_at = ?, last_error = ? WHERE id = ?",
        state_name(state), now, error.substr(0, error_bytes_max), id));
    return {};
}

core::Result<bool> retry(Connection& connection, std::int64_t id, core::WallTime now) {
    COURSESELECT_TRY(const std::int64_t changed,
                     connection.execute("UPDATE notifications SET state = 'waiting', attempts = 0, "
                                        "next_at = ?, finished_at = NULL "
                                        "WHERE id = ? AND state <> 'sent'",
                                        now, id));
    return changed == 1;
}

core::Result<bool> discard(Connection& connection, std::int64_t id) {
    COURSESELECT_TRY(
        const std::int64_t gone,
        connection.execute("DELETE FROM notifications WHERE id = ? AND state <> 'sent'", id));
    return gone == 1;
}

core::Result<std::optional<Entry>> find(Connection& connection, std::int64_t id) {
    return connection.one(
        "SELECT id, message_id, event, channel, recipient, subject, text, state, attempts, "
        "next_at, created_at, finished_at, last_error FROM notifications WHERE id = ?",
        entry_from, id);
}

core::Result<std::vector<Entry>> list(Connection& connection, std::optional<State> state,
                                      std::int64_t offset, std::int64_t limit) {
    if (state) {
        return connection.all(
            "SELECT id, message_id, event, channel, recipient, subject, text, state, attempts, "
            "next_at, created_at, finished_at, last_error FROM notifications WHERE state = ? "
            "ORDER BY id DESC LIMIT ? OFFSET ?",
            entry_from, state_name(*state), limit, offset);
    }
    return connection.all(
        "SELECT id, message_id, event, channel, recipient, subject, text, state, attempts, "
        "next_at, created_at, finished_at, last_error FROM notifications "
        "ORDER BY id DESC LIMIT ? OFFSET ?",
        entry_from, limit, offset);
}

core::Result<std::int64_t> count(Connection& connection, std::optional<State> state) {
    const auto number = [](const Row& row) { return row.get<std::int64_t>(0); };
    auto found = state ? connection.one("SELECT count(*) FROM notifications WHERE state = ?",
                                        number, state_name(*state))
                       : connection.one("SELECT count(*) FROM notifications", number);
    COURSESELECT_TRY(const auto total, std::move(found));
    return total.value_or(0);
}

core::Result<std::int64_t> purge(Connection& connection, core::WallTime before,
                                 std::int64_t limit) {
    return connection.execute(
        "DELETE FROM notifications WHERE id IN (SELECT id FROM notifications "
        "WHERE state <> 'waiting' AND finished_at < ? LIMIT ?)",
        before, limit);
}

}  // namespace courseselect::notify
