#include "courseselect/nodes/realtime/classroom_channel.hpp"

#include <fmt/format.h>

#include <utility>

#include "courseselect/core/log.hpp"
#include "courseselect/core/time_format.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/nodes/realtime/announcer.hpp"
#include "courseselect/nodes/realtime/event_fields.hpp"
#include "courseselect/nodes/upstream.hpp"

namespace courseselect::nodes::realtime {
namespace {

using courseselect::realtime::Args;
using courseselect::realtime::DisconnectReason;
using courseselect::realtime::Event;
using courseselect::realtime::SocketPointer;

constexpr std::size_t batch_items_max = 500;
constexpr double video_seconds_max = 1e9;
constexpr std::size_t client_time_bytes_max = 64;

std::string video_room(std::int64_t video) { return "video_" + std::to_string(video); }

template <class... NamesAndValues>
Args object_of(const NamesAndValues&... names_and_values) {
    return Args().add_raw(json::make_object(names_and_values...));
}

template <class... NamesAndValues>
void acknowledge(Event& event, const NamesAndValues&... names_and_values) {
    if (event.ack) {
        event.ack.send(object_of("status", "ok", names_and_values...));
    }
}

wire::UserRef user_of(const Visitor& visitor) {
    return {visitor.kind(), visitor.claims.principal.id};
}

}  // namespace

ClassroomChannel::ClassroomChannel(Runtime runtime, courseselect::realtime::Namespace& nsp,
                                   Relay& relay, Recovery& recovery, storage::WriteQueue& writes,
                                   AddressBook& addresses, net::http::Client& data_node,
                                   std::string internal_token, ChannelOptions options)
    : runtime_(runtime),
      nsp_(nsp),
      relay_(relay),
      recovery_(recovery),
      writes_(writes),
      addresses_(addresses),
      data_node_(data_node),
      internal_token_(std::move(internal_token)),
      options_(options),
      accesses_(runtime.loop, {.batch_max = batch_items_max, .in_flight_max = 1},
                [this](std::vector<wire::AccessQuery> queries) {
                    return post_batch<wire::AccessOutcomes>(
                        "/internal/classroom/access/batch",
                        wire::AccessQueries{std::move(queries)});
                }),
      entrances_(
          runtime.loop, {.batch_max = batch_items_max, .in_flight_max = 1},
          [this](std::vector<Entrance> entrances) { return let_all_in(std::move(entrances)); }),
      progress_(runtime.loop, {.batch_max = batch_items_max, .in_flight_max = 1},
                [this](std::vector<wire::ProgressReport> reports) {
                    return post_batch<wire::ProgressOutcomes>(
                        "/internal/classroom/progress", wire::ProgressReports{std::move(reports)});
                }),
      messages_(runtime.loop, {.batch_max = batch_items_max, .in_flight_max = 1},
                [this](std::vector<wire::MessageDraft> drafts) {
                    return post_batch<wire::MessageOutcomes>(
                        "/internal/classroom/messages", wire::MessageDrafts{std::move(drafts)});
                }) {}

void ClassroomChannel::attach() {
    relay_.when_elsewhere([this](const std::string& user, const std::vector<std::string>& rooms,
                                 core::WallTime since) { give_up_places(user, rooms, since); });
    nsp_.on_connect([this](SocketPointer socket) { return welcome(std::move(socket)); });
    nsp_.on_disconnect(
        [this](const SocketPointer& socket, DisconnectReason reason) { part(socket, reason); });
    nsp_.on("join_course", [this](SocketPointer socket, Event event) {
        return join_course(std::move(socket), std::move(event));
    });
    nsp_.on("leave_course", [this](SocketPointer socket, Event event) {
        return leave_course(std::move(socket), std::move(event));
    });
    nsp_.on("join_video", [this](SocketPointer socket, Event event) {
        return join_video(std::move(socket), std::move(event));
    });
    nsp_.on("video_progress", [this](SocketPointer socket, Event event) {
        return video_progress(std::move(socket), std::move(event));
    });
    nsp_.on("send_chat_message", [this](SocketPointer socket, Event event) {
        return send_chat_message(std::move(socket), std::move(event));
    });
}

async::Task<> ClassroomChannel::stop() {
    co_await accesses_.stop();
    co_await entrances_.stop();
    co_await progress_.stop();
    co_await messages_.stop();
}

// --- coming and going ---

async::Task<> ClassroomChannel::welcome(SocketPointer socket) {
    socket->emit("connected", object_of("status", "Connected successfully"));
    const std::vector<std::string> own{socket->data<Visitor>().room};
    static_cast<void>(enter(socket, own));
    tell_missed(socket, own);
    co_return;
}

void ClassroomChannel::part(const SocketPointer& socket, DisconnectReason reason) {
    if (reason == DisconnectReason::client_left) {  // on purpose: it wants to hear no more
        write([id = socket->id()](storage::Connection& connection) {
            return repo::delete_places(connection, id);
        });
        return;
    }
    std::vector<std::string> rooms = socket->rooms();
    std::erase_if(rooms, [](const std::string& room) { return !is_recovered(room); });
    const auto now = runtime_.clock.wall_now();
    recovery_.lose(socket->id(), socket->data<Visitor>().key, rooms, now);
    write([id = socket->id(), number = recovery_.last_number(),
           now](storage::Connection& connection) {
        return repo::leave_places(connection, id, number, now);
    });
}

bool ClassroomChannel::enter(const SocketPointer& socket, const std::vector<std::string>& rooms) {
    std::vector<repo::RoomPlace> places;
    for (const std::string& room : rooms) {
        if (!socket->join(room)) {
            return false;
        }
        places.push_back({.connection = socket->id(),
                          .room = room,
                          .user = socket->data<Visitor>().key,
                          .left_number = std::nullopt,
                          .left_at = std::nullopt});
    }
    write([places = std::move(places)](storage::Connection& connection) {
        return repo::insert_places(connection, places);
    });
    relay_.say_here(socket->data<Visitor>(), rooms);
    return true;
}

void ClassroomChannel::tell_missed(const SocketPointer& socket,
                                   const std::vector<std::string>& rooms) {
    Recovery::Return back = recovery_.enter(socket->data<Visitor>().key, rooms);
    for (const repo::Telling* telling : back.missed) {
        socket->emit(telling->event, Args().add_raw(telling->payload));
        recovered_.add();
    }
    delete_places(std::move(back.places));
}

void ClassroomChannel::give_up_places(const std::string& user,
                                      const std::vector<std::string>& rooms, core::WallTime since) {
    std::vector<repo::RoomPlace> places;
    for (const std::string& room : rooms) {
        if (auto place = recovery_.give_up(user, room, since)) {
            places.push_back(*std::move(place));
        }
    }
    delete_places(std::move(places));
}

void ClassroomChannel::delete_places(std::vector<repo::RoomPlace> places) {
    if (places.empty()) {
        return;
    }
    write([places = std::move(places)](storage::Connection& connection) -> core::Result<> {
        for (const repo::RoomPlace& place : places) {
            COURSESELECT_TRY_OK(repo::delete_place(connection, place.connection, place.room));
        }
        return {};
    });
}

template <class F>
void ClassroomChannel::write(F closure) {
    writes_.submit(std::move(closure), [](const core::Result<>& stored) {
        if (!stored) {
            core::log::warn("places_not_stored", {{"error", stored.error()}});
        }
    });
}

// --- refusals ---

void ClassroomChannel::refuse(const SocketPointer& socket, Event& event, std::string_view code,
                              const std::string& message) {
    refused_.add();
    socket->emit("error", object_of("message", message));
    if (event.ack) {
        event.ack.send(object_of("status", "error", "code", code, "message", message));
    }
}

void ClassroomChannel::refuse(const SocketPointer& socket, Event& event,
                              const wire::ItemOutcome& outcome, std::string_view thing) {
    if (outcome.status == 404) {
        refuse(socket, event, "not_found", fmt::format("not found: {}", thing));
    } else if (outcome.status == 403) {
        refuse(socket, event, "forbidden",
               fmt::format("forbidden: you are not in the course of {}", thing));
    } else {
        refuse(socket, event, "invalid_argument", outcome.detail);
    }
}

async::Task<std::optional<wire::AccessOutcome>> ClassroomChannel::admit(SocketPointer socket,
                                                                        Event& event,
                                                                        wire::AccessQuery query,
                                                                        std::string thing) {
    const Visitor& visitor = socket->data<Visitor>();
    query.user_kind = visitor.kind();
    query.user_id = visitor.claims.principal.id;
    const auto access = co_await accesses_.submit(std::move(query));
    std::optional<wire::AccessOutcome> admitted;
    if (!access) {
        refuse(socket, event, "unavailable", "unavailable: try again shortly");
    } else if (access->status == 404) {
        refuse(socket, event, "not_found", fmt::format("not found: {}", thing));
    } else if (access->status != 200) {
        refuse(socket, event, "forbidden", fmt::format("forbidden: you are not in {}", thing));
    } else {
        admitted = *access;
    }
    co_return admitted;
}

// --- the events ---

async::Task<> ClassroomChannel::join_course(SocketPointer socket, Event event) {
    const auto id = EventFields(event.args.value(0)).id("course_id", true);
    if (!id) {
        refuse(socket, event, "invalid_argument", id.error().detail());
        co_return;
    }
    wire::AccessQuery query;
    query.course_id = core::CourseId(*id);
    std::string thing = fmt::format("course {}", *id);
    const auto access = co_await admit(socket, event, std::move(query), std::move(thing));
    if (!access || !socket->is_connected()) {
        co_return;
    }
    const core::CourseId joined(*id);
    std::vector<std::string> rooms{course_room(joined)};
    if (access->is_teacher) {
        rooms.push_back(instructor_room(joined));
    }
    const bool is_new = !socket->is_in(rooms.front());
    if (!enter(socket, rooms)) {
        refuse(socket, event, "resource_exhausted", "too many rooms: leave some first");
        co_return;
    }
    const std::string course = std::to_string(*id);
    socket->emit("joined_course", object_of("course_id", course, "status", "Joined successfully"));
    acknowledge(event, "course_id", course);
    done_.add();
    if (is_new) {
        tell_missed(socket, rooms);
    }
}

async::Task<> ClassroomChannel::leave_course(SocketPointer socket, Event event) {
    const auto id = EventFields(event.args.value(0)).id("course_id", true);
    if (!id) {
        refuse(socket, event, "invalid_argument", id.error().detail());
        co_return;
    }
    const core::CourseId course(*id);
    for (const std::string& room : {course_room(course), instructor_room(course)}) {
        socket->leave(room);
        write([connection_id = socket->id(), room](storage::Connection& connection) {
            return repo::delete_place(connection, connection_id, room);
        });
    }
    acknowledge(event, "course_id", std::to_string(*id));
    done_.add();
}

async::Task<> ClassroomChannel::join_video(SocketPointer socket, Event event) {
    const auto id = EventFields(event.args.value(0)).id("video_id", true);
    if (!id) {
        refuse(socket, event, "invalid_argument", id.error().detail());
        co_return;
    }
    wire::AccessQuery query;
    query.video_id = wire::VideoId(*id);
    std::string thing = fmt::format("video {}", *id);
    const auto access = co_await admit(socket, event, std::move(query), std::move(thing));
    if (!access || !socket->is_connected()) {
        co_return;
    }
    // Before it enters: who comes in while this waits must not hear of it as if it came later.
    std::string name = socket->data<Visitor>().user_name();
    auto address = co_await addresses_.look_up(std::move(name));
    Entrance entrance{socket, &event, wire::VideoId(*id), std::move(address)};
    const auto entry = co_await entrances_.submit(std::move(entrance));
    if (!entry) {
        refuse(socket, event, "unavailable", "unavailable: try again shortly");
    } else if (*entry == Entry::no_room) {
        refuse(socket, event, "resource_exhausted", "too many rooms: leave some first");
    }
}

ClassroomChannel::Entry ClassroomChannel::let_in(Entrance& entrance, Arrivals& arrivals) {
    const SocketPointer& socket = entrance.socket;
    if (!socket->is_connected()) {
        return Entry::gone;
    }
    std::string room = video_room(entrance.video.value());
    const bool is_new = !socket->is_in(room);
    if (!socket->join(room)) {
        return Entry::no_room;
    }
    const std::string video = std::to_string(entrance.video.value());
    socket->emit("joined_video", object_of("video_id", video, "status", "Joined successfully"));
    acknowledge(*entrance.event, "video_id", video);
    done_.add();
    if (is_new) {
        arrivals[std::move(room)].push_back(
            {socket,
             object_of("user_id", socket->data<Visitor>().id, "user_email", entrance.address)});
    }
    return Entry::entered;
}

async::Task<core::Result<std::vector<ClassroomChannel::Entry>>> ClassroomChannel::let_all_in(
    std::vector<Entrance> entrances) {
    std::vector<Entry> entries;
    Arrivals arrivals;
    for (Entrance& entrance : entrances) {
        entries.push_back(let_in(entrance, arrivals));
    }
    for (const auto& [room, those] : arrivals) {
        relay_.announce(room, "user_joined_video", those);
    }
    co_return entries;
}

async::Task<> ClassroomChannel::video_progress(SocketPointer socket, Event event) {
    const EventFields fields(event.args.value(0));
    const auto video = fields.id("video_id");
    const auto course = fields.id("course_id");
    const auto progress = fields.number("progress", 0, 100);
    const auto timestamp = fields.number("timestamp", 0, video_seconds_max);
    for (const core::Error* fault :
         {video ? nullptr : &video.error(), course ? nullptr : &course.error(),
          progress ? nullptr : &progress.error(), timestamp ? nullptr : &timestamp.error()}) {
        if (fault != nullptr) {
            refuse(socket, event, "invalid_argument", fault->detail());
            co_return;
        }
    }
    const Visitor& visitor = socket->data<Visitor>();
    wire::ProgressReport report{
        {user_of(visitor)}, wire::VideoId(*video), core::CourseId(*course), *progress, *timestamp};
    const auto stored = co_await progress_.submit(std::move(report));
    if (!stored) {
        refuse(socket, event, "unavailable", "unavailable: the progress was not stored, try again");
        co_return;
    }
    if (stored->status != 200) {
        refuse(socket, event, *stored, fmt::format("video {}", *video));
        co_return;
    }
    const std::string id = std::to_string(*video);
    const std::string instructors = instructor_room(core::CourseId(*course));
    relay_.tell(instructors, "student_progress",
                json::make_object("user_id", visitor.id, "video_id", id, "progress", *progress,
                                  "timestamp", *timestamp));
    relay_.tell(
        instructors, "progress_update",
        json::make_object("user_id", visitor.id, "video_id", id, "watched_seconds",
                          stored->watched_seconds, "percent_complete", stored->percent_complete));
    acknowledge(event, "video_id", id, "watched_seconds", stored->watched_seconds,
                "percent_complete", stored->percent_complete);
    done_.add();
}

async::Task<> ClassroomChannel::send_chat_message(SocketPointer socket, Event event) {
    const EventFields fields(event.args.value(0));
    const auto video = fields.id("video_id");
    auto message = fields.text("message", options_.message_characters_max);
    if (!video || !message) {
        refuse(socket, event, "invalid_argument",
               video ? message.error().detail() : video.error().detail());
        co_return;
    }
    const Visitor& visitor = socket->data<Visitor>();
    std::string name = visitor.user_name();
    const auto address = co_await addresses_.look_up(std::move(name));
    wire::MessageDraft draft{{user_of(visitor)},
                             wire::VideoId(*video),
                             visitor.user_name(),
                             *message,
                             fields.raw("timestamp", client_time_bytes_max)};
    const auto stored = co_await messages_.submit(std::move(draft));
    if (!stored) {
        refuse(socket, event, "unavailable", "unavailable: the message was not stored, try again");
        co_return;
    }
    if (stored->status != 200) {
        refuse(socket, event, *stored, fmt::format("video {}", *video));
        co_return;
    }
    const std::string at = core::format_rfc3339(stored->sent_at);
    relay_.tell_in_order(
        video_room(*video), "new_chat_message",
        json::make_object("user_id", visitor.id, "user_email", address, "message", *message,
                          "timestamp", at, "video_id", std::to_string(*video), "message_id",
                          std::to_string(stored->message_id)));
    acknowledge(event, "message_id", std::to_string(stored->message_id), "timestamp", at);
    done_.add();
}

// --- batches ---

template <class Outcomes, class Batch>
async::Task<core::Result<decltype(Outcomes::results)>> ClassroomChannel::post_batch(
    std::string path, Batch batch) {
    const std::size_t count = batch.items.size();
    std::string body = json::to_text(batch);
    auto identity = trace_ids_.identity();
    COURSESELECT_CO_TRY(
        auto answer,
        co_await post_json<Outcomes>(data_node_, std::move(path), std::move(body), internal_token_,
                                     std::move(identity), options_.call_timeout));
    if (answer.results.size() != count) {
        co_return core::Error(core::Errc::unavailable, "outcomes are missing in an answer");
    }
    co_return std::move(answer.results);
}

void ClassroomChannel::collect(metrics::Scrape& scrape) const {
    scrape.counter("courseselect_realtime_client_events_total", "Events of clients, by outcome.",
                   done_, {{"outcome", "done"}});
    scrape.counter("courseselect_realtime_client_events_total", "Events of clients, by outcome.",
                   refused_, {{"outcome", "refused"}});
    scrape.counter("courseselect_realtime_recovered_total",
                   "Events told late, to clients that had lost their connection.", recovered_);
}

}  // namespace courseselect::nodes::realtime
