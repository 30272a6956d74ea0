#pragma once
/// `Recovery`: what a client missed while it was away, told when it comes back.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/repo/realtime.hpp"

namespace courseselect::nodes::realtime {

struct RecoveryOptions {
    /// How long a lost connection may stay away (as long as socket.io's own recovery).
    std::chrono::seconds window{120};
    std::size_t tellings_max = 20'000;  ///< kept in memory; the oldest are forgotten
    std::size_t places_max = 50'000;    ///< left places kept; the oldest are forgotten
};

/// Whether a room's tellings are kept for whoever comes back.
[[nodiscard]] inline bool is_recovered(std::string_view room) {
    return room.starts_with("course_") || room.starts_with("instructor_") ||
           room.starts_with("user_");
}

/// Tellings of the last minutes, and the places in rooms that lost connections left behind. When a
/// user comes back into a room, the place is taken over, and the tellings since it was left are
/// what is missed. So a client that reconnects hears each event once, also when the server was
/// restarted meanwhile; one that is new, or that left on purpose, hears only what comes.
///
/// Pure: who calls it writes and sends. Thread-safety: none; the owner's executor.
class Recovery {
  public:
    explicit Recovery(RecoveryOptions options = {}) : options_(options) {}

    /// Takes over what was stored.
    void restore(const repo::RealtimeRows& rows);

    /// A telling with the next number, to be written down before it is told.
    [[nodiscard]] repo::Telling make(std::vector<std::string> rooms, std::string event,
                                     std::string payload, core::WallTime now);
    /// It is told now. Tellings are told in the order of their numbers.
    void note(repo::Telling telling);
    /// The number of the last telling that was told.
    [[nodiscard]] std::int64_t last_number() const { return last_number_; }
    /// Somebody who left one of the rooms may come back to hear of it.
    [[nodiscard]] bool is_missed_in(std::string_view room) const {
        return left_.contains(std::string(room));
    }

    /// A connection of the user was lost and left its rooms behind.
    void lose(std::string connection, std::string user, const std::vector<std::string>& rooms,
              core::WallTime now);

    /// What was taken over, and what was missed.
    struct Return {
        std::vector<repo::RoomPlace> places;       ///< taken over: to be deleted where stored
        std::vector<const repo::Telling*> missed;  ///< in order; valid until the next call
    };
    /// The user enters these rooms at once, and hears of what is told to several of them once.
    [[nodiscard]] Return enter(std::string_view user, const std::vector<std::string>& rooms);

    /// The user is in the room on another server since then: gives up the oldest place that was
    /// left here before. What was given up is to be deleted where stored.
    [[nodiscard]] std::optional<repo::RoomPlace> give_up(std::string_view user,
                                                         const std::string& room,
                                                         core::WallTime since);

    /// Forgets what is too old.
    void expire(core::WallTime now);

    [[nodiscard]] std::size_t tellings() const { return tellings_.size(); }
    [[nodiscard]] std::size_t places() const { return places_; }

  private:
    struct Left {
        std::string connection;
        std::string user;
        std::int64_t number = 0;
        core::WallTime at;
    };
    void add(std::string room, Left left);
    [[nodiscard]] std::optional<repo::RoomPlace> take(std::string_view user,
                                                      const std::string& room,
                                                      core::WallTime before);
    void drop_oldest_place();

    RecoveryOptions options_;
    std::int64_t made_ = 0;         ///< the last number that was given
    std::int64_t last_number_ = 0;  ///< the last one that was told
    std::deque<repo::Telling> tellings_;
    std::unordered_map<std::string, std::deque<Left>> left_;  ///< by room, oldest first
    std::multimap<core::WallTime, std::string> rooms_by_time_;
    std::size_t places_ = 0;
};

}  // namespace courseselect::nodes::realtime
