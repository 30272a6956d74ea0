#include "courseselect/repo/realtime.hpp"

#include <chrono>
#include <limits>
#include <utility>

namespace courseselect::repo {
namespace {

using storage::Row;

constexpr storage::Migration realtime_steps[] = {
    {1, "sources, tellings, places, seats", R"sql(
CREATE TABLE sources (
    source TEXT PRIMARY KEY,
    last INTEGER NOT NULL CHECK (last >= 0),
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tellings (
    number INTEGER PRIMARY KEY,
    rooms TEXT NOT NULL,
    event TEXT NOT NULL,
    payload TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX tellings_by_time ON tellings (at);

CREATE TABLE places (
    connection TEXT NOT NULL,
    room TEXT NOT NULL,
    user TEXT NOT NULL,
    left_number INTEGER,
    left_at INTEGER,
    PRIMARY KEY (connection, room)
) STRICT, WITHOUT ROWID;
CREATE INDEX places_left ON places (left_at) WHERE left_at IS NOT NULL;

CREATE TABLE untold_seats (
    course_id INTEGER PRIMARY KEY,
    taken INTEGER NOT NULL,
    seats_left INTEGER NOT NULL
) STRICT;
)sql"},
};

constexpr auto silent_sources_kept = std::chrono::hours{24 * 7};

/// Names of rooms hold no line ends: they are made of letters, digits and underscores.
std::string joined(const std::vector<std::string>& rooms) {
    std::string text;
    for (const std::string& room : rooms) {
        text += (text.empty() ? "" : "\n") + room;
    }
    return text;
}

std::vector<std::string> split_rooms(std::string_view text) {
    std::vector<std::string> rooms;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        rooms.emplace_back(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
    return rooms;
}

core::Result<> load_sources(storage::Connection& connection, RealtimeRows& rows) {
    const auto add = [&rows](const Row& row) {
        rows.sources[row.get<std::string>(0)] = row.get<std::int64_t>(1);
    };
    return connection.each("SELECT source, last FROM sources", add);
}

core::Result<> load_tellings(storage::Connection& connection, RealtimeRows& rows) {
    const auto map = [](const Row& row) {
        return Telling{.number = row.get<std::int64_t>(0),
                       .rooms = split_rooms(row.get<std::string_view>(1)),
                       .event = row.get<std::string>(2),
                       .payload = row.get<std::string>(3),
                       .at = row.get<core::WallTime>(4)};
    };
    COURSESELECT_TRY(
        rows.tellings,
        connection.all("SELECT number, rooms, event, payload, at FROM tellings ORDER BY number",
                       map));
    return {};
}

core::Result<> load_places(storage::Connection& connection, RealtimeRows& rows) {
    const auto map = [](const Row& row) {
        return RoomPlace{.connection = row.get<std::string>(0),
                         .room = row.get<std::string>(1),
                         .user = row.get<std::string>(2),
                         .left_number = row.get<std::optional<std::int64_t>>(3),
                         .left_at = row.get<std::optional<core::WallTime>>(4)};
    };
    COURSESELECT_TRY(rows.places,
                     connection.all("SELECT connection, room, user, left_number, left_at "
                                    "FROM places ORDER BY left_number, connection, room",
                                    map));
    return {};
}

}  // namespace

std::span<const storage::Migration> realtime_migrations() { return realtime_steps; }

core::Result<> leave_open_places(storage::Connection& connection, std::int64_t told,
                                 core::WallTime now) {
    // The youngest telling is all that a place left open can have had.
    COURSESELECT_TRY_OK(connection.execute(
        "UPDATE places SET left_number = min(?, (SELECT coalesce(max(number), 0) FROM tellings)), "
        "left_at = ? WHERE left_at IS NULL",
        told, now));
    return {};
}

core::Result<RealtimeRows> load_realtime(storage::Connection& connection, core::WallTime now,
                                         core::WallTime oldest) {
    COURSESELECT_TRY_OK(
        leave_open_places(connection, std::numeric_limits<std::int64_t>::max(), now));
    COURSESELECT_TRY_OK(purge_realtime(connection, oldest));
    COURSESELECT_TRY_OK(
        connection.execute("DELETE FROM sources WHERE updated_at < ?", now - silent_sources_kept));
    RealtimeRows rows;
    COURSESELECT_TRY_OK(load_sources(connection, rows));
    COURSESELECT_TRY_OK(load_tellings(connection, rows));
    COURSESELECT_TRY_OK(load_places(connection, rows));
    const auto map = [](const Row& row) {
        return UntoldSeats{row.get<core::CourseId>(0), row.get<std::int64_t>(1),
                           row.get<std::int64_t>(2)};
    };
    COURSESELECT_TRY(
        rows.seats,
        connection.all("SELECT course_id, taken, seats_left FROM untold_seats ORDER BY course_id",
                       map));
    COURSESELECT_TRY_OK(connection.execute("DELETE FROM untold_seats"));
    return rows;
}

core::Result<> put_source(storage::Connection& connection, std::string_view source,
                          std::int64_t last, core::WallTime now) {
    COURSESELECT_TRY_OK(connection.execute(
        "INSERT INTO sources (source, last, updated_at) VALUES (?, ?, ?) ON CONFLICT (source) DO "
        "UPDATE SET last = excluded.last, updated_at = excluded.updated_at",
        source, last, now));
    return {};
}

core::Result<> insert_tellings(storage::Connection& connection, std::span<const Telling> tellings) {
    for (const Telling& telling : tellings) {
        COURSESELECT_TRY_OK(connection.execute(
            "INSERT INTO tellings (number, rooms, event, payload, at) VALUES (?, ?, ?, ?, ?)",
            telling.number, joined(telling.rooms), telling.event, telling.payload, telling.at));
    }
    return {};
}

core::Result<> put_untold_seats(storage::Connection& connection, const UntoldSeats& seats) {
    COURSESELECT_TRY_OK(connection.execute(
        "INSERT INTO untold_seats (course_id, taken, seats_left) VALUES (?, ?, ?) ON CONFLICT "
        "(course_id) DO UPDATE SET taken = excluded.taken, seats_left = excluded.seats_left",
        seats.course, seats.taken, seats.left));
    return {};
}

core::Result<> delete_untold_seats(storage::Connection& connection, core::CourseId course) {
    COURSESELECT_TRY_OK(connection.execute("DELETE FROM untold_seats WHERE course_id = ?", course));
    return {};
}

core::Result<> insert_places(storage::Connection& connection, std::span<const RoomPlace> places) {
    for (const RoomPlace& place : places) {
        COURSESELECT_TRY_OK(connection.execute(
            "INSERT INTO places (connection, room, user, left_number, left_at) "
            "VALUES (?, ?, ?, NULL, NULL) ON CONFLICT (connection, room) DO NOTHING",
            place.connection, place.room, place.user));
    }
    return {};
}

core::Result<> delete_place(storage::Connection& connection, std::string_view room_connection,
                            std::string_view room) {
    COURSESELECT_TRY_OK(connection.execute("DELETE FROM places WHERE connection = ? AND room = ?",
                                           room_connection, room));
    return {};
}

core::Result<> delete_places(storage::Connection& connection, std::string_view room_connection) {
    COURSESELECT_TRY_OK(
        connection.execute("DELETE FROM places WHERE connection = ?", room_connection));
    return {};
}

core::Result<> leave_places(storage::Connection& connection, std::string_view room_connection,
                            std::int64_t number, core::WallTime now) {
    COURSESELECT_TRY_OK(
        connection.execute("UPDATE places SET left_number = ?, left_at = ? WHERE connection = ?",
                           number, now, room_connection));
    return {};
}

core::Result<> purge_realtime(storage::Connection& connection, core::WallTime oldest) {
    // The youngest telling stays: numbers go on from it.
    COURSESELECT_TRY_OK(connection.execute(
        "DELETE FROM tellings WHERE at < ? AND number < (SELECT max(number) FROM tellings)",
        oldest));
    COURSESELECT_TRY_OK(connection.execute("DELETE FROM places WHERE left_at < ?", oldest));
    return {};
}

}  // namespace courseselect::repo
