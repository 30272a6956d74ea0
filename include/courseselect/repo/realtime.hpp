#pragma once
/// What the realtime server keeps so that a restart neither loses nor repeats an event: how far it
/// is with each source, what it told lately, and who was in which room. All functions run inside
/// the caller's transaction.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/ids.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/storage/connection.hpp"
#include "courseselect/storage/migration.hpp"

namespace courseselect::repo {

[[nodiscard]] std::span<const storage::Migration> realtime_migrations();

/// Something that rooms were told. Numbers grow by one over all rooms.
struct Telling {
    std::int64_t number = 0;
    std::vector<std::string> rooms;
    std::string event;
    std::string payload;  ///< the JSON of its one argument
    core::WallTime at;
};

/// A connection's place in a room. `left_number` is the last telling it can have had; unset while
/// it is there.
struct RoomPlace {
    std::string connection;
    std::string room;
    std::string user;  ///< "student:17"
    std::optional<std::int64_t> left_number;
    std::optional<core::WallTime> left_at;
};

/// Seats of a course that are known and not told yet.
struct UntoldSeats {
    core::CourseId course;
    std::int64_t taken = 0;
    std::int64_t left = 0;
};

struct RealtimeRows {
    std::map<std::string, std::int64_t> sources;  ///< the last sequence dealt with
    std::vector<Telling> tellings;                ///< in order
    std::vector<RoomPlace> places;
    std::vector<UntoldSeats> seats;
};
/// Places still open were left when their process ended, which had told up to `told`.
[[nodiscard]] core::Result<> leave_open_places(storage::Connection& connection, std::int64_t told,
                                               core::WallTime now);

/// Everything, after what is older than `oldest` was deleted; places still open count as left now
/// (the process that kept them is gone). Sources that were silent for a week are forgotten, and so
/// are the seats: the caller tells them now.
[[nodiscard]] core::Result<RealtimeRows> load_realtime(storage::Connection& connection,
                                                       core::WallTime now, core::WallTime oldest);

[[nodiscard]] core::Result<> put_source(storage::Connection& connection, std::string_view source,
                                        std::int64_t last, core::WallTime now);
[[nodiscard]] core::Result<> insert_tellings(storage::Connection& connection,
                                             std::span<const Telling> tellings);
[[nodiscard]] core::Result<> put_untold_seats(storage::Connection& connection,
                                              const UntoldSeats& seats);
[[nodiscard]] core::Result<> delete_untold_seats(storage::Connection& connection,
                                                 core::CourseId course);
/// A place that is there already stays.
[[nodiscard]] core::Result<> insert_places(storage::Connection& connection,
                                           std::span<const RoomPlace> places);
[[nodiscard]] core::Result<> delete_place(storage::Connection& connection,
                                          std::string_view room_connection, std::string_view room);
/// The connection left all its rooms, and wants to hear no more.
[[nodiscard]] core::Result<> delete_places(storage::Connection& connection,
                                           std::string_view room_connection);
/// The connection was lost; it may come back.
[[nodiscard]] core::Result<> leave_places(storage::Connection& connection,
                                          std::string_view room_connection, std::int64_t number,
                                          core::WallTime now);
/// Deletes tellings and left places that are older.
[[nodiscard]] core::Result<> purge_realtime(storage::Connection& connection, core::WallTime oldest);

}  // namespace courseselect::repo
