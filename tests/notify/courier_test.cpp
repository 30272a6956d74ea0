#include "courseselect/notify/courier.hpp"

#include <atomic>
#include <map>
#include <mutex>

#include "../support/run.hpp"
#include "outbox_fixture.hpp"

namespace courseselect::notify {
namespace {

using async::Task;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Answers what it is told to, and remembers which messages it saw.
class ScriptedSender final : public Sender {
  public:
    DeliveryResult send(const Message&, std::string_view id, core::WallTime) override {
        const std::lock_guard lock(mutex_);
        ++seen_[std::string(id)];
        return answer_;
    }
    void answer_with(Delivery outcome) {
        const std::lock_guard lock(mutex_);
        answer_ = {outcome, "scripted"};
    }
    int times(const std::string& id) {
        const std::lock_guard lock(mutex_);
        return seen_[id];
    }

  private:
    std::mutex mutex_;
    DeliveryResult answer_{Delivery::sent, "scripted"};
    std::map<std::string, int> seen_;
};

/// Answers nothing until it is let go, as a gateway that hangs.
class HangingSender final : public Sender {
  public:
    DeliveryResult send(const Message&, std::string_view, core::WallTime) override {
        hanging_.fetch_add(1);
        go_.wait(false);
        return {Delivery::sent, "at last"};
    }
    [[nodiscard]] int hanging() const { return hanging_.load(); }
    void let_go() {
        go_.store(true);
        go_.notify_all();
    }

  private:
    std::atomic<int> hanging_{0};
    std::atomic<bool> go_{false};
};

struct CourierFixture : OutboxFixture {
    CourierFixture() {
        readers = *storage::ReaderPool::open(loop, *database, {});
        writes = std::make_unique<storage::WriteQueue>(loop, std::move(writer));
        courier = std::make_unique<Courier>(loop, clock, random, *readers, *writes);
        courier->use({.email = sender, .sms = nullptr});
    }

    Task<> add(std::string id, Channel channel = Channel::email) {
        Message message = mail_to(channel == Channel::email ? "a@b.c" : "+123456");
        message.channel = channel;
        auto put = [id = std::move(id), message = std::move(message),
                    now = clock.wall_now()](storage::Connection& connection) {
            return enqueue(connection, id, "test", message, now);
        };
        const auto done = co_await writes->run(std::move(put));
        CHECK(done.has_value());
    }

    Task<State> state_of(std::string id) {
        auto find = [](storage::Connection& connection) {
            return list(connection, std::nullopt, 0, 100);
        };
        const auto all = co_await readers->read(std::move(find));
        for (const Entry& entry : *all) {
            if (entry.message_id == id) {
                co_return entry.state;
            }
        }
        throw std::runtime_error("no such message");
    }

