#include "courseselect/nodes/events/publisher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "courseselect/async/sleep.hpp"
#include "courseselect/core/log.hpp"
#include "courseselect/json/reader.hpp"
#include "courseselect/json/writer.hpp"

namespace courseselect::nodes::events {
namespace {

constexpr std::size_t logged_body_bytes_max = 200;

}  // namespace

Publisher::Publisher(Runtime runtime, std::unique_ptr<Outbox> outbox,
                     std::unique_ptr<net::http::Client> realtime, std::string internal_token,
                     PublisherOptions options)
    : runtime_(runtime),
      outbox_(std::move(outbox)),
      realtime_(std::move(realtime)),
      internal_token_(std::move(internal_token)),
      options_(options),
      news_(runtime.loop),
      tasks_(runtime.loop) {}

Publisher::~Publisher() = default;

void Publisher::start() { tasks_.spawn(run(*this)); }

async::Task<> Publisher::stop() {
    tasks_.request_stop();
    news_.notify_all();
    co_await tasks_.join();
    if (options_.farewell.count() > 0 && cursor_) {
        const auto sent = co_await send_news(options_.farewell);
        if (!sent) {
            core::log::warn("events_not_told",
                            {{"source", outbox_->name()}, {"error", sent.error()}});
        }
    }
}

async::Task<> Publisher::run(Publisher& self) {
    const std::stop_token stop = self.tasks_.stop_token();
    auto pause = self.options_.retry_min;
    while (!stop.stop_requested()) {
        self.has_news_ = false;
        const auto sent = co_await self.step();
        self.note(sent);
        if (!sent) {
            self.has_news_ = true;
            co_await async::sleep_for(self.runtime_.loop, pause, stop);
            pause = std::min(2 * pause, self.options_.retry_max);
            continue;
        }
        pause = self.options_.retry_min;
        while (!*sent && !self.has_news_ && !stop.stop_requested()) {
            co_await self.news_.wait();
        }
    }
}

async::Task<core::Result<bool>> Publisher::step() {
    if (!cursor_) {
        COURSESELECT_CO_TRY_OK(co_await introduce());
    }
    co_return co_await send_news(options_.call_timeout);
}

async::Task<core::Result<>> Publisher::introduce() {
    wire::EventBatch batch;
    batch.source = outbox_->name();
    COURSESELECT_CO_TRY(batch.last, co_await outbox_->end());
    co_return co_await post(std::move(batch), options_.call_timeout);
}

async::Task<core::Result<bool>> Publisher::send_news(std::chrono::milliseconds timeout) {
    COURSESELECT_CO_TRY(auto page, co_await outbox_->read(*cursor_, options_.batch_max));
    if (page.last == *cursor_) {
        co_return false;
    }
    const std::uint64_t count = page.events.size();
    if (count == 0) {  // nothing that anybody is told of
        cursor_ = page.last;
        co_return true;
    }
    wire::EventBatch batch;
    batch.source = outbox_->name();
    batch.events = std::move(page.events);
    batch.last = page.last;
    COURSESELECT_CO_TRY_OK(co_await post(std::move(batch), timeout));
    told_.add(count);
    co_return true;
}

async::Task<core::Result<>> Publisher::post(wire::EventBatch batch,
                                            std::chrono::milliseconds timeout) {
    net::http::ClientRequest request;
    request.method = net::http::Method::post;
    request.target = "/internal/events";
    request.headers.push_back({"Internal-Token", internal_token_});
    request.body = json::to_text(batch);
    const auto answer = co_await realtime_->send(std::move(request), timeout);
    if (!answer) {
        co_return core::Error(core::Errc::unavailable, answer.error().to_string());
    }
    if (answer->status != 200) {
        co_return core::Error(
            core::Errc::unavailable,
            fmt::format("the realtime server answered {}: {}", answer->status,
                        std::string_view(answer->body).substr(0, logged_body_bytes_max)));
    }
    COURSESELECT_CO_TRY(const auto receipt, json::parse<wire::EventReceipt>(answer->body));
    cursor_ = receipt.last;
    co_return core::Result<>();
}

void Publisher::note(const core::Result<bool>& sent) {
    if (!sent) {
        failed_calls_.add();
    }
    if (sent.has_value() != is_reachable_) {
        is_reachable_ = sent.has_value();
        if (is_reachable_) {
            core::log::info("events_followed", {{"source", outbox_->name()}});
        } else {
            core::log::warn("events_wait", {{"source", outbox_->name()}, {"error", sent.error()}});
        }
    }
}

void Publisher::collect(metrics::Scrape& scrape) const {
    const std::string source = outbox_->name();
    scrape.counter("courseselect_events_told_total", "Events handed to the realtime server.", told_,
                   {{"source", source}});
    scrape.counter("courseselect_events_failed_calls_total",
                   "Calls of the realtime server that failed; their events are told later.",
                   failed_calls_, {{"source", source}});
    scrape.gauge("courseselect_events_receiver_up", "1 when the last call was answered.",
                 is_reachable_ ? 1 : 0, {{"source", source}});
}

}  // namespace courseselect::nodes::events
