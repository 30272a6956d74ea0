#include "courseselect/chat/room.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "courseselect/async/sleep.hpp"
#include "courseselect/repo/chat_memory_store.hpp"
#include "support/run.hpp"

using namespace courseselect;
using namespace courseselect::chat;

namespace {

/// Keeps what it is sent, and which bytes it shares.
class FakeConnection final : public net::LineConnection {
  public:
    void send(std::string lines) override { text += lines; }
    void send(net::SharedBytes bytes, std::size_t offset, std::size_t size) override {
        text += bytes->substr(offset, size);
        shared = std::move(bytes);
        if (on_send) {
            on_send();
        }
    }
    void pause() override {}
    void resume() override {}
    void pause_for(std::chrono::milliseconds) override {}
    void end(std::string) override {}
    [[nodiscard]] std::size_t unsent() const override { return text.size(); }
    [[nodiscard]] const std::string& address() const override { return address_; }

    std::string text;
    net::SharedBytes shared;
    std::function<void()> on_send;

  private:
    std::string address_ = "127.0.0.1";
};

struct Somebody {
    Somebody(std::uint64_t key, std::string name)
        : member{key, static_cast<std::int64_t>(key), std::move(name), &connection} {}
    FakeConnection connection;
    Member member;
};

struct RoomFixture {
    async::EventLoop loop;
    core::ManualClock clock;
    repo::MemoryChatStore store{loop};
    Room room{loop, clock, store, {.waiting_max = 4, .group_max = 3}};
    Somebody ann{1, "ann"};
    Somebody bob{2, "bob"};
};

std::size_t count(const std::string& text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++found;
    }
    return found;
}

async::Task<> say_and_wait(Room& room, Member& member, std::string text) {
    CHECK(room.publish(member, std::move(text), ""));
    co_await room.resolved(room.accepted());
}

async::Task<> turns(async::EventLoop& loop) {
    for (int i = 0; i < 20; ++i) {
        co_await async::yield(loop);
    }
}

async::Task<> resolved(Room& room) { co_await room.resolved(room.accepted()); }

async::Task<> settle(Room& room) { co_await room.stop(); }

}  // namespace

