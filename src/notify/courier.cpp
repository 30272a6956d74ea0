#include "courseselect/notify/courier.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "courseselect/async/sleep.hpp"
#include "courseselect/core/log.hpp"

namespace courseselect::notify {
namespace {

constexpr std::int64_t purge_max = 200;
constexpr std::int64_t jitter_parts = 5;  // a fifth up or down: many at once spread out

void log_outcome(const Entry& entry, const DeliveryResult& result) {
    const char* outcome = result.outcome == Delivery::sent        ? "sent"
                          : result.outcome == Delivery::try_again ? "try_again"
                                                                  : "refused";
    // Recipients are personal data: the message's id leads to them for whoever may see them.
    const auto write = result.outcome == Delivery::refused ? core::log::warn : core::log::info;
    write("notification", {{"id", entry.message_id},
                           {"channel", channel_name(entry.message.channel)},
                           {"about", entry.event},
                           {"attempt", entry.attempts + 1},
                           {"outcome", outcome},
                           {"detail", result.detail}});
}

}  // namespace

Courier::Courier(async::EventLoop& loop, const core::Clock& clock, crypto::RandomSource& random,
                 storage::ReaderPool& readers, storage::WriteQueue& writes, CourierOptions options)
    : loop_(loop),
      clock_(clock),
      random_(random),
      readers_(readers),
      writes_(writes),
      options_(options),
      tasks_(loop),
      mails_{Channel::email, async::BlockingPool(options.sending)},
      texts_{Channel::sms, async::BlockingPool(options.sending)} {}

void Courier::start() {
    tasks_.spawn(run_lane(*this, mails_));
    tasks_.spawn(run_lane(*this, texts_));
    tasks_.spawn(run_purge(*this));
}

async::Task<> Courier::stop() {
    tasks_.request_stop();
    co_await tasks_.join();
}

async::Task<> Courier::run_lane(Courier& self, Lane& lane) {
    while (!self.tasks_.stop_token().stop_requested()) {
        const std::size_t tried = co_await self.deliver_due(lane);
        co_await self.count_left();
        if (tried < static_cast<std::size_t>(self.options_.batch_max)) {  // else more may be due
            co_await async::sleep_for(self.loop_, self.options_.poll, self.tasks_.stop_token());
        }
    }
}

async::Task<> Courier::run_purge(Courier& self) {
    while (!self.tasks_.stop_token().stop_requested()) {
        co_await self.forget_old();
        co_await async::sleep_for(self.loop_, self.options_.poll, self.tasks_.stop_token());
    }
}

std::chrono::milliseconds Courier::retry_delay(std::int64_t attempts) {
    auto delay = options_.retry_first;
    for (std::int64_t i = 1; i < attempts && delay < options_.retry_max; ++i) {
        delay *= 2;
    }
    delay = std::min(delay, options_.retry_max);
    const std::int64_t width = std::max<std::int64_t>(delay.count() * 2 / jitter_parts, 1);
    const auto bytes = random_.array<4>();
    std::uint32_t number = 0;
    for (const std::uint8_t byte : bytes) {
        number = number << 8U | byte;
    }
    return delay - delay / jitter_parts + std::chrono::milliseconds(number % width);
}

async::Task<std::size_t> Courier::deliver_due() {
    const std::size_t mails = co_await deliver_due(mails_);
    const std::size_t texts = co_await deliver_due(texts_);
    co_await count_left();
    co_return mails + texts;
}

async::Task<std::size_t> Courier::deliver_due(Lane& lane) {
    const std::shared_ptr<Sender> sender = senders_.of(lane.channel);
    if (sender == nullptr) {
        co_return 0;
    }
    auto find = [channel = lane.channel, now = clock_.wall_now(),
                 limit = options_.batch_max](storage::Connection& connection) {
        return due(connection, channel, now, limit);
    };
    auto found = co_await readers_.read(std::move(find));
    if (!found) {
        core::log::error("notifications_unreadable", {{"error", found.error()}});
        co_return 0;
    }
    async::TaskGroup under_way(loop_);
    for (Entry& entry : *found) {
        under_way.spawn(deliver(lane, std::move(entry), sender));
    }
    co_await under_way.join();
    co_return found->size();
}

async::Task<> Courier::deliver(Lane& lane, Entry entry, std::shared_ptr<Sender> sender) {
    auto begin = [id = entry.id, again = clock_.wall_now() + options_.try_time_max](
                     storage::Connection& connection) { return begin_try(connection, id, again); };
    const auto begun = co_await writes_.run(std::move(begin));
    if (!begun) {
        core::log::error("notification_not_begun", {{"error", begun.error()}});
        co_return;
    }
    auto send = [message = entry.message, id = entry.message_id, at = entry.created_at,
                 sender = std::move(sender)] { return sender->send(message, id, at); };
    auto result = co_await lane.threads.run(loop_, std::move(send));
    DeliveryResult outcome{Delivery::try_again, "too many messages at once"};
    if (result) {
        outcome = *std::move(result);
    }
    log_outcome(entry, outcome);
    const auto settled = co_await settle(std::move(entry), std::move(outcome));
    if (!settled) {
        core::log::error("notification_not_settled", {{"error", settled.error()}});
    }
}

async::Task<core::Result<>> Courier::settle(Entry entry, DeliveryResult result) {
    const core::WallTime now = clock_.wall_now();
    const std::int64_t attempts = entry.attempts + 1;
    const bool give_up = result.outcome == Delivery::refused || attempts >= options_.attempts_max;
    const core::WallTime next_at = now + retry_delay(attempts);
    ++(result.outcome == Delivery::sent ? figures_.sent
       : give_up                        ? figures_.given_up
                                        : figures_.postponed);
    auto note = [id = entry.id, now, next_at, give_up,
                 result = std::move(result)](storage::Connection& connection) -> core::Result<> {
        if (result.outcome == Delivery::sent) {
            return finish(connection, id, State::sent, now, "");
        }
        return give_up ? finish(connection, id, State::dead, now, result.detail)
                       : postpone(connection, id, next_at, result.detail);
    };
    auto noted = co_await writes_.run(std::move(note));
    co_return noted;
}

async::Task<> Courier::count_left() {
    using Counts = std::pair<std::int64_t, std::int64_t>;
    auto look = [](storage::Connection& connection) -> core::Result<Counts> {
        COURSESELECT_TRY(const std::int64_t waiting, count(connection, State::waiting));
        COURSESELECT_TRY(const std::int64_t dead, count(connection, State::dead));
        return Counts(waiting, dead);
    };
    const auto counted = co_await readers_.read(std::move(look));
    if (counted) {
        std::tie(figures_.waiting, figures_.dead) = *counted;
    }
}

async::Task<> Courier::forget_old() {
    auto forget = [before = clock_.wall_now() -
                            options_.keep_finished](storage::Connection& connection) {
        return purge(connection, before, purge_max);
    };
    const auto forgotten = co_await writes_.run(std::move(forget));
    if (!forgotten) {
        core::log::warn("notifications_not_purged", {{"error", forgotten.error()}});
    }
}

}  // namespace courseselect::notify
