#include "courseselect/nodes/realtime/recovery.hpp"

#include <algorithm>
#include <utility>

namespace courseselect::nodes::realtime {

void Recovery::restore(const repo::RealtimeRows& rows) {
    for (const repo::Telling& telling : rows.tellings) {
        last_number_ = std::max(last_number_, telling.number);
        tellings_.push_back(telling);
    }
    made_ = last_number_;
    for (const repo::RoomPlace& place : rows.places) {
        add(place.room, {place.connection, place.user, place.left_number.value_or(last_number_),
                         place.left_at.value_or(core::WallTime())});
    }
}

repo::Telling Recovery::make(std::vector<std::string> rooms, std::string event, std::string payload,
                             core::WallTime now) {
    return {.number = ++made_,
            .rooms = std::move(rooms),
            .event = std::move(event),
            .payload = std::move(payload),
            .at = now};
}

void Recovery::note(repo::Telling telling) {
    last_number_ = telling.number;
    tellings_.push_back(std::move(telling));
    if (tellings_.size() > options_.tellings_max) {
        tellings_.pop_front();
    }
}

void Recovery::add(std::string room, Left left) {
    rooms_by_time_.emplace(left.at, room);
    left_[std::move(room)].push_back(std::move(left));
    ++places_;
    if (places_ > options_.places_max) {
        drop_oldest_place();
    }
}

void Recovery::drop_oldest_place() {
    while (!rooms_by_time_.empty()) {
        const auto oldest = rooms_by_time_.begin();
        const auto room = left_.find(oldest->second);
        const core::WallTime at = oldest->first;
        rooms_by_time_.erase(oldest);
        if (room == left_.end()) {
            continue;  // taken over meanwhile
        }
        const std::size_t erased =
            std::erase_if(room->second, [at](const Left& left) { return left.at <= at; });
        if (room->second.empty()) {
            left_.erase(room);
        }
        places_ -= erased;
        if (erased > 0) {
            return;
        }
    }
}

void Recovery::lose(std::string connection, std::string user, const std::vector<std::string>& rooms,
                    core::WallTime now) {
    for (const std::string& room : rooms) {
        add(room, {connection, user, last_number_, now});
    }
}

std::optional<repo::RoomPlace> Recovery::take(std::string_view user, const std::string& room,
                                              core::WallTime before) {
    const auto found = left_.find(room);
    if (found == left_.end()) {
        return std::nullopt;
    }
    auto& places = found->second;
    const auto place = std::find_if(places.begin(), places.end(), [&](const Left& left) {
        return left.user == user && left.at < before;
    });
    if (place == places.end()) {
        return std::nullopt;
    }
    repo::RoomPlace taken{.connection = std::move(place->connection),
                          .room = room,
                          .user = std::move(place->user),
                          .left_number = place->number,
                          .left_at = place->at};
    places.erase(place);
    --places_;
    if (places.empty()) {
        left_.erase(found);
    }
    return taken;
}

std::optional<repo::RoomPlace> Recovery::give_up(std::string_view user, const std::string& room,
                                                 core::WallTime since) {
    return take(user, room, since);
}

Recovery::Return Recovery::enter(std::string_view user, const std::vector<std::string>& rooms) {
    Return back;
    std::map<std::string_view, std::int64_t> since;  // by room
    for (const std::string& room : rooms) {
        if (auto place = take(user, room, core::WallTime::max())) {
            since[room] = *place->left_number;
            back.places.push_back(*std::move(place));
        }
    }
    if (since.empty()) {
        return back;
    }
    for (const repo::Telling& telling : tellings_) {
        const bool is_missed =
            std::any_of(telling.rooms.begin(), telling.rooms.end(), [&](const std::string& room) {
                const auto left = since.find(room);
                return left != since.end() && telling.number > left->second;
            });
        if (is_missed) {
            back.missed.push_back(&telling);
        }
    }
    return back;
}

void Recovery::expire(core::WallTime now) {
    const core::WallTime oldest = now - options_.window;
    while (!tellings_.empty() && tellings_.front().at < oldest) {
        tellings_.pop_front();
    }
    while (!rooms_by_time_.empty() && rooms_by_time_.begin()->first < oldest) {
        const std::string room = std::move(rooms_by_time_.begin()->second);
        rooms_by_time_.erase(rooms_by_time_.begin());
        const auto found = left_.find(room);
        if (found == left_.end()) {
            continue;
        }
        places_ -=
            std::erase_if(found->second, [oldest](const Left& left) { return left.at < oldest; });
        if (found->second.empty()) {
            left_.erase(found);
        }
    }
}

}  // namespace courseselect::nodes::realtime
