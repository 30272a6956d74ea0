#include "courseselect/nodes/events/publisher.hpp"

#include <doctest/doctest.h>

#include "courseselect/async/sleep.hpp"
#include "courseselect/crypto/random.hpp"
#include "courseselect/json/reader.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/net/http/local_client.hpp"
#include "support/run.hpp"

using namespace courseselect;
namespace wire = nodes::wire;

namespace {

/// As many events as were added; every third sequence carries none.
class FakeOutbox final : public nodes::events::Outbox {
  public:
    explicit FakeOutbox(const std::int64_t& end) : end_(end) {}
    std::string name() const override { return "fake"; }
    async::Task<core::Result<nodes::events::Page>> read(std::int64_t after,
                                                        std::size_t limit) override {
        nodes::events::Page page;
        page.last = after;
        while (page.last < end_ && page.events.size() < limit) {
            ++page.last;
            if (page.last % 3 != 0) {
                wire::NodeEvent event;
                event.sequence = page.last;
                event.kind = "task";
                page.events.push_back(std::move(event));
            }
        }
        co_return page;
    }
    async::Task<core::Result<std::int64_t>> end() override { co_return end_; }

  private:
    const std::int64_t& end_;
};

/// Keeps a cursor as the realtime server does. It may be away, or lose its answer.
class FakeReceiver final : public net::http::Handler {
  public:
    async::Task<net::http::Response> handle(const net::http::Request& request) override {
        ++calls;
        net::http::Response response;
        const auto batch = json::parse<wire::EventBatch>(request.body);
        const auto token = request.header("Internal-Token").value_or("");
        if (is_away || !batch || token != "secret") {
            response.status = 503;
            co_return response;
        }
        if (batch->events.empty() && !is_known) {
            last = batch->last;
        }
        is_known = true;
        for (const wire::NodeEvent& event : batch->events) {
            if (event.sequence > last) {
                taken.push_back(event.sequence);
            }
        }
        last = batch->events.empty() ? last : std::max(last, batch->last);
        if (loses_answers > 0) {
            --loses_answers;
            response.status = 500;
            co_return response;
        }
        response.body = json::to_text(wire::EventReceipt{.last = last});
        co_return response;
    }
    bool is_away = false;
    bool is_known = false;
    int loses_answers = 0;
    int calls = 0;
    std::int64_t last = 0;
    std::vector<std::int64_t> taken;
};

struct Desk {
    Desk() {
        publisher = std::make_unique<nodes::events::Publisher>(
            nodes::Runtime{loop, clock, random}, std::make_unique<FakeOutbox>(end),
            std::make_unique<net::http::LocalClient>(receiver), "secret",
            nodes::events::PublisherOptions{.batch_max = 4,
                                            .retry_min = std::chrono::milliseconds{1},
                                            .retry_max = std::chrono::milliseconds{4}});
    }
    ~Desk() { test::run(loop, publisher->stop()); }

    void start() { test::run(loop, started(*publisher)); }
    void add(std::int64_t count) {
        end += count;
        publisher->wake();
    }
    /// Runs until the receiver has all.
    void settle() { test::run(loop, settled(*this)); }
    void pass(int milliseconds) { test::run(loop, passed(loop, milliseconds)); }

    async::EventLoop loop;
    core::SystemClock clock;
    crypto::SystemRandomSource random;
    std::int64_t end = 0;
    FakeReceiver receiver;
    std::unique_ptr<nodes::events::Publisher> publisher;

  private:
    static async::Task<> started(nodes::events::Publisher& publisher) {
        publisher.start();
        co_return;
    }
    static async::Task<> settled(Desk& desk) {
        while (desk.receiver.last < desk.end) {
            co_await async::sleep_for(desk.loop, std::chrono::milliseconds(1));
        }
    }
    static async::Task<> passed(async::EventLoop& loop, int milliseconds) {
        co_await async::sleep_for(loop, std::chrono::milliseconds(milliseconds));
    }
};

}  // namespace

TEST_SUITE("nodes/events/publisher") {
    TEST_CASE("a receiver that knows nothing begins at the end, and gets all that comes") {
        Desk desk;
        desk.end = 10;
        desk.start();
        desk.settle();
        CHECK(desk.receiver.taken.empty());
        desk.add(7);
        desk.settle();
        CHECK(desk.receiver.taken == std::vector<std::int64_t>{11, 13, 14, 16, 17});
    }

    TEST_CASE("a receiver that stopped at some place goes on from there") {
        Desk desk;
        desk.end = 10;
        desk.receiver.is_known = true;
        desk.receiver.last = 7;
        desk.start();
        desk.settle();
        CHECK(desk.receiver.taken == std::vector<std::int64_t>{8, 10});
    }

    TEST_CASE("what happens while the receiver is away is told when it is back, once") {
        Desk desk;
        desk.start();
        desk.add(2);
        desk.settle();
        desk.receiver.is_away = true;
        desk.add(20);
        desk.pass(20);
        CHECK(desk.receiver.taken.size() == 2);
        desk.receiver.is_away = false;
        desk.settle();
        CHECK(desk.receiver.taken.size() == 15);
        CHECK(desk.receiver.taken.back() == 22);
    }

    TEST_CASE("a lost answer repeats the batch; the receiver passes over what it has") {
        Desk desk;
        desk.start();
        desk.add(1);
        desk.settle();
        desk.receiver.loses_answers = 2;
        desk.add(10);
        desk.settle();
        desk.add(2);
        desk.settle();
        CHECK(desk.receiver.taken == std::vector<std::int64_t>{1, 2, 4, 5, 7, 8, 10, 11, 13});
    }

    TEST_CASE("when there is nothing to tell nobody is called") {
        Desk desk;
        desk.start();
        desk.add(1);
        desk.settle();
        desk.pass(5);
        const int calls = desk.receiver.calls;
        desk.pass(30);
        CHECK(desk.receiver.calls == calls);
    }

    TEST_CASE("figures say what was told and whether the receiver is there") {
        Desk desk;
        desk.start();
        desk.add(2);
        desk.settle();
        desk.pass(5);
        metrics::Scrape scrape;
        desk.publisher->collect(scrape);
        const std::string text = scrape.text();
        CHECK(text.find("courseselect_events_told_total{source=\"fake\"} 2") != std::string::npos);
        CHECK(text.find("courseselect_events_receiver_up{source=\"fake\"} 1") != std::string::npos);
    }
}