TEST_SUITE("chat/room") {
    TEST_CASE_FIXTURE(RoomFixture, "nobody is told a message before it is stored") {
        room.join(ann.member);
        CHECK(room.publish(ann.member, "hi", ""));
        CHECK(ann.connection.text.empty());
        CHECK(store.appends() == 0);
        test::run(loop, settle(room));
        CHECK(store.appends() == 1);
        CHECK(count(ann.connection.text, "\"id\":1,") == 1);
        CHECK(room.last_id() == 1);
    }

    TEST_CASE_FIXTURE(RoomFixture, "a message that cannot be stored is told to its sender only") {
        room.join(ann.member);
        room.join(bob.member);
        store.fail_next(1);
        CHECK(room.publish(ann.member, "lost", "\"r1\""));
        test::run(loop, settle(room));
        CHECK(count(ann.connection.text, "\"code\":\"not_stored\",\"client_ref\":\"r1\"") == 1);
        CHECK(bob.connection.text.empty());
        CHECK(room.last_id() == 0);
        CHECK(room.publish(bob.member, "next", ""));
        test::run(loop, settle(room));
        CHECK(count(ann.connection.text, "\"id\":1,") == 1);
    }

    TEST_CASE_FIXTURE(RoomFixture,
                      "what waits during a commit shares the next, and all share its bytes") {
        room.join(ann.member);
        room.join(bob.member);
        CHECK(room.publish(ann.member, "one", ""));
        CHECK(room.publish(ann.member, "two", ""));
        CHECK(room.publish(bob.member, "three", ""));
        test::run(loop, settle(room));
        CHECK(store.appends() == 2);
        CHECK(ann.connection.shared == bob.connection.shared);
        CHECK(ann.connection.text == bob.connection.text);
        CHECK(count(ann.connection.text, "new_message") == 3);
    }

    TEST_CASE_FIXTURE(RoomFixture, "a client_ref comes back to its sender alone, in order") {
        room.join(ann.member);
        room.join(bob.member);
        CHECK(room.publish(ann.member, "one", "1"));
        CHECK(room.publish(ann.member, "two", "2"));
        CHECK(room.publish(bob.member, "three", ""));
        CHECK(room.publish(ann.member, "four", "4"));
        test::run(loop, settle(room));
        const std::string& text = ann.connection.text;
        CHECK(count(text, "client_ref") == 3);
        CHECK(text.find("\"one\"") < text.find("\"client_ref\":1}"));
        CHECK(text.find("\"client_ref\":1}") < text.find("\"two\""));
        CHECK(text.find("\"client_ref\":2}") < text.find("\"three\""));
        CHECK(text.find("\"three\"") < text.find("\"client_ref\":4}"));
        CHECK(count(bob.connection.text, "client_ref") == 0);
        CHECK(count(bob.connection.text, "new_message") == 4);
    }

    TEST_CASE_FIXTURE(RoomFixture, "more than waiting_max messages are refused") {
        room.join(ann.member);
        CHECK(room.publish(ann.member, "under way", ""));  // taken at once
        for (int i = 0; i < 4; ++i) {
            CHECK(room.publish(ann.member, "waits", ""));
        }
        CHECK_FALSE(room.publish(ann.member, "too many", ""));
        test::run(loop, settle(room));
        CHECK(count(ann.connection.text, "new_message") == 5);
        CHECK(store.appends() == 3);  // 1, then groups of 3 and 1
    }

    TEST_CASE("a commit holds at most group_bytes_max of text, and always a message") {
        async::EventLoop loop;
        const core::ManualClock clock;
        repo::MemoryChatStore store(loop);
        Room room(loop, clock, store, {.group_bytes_max = 10});
        Somebody ann(1, "ann");
        room.join(ann.member);
        for (const char* text : {"first", "12345", "12345", "1", "12345678901"}) {
            CHECK(room.publish(ann.member, text, ""));
        }
        test::run(loop, settle(room));
        CHECK(store.appends() == 4);  // the first at once, then 10 bytes, 1, and 11
        CHECK(count(ann.connection.text, "new_message") == 5);
    }

    TEST_CASE("soon after a message the next waits for company, and no longer than for enough") {
        async::EventLoop loop;
        core::ManualClock clock;
        repo::MemoryChatStore store(loop);
        constexpr std::chrono::hours hour{1};
        const RoomOptions options{
            .pause_per_member = hour, .pause_max = 2 * hour, .company_max = 3};
        Room room(loop, clock, store, options);
        Somebody ann(1, "ann");
        Somebody bob(2, "bob");
        Somebody eve(3, "eve");
        room.join(ann.member);
        clock.advance(hour);
        test::run(loop, say_and_wait(room, ann.member, "into a silence"));
        CHECK(store.appends() == 1);
        clock.advance(hour);  // enough for one member
        test::run(loop, say_and_wait(room, ann.member, "again"));
        CHECK(store.appends() == 2);
        room.join(bob.member);
        room.join(eve.member);
        clock.advance(hour);
        CHECK(room.publish(ann.member, "first", ""));
        CHECK(room.publish(bob.member, "second", ""));
        test::run(loop, turns(loop));
        CHECK(store.appends() == 2);
        CHECK(room.publish(ann.member, "third", ""));
        test::run(loop, resolved(room));
        CHECK(store.appends() == 3);
        CHECK(count(eve.connection.text, "new_message") == 3);
        clock.advance(2 * hour);  // the longest, however many members
        test::run(loop, say_and_wait(room, ann.member, "late"));
        CHECK(store.appends() == 4);
        CHECK(room.publish(ann.member, "last", ""));
        test::run(loop, settle(room));  // whoever stops does not wait
        CHECK(store.appends() == 5);
    }

    TEST_CASE("what became of a commit that broke off is found out before anybody is told") {
        for (const bool is_stored : {true, false}) {
            CAPTURE(is_stored);
            async::EventLoop loop;
            const core::ManualClock clock;
            repo::MemoryChatStore store(loop);
            Room room(loop, clock, store, {.recovery_interval = std::chrono::milliseconds{1}});
            Somebody ann(1, "ann");
            Somebody bob(2, "bob");
            room.join(ann.member);
            room.join(bob.member);
            store.go_away_during_append(is_stored);
            CHECK(room.publish(ann.member, "lost?", "7"));
            test::run(loop, turns(loop));
            CHECK(room.publish(bob.member, "behind it", ""));
            test::run(loop, turns(loop));
            CHECK(ann.connection.text.empty());
            store.come_back();
            test::run(loop, resolved(room));
            const std::string& heard = ann.connection.text;
            CHECK(count(heard, "\"code\":\"not_stored\",\"client_ref\":7}") == (is_stored ? 0 : 1));
            CHECK(count(heard, "\"message\":\"lost?\"") == (is_stored ? 1 : 0));
            CHECK(count(heard, "\"client_ref\":7") == 1);
            CHECK(count(bob.connection.text, "lost?") == (is_stored ? 1 : 0));
            CHECK(count(bob.connection.text, "behind it") == 1);
            CHECK(room.last_id() == (is_stored ? 2 : 1));
            test::run(loop, settle(room));
        }
    }

    TEST_CASE_FIXTURE(RoomFixture, "a room that stops before the database says admits it") {
        room.join(ann.member);
        room.join(bob.member);
        test::run(loop, say_and_wait(room, bob.member, "before"));
        store.go_away_during_append(true);
        CHECK(room.publish(ann.member, "lost?", "7"));
        test::run(loop, settle(room));
        CHECK(count(ann.connection.text, "\"code\":\"outcome_unknown\",\"client_ref\":7}") == 1);
        CHECK(count(ann.connection.text, "\\\"after_id\\\":1") == 1);
        CHECK(count(bob.connection.text, "lost?") == 0);
    }

    TEST_CASE_FIXTURE(RoomFixture, "a member may leave while it is told, others miss nothing") {
        Somebody eve{3, "eve"};
        room.join(ann.member);
        room.join(eve.member);
        room.join(bob.member);
        eve.connection.on_send = [&] { room.leave(eve.member); };
        CHECK(room.publish(ann.member, "hi", ""));
        test::run(loop, settle(room));
        CHECK(room.members() == 2);
        CHECK(count(ann.connection.text, "new_message") == 1);
        CHECK(count(bob.connection.text, "new_message") == 1);
    }

    TEST_CASE_FIXTURE(RoomFixture, "users are counted once however often they are there") {
        Somebody again{3, "ann"};
        room.join(bob.member);
        room.join(ann.member);
        room.join(again.member);
        CHECK(room.usernames(9) == std::vector<std::string_view>{"ann", "bob"});
        CHECK(room.usernames(1) == std::vector<std::string_view>{"ann"});
        CHECK(room.users() == 2);
        room.leave(ann.member);
        CHECK(room.users() == 2);
        room.leave(again.member);
        room.leave(again.member);
        CHECK(room.users() == 1);
    }

    TEST_CASE_FIXTURE(RoomFixture, "of more than 1000 users 1000 are named, all are counted") {
        std::vector<std::unique_ptr<Somebody>> crowd;
        for (std::uint64_t key = 1; key <= who_users_max + 1; ++key) {
            crowd.push_back(std::make_unique<Somebody>(key, "user " + std::to_string(key)));
            room.join(crowd.back()->member);
        }
        CHECK(room.usernames(who_users_max).size() == 1'000);
        CHECK(room.users() == 1'001);
        room.leave(crowd.back()->member);
        CHECK(room.usernames(who_users_max).size() == 1'000);
        CHECK(room.users() == 1'000);
    }
}
