#include "courseselect/chat/server.hpp"

#include <doctest/doctest.h>

#include <fmt/format.h>

#include <string>
#include <vector>

#include "chat/hostile_clients.hpp"
#include "chat_fixture.hpp"

using namespace courseselect;
using test::ChatClient;
using test::ChatFixture;
using test::code_of;

namespace {

using Strings = std::vector<std::string>;

std::string send_line(const std::string& text, const std::string& ref = "") {
    return fmt::format(R"({{"type":"send_message","message":"{}"{}}})", text,
                       ref.empty() ? "" : ",\"client_ref\":\"" + ref + "\"");
}

/// A server whose times pass as the test's clock says.
test::ChatFixtureOptions exact_times() {
    test::ChatFixtureOptions options;
    options.server.lines.sweep_interval = std::chrono::milliseconds{5};
    return options;
}

Strings texts_of(const json::Value& history) {
    Strings texts;
    for (const auto& message : history["messages"].items()) {
        texts.push_back(message["message"].string().value_or(""));
    }
    return texts;
}

}  // namespace

TEST_SUITE("chat/server") {
    TEST_CASE("a client that knows only the basic table, beside one that uses the additions") {
        ChatFixture fixture;
        ChatClient basic(fixture.port());
        const auto registered =
            basic.ask(R"({"type":"register","username":"ann","password":"secret"})");
        CHECK(registered["type"].string() == "register_response");
        CHECK(registered["status"].string() == "success");
        CHECK(registered["message"].string().has_value());
        const auto logged_in =
            basic.ask(R"({"type":"login","username":"ann","password":"secret"})");
        CHECK(logged_in["type"].string() == "login_response");
        CHECK(logged_in["user_id"].integer() == 1);
        CHECK(logged_in["username"].string() == "ann");
        ChatClient modern = fixture.member("bob");

        basic.send(R"({"type":"send_message","sender":"ann","message":"hello"})");
        for (ChatClient* client : {&basic, &modern}) {
            const auto told = client->read();
            CHECK(told["type"].string() == "new_message");
            CHECK(told["sender"].string() == "ann");
            CHECK(told["message"].string() == "hello");
            CHECK(told["timestamp"].string() == "2023-11-14T22:13:20");
            CHECK(told["id"].integer() == 1);
            CHECK_FALSE(told["client_ref"].exists());
        }
        modern.send(send_line("hi", "r7"));
        CHECK(modern.read()["client_ref"].string() == "r7");
        CHECK_FALSE(basic.read()["client_ref"].exists());
        const auto history = basic.ask(R"({"type":"get_history","limit":50})");
        CHECK(history["type"].string() == "history_response");
        CHECK(texts_of(history) == Strings{"hello", "hi"});
        const auto page = modern.ask(R"({"type":"get_history","after_id":1,"client_ref":9})");
        CHECK(texts_of(page) == Strings{"hi"});
        CHECK(page["client_ref"].integer() == 9);
        CHECK(modern.ask(R"({"type":"ping"})")["type"].string() == "pong");
        const auto who = modern.ask(R"({"type":"who"})");
        CHECK(who["users"].text() == R"(["ann","bob"])");
        CHECK(modern.ask(R"({"type":"logout"})")["status"].string() == "success");
        CHECK(code_of(modern.ask(send_line("gone"))) == "not_logged_in");
        CHECK(basic.ask(R"({"type":"who"})")["count"].integer() == 1);
    }

    TEST_CASE("errors name what is wrong and leave the connection open") {
        ChatFixture fixture;
        ChatClient client(fixture.port());
        for (const char* line :
             {R"({"type":"who"})", R"({"type":"get_history"})",
              R"({"type":"send_message","message":"x"})", R"({"type":"logout"})"}) {
            CHECK(code_of(client.ask(line)) == "not_logged_in");
        }
        CHECK(code_of(client.ask("{]")) == "bad_json");
        CHECK(code_of(client.ask("\"\xff\"")) == "bad_json");
        CHECK(code_of(client.ask(R"({"type":"sing"})")) == "unknown_type");
        const auto login = client.ask(R"({"type":"login","username":"eve","password":"x"})");
        CHECK(login["type"].string() == "login_response");
        CHECK(login["status"].string() == "error");
        CHECK(code_of(login) == "bad_credentials");
        CHECK(code_of(client.ask(R"({"type":"login","token":"x"})")) == "not_offered");
        ChatClient ann = fixture.member("ann");
        const auto taken =
            client.ask(R"({"type":"register","username":"Ann","password":"x","client_ref":1})");
        CHECK(taken["type"].string() == "register_response");
        CHECK(code_of(taken) == "username_taken");
        CHECK(taken["client_ref"].integer() == 1);
        const auto wrong = ann.ask(
            R"({"type":"send_message","sender":"bob","message":"I am bob","client_ref":"r"})");
        CHECK(code_of(wrong) == "wrong_sender");
        CHECK(wrong["client_ref"].string() == "r");
        CHECK(code_of(ann.ask(send_line(""))) == "invalid_field");
        CHECK(code_of(ann.ask(R"({"type":"get_history","limit":0})")) == "invalid_field");
        CHECK(ann.ask(R"({"type":"ping"})")["type"].string() == "pong");
    }

    TEST_CASE("a line of 64 KiB passes, one byte more is told and ends the connection") {
        ChatFixture fixture;
        ChatClient client(fixture.port());
        const std::string ping = R"({"type":"ping"})";
        const std::string longest = ping + std::string(65'536 - ping.size(), ' ');
        CHECK(client.ask(longest)["type"].string() == "pong");
        CHECK(client.ask(longest + "\r")["type"].string() == "pong");
        CHECK(code_of(client.ask(longest + " ")) == "line_too_long");
        CHECK_FALSE(client.read().exists());
    }

    TEST_CASE("what is piped in at once is answered in order, also after the client has ended") {
        ChatFixture fixture;
        fixture.member("ann");
        ChatClient client(fixture.port());
        client.send_bytes(
            "{\"type\":\"login\",\"username\":\"ann\",\"password\":\"secret\"}\r\n"
            "{\"type\":\"send_message\",\"message\":\"one\"}\n"
            "{\"type\":\"send_message\",\"message\":\"two\"}\n"
            "{\"type\":\"get_history\"}\n{\"type\":\"send_message\",\"message\":\"three\"}\n"
            "{\"type\":\"logout\"}\n{\"type\":\"who\"}\n");
        client.end();
        CHECK(client.read()["status"].string() == "success");
        CHECK(client.read()["message"].string() == "one");
        CHECK(client.read()["message"].string() == "two");
        CHECK(texts_of(client.read()) == Strings{"one", "two"});
        CHECK(client.read()["message"].string() == "three");
        CHECK(client.read()["type"].string() == "logout_response");
        CHECK(code_of(client.read()) == "not_logged_in");
        CHECK_FALSE(client.read().exists());
    }

    TEST_CASE("two hundred clients at once all see everything in one order") {
        test::ChatFixtureOptions options;
        options.server.has_limits = false;
        ChatFixture fixture(options);
        std::vector<ChatClient> clients;
        for (int i = 0; i < 200; ++i) {
            clients.push_back(fixture.member(fmt::format("user {:03}", i)));
        }
        for (std::size_t i = 0; i < clients.size(); ++i) {
            clients[i].send(send_line(fmt::format("from {}", i), i % 2 == 0 ? "r" : ""));
        }
        Strings order;
        for (std::size_t i = 0; i < clients.size(); ++i) {
            Strings seen;
            std::int64_t last = 0;
            while (seen.size() < clients.size()) {
                const auto told = clients[i].read();
                REQUIRE(told["type"].string() == "new_message");
                REQUIRE(told["id"].integer().value_or(0) > last);
                last = *told["id"].integer();
                seen.push_back(*told["message"].string());
            }
            if (i == 0) {
                order = seen;
            }
            REQUIRE(seen == order);
        }
        const auto history = clients[0].ask(R"({"type":"get_history","limit":500})");
        CHECK(texts_of(history) == order);
        CHECK(clients[0].ask(R"({"type":"who"})")["count"].integer() == 200);
    }

    TEST_CASE("beside clients that misbehave in every way, the others miss nothing") {
        ChatFixture fixture;
        ChatClient ann = fixture.member("ann");
        ChatClient bob = fixture.member("bob");
        bench::HostileClients hostile;
        hostile.start(fixture.port());
        for (std::int64_t i = 1; i <= 300; ++i) {
            ChatClient& speaker = i % 2 == 0 ? ann : bob;
            speaker.send(send_line(std::to_string(i)));
            REQUIRE(ann.read_type("new_message")["id"].integer() == i);
            REQUIRE(bob.read_type("new_message")["id"].integer() == i);
        }
        hostile.stop();
        CHECK(ann.ask(R"({"type":"get_history","limit":500})")["messages"].size() == 300);
    }

    TEST_CASE("a reader that stops is let go with a reason, others miss nothing") {
        test::ChatFixtureOptions options;
        options.server.has_limits = false;
        options.server.lines.output_bytes_max = 64 * 1024;
        ChatFixture fixture(options);
        ChatClient slow(fixture.port(), 4096);
        slow.ask(R"({"type":"register","username":"slow","password":"secret"})");
        slow.ask(R"({"type":"login","username":"slow","password":"secret"})");
        ChatClient ann = fixture.member("ann");
        const std::string text(4'000, 'x');
        std::int64_t sent = 0;
        while (fixture.on_loop([&] { return fixture.server().stats().overflows; }) == 0) {
            ann.send(send_line(text));
            REQUIRE(ann.read_type("new_message")["id"].integer() == ++sent);
            REQUIRE(sent < 10'000);
        }
        CHECK(fixture.on_loop([&] { return fixture.server().room().members(); }) == 1);
        std::int64_t last = 0;
        json::Value line = slow.read();
        while (line["type"].string() == "new_message") {
            REQUIRE(line["id"].integer() == ++last);  // whole lines, none missing
            line = slow.read();
        }
        CHECK(last < sent);
        CHECK(code_of(line) == "too_slow");
        CHECK_FALSE(slow.read().exists());
    }

    TEST_CASE("a burst far over the output's bound reaches everybody who reads") {
        test::ChatFixtureOptions options;
        options.server.has_limits = false;
        options.server.lines.output_bytes_max = 256 * 1024;
        ChatFixture fixture(options);
        ChatClient ann = fixture.member("ann");
        ChatClient bob = fixture.member("bob");
        constexpr std::int64_t burst = 500;
        std::string lines;
        for (std::int64_t i = 0; i < burst; ++i) {
            lines += send_line(std::string(4'000, 'x')) + "\n";
        }
        bool ann_order = true;
        bool bob_order = true;
        std::thread reader([&ann, &ann_order] {
            for (std::int64_t i = 1; i <= burst; ++i) {
                ann_order = ann_order && ann.read()["id"].integer() == i;
            }
        });
        std::thread other([&bob, &bob_order] {
            for (std::int64_t i = 1; i <= burst; ++i) {
                bob_order = bob_order && bob.read()["id"].integer() == i;
            }
        });
        ann.send_bytes(lines);
        reader.join();
        other.join();
        CHECK(ann_order);
        CHECK(bob_order);
    }

    TEST_CASE("a client that asks and does not read is not read either, and loses nothing") {
        test::ChatFixtureOptions options;
        options.server.has_limits = false;
        options.server.lines.output_pause_bytes = 16 * 1024;
        ChatFixture fixture(options);
        ChatClient ann = fixture.member("ann");
        for (int i = 0; i < 20; ++i) {
            ann.ask(send_line(std::string(4'000, 'x')));
        }
        ChatClient greedy = fixture.member("greedy");
        constexpr int questions = 500;  // 40 MB of answers against 1 MiB of output
        std::string lines;
        for (int i = 0; i < questions; ++i) {
            lines += "{\"type\":\"get_history\"}\n";
        }
        greedy.send_bytes(lines);
        for (int i = 0; i < questions; ++i) {
            REQUIRE(greedy.read()["messages"].size() == 20);
        }
        CHECK(fixture.on_loop([&] { return fixture.server().stats().overflows; }) == 0);
    }

    TEST_CASE("messages over the rate are refused, with their reference and the time to wait") {
        test::ChatFixtureOptions options;
        options.server.messages = {.capacity = 3, .refill_per_second = 1};
        ChatFixture fixture(options);
        ChatClient ann = fixture.member("ann");
        for (int i = 0; i < 3; ++i) {
            CHECK(ann.ask(send_line("fine"))["type"].string() == "new_message");
        }
        const auto refused = ann.ask(send_line("too much", "r4"));
        CHECK(code_of(refused) == "rate_limited");
        CHECK(refused["client_ref"].string() == "r4");
        CHECK(refused["message"].string() == "Too many messages, try again in 1000 ms");
        fixture.clock.advance(std::chrono::seconds{1});
        CHECK(ann.ask(send_line("fine"))["type"].string() == "new_message");
    }

    TEST_CASE("all connections of an address share a rate of messages") {
        test::ChatFixtureOptions options;
        options.server.address_messages.bucket = {.capacity = 2, .refill_per_second = 1};
        ChatFixture fixture(options);
        ChatClient ann = fixture.member("ann");
        ChatClient bob = fixture.member("bob");
        CHECK(ann.ask(send_line("1"))["type"].string() == "new_message");
        bob.read();
        CHECK(bob.ask(send_line("2"))["type"].string() == "new_message");
        CHECK(code_of(bob.ask(send_line("3"))) == "rate_limited");
    }

    TEST_CASE("a flood of lines is read no faster than the rate, and none of it is lost") {
        test::ChatFixtureOptions options = exact_times();
        options.server.requests = {.capacity = 10, .refill_per_second = 1};
        ChatFixture fixture(options);
        ChatClient client(fixture.port());
        for (int i = 0; i < 12; ++i) {
            client.send(R"({"type":"ping"})");
        }
        for (int i = 0; i < 11; ++i) {  // the one that is over the rate is answered, then it waits
            CHECK(client.read()["type"].string() == "pong");
        }
        fixture.clock.advance(std::chrono::seconds{1});
        CHECK(client.read()["type"].string() == "pong");
    }

    TEST_CASE("wrong passwords are slowed down for the account, not for others") {
        ChatFixture fixture;
        fixture.member("ann");
        ChatClient client(fixture.port());
        const std::string wrong = R"({"type":"login","username":"ANN","password":"guess"})";
        const std::string right = R"({"type":"login","username":"ann","password":"secret"})";
        for (int i = 0; i < 5; ++i) {
            CHECK(code_of(client.ask(wrong)) == "bad_credentials");
        }
        CHECK(code_of(client.ask(wrong)) == "too_many_attempts");
        CHECK(code_of(client.ask(right)) == "too_many_attempts");
        fixture.member("bob");
        fixture.clock.advance(std::chrono::seconds{1});
        CHECK(client.ask(right)["status"].string() == "success");
    }

    TEST_CASE("logins of one address are bounded, right or wrong") {
        test::ChatFixtureOptions options;
        options.server.accounts.per_address.bucket = {.capacity = 3, .refill_per_second = 1};
        ChatFixture fixture(options);
        fixture.member("ann");  // registers and logs in
        ChatClient client(fixture.port());
        CHECK(code_of(client.ask(R"({"type":"login","username":"x","password":"y"})")) ==
              "bad_credentials");
        CHECK(code_of(client.ask(R"({"type":"login","username":"x","password":"y"})")) ==
              "too_many_attempts");
        CHECK(code_of(client.ask(R"({"type":"register","username":"x","password":"y"})")) ==
              "too_many_attempts");
    }

    TEST_CASE("connections are bounded, in all and of one address, and told so") {
        test::ChatFixtureOptions options;
        SUBCASE("in all") { options.server.lines.connections_max = 2; }
        SUBCASE("of an address") { options.server.lines.connections_per_address_max = 2; }
        ChatFixture fixture(options);
        ChatClient first(fixture.port());
        ChatClient second(fixture.port());
        CHECK(first.ask(R"({"type":"ping"})")["type"].string() == "pong");
        CHECK(second.ask(R"({"type":"ping"})")["type"].string() == "pong");
        ChatClient third(fixture.port());
        CHECK(code_of(third.read()) == "too_many_connections");
        CHECK_FALSE(third.read().exists());
    }

    TEST_CASE("an idle client is asked with a ping, stays when it answers, else goes") {
        ChatFixture fixture(exact_times());
        ChatClient quiet(fixture.port());
        CHECK(quiet.ask(R"({"type":"ping"})")["type"].string() == "pong");
        fixture.clock.advance(std::chrono::minutes{29});
        CHECK(quiet.read()["type"].string() == "ping");
        quiet.send(R"({"type":"pong"})");
        CHECK(quiet.ask(R"({"type":"ping"})")["type"].string() == "pong");
        fixture.clock.advance(std::chrono::minutes{29});
        CHECK(quiet.read()["type"].string() == "ping");
        fixture.clock.advance(std::chrono::minutes{1});
        CHECK(code_of(quiet.read()) == "idle");
        CHECK_FALSE(quiet.read().exists());
    }

    TEST_CASE("a line that does not end in time ends the connection") {
        ChatFixture fixture(exact_times());
        ChatClient client(fixture.port());
        CHECK(client.ask(R"({"type":"ping"})")["type"].string() == "pong");
        ChatClient other(fixture.port());
        client.send_bytes("{\"type\":");
        // What the second client hears was read in a later turn than the first one's bytes.
        CHECK(other.ask(R"({"type":"ping"})")["type"].string() == "pong");
        fixture.clock.advance(std::chrono::seconds{59});
        CHECK(other.ask(R"({"type":"ping"})")["type"].string() == "pong");
        client.send_bytes("\"pi");
        fixture.clock.advance(std::chrono::seconds{1});
        CHECK(code_of(client.read()) == "line_too_slow");
        CHECK_FALSE(client.read().exists());
    }

    TEST_CASE("stopping stores and tells what was accepted, says good-bye and closes") {
        ChatFixture fixture;
        ChatClient ann = fixture.member("ann");
        ann.send(send_line("last words", "r"));
        CHECK(ann.read()["client_ref"].string() == "r");
        std::thread stopper([&fixture] { fixture.stop(); });
        const auto line = ann.read();
        CHECK(code_of(line) == "stopping");
        CHECK_FALSE(ann.read().exists());
        { const ChatClient closed = std::move(ann); }
        stopper.join();
    }

    TEST_CASE("a message that cannot be stored is told to its sender, with the reference") {
        ChatFixture fixture;
        ChatClient ann = fixture.member("ann");
        fixture.on_loop([&] {
            fixture.store.fail_next(1);
            return true;
        });
        const auto refused = ann.ask(send_line("lost", "r1"));
        CHECK(code_of(refused) == "not_stored");
        CHECK(refused["client_ref"].string() == "r1");
        CHECK(ann.ask(send_line("kept"))["id"].integer() == 1);
    }

    TEST_CASE("a message more than may wait is refused as busy, with its reference") {
        test::ChatFixtureOptions options;
        options.server.room.waiting_max = 1;
        ChatFixture fixture(options);
        ChatClient ann = fixture.member("ann");
        std::string lines;
        for (const char* reference : {"r1", "r2", "r3", "r4"}) {
            lines += send_line("hello", reference) + "\n";
        }
        ann.send_bytes(lines);
        std::vector<std::string> told;
        std::vector<std::string> refused;
        for (int i = 0; i < 4; ++i) {
            const auto line = ann.read();
            const std::string reference = line["client_ref"].string().value_or("");
            (code_of(line) == "busy" ? refused : told).push_back(reference);
        }
        // One is being stored, one waits.
        CHECK(told == std::vector<std::string>{"r1", "r2"});
        CHECK(refused == std::vector<std::string>{"r3", "r4"});
        CHECK(ann.ask(send_line("later", "r5"))["client_ref"].string() == "r5");
    }

    TEST_CASE("history that cannot be read now is an error, and the connection stays") {
        test::ChatFixtureOptions options;
        options.server.room.tail.messages_max = 2;  // older ones are in the database only
        ChatFixture fixture(options);
        ChatClient ann = fixture.member("ann");
        for (int i = 0; i < 4; ++i) {
            ann.ask(send_line("hello"));
        }
        fixture.on_loop([&] {
            fixture.store.fail_next(1);
            return true;
        });
        CHECK(code_of(ann.ask(R"({"type":"get_history","limit":50})")) == "history_unavailable");
        CHECK(ann.ask(R"({"type":"get_history","limit":50})")["messages"].size() == 4);
    }
}
