// The chat protocol's contract over a socket, sentence by sentence: every request with every fault
// it can have, every bound of a field at it and one over, and what comes after.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "chat_fixture.hpp"

using namespace courseselect;
using test::ChatClient;
using test::ChatFixture;
using test::code_of;

namespace {

std::string say(const std::string& text, const std::string& more = "") {
    return fmt::format(R"({{"type":"send_message","message":"{}"{}}})", text, more);
}

std::string account_line(const std::string& type, const std::string& name,
                         const std::string& password) {
    return fmt::format(R"({{"type":"{}","username":"{}","password":"{}"}})", type, name, password);
}

std::string many(std::string_view part, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
        out += part;
    }
    return out;
}

std::string type_of(const json::Value& line) { return line["type"].string().value_or(""); }

test::ChatFixtureOptions without_limits() {
    test::ChatFixtureOptions options;
    options.server.has_limits = false;
    return options;
}

std::vector<std::int64_t> ids_of(const json::Value& history) {
    std::vector<std::int64_t> ids;
    for (const auto& message : history["messages"].items()) {
        ids.push_back(message["id"].integer().value_or(0));
    }
    return ids;
}

std::vector<std::int64_t> from_to(std::int64_t first, std::int64_t last) {
    std::vector<std::int64_t> ids;
    for (; first <= last; ++first) {
        ids.push_back(first);
    }
    return ids;
}

/// Has `count` messages stored by `speaker`, who has read their echoes.
void fill(ChatClient& speaker, int count) {
    std::string lines;
    for (int i = 0; i < count; ++i) {
        lines += say("text " + std::to_string(i + 1)) + "\n";
    }
    speaker.send_bytes(lines);
    for (int i = 0; i < count; ++i) {
        REQUIRE(type_of(speaker.read()) == "new_message");
    }
}

