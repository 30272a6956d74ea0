#include "courseselect/nodes/realtime/announcer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "courseselect/async/sleep.hpp"
#include "courseselect/core/log.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/nodes/realtime/visitor.hpp"
#include "courseselect/realtime/server.hpp"

namespace courseselect::nodes::realtime {
namespace {

void add_members(json::ObjectWriter& object, const json::Value& data) {
    for (const auto& [name, value] : data.members()) {
        object.add_raw(name, value.text());
    }
}

std::string user_id_of(const wire::NodeEvent& event) {
    return std::to_string(event.student_id.value_or(core::StudentId()).value());
}

std::string enrolment_text(const wire::NodeEvent& event, const json::Value& data,
                           const std::string& address) {
    const std::string who = event.user_name.value_or("Student " + user_id_of(event));
    const std::string course = data["course_name"].string().value_or("the course");
    return json::make_object("user_id", user_id_of(event), "user_email", address, "message",
                             fmt::format("{} enrolled in {}", who, course));
}

std::string review_text(const json::Value& data, const std::string& address) {
    std::string text;
    {
        json::ObjectWriter object(text);  // closes the object when it goes
        object.add("user_email", address);
        add_members(object, data);
    }
    return text;
}

std::string attempt_text(const wire::NodeEvent& event, const json::Value& data) {
    std::string text;
    {
        json::ObjectWriter object(text);  // closes the object when it goes
        object.add("user_id", user_id_of(event));
        add_members(object, data);
    }
    return text;
}

std::string course_text(core::CourseId course, const json::Value& changes) {
    std::string text;
    {
        json::ObjectWriter object(text);  // closes the object when it goes
        object.add("course_id", std::to_string(course.value()));
        for (const auto& [name, value] : changes.members()) {
            if (name != "course_id") {
                object.add_raw(name, value.text());
            }
        }
    }
    return text;
}

}  // namespace

std::string course_room(core::CourseId course) {
    return "course_" + std::to_string(course.value());
}
std::string instructor_room(core::CourseId course) {
    return "instructor_" + std::to_string(course.value());
}

Announcer::Announcer(Runtime runtime, courseselect::realtime::Namespace& nsp, Recovery& recovery,
                     storage::WriteQueue& writes, AddressBook& addresses, Options options)
    : runtime_(runtime),
      nsp_(nsp),
      recovery_(recovery),
      writes_(writes),
      addresses_(addresses),
      options_(options),
      accepting_(runtime.loop),
      waiting_(runtime.loop) {}

void Announcer::restore(const repo::RealtimeRows& rows) {
    sources_.insert(rows.sources.begin(), rows.sources.end());
    for (const repo::UntoldSeats& untold : rows.seats) {
        Seats& seats = seats_[untold.course];
        seats.taken = untold.taken;
        seats.left = untold.left;
        seats.is_waiting = true;
        waiting_.spawn(tell_seats_later(*this, untold.course, std::chrono::nanoseconds{0}));
    }
}

async::Task<core::Result<wire::EventReceipt>> Announcer::accept(wire::EventBatch batch) {
    const auto guard = co_await accepting_.lock();
    if (waiting_.stop_token().stop_requested()) {
        co_return core::Error(core::Errc::unavailable, "stopping");
    }
    const auto known = sources_.find(batch.source);
    std::int64_t last = known == sources_.end() ? 0 : known->second;
    if (batch.events.empty() && (known == sources_.end() || batch.last < last)) {
        if (known != sources_.end()) {
            core::log::warn("event_source_set_back",
                            {{"source", batch.source}, {"from", last}, {"to", batch.last}});
        }
        last = batch.last;
        if (share_) {
            share_(batch, 0);
        }
    }
    const bool is_news = !batch.events.empty() && batch.last > last;
    if (is_news && share_) {
        share_(batch, last);
    }
    COURSESELECT_CO_TRY(last, co_await take(std::move(batch), last));
    co_return wire::EventReceipt{.last = last};
}

async::Task<core::Result<bool>> Announcer::accept_shared(wire::EventBatch batch,
                                                         std::int64_t previous) {
    const auto guard = co_await accepting_.lock();
    const auto known = sources_.find(batch.source);
    const std::int64_t last = known == sources_.end() ? 0 : known->second;
    if (waiting_.stop_token().stop_requested() || (known != sources_.end() && last < previous)) {
        co_return false;
    }
    const bool is_set_back = batch.events.empty() && batch.last < last;
    const std::int64_t begin = is_set_back ? batch.last : last;
    COURSESELECT_CO_TRY_OK(co_await take(std::move(batch), begin));
    co_return true;
}

async::Task<core::Result<std::int64_t>> Announcer::take(wire::EventBatch batch, std::int64_t last) {
    const std::size_t sent = batch.events.size();
    repeated_.add(std::erase_if(
        batch.events, [last](const wire::NodeEvent& event) { return event.sequence <= last; }));
    std::vector<std::string> names;
    names.reserve(batch.events.size());
    for (const wire::NodeEvent& event : batch.events) {
        names.push_back(event.user_name.value_or(""));
    }
    const auto addresses = co_await addresses_.look_up(std::move(names));
    for (std::size_t i = 0; i < batch.events.size(); ++i) {
        prepare(batch.events[i], addresses[i]);
    }
    last = sent > 0 ? std::max(last, batch.last) : last;
    auto tellings = std::exchange(prepared_, {});
    const auto saved = co_await save(tellings, batch.source, last);
    if (!saved) {
        forget_seats(batch.events);  // they come again
        co_return core::Error(saved.error());
    }
    tell(std::move(tellings));
    accepted_.add(batch.events.size());
    sources_[batch.source] = last;
    co_return last;
}

async::Task<core::Result<>> Announcer::save(std::vector<repo::Telling> tellings, std::string source,
                                            std::int64_t last) {
    std::vector<repo::UntoldSeats> seats;
    for (const auto& [course, now] : seats_) {
        if (now.is_waiting) {
            seats.push_back({.course = course, .taken = now.taken, .left = now.left});
        }
    }
    auto write =
        [tellings = std::move(tellings), seats = std::move(seats), source = std::move(source), last,
         now = runtime_.clock.wall_now()](storage::Connection& connection) -> core::Result<> {
        COURSESELECT_TRY_OK(repo::insert_tellings(connection, tellings));
        for (const repo::UntoldSeats& untold : seats) {
            COURSESELECT_TRY_OK(repo::put_untold_seats(connection, untold));
        }
        return repo::put_source(connection, source, last, now);
    };
    const auto saved = co_await writes_.run(std::move(write));
    if (!saved) {
        co_return core::Error(core::Errc::unavailable, "events_not_stored",
                              saved.error().to_string());
    }
    co_return core::Result<>();
}

void Announcer::forget_seats(const std::vector<wire::NodeEvent>& events) {
    for (const wire::NodeEvent& event : events) {
        seats_.erase(event.course_id.value_or(core::CourseId()));
    }
}

void Announcer::prepare(const wire::NodeEvent& event, const std::string& address) {
    const auto parsed = json::Value::parse(event.data.text);
    const json::Value data = parsed ? *parsed : json::Value();
    const core::CourseId course = event.course_id.value_or(core::CourseId());
    if (event.kind == "task") {
        const std::int64_t student = event.student_id.value_or(core::StudentId()).value();
        announce({user_room(auth::UserKind::student, student)}, "queue_update", event.data.text);
    } else if (event.kind == "enrolment") {
        announce({course_room(course), instructor_room(course)}, "new_enrollment",
                 enrolment_text(event, data, address));
        note_seats(course, data);
    } else if (event.kind == "seats") {
        note_seats(course, data);
    } else if (event.kind == "review") {
        announce({course_room(course)}, "new_review", review_text(data, address));
    } else if (event.kind == "quiz") {
        announce({instructor_room(course)}, "quiz_submission", attempt_text(event, data));
    } else if (event.kind == "course") {
        announce({course_room(course)}, "course_updated", course_text(course, data));
    }
}

bool Announcer::is_of_interest(const std::vector<std::string>& rooms) const {
    return std::any_of(rooms.begin(), rooms.end(), [this](const std::string& room) {
        return nsp_.room_size(room) > 0 || recovery_.is_missed_in(room);
    });
}

void Announcer::announce(std::vector<std::string> rooms, std::string_view event,
                         std::string payload) {
    if (is_of_interest(rooms)) {
        prepared_.push_back(recovery_.make(std::move(rooms), std::string(event), std::move(payload),
                                           runtime_.clock.wall_now()));
    }
}

void Announcer::tell(std::vector<repo::Telling> tellings) {
    for (repo::Telling& telling : tellings) {
        auto everybody = nsp_.to(telling.rooms.front());
        for (std::size_t i = 1; i < telling.rooms.size(); ++i) {
            everybody.to(telling.rooms[i]);
        }
        everybody.emit(telling.event, courseselect::realtime::Args().add_raw(telling.payload));
        recovery_.note(std::move(telling));
        told_.add();
    }
    if (mark_) {
        nsp_.server().engine().when_sent(
            [mark = mark_, number = recovery_.last_number()] { mark->set(number); });
    }
}

void Announcer::note_seats(core::CourseId course, const json::Value& data) {
    const auto taken = data["course_selected"].integer();
    const auto left = data["course_left"].integer();
    if (!taken || !left) {
        return;  // the course is gone
    }
    if (!is_of_interest({course_room(course)})) {
        seats_.erase(course);  // what waits for it finds nothing to tell
        return;
    }
    Seats& seats = seats_[course];
    seats.taken = *taken;
    seats.left = *left;
    const auto now = runtime_.clock.mono_now();
    const bool is_news = seats.taken != seats.told_taken || seats.left != seats.told_left;
    if (seats.is_waiting || !is_news) {
        return;
    }
    if (seats.told_left < 0 || now - seats.told_at >= options_.seats_interval) {
        tell_seats(course, seats);
        return;
    }
    seats.is_waiting = true;
    waiting_.spawn(tell_seats_later(*this, course, seats.told_at + options_.seats_interval - now));
}

void Announcer::tell_seats(core::CourseId course, Seats& seats) {
    seats.told_taken = seats.taken;
    seats.told_left = seats.left;
    seats.told_at = runtime_.clock.mono_now();
    announce({course_room(course)}, "course_updated",
             json::make_object("course_id", std::to_string(course.value()), "course_left",
                               seats.left, "course_selected", seats.taken));
}

async::Task<> Announcer::tell_seats_later(Announcer& self, core::CourseId course,
                                          std::chrono::nanoseconds delay) {
    const bool has_passed =
        co_await async::sleep_for(self.runtime_.loop, delay, self.waiting_.stop_token());
    const auto found = self.seats_.find(course);
    if (found == self.seats_.end() || !found->second.is_waiting || !has_passed) {
        co_return;  // nobody waits for it any more, or it is told after the next start
    }
    Seats& seats = found->second;
    seats.is_waiting = false;
    if (seats.taken != seats.told_taken || seats.left != seats.told_left) {
        self.tell_seats(course, seats);
    }
    auto tellings = std::exchange(self.prepared_, {});
    auto write = [tellings, course](storage::Connection& connection) -> core::Result<> {
        COURSESELECT_TRY_OK(repo::insert_tellings(connection, tellings));
        return repo::delete_untold_seats(connection, course);
    };
    const auto saved = co_await self.writes_.run(std::move(write));
    if (!saved) {  // who is here hears of it all the same
        core::log::warn("seats_not_stored", {{"error", saved.error()}});
    }
    self.tell(std::move(tellings));
}

async::Task<> Announcer::stop() {
    waiting_.request_stop();
    co_await waiting_.join();
}

void Announcer::collect(metrics::Scrape& scrape) const {
    scrape.counter("courseselect_realtime_events_accepted_total", "Events that nodes reported.",
                   accepted_);
    scrape.counter("courseselect_realtime_events_repeated_total",
                   "Reported events that were known already and passed over.", repeated_);
    scrape.counter("courseselect_realtime_tellings_total", "Events told to rooms.", told_);
}

}  // namespace courseselect::nodes::realtime