    async::EventLoop loop;
    crypto::SeededRandomSource random{7};
    std::unique_ptr<storage::ReaderPool> readers;
    std::unique_ptr<storage::WriteQueue> writes;
    std::shared_ptr<ScriptedSender> sender = std::make_shared<ScriptedSender>();
    std::unique_ptr<Courier> courier;
};

Task<> sent_once(CourierFixture& f) {
    co_await f.add("m1");
    const std::size_t first = co_await f.courier->deliver_due();
    CHECK(first == 1);
    const std::size_t second = co_await f.courier->deliver_due();
    CHECK(second == 0);
    CHECK(f.sender->times("m1") == 1);
    const State state = co_await f.state_of("m1");
    CHECK(state == State::sent);
}

Task<> tried_again(CourierFixture& f) {
    f.sender->answer_with(Delivery::try_again);
    co_await f.add("m1");
    for (int i = 1; i <= 10; ++i) {
        const State before = co_await f.state_of("m1");
        CHECK(before == State::waiting);
        const std::size_t tried = co_await f.courier->deliver_due();
        CHECK(tried == 1);
        const std::size_t at_once = co_await f.courier->deliver_due();
        CHECK(at_once == 0);
        f.clock.advance(std::chrono::hours(2));
    }
    const State state = co_await f.state_of("m1");
    CHECK(state == State::dead);
    CHECK(f.sender->times("m1") == 10);
    CHECK(f.courier->figures().postponed == 9);
    CHECK(f.courier->figures().given_up == 1);
    CHECK(f.courier->figures().sent == 0);
    CHECK(f.courier->figures().waiting == 0);
    CHECK(f.courier->figures().dead == 1);
}

Task<> refused(CourierFixture& f) {
    f.sender->answer_with(Delivery::refused);
    co_await f.add("m1");
    co_await f.courier->deliver_due();
    const State state = co_await f.state_of("m1");
    CHECK(state == State::dead);
    CHECK(f.sender->times("m1") == 1);
}

Task<> channel_off(CourierFixture& f) {
    for (int i = 0; i < 40; ++i) {  // more than a batch: they must not hold up the mails
        co_await f.add("s" + std::to_string(i), Channel::sms);
    }
    f.clock.advance(seconds(1));
    co_await f.add("m1");
    const std::size_t tried = co_await f.courier->deliver_due();
    CHECK(tried == 1);
    const State waiting = co_await f.state_of("s0");
    CHECK(waiting == State::waiting);
    f.courier->use({.email = nullptr, .sms = f.sender});
    CHECK(f.courier->figures().waiting == 40);
    const std::size_t batch = co_await f.courier->deliver_due();
    CHECK(batch == 32);
    CHECK(f.courier->figures().sent == 33);
    CHECK(f.courier->figures().waiting == 8);
}

Task<> killed_in_the_middle(CourierFixture& f) {
    co_await f.add("m1");
    auto begin = [again = f.clock.wall_now() + seconds(120)](storage::Connection& connection) {
        return begin_try(connection, 1, again);  // and then the process dies
    };
    const auto begun = co_await f.writes->run(std::move(begin));
    CHECK(begun.has_value());
    const std::size_t too_early = co_await f.courier->deliver_due();
    CHECK(too_early == 0);
    f.clock.advance(seconds(120));
    const std::size_t tried = co_await f.courier->deliver_due();
    CHECK(tried == 1);
    const State state = co_await f.state_of("m1");
    CHECK(state == State::sent);
}

Task<> runs_by_itself(CourierFixture& f) {
    co_await f.add("m1");
    f.courier->start();
    while (f.sender->times("m1") == 0) {
        co_await async::yield(f.loop);
    }
    co_await f.courier->stop();
    const State state = co_await f.state_of("m1");
    CHECK(state == State::sent);
}

Task<> gateway_hangs(CourierFixture& f) {
    const auto gateway = std::make_shared<HangingSender>();
    f.courier->use({.email = f.sender, .sms = gateway});
    for (int i = 0; i < 4; ++i) {
        co_await f.add("s" + std::to_string(i), Channel::sms);
    }
    f.courier->start();
    while (gateway->hanging() < 2) {  // both of its threads
        co_await async::yield(f.loop);
    }
    for (int i = 0; i < 40; ++i) {  // more than a batch
        co_await f.add("m" + std::to_string(i));
    }
    while (f.courier->figures().sent < 40) {
        co_await async::yield(f.loop);
    }
    const State waiting = co_await f.state_of("s0");
    CHECK(waiting == State::waiting);
    gateway->let_go();
    co_await f.courier->stop();
    CHECK(f.courier->figures().sent == 44);
}

}  // namespace

TEST_SUITE("notify/courier") {
    TEST_CASE_FIXTURE(CourierFixture, "a message that was taken is sent once") {
        test::run(loop, sent_once(*this));
    }
    TEST_CASE_FIXTURE(CourierFixture,
                      "a busy server is tried ten times, then the message is dead") {
        test::run(loop, tried_again(*this));
    }
    TEST_CASE_FIXTURE(CourierFixture, "a message that is refused for good is dead at once") {
        test::run(loop, refused(*this));
    }
    TEST_CASE_FIXTURE(CourierFixture, "messages of a channel that is off wait and hold up nobody") {
        test::run(loop, channel_off(*this));
    }
    TEST_CASE_FIXTURE(CourierFixture, "a try that a crash interrupted is made again later") {
        test::run(loop, killed_in_the_middle(*this));
    }
    TEST_CASE_FIXTURE(CourierFixture, "started, it delivers by itself; stopped, it has settled") {
        test::run(loop, runs_by_itself(*this));
    }
    TEST_CASE_FIXTURE(CourierFixture, "a gateway that hangs holds up no mail") {
        test::run(loop, gateway_hangs(*this));
    }
    TEST_CASE_FIXTURE(CourierFixture, "delays double from 30 s to an hour, give or take a fifth") {
        const std::int64_t expected[] = {30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600};
        for (std::int64_t attempts = 1; attempts <= 10; ++attempts) {
            const auto whole = milliseconds(expected[attempts - 1] * 1000);
            for (int i = 0; i < 50; ++i) {
                const auto delay = courier->retry_delay(attempts);
                CHECK(delay >= whole * 4 / 5);
                CHECK(delay <= whole * 6 / 5);
            }
        }
    }
}

}  // namespace courseselect::notify