/// A line that is refused, and how.
struct RefusalCase {
    std::string line;
    const char* type;
    const char* code;
    const char* words;  // somewhere in the message
};
const std::vector<RefusalCase> refusal_cases = {
    {"", "error", "bad_json", "one JSON object"},
    {"hello", "error", "bad_json", "one JSON object"},
    {"[1]", "error", "bad_json", "one JSON object"},
    {"{\"type\":\"ping\"", "error", "bad_json", "one JSON object"},
    {"{\"type\":\"ping\",\"x\":\"\xff\"}", "error", "bad_json", "UTF-8"},
    {"{\"type\":\"ping\",\"x\":\"\xc0\xaf\"}", "error", "bad_json", "UTF-8"},
    {"{\"type\":\"ping\",\"x\":\"\xed\xa0\x80\"}", "error", "bad_json", "UTF-8"},
    {R"({"type":"send_message","message":"\ud800"})", "error", "bad_json", ""},
    {"{\"type\":\"send_message\",\"message\":\"a\tb\"}", "error", "bad_json", ""},
    {std::string("{\"type\":\"ping\0\"}", 16), "error", "bad_json", ""},
    {"{\"type\":\"ping\",\"x\":" + std::string(30'000, '[') + "}", "error", "bad_json", ""},
    {"{}", "error", "unknown_type", "type: "},
    {R"({"type":"dance"})", "error", "unknown_type", "type: "},
    {R"({"type":null})", "error", "unknown_type", "type: "},
    {R"({"type":["ping"]})", "error", "unknown_type", "type: "},
    {R"({"type":"send_message","client_ref":"r"})", "error", "invalid_field", "message: "},
    {R"({"type":"send_message","message":7,"client_ref":"r"})", "error", "invalid_field",
     "message: "},
    {R"({"type":"send_message","message":null,"client_ref":"r"})", "error", "invalid_field",
     "message: "},
    {R"({"type":"send_message","message":"","client_ref":"r"})", "error", "invalid_field",
     "message: "},
    {R"({"type":"send_message","message":"x","sender":5,"client_ref":"r"})", "error",
     "invalid_field", "sender: "},
    {R"({"type":"send_message","message":"x","sender":"bob","client_ref":"r"})", "error",
     "wrong_sender", "sender: "},
    {R"({"type":"send_message","message":"x","sender":"","client_ref":"r"})", "error",
     "wrong_sender", "sender: "},
    {R"({"type":"get_history","limit":0,"client_ref":"r"})", "error", "invalid_field", "limit: "},
    {R"({"type":"get_history","limit":-5,"client_ref":"r"})", "error", "invalid_field", "limit: "},
    {R"({"type":"get_history","limit":"many","client_ref":"r"})", "error", "invalid_field",
     "limit: "},
    {R"({"type":"get_history","limit":1.5,"client_ref":"r"})", "error", "invalid_field", "limit: "},
    {R"({"type":"get_history","limit":99999999999999999999,"client_ref":"r"})", "error",
     "invalid_field", "limit: "},
    {R"({"type":"get_history","before_id":-1,"client_ref":"r"})", "error", "invalid_field",
     "before_id: "},
    {R"({"type":"get_history","after_id":"x","client_ref":"r"})", "error", "invalid_field",
     "after_id: "},
    {R"({"type":"register","password":"x","client_ref":"r"})", "register_response", "invalid_field",
     "username: "},
    {R"({"type":"register","username":"x","client_ref":"r"})", "register_response", "invalid_field",
     "password: "},
    {R"({"type":"register","username":"","password":"x","client_ref":"r"})", "register_response",
     "invalid_field", "username: "},
    {R"({"type":"register","username":"x","password":"","client_ref":"r"})", "register_response",
     "invalid_field", "password: "},
    {R"({"type":"register","username":" x","password":"x","client_ref":"r"})", "register_response",
     "invalid_field", "username: "},
    {R"({"type":"register","username":"a\u0007","password":"x","client_ref":"r"})",
     "register_response", "invalid_field", "username: "},
    {R"({"type":"register","username":"ANN","password":"x","client_ref":"r"})", "register_response",
     "username_taken", "username: "},
    {R"({"type":"login","client_ref":"r"})", "login_response", "invalid_field",
     "username and password"},
    {R"({"type":"login","username":"ann","client_ref":"r"})", "login_response", "invalid_field",
     "password"},
    {R"({"type":"login","username":5,"password":"x","client_ref":"r"})", "login_response",
     "invalid_field", "username: "},
    {R"({"type":"login","username":"ann","password":"x","client_ref":"r"})", "login_response",
     "bad_credentials", "Wrong username or password"},
    {R"({"type":"login","username":"nobody","password":"x","client_ref":"r"})", "login_response",
     "bad_credentials", "Wrong username or password"},
    {R"({"type":"login","token":"x.y.z","client_ref":"r"})", "login_response", "not_offered",
     "token: "},
    {R"({"type":"ping","client_ref":true})", "error", "invalid_field", "client_ref: "},
};

}  // namespace

TEST_SUITE("chat/contract") {
    TEST_CASE("a refusal names what is wrong, gives the reference back and leaves the line open") {
        ChatFixture fixture;
        ChatClient ann = fixture.member("ann");
        for (const RefusalCase& each : refusal_cases) {
            CAPTURE(each.line.substr(0, 200));
            const auto answer = ann.ask(each.line);
            CHECK(type_of(answer) == each.type);
            CHECK(code_of(answer) == each.code);
            const std::string words = answer["message"].string().value_or("");
            CHECK(words.find(each.words) != std::string::npos);
            CHECK_FALSE(words.empty());
            CHECK((each.type == std::string("error") || answer["status"].string() == "error"));
            if (each.line.find(R"("client_ref":"r")") != std::string::npos) {
                CHECK(answer["client_ref"].string() == "r");
            }
            REQUIRE(type_of(ann.ask(R"({"type":"ping"})")) == "pong");
        }
        // None of it has taken the login, and none of it was stored.
        CHECK(ann.ask(say("still here"))["id"].integer() == 1);
    }

    TEST_CASE("fields that nobody knows are ignored in every request; null is as if left out") {
        ChatFixture fixture;
        ChatClient client(fixture.port());
        const std::string extra = R"(,"x":{"type":"quit","a":[1,{"b":null}]},"status":5})";
        const auto ask = [&](const std::string& line) {
            return client.ask(line.substr(0, line.size() - 1) + extra);
        };
        CHECK(ask(account_line("register", "ann", "secret"))["status"].string() == "success");
        CHECK(ask(account_line("login", "ann", "secret"))["status"].string() == "success");
        CHECK(ask(say("hi"))["id"].integer() == 1);
        CHECK(ids_of(ask(R"({"type":"get_history","limit":5})")) == from_to(1, 1));
        CHECK(ask(R"({"type":"who"})")["count"].integer() == 1);
        CHECK(type_of(ask(R"({"type":"ping"})")) == "pong");
        const auto unset =
            client.ask(R"({"type":"get_history","limit":null,"before_id":null,"after_id":null})");
        CHECK(ids_of(unset) == from_to(1, 1));
        const auto told =
            client.ask(R"({"type":"send_message","message":"yo","sender":null,"client_ref":null})");
        CHECK(told["id"].integer() == 2);
        CHECK_FALSE(told["client_ref"].exists());
        // Of a repeated field the last one counts.
        CHECK(client
                  .ask(R"({"type":"who","message":"a","type":"send_message","message":"b"})")
                      ["message"]
                  .string() == "b");
        CHECK(type_of(ask(R"({"type":"logout"})")) == "logout_response");
    }

    TEST_CASE("every answer gives the client's reference back, whatever it answers") {
        ChatFixture fixture;
        ChatClient client(fixture.port());
        const std::vector<std::pair<std::string, const char*>> requests = {
            {R"("type":"register","username":"ann","password":"secret")", "register_response"},
            {R"("type":"login","username":"ann","password":"secret")", "login_response"},
            {R"("type":"send_message","message":"hi")", "new_message"},
            {R"("type":"get_history")", "history_response"},
            {R"("type":"who")", "who_response"},
            {R"("type":"ping")", "pong"},
            {R"("type":"logout")", "logout_response"},
            {R"("type":"who")", "error"},  // no longer logged in
            {R"("type":"sing")", "error"},
        };
        std::int64_t ref = 0;
        for (const auto& [fields, type] : requests) {
            CAPTURE(fields);
            const auto answer = client.ask(fmt::format(R"({{{},"client_ref":{}}})", fields, ++ref));
            CHECK(type_of(answer) == type);
            CHECK(answer["client_ref"].integer() == ref);
        }
    }

    TEST_CASE("names have 1 to 50 characters, passwords 1 to 1024 bytes, tokens at most 8192") {
        ChatFixture fixture(without_limits());
        ChatClient client(fixture.port());
        const auto outcome = [&](const std::string& line) {
            const auto answer = client.ask(line);
            return answer["status"].string() == "success" ? std::string("success")
                                                          : code_of(answer);
        };
        const std::string wide = "\xe8\xaf\xbe";  // one character in three bytes
        const std::string longest = many(wide, 50);
        CHECK(outcome(account_line("register", longest, "x")) == "success");
        CHECK(outcome(account_line("login", longest, "x")) == "success");
        CHECK(outcome(account_line("register", longest + "x", "x")) == "invalid_field");
        CHECK(outcome(account_line("login", longest + "x", "x")) == "invalid_field");
        CHECK(outcome(account_line("register", "a", "x")) == "success");
        const std::string password(1'024, 'p');
        CHECK(outcome(account_line("register", "ann", password)) == "success");
        CHECK(outcome(account_line("login", "ann", password)) == "success");
        // All of its bytes count, though bcrypt alone reads 72.
        CHECK(outcome(account_line("login", "ann", std::string(1'023, 'p') + "q")) ==
              "bad_credentials");
        CHECK(outcome(account_line("register", "bob", password + "p")) == "invalid_field");
        CHECK(outcome(account_line("login", "ann", password + "p")) == "invalid_field");
        const std::string bytes = many(wide, 341) + "p";  // 1,024 of them
        CHECK(outcome(account_line("register", "eve", bytes)) == "success");
        CHECK(outcome(account_line("register", "joe", bytes + "p")) == "invalid_field");
        const auto token = [](std::size_t size) {
            return fmt::format(R"({{"type":"login","token":"{}"}})", std::string(size, 't'));
        };
        CHECK(outcome(token(8'192)) == "not_offered");
        CHECK(outcome(token(8'193)) == "invalid_field");
    }

    TEST_CASE("a message of 4000 characters is told and kept whole, one of 4001 is refused") {
        ChatFixture fixture;
        ChatClient ann = fixture.member("ann");
        ChatClient bob = fixture.member("bob");
        const std::string face = "\xf0\x9f\x98\x80";
        const std::string text = many(face, 4'000);
        ann.send(say(text));
        CHECK(ann.read()["message"].string() == text);
        CHECK(bob.read()["message"].string() == text);
        CHECK(code_of(ann.ask(say(text + "x"))) == "invalid_field");
        const auto history = bob.ask(R"({"type":"get_history"})");
        CHECK(ids_of(history) == from_to(1, 1));
        const std::string odd = R"(\u0000\u0001\b\t\n\f\r\u001b[2J\u007f\u0085\u2028\"\\\/)";
        ann.send(say(odd));
        const std::string wanted =
            std::string("\0\1\b\t\n\f\r\x1b[2J\x7f", 12) + "\xc2\x85\xe2\x80\xa8\"\\/";
        CHECK(bob.read()["message"].string() == wanted);
        ann.read();
        CHECK(ann.ask(R"({"type":"get_history","after_id":1})")["messages"]
                  .items()
                  .begin()
                  ->
                  operator[]("message")
                  .string() == wanted);
    }

    TEST_CASE("history: 50 unless asked for, 500 at most, oldest first, bounded by ids") {
        ChatFixture fixture(without_limits());
        ChatClient ann = fixture.member("ann");
        CHECK(ids_of(ann.ask(R"({"type":"get_history"})")).empty());
        CHECK(ann.ask(R"({"type":"get_history"})")["has_more"].boolean() == false);
        fill(ann, 501);
        struct Case {
            const char* fields;
            std::int64_t first;
            std::int64_t last;
            bool has_more;
        };
        const std::vector<Case> cases = {
            {"", 452, 501, true},
            {R"(,"limit":1)", 501, 501, true},
            {R"(,"limit":500)", 2, 501, true},
            {R"(,"limit":501)", 2, 501, true},
            {R"(,"limit":1000000000000)", 2, 501, true},
            {R"(,"limit":500,"after_id":1)", 2, 501, false},
            {R"(,"limit":500,"after_id":0)", 1, 500, true},
            {R"(,"limit":10,"after_id":500)", 501, 501, false},
            {R"(,"after_id":501)", 1, 0, false},
            {R"(,"after_id":9223372036854775807)", 1, 0, false},
            {R"(,"before_id":51)", 1, 50, false},
            {R"(,"before_id":52)", 2, 51, true},
            {R"(,"before_id":1)", 1, 0, false},
            {R"(,"before_id":0)", 1, 0, false},
            {R"(,"before_id":9223372036854775807,"limit":2)", 500, 501, true},
            {R"(,"before_id":20,"after_id":10)", 11, 19, false},
            {R"(,"before_id":20,"after_id":10,"limit":4)", 11, 14, true},
            {R"(,"before_id":10,"after_id":20)", 1, 0, false},
        };
        for (const Case& each : cases) {
            CAPTURE(each.fields);
            const auto page = ann.ask(fmt::format(R"({{"type":"get_history"{}}})", each.fields));
            CHECK(ids_of(page) == from_to(each.first, each.last));
            CHECK(page["has_more"].boolean() == each.has_more);
        }
    }

    TEST_CASE("a page of the history has at most 512 KiB, and pages join without a gap") {
        test::ChatFixtureOptions options = without_limits();
        options.server.room.tail.messages_max = 10;  // most of it comes from the database
        ChatFixture fixture(options);
        ChatClient ann = fixture.member("ann");
        constexpr int count = 60;
        for (int i = 0; i < count; ++i) {
            ann.send(say(many("\\u0001", 4'000)));  // 24,000 bytes as JSON
            REQUIRE(type_of(ann.read()) == "new_message");
        }
        std::vector<std::int64_t> seen;
        bool has_more = true;
        int pages = 0;
        while (has_more) {
            const auto page =
                ann.ask(fmt::format(R"({{"type":"get_history","limit":500,"after_id":{}}})",
                                    seen.empty() ? 0 : seen.back()));
            CHECK(page.text().size() <= 512 * 1024 + 1'024);
            for (const auto id : ids_of(page)) {
                seen.push_back(id);
            }
            has_more = page["has_more"].boolean().value_or(false);
            REQUIRE(++pages < count);
        }
        CHECK(seen == from_to(1, count));
        CHECK(pages == 3);
    }

    TEST_CASE("a second login takes the place of the first, a refused one changes nothing") {
        ChatFixture fixture;
        fixture.member("bob");
        ChatClient client = fixture.member("ann");
        CHECK(code_of(client.ask(account_line("login", "bob", "wrong"))) == "bad_credentials");
        CHECK(client.ask(say("as ann", R"(,"sender":"Ann")"))["sender"].string() == "ann");
        CHECK(client.ask(account_line("login", "BOB", "secret"))["username"].string() == "bob");
        CHECK(code_of(client.ask(say("as ann", R"(,"sender":"ann")"))) == "wrong_sender");
        CHECK(client.ask(say("as bob"))["sender"].string() == "bob");
        CHECK(client.ask(R"({"type":"who"})")["users"].text() == R"(["bob"])");
        client.ask(R"({"type":"logout"})");
        CHECK(client.ask(account_line("login", "ann", "secret"))["status"].string() == "success");
        CHECK(client.ask(say("again"))["sender"].string() == "ann");
    }

    TEST_CASE(
        "who is logged in hears, who is not or has left does not; a user may be there twice") {
        ChatFixture fixture;
        ChatClient ann = fixture.member("ann");
        ChatClient other = fixture.member("ann");
        ChatClient stranger(fixture.port());
        CHECK(type_of(stranger.ask(R"({"type":"ping"})")) == "pong");
        CHECK(ann.ask(R"({"type":"who"})").text() ==
              R"({"type":"who_response","users":["ann"],"count":1})");
        ann.send(say("one"));
        CHECK(ann.read()["id"].integer() == 1);
        CHECK(other.read()["id"].integer() == 1);
        CHECK(other.ask(R"({"type":"logout"})")["status"].string() == "success");
        CHECK(ann.ask(say("two"))["id"].integer() == 2);
        // The next thing that the two hear is the answer to what they ask now.
        CHECK(type_of(other.ask(R"({"type":"ping"})")) == "pong");
        CHECK(type_of(stranger.ask(R"({"type":"ping"})")) == "pong");
    }

    TEST_CASE("a login tells the last id before it; from there on nothing is missed or doubled") {
        ChatFixture fixture;
        ChatClient ann = fixture.member("ann");
        fill(ann, 3);
        ChatClient bob(fixture.port());
        bob.ask(account_line("register", "bob", "secret"));
        const auto login = bob.ask(account_line("login", "bob", "secret"));
        CHECK(login["last_id"].integer() == 3);
        CHECK(ann.ask(say("four"))["id"].integer() == 4);
        CHECK(bob.read()["id"].integer() == 4);
        const auto page = bob.ask(R"({"type":"get_history","after_id":0,"before_id":4})");
        CHECK(ids_of(page) == from_to(1, 3));
    }

    TEST_CASE("stopping waits for what was accepted: stored, told, and only then good-bye") {
        ChatFixture fixture;
        ChatClient ann = fixture.member("ann");
        ChatClient bob = fixture.member("bob");
        fixture.on_loop([&] {
            fixture.store.hold_appends();
            return true;
        });
        ann.send_bytes(say("first", R"(,"client_ref":1)") + "\n" +
                       say("second", R"(,"client_ref":2)") + "\n");
        while (fixture.on_loop([&] { return fixture.server().room().accepted(); }) < 2) {
        }
        fixture.begin_stop();
        fixture.on_loop([&] {
            fixture.store.release_appends();
            return true;
        });
        for (ChatClient* client : {&ann, &bob}) {
            CHECK(client->read()["id"].integer() == 1);
            CHECK(client->read()["id"].integer() == 2);
            CHECK(code_of(client->read()) == "stopping");
            CHECK_FALSE(client->read().exists());
        }
        { const ChatClient a = std::move(ann), b = std::move(bob); }
        fixture.stop();
        CHECK(fixture.store.appends() == 2);
    }

    TEST_CASE("a place that was refused is there again when somebody has left") {
        test::ChatFixtureOptions options;
        options.server.lines.connections_max = 1;
        ChatFixture fixture(options);
        {
            ChatClient first(fixture.port());
            CHECK(type_of(first.ask(R"({"type":"ping"})")) == "pong");
            ChatClient second(fixture.port());
            CHECK(code_of(second.read()) == "too_many_connections");
        }
        while (fixture.on_loop([&] { return fixture.server().stats().connections; }) > 0) {
        }
        ChatClient third(fixture.port());
        CHECK(type_of(third.ask(R"({"type":"ping"})")) == "pong");
    }

    TEST_CASE("a line of 1 GB is not taken: its sender is told and closed, memory stays bounded") {
        ChatFixture fixture;
        ChatClient ann = fixture.member("ann");
        ChatClient hostile(fixture.port());
        const std::string part(64 * 1024, 'x');
        std::size_t sent = 0;
        while (sent < std::size_t{1'000'000'000} && hostile.send_bytes(part)) {
            sent += part.size();
        }
        // What it could send before it heard of the end: its line, what is dropped while it
        // lingers, and what fits into the kernel's buffers.
        CHECK(sent < std::size_t{64} * 1024 * 1024);
        CHECK(type_of(ann.ask(R"({"type":"ping"})")) == "pong");
        ChatClient told(fixture.port());
        told.send_bytes(std::string(70'000, 'x'));
        CHECK(code_of(told.read()) == "line_too_long");
        CHECK_FALSE(told.read().exists());
    }

    TEST_CASE("who was let go for reading too slowly catches up by history, without a gap") {
        test::ChatFixtureOptions options = without_limits();
        options.server.lines.output_bytes_max = 64 * 1024;
        ChatFixture fixture(options);
        ChatClient ann = fixture.member("ann");
        ChatClient slow(fixture.port(), 4'096);
        slow.ask(account_line("register", "slow", "secret"));
        slow.ask(account_line("login", "slow", "secret"));
        const std::string text(4'000, 'x');
        std::int64_t sent = 0;
        while (fixture.on_loop([&] { return fixture.server().stats().overflows; }) == 0) {
            REQUIRE(ann.ask(say(text))["id"].integer() == ++sent);
            REQUIRE(sent < 10'000);
        }
        std::vector<std::int64_t> seen;
        json::Value line = slow.read();
        for (; type_of(line) == "new_message"; line = slow.read()) {
            seen.push_back(line["id"].integer().value_or(0));
        }
        CHECK(code_of(line) == "too_slow");
        ChatClient again(fixture.port());
        again.ask(account_line("login", "slow", "secret"));
        bool has_more = true;
        while (has_more) {
            const auto page =
                again.ask(fmt::format(R"({{"type":"get_history","limit":7,"after_id":{}}})",
                                      seen.empty() ? 0 : seen.back()));
            for (const auto id : ids_of(page)) {
                seen.push_back(id);
            }
            has_more = page["has_more"].boolean().value_or(false);
        }
        CHECK(seen == from_to(1, sent));
    }
}
