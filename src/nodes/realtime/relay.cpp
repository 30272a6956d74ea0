#include "courseselect/nodes/realtime/relay.hpp"

#include <utility>

#include "courseselect/core/encoding.hpp"
#include "courseselect/core/log.hpp"
#include "courseselect/json/reader.hpp"
#include "courseselect/json/writer.hpp"

namespace courseselect::nodes::realtime {
namespace {

constexpr std::size_t relay_name_bytes = 9;
/// One question brings everything that is missing, so the batches behind a gap ask no more.
constexpr std::chrono::seconds ask_pause{1};
/// Of one message.
constexpr std::size_t people_told_max = 500;

std::string text_in(const json::Value& message, std::string_view name) {
    return message[name].string().value_or("");
}

}  // namespace

Relay::Relay(Runtime runtime, courseselect::realtime::Namespace& nsp, Announcer& announcer,
             std::unique_ptr<redis::Channel> channel, RelayOptions options)
    : runtime_(runtime),
      nsp_(nsp),
      announcer_(announcer),
      channel_(std::move(channel)),
      options_(options),
      name_(core::base64url_encode(runtime.random.bytes(relay_name_bytes))),
      tasks_(runtime.loop) {}

Relay::~Relay() = default;

void Relay::start() {
    if (channel_) {
        announcer_.share_with([this](const wire::EventBatch& batch, std::int64_t previous) {
            share(batch, previous);
        });
        channel_->start(*this);
    }
}

async::Task<> Relay::stop() {
    if (channel_) {
        channel_->stop();
        announcer_.share_with(nullptr);
    }
    incoming_.clear();
    co_await tasks_.join();
}

// --- news of clients ---

void Relay::tell(std::string_view room, std::string_view event, const std::string& payload) {
    tell_here(room, event, payload);
    if (is_joined()) {
        channel_->publish(told_text(room, event, payload, 0));
    }
}

void Relay::tell_in_order(std::string_view room, std::string_view event,
                          const std::string& payload) {
    const bool is_sent =
        is_joined() && channel_->publish(told_text(room, event, payload, ++last_said_));
    if (is_sent) {
        said_.push_back({last_said_, std::string(room), std::string(event), payload});
    } else {
        tell_here(room, event, payload);
    }
}

std::string Relay::told_text(std::string_view room, std::string_view event,
                             const std::string& payload, std::uint64_t number) const {
    std::string text;
    {
        json::ObjectWriter object(text);  // closes the object when it goes
        object.add("from", name_)
            .add("kind", "told")
            .add("room", room)
            .add("event", event)
            .add("number", number)
            .add_raw("payload", payload);
    }
    return text;
}

void Relay::tell_here(std::string_view room, std::string_view event, const std::string& payload) {
    nsp_.to(room).emit(event, courseselect::realtime::Args().add_raw(payload));
}

void Relay::announce(std::string_view room, std::string_view event,
                     const std::vector<courseselect::realtime::Arrival>& arrivals) {
    nsp_.to(room).announce(event, arrivals);
    if (!is_joined()) {
        return;
    }
    std::string text;
    {
        json::ObjectWriter object(text);  // closes the object when it goes
        object.add("from", name_).add("kind", "arrivals").add("room", room).add("event", event);
        std::string news;
        for (const courseselect::realtime::Arrival& arrival : arrivals) {
            news += (news.empty() ? "[" : ",") + arrival.news.text();
        }
        object.add_raw("news", news + "]");
    }
    channel_->publish(text);
}

void Relay::on_arrivals(const json::Value& message) {
    received_.add();
    std::vector<courseselect::realtime::Arrival> arrivals;
    for (const json::Value& news : message["news"].items()) {
        arrivals.push_back(
            {nullptr, courseselect::realtime::Args().add_raw(std::string(news.text()))});
    }
    nsp_.to(text_in(message, "room")).announce(text_in(message, "event"), arrivals);
}

/// What we told at once is not told again; what has to be in order waited for this.
void Relay::on_told(const json::Value& message, bool is_own) {
    if (!is_own) {
        received_.add();
        tell_here(text_in(message, "room"), text_in(message, "event"),
                  std::string(message["payload"].text()));
        return;
    }
    const std::int64_t number = message["number"].integer().value_or(0);
    if (!said_.empty() && number == static_cast<std::int64_t>(said_.front().number)) {
        const Said said = std::move(said_.front());
        said_.pop_front();
        tell_here(said.room, said.event, said.payload);
    }
}

// --- what comes over the channel ---

void Relay::on_joined() {
    core::log::info("realtime_sharing", {{"name", name_}});
    say_hello(false);
    say_who_is_here();
}

/// What has not come back may have reached the others; here it has not been told.
void Relay::on_lost() {
    core::log::warn("realtime_alone", {{"remedy", "is Redis running? it is tried again"}});
    for (const Said& said : std::exchange(said_, {})) {
        tell_here(said.room, said.event, said.payload);
    }
}

void Relay::on_message(std::string_view text) {
    const auto message = json::Value::parse(text);
    if (!message) {
        core::log::warn("realtime_relay_not_understood", {{"bytes", text.size()}});
        return;
    }
    const bool is_own = text_in(*message, "from") == name_;
    const std::string kind = text_in(*message, "kind");
    if (kind == "told") {
        on_told(*message, is_own);
    } else if (kind == "arrivals" && !is_own) {
        on_arrivals(*message);
    } else if (kind == "batch" && !is_own) {
        on_batch(*message);
    } else if (kind == "hello" && !is_own) {
        on_hello(*message);
    } else if (kind == "here" && !is_own) {
        on_here(*message);
    }
}

// --- batches of nodes ---

void Relay::share(const wire::EventBatch& batch, std::int64_t previous) {
    std::string text = json::to_text(batch);
    send_batch(text, previous);
    if (!batch.events.empty()) {
        kept_bytes_ += text.size();
        kept_.push_back({{.source = batch.source, .events = {}, .last = batch.last},
                         std::move(text),
                         previous,
                         runtime_.clock.mono_now()});
        forget_old();
    }
}

void Relay::forget_old() {
    const core::MonoTime oldest = runtime_.clock.mono_now() - options_.window;
    while (!kept_.empty() && (kept_.front().at < oldest || kept_.size() > options_.batches_max ||
                              kept_bytes_ > options_.kept_bytes_max)) {
        kept_bytes_ -= kept_.front().text.size();
        kept_.pop_front();
    }
}

void Relay::send_batch(const std::string& batch_text, std::int64_t previous) {
    std::string text;
    {
        json::ObjectWriter object(text);  // closes the object when it goes
        object.add("from", name_)
            .add("kind", "batch")
            .add("previous", previous)
            .add_raw("batch", batch_text);
    }
    if (channel_->publish(text)) {
        shared_.add();
    }
}

/// Where we stand with every source, so that the others send what we have missed.
void Relay::say_hello(bool is_answer) {
    std::string cursors;
    {
        json::ObjectWriter object(cursors);  // closes the object when it goes
        for (const auto& [source, last] : announcer_.sources()) {
            object.add(source, last);
        }
    }
    std::string text;
    {
        json::ObjectWriter object(text);  // closes the object when it goes
        object.add("from", name_)
            .add("kind", "hello")
            .add("is_answer", is_answer)
            .add_raw("cursors", cursors);
    }
    channel_->publish(text);
}

/// A source that the other does not know begins for it with the next batch.
void Relay::on_hello(const json::Value& message) {
    forget_old();
    for (const auto& [source, cursor] : message["cursors"].members()) {
        const std::int64_t known = cursor.integer().value_or(0);
        bool is_first = true;
        for (const Kept& kept : kept_) {
            if (kept.batch.source == source && kept.batch.last > known) {
                // What is older than the oldest that is kept can no longer be had.
                const bool is_torn = is_first && kept.previous > known;
                send_batch(kept.text, is_torn ? 0 : kept.previous);
                is_first = false;
            }
        }
    }
    if (!message["is_answer"].boolean().value_or(false)) {
        say_hello(true);
        say_who_is_here();
    }
}

// --- who is where ---

void Relay::say_here(const Visitor& visitor, std::vector<std::string> rooms) {
    if (is_joined()) {
        channel_->publish(here_text({person_text(visitor, std::move(rooms))}));
    }
}

void Relay::say_who_is_here() {
    std::vector<std::string> people;
    for (const courseselect::realtime::SocketPointer& socket : nsp_.all().sockets()) {
        people.push_back(person_text(socket->data<Visitor>(), socket->rooms()));
        if (people.size() == people_told_max) {
            channel_->publish(here_text(std::exchange(people, {})));
        }
    }
    if (!people.empty()) {
        channel_->publish(here_text(people));
    }
}

std::string Relay::person_text(const Visitor& visitor, std::vector<std::string> rooms) {
    std::erase_if(rooms, [](const std::string& room) { return !is_recovered(room); });
    const auto since =
        std::chrono::duration_cast<std::chrono::microseconds>(visitor.since.time_since_epoch());
    return json::make_object("user", visitor.key, "since", since.count(), "rooms", rooms);
}

std::string Relay::here_text(const std::vector<std::string>& people) const {
    std::string list;
    for (const std::string& person : people) {
        list += (list.empty() ? "[" : ",") + person;
    }
    std::string text;
    {
        json::ObjectWriter object(text);  // closes the object when it goes
        object.add("from", name_).add("kind", "here").add_raw("people", list + "]");
    }
    return text;
}

void Relay::on_here(const json::Value& message) {
    for (const json::Value& person : message["people"].items()) {
        std::vector<std::string> rooms;
        for (const json::Value& room : person["rooms"].items()) {
            rooms.push_back(room.string().value_or(""));
        }
        const std::chrono::microseconds since(person["since"].integer().value_or(0));
        if (elsewhere_) {
            elsewhere_(text_in(person, "user"), rooms, core::WallTime(since));
        }
    }
}

void Relay::on_batch(const json::Value& message) {
    auto batch = json::parse<wire::EventBatch>(message["batch"].text());
    if (!batch) {
        core::log::warn("realtime_relay_not_understood", {{"kind", "batch"}});
        return;
    }
    received_.add();
    if (incoming_.size() < options_.incoming_max) {  // else: noticed as a gap
        incoming_.push_back({*std::move(batch), message["previous"].integer().value_or(0)});
    }
    if (!std::exchange(is_taking_in_, true)) {
        tasks_.spawn(take_in(*this));
    }
}

async::Task<> Relay::take_in(Relay& self) {
    while (!self.incoming_.empty()) {
        Incoming next = std::move(self.incoming_.front());
        self.incoming_.pop_front();
        const auto taken =
            co_await self.announcer_.accept_shared(std::move(next.batch), next.previous);
        const core::MonoTime now = self.runtime_.clock.mono_now();
        const bool is_missing = !taken || !*taken;  // not stored, or not in line
        if (is_missing && self.is_joined() && now >= self.ask_again_at_) {
            self.ask_again_at_ = now + ask_pause;
            self.gaps_.add();
            self.say_hello(true);
        }
    }
    self.is_taking_in_ = false;
}

void Relay::collect(metrics::Scrape& scrape) const {
    scrape.gauge("courseselect_realtime_sharing",
                 "Whether rooms are shared with other realtime servers now.", is_joined() ? 1 : 0);
    scrape.counter("courseselect_realtime_shared_batches_total",
                   "Batches of nodes given to the other servers.", shared_);
    scrape.counter("courseselect_realtime_relayed_total", "News and batches of the other servers.",
                   received_);
    scrape.counter("courseselect_realtime_gaps_total",
                   "Times that something of the others was missed, and asked for again.", gaps_);
}

}  // namespace courseselect::nodes::realtime
