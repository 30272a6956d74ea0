#include "courseselect/chat/client.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "chat_fixture.hpp"
#include "support/run.hpp"

using namespace courseselect;
using test::ChatClient;
using test::ChatFixture;

namespace {

/// Keeps what it hears and ends the client when it has heard enough.
class Recorder final : public chat::ClientEvents {
  public:
    void on_message(const chat::ToldMessage& message) override {
        messages.push_back(message);
        stop_if(messages.size() == stop_after);
    }
    void on_online(const std::string& username) override {
        names.push_back(username);
        for (const std::string& text : say_online) {
            client->say(text);
        }
        client->ask_users();
    }
    void on_offline(const std::string& why, std::chrono::milliseconds wait) override {
        offline.push_back(why);
        waits.push_back(wait);
        stop_if(stop_after == 0 && offline.size() >= stop_after_offline);
    }
    void on_refused(const std::string& why, const std::string& text) override {
        refused.push_back(text + ": " + why);
        stop_if(refused.size() == stop_after_refused);
    }
    void on_unconfirmed(const std::string& text) override { unconfirmed.push_back(text); }
    void on_users(const std::vector<std::string>& list) override { users = list; }

    chat::Client* client = nullptr;
    std::size_t stop_after = 0;          // messages; 0: when it was offline often enough
    std::size_t stop_after_offline = 1;  // times
    std::size_t stop_after_refused = 0;
    std::vector<std::string> say_online;
    std::vector<chat::ToldMessage> messages;
    std::vector<std::string> names;
    std::vector<std::string> offline;
    std::vector<std::chrono::milliseconds> waits;
    std::vector<std::string> refused;
    std::vector<std::string> unconfirmed;
    std::vector<std::string> users;

  private:
    void stop_if(bool enough) {
        if (enough) {
            client->stop();
        }
    }
};

chat::ClientOptions options_for(std::uint16_t port) {
    chat::ClientOptions options;
    options.port = port;
    options.username = "bot";
    options.password = core::Secret("secret");
    options.makes_account = true;
    options.retry_min = std::chrono::milliseconds{1};
    return options;
}

/// Plays a server word for word, on a thread: each connection has its script. Where a script says
/// `expect`, it waits for a line of this type.
class ScriptedServer {
  public:
    struct Step {
        std::string expect;  ///< type of a line to wait for; empty: none
        std::string say;     ///< line to send then; empty: none
    };
    using Script = std::vector<Step>;

    explicit ScriptedServer(std::vector<Script> scripts)
        : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
        ::sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* const generic = static_cast<::sockaddr*>(static_cast<void*>(&address));
        ::socklen_t size = sizeof address;
        REQUIRE(::bind(listener_, generic, size) == 0);
        REQUIRE(::listen(listener_, 8) == 0);
        REQUIRE(::getsockname(listener_, generic, &size) == 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this, scripts = std::move(scripts)] {
            for (const Script& script : scripts) {
                play(script);
            }
        });
    }
    ~ScriptedServer() {
        finish();
        ::close(listener_);
    }
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// Every line that came, in order. The server is over with this.
    [[nodiscard]] const std::vector<std::string>& heard() {
        finish();
        return heard_;
    }

  private:
    void finish() {
        if (thread_.joinable()) {
            ::shutdown(listener_, SHUT_RDWR);
            thread_.join();
        }
    }
    void play(const Script& script) {
        const int connection = ::accept(listener_, nullptr, nullptr);
        if (connection < 0) {
            return;
        }
        bool is_open = true;
        for (const Step& step : script) {
            while (is_open && !step.expect.empty()) {
                const std::string line = read_line(connection);
                is_open = !line.empty();
                heard_.push_back(line);
                if (line.find("\"type\":\"" + step.expect + '"') != std::string::npos) {
                    break;
                }
            }
            const std::string text = step.say + "\n";
            if (is_open && !step.say.empty()) {
                ::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
            }
        }
        ::close(connection);
    }
    /// Empty when the client has closed.
    static std::string read_line(int connection) {
        std::string line;
        char byte = 0;
        while (::recv(connection, &byte, 1, 0) == 1 && byte != '\n') {
            line += byte;
        }
        return line;
    }

    int listener_;
    std::uint16_t port_ = 0;
    std::vector<std::string> heard_;
    std::thread thread_;
};

const std::string welcome =
    R"({"type":"login_response","status":"success","user_id":1,"username":"bot"})";
const std::string empty_history = R"({"type":"history_response","messages":[],"has_more":false})";

std::string told(int id, const std::string& sender, const std::string& text) {
    return R"({"type":"new_message","id":)" + std::to_string(id) + R"(,"sender":")" + sender +
           R"(","message":")" + text + R"(","timestamp":"2026-01-15T10:30:00"})";
}

std::string page_of(int first, int last, bool has_more) {
    std::string line = R"({"type":"history_response","messages":[)";
    for (int id = first; id <= last; ++id) {
        const std::string message = told(id, "ann", "text");
        line += (id > first ? ",{" : "{") + message.substr(message.find("\"id\""));
    }
    return line + (has_more ? R"(],"has_more":true})" : R"(],"has_more":false})");
}

std::vector<std::int64_t> ids_of(const std::vector<chat::ToldMessage>& messages) {
    std::vector<std::int64_t> ids;
    for (const auto& message : messages) {
        ids.push_back(message.id);
    }
    return ids;
}

async::Task<> run_client(chat::Client& client, core::Result<>& outcome) {
    outcome = co_await client.run();
}

crypto::RandomSource& any_random() {
    static crypto::SystemRandomSource source;
    return source;
}

/// Always the same bytes.
class SteadyRandom final : public crypto::RandomSource {
  public:
    explicit SteadyRandom(unsigned char byte) : byte_(byte) {}
    void fill(std::span<unsigned char> to) override { std::ranges::fill(to, byte_); }

  private:
    unsigned char byte_;
};

using Milliseconds = std::chrono::milliseconds;

/// How long a client waits between its attempts at a server that is not there.
std::vector<Milliseconds> waits_with(crypto::RandomSource& random, std::uint16_t closed_port) {
    async::EventLoop loop;
    Recorder recorder;
    recorder.stop_after_offline = 5;
    chat::ClientOptions options = options_for(closed_port);
    options.retry_min = Milliseconds{4};
    options.retry_max = Milliseconds{20};
    chat::Client client(loop, options, recorder, random);
    recorder.client = &client;
    core::Result<> outcome;
    test::run(loop, run_client(client, outcome));
    CHECK(outcome);
    return recorder.waits;
}

std::uint16_t closed_port() {
    ChatFixture gone;
    return gone.port();
}

}  // namespace

TEST_SUITE("chat/client") {
    TEST_CASE("it makes an account, gets the history and what comes, and confirms what it says") {
        ChatFixture fixture;
        ChatClient ann = fixture.member("ann");
        ann.ask(R"({"type":"send_message","message":"before"})");
        async::EventLoop loop;
        Recorder recorder;
        chat::Client client(loop, options_for(fixture.port()), recorder, any_random());
        recorder.client = &client;
        recorder.stop_after = 3;
        recorder.say_online = {"hello"};
        client.say("said before it was online");
        core::Result<> outcome;
        test::run(loop, run_client(client, outcome));
        CHECK(outcome);
        CHECK(recorder.names == std::vector<std::string>{"bot"});
        REQUIRE(recorder.messages.size() == 3);
        CHECK(recorder.messages[0].text == "before");
        CHECK(recorder.messages[0].is_history);
        CHECK(recorder.messages[1].text == "hello");
        CHECK(recorder.messages[1].is_own);
        CHECK(recorder.messages[2].text == "said before it was online");
        CHECK(client.unconfirmed() == 0);
        CHECK(recorder.offline.empty());
    }

    TEST_CASE("a refused login ends it with the server's words") {
        ChatFixture fixture;
        fixture.member("bot");
        async::EventLoop loop;
        Recorder recorder;
        auto options = options_for(fixture.port());
        options.password = core::Secret("wrong");
        chat::Client client(loop, options, recorder, any_random());
        recorder.client = &client;
        core::Result<> outcome;
        test::run(loop, run_client(client, outcome));
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().reason() == "login_refused");
        CHECK(outcome.error().detail() ==
              "Wrong username or password (username: The name is taken, choose another one)");
    }

    TEST_CASE("who was online when there was no message yet misses none of those said meanwhile") {
        ScriptedServer server({{{"login", welcome}, {"get_history", empty_history}},
                               {{"login", welcome},
                                {"get_history", page_of(1, 500, true)},
                                {"get_history", page_of(501, 600, false)},
                                {"who", told(601, "ann", "later")},
                                {"nothing", ""}}});
        async::EventLoop loop;
        Recorder recorder;
        chat::Client client(loop, options_for(server.port()), recorder, any_random());
        recorder.client = &client;
        recorder.stop_after = 601;
        core::Result<> outcome;
        test::run(loop, run_client(client, outcome));
        CHECK(outcome);
        REQUIRE(recorder.messages.size() == 601);
        for (std::size_t i = 0; i < 601; ++i) {
            REQUIRE(recorder.messages[i].id == static_cast<std::int64_t>(i) + 1);
        }
        CHECK(recorder.messages[599].is_history);
        CHECK_FALSE(recorder.messages[600].is_history);
    }

    TEST_CASE("what is told before the history's answer is in that answer, and shown once") {
        ScriptedServer server({{{"login", welcome},
                                {"get_history", told(7, "ann", "text")},
                                {"", page_of(6, 7, true)},
                                {"", told(8, "ann", "text")},
                                {"nothing", ""}}});
        async::EventLoop loop;
        Recorder recorder;
        chat::Client client(loop, options_for(server.port()), recorder, any_random());
        recorder.client = &client;
        recorder.stop_after = 3;
        core::Result<> outcome;
        test::run(loop, run_client(client, outcome));
        CHECK(ids_of(recorder.messages) == std::vector<std::int64_t>{6, 7, 8});
    }

    TEST_CASE(
        "of what was said when the connection broke, what is stored counts, the rest is told") {
        const std::string own = told(3, "bot", "kept");
        const auto unknown = [](int ref) {
            return R"({"type":"error","message":"?","code":"outcome_unknown","client_ref":)" +
                   std::to_string(ref) + '}';
        };
        ScriptedServer server(
            {{{"login", welcome},
              {"get_history", page_of(1, 2, false)},
              {"send_message", unknown(1)},  // the server may say so before it goes
              {"send_message", unknown(2)}},
             {{"login", welcome},
              {"get_history", R"({"type":"history_response","messages":[{)" +
                                  own.substr(own.find("\"id\"")) + R"(],"has_more":false})"},
              {"who", told(4, "ann", "end")},
              {"nothing", ""}}});
        async::EventLoop loop;
        Recorder recorder;
        chat::Client client(loop, options_for(server.port()), recorder, any_random());
        recorder.client = &client;
        recorder.stop_after = 4;
        client.say("kept");
        client.say("lost");
        core::Result<> outcome;
        test::run(loop, run_client(client, outcome));
        CHECK(ids_of(recorder.messages) == std::vector<std::int64_t>{1, 2, 3, 4});
        CHECK(recorder.unconfirmed == std::vector<std::string>{"lost"});
        CHECK(recorder.refused.empty());
        CHECK(client.unconfirmed() == 0);
    }

    TEST_CASE("an account is made once, and the server's good-bye is a reason, no refusal") {
        ScriptedServer server(
            {{{"login", welcome},
              {"get_history", empty_history},
              {"", R"({"type":"error","message":"Long words","code":"stopping"})"}},
             {{"login", welcome}, {"get_history", page_of(1, 1, false)}, {"nothing", ""}}});
        async::EventLoop loop;
        Recorder recorder;
        chat::Client client(loop, options_for(server.port()), recorder, any_random());
        recorder.client = &client;
        recorder.stop_after = 1;
        core::Result<> outcome;
        test::run(loop, run_client(client, outcome));
        CHECK(recorder.refused.empty());
        CHECK(recorder.offline == std::vector<std::string>{"The server is stopping"});
        const std::vector<std::string>& heard = server.heard();
        const auto registrations = std::count_if(
            heard.begin(), heard.end(),
            [](const std::string& line) { return line.find("register") != std::string::npos; });
        CHECK(registrations == 1);
    }

    TEST_CASE("a server that is silent from one ping to the next is given up") {
        ScriptedServer server(
            {{{"login", welcome}, {"get_history", empty_history}, {"ping", ""}, {"nothing", ""}}});
        async::EventLoop loop;
        Recorder recorder;
        auto options = options_for(server.port());
        options.ping_interval = std::chrono::milliseconds{200};
        chat::Client client(loop, options, recorder, any_random());
        recorder.client = &client;
        core::Result<> outcome;
        test::run(loop, run_client(client, outcome));
        CHECK(recorder.offline == std::vector<std::string>{"The server does not answer"});
    }

    TEST_CASE("a token whose time is over ends it; a busy server is tried again") {
        const std::string busy =
            R"({"type":"login_response","status":"error","message":"Busy","code":"busy"})";
        ScriptedServer server(
            {{{"login", busy}, {"nothing", ""}},
             {{"login", welcome},
              {"get_history", empty_history},
              {"", R"({"type":"error","message":"It has expired","code":"login_expired"})"},
              {"nothing", ""}}});
        async::EventLoop loop;
        Recorder recorder;
        chat::Client client(loop, options_for(server.port()), recorder, any_random());
        recorder.client = &client;
        recorder.stop_after = 99;
        core::Result<> outcome;
        test::run(loop, run_client(client, outcome));
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().reason() == "login_expired");
        CHECK(recorder.offline == std::vector<std::string>{"Busy"});
    }

    TEST_CASE("what makes too long a line is refused here, and what waits behind it is sent") {
        ChatFixture fixture;
        async::EventLoop loop;
        Recorder recorder;
        chat::Client client(loop, options_for(fixture.port()), recorder, any_random());
        recorder.client = &client;
        recorder.stop_after = 1;
        client.say(std::string(70'000, 'x'));
        client.say("after");
        CHECK(client.unconfirmed() == 2);
        core::Result<> outcome;
        test::run(loop, run_client(client, outcome));
        REQUIRE(recorder.refused.size() == 1);
        CHECK(recorder.refused[0].ends_with("message: Use at most 4000 characters"));
        REQUIRE(recorder.messages.size() == 1);
        CHECK(recorder.messages[0].text == "after");
        CHECK(recorder.offline.empty());
    }

    TEST_CASE("a message that the server refuses is told with its text") {
        ChatFixture fixture;
        async::EventLoop loop;
        Recorder recorder;
        chat::Client client(loop, options_for(fixture.port()), recorder, any_random());
        recorder.client = &client;
        recorder.stop_after_refused = 1;
        client.say(std::string(4'001, 'x'));
        core::Result<> outcome;
        test::run(loop, run_client(client, outcome));
        REQUIRE(recorder.refused.size() == 1);
        CHECK(recorder.refused[0].starts_with("xxx"));
        CHECK(recorder.refused[0].find("message: ") != std::string::npos);
        CHECK(client.unconfirmed() == 0);
    }

    TEST_CASE("a server that is not there is tried again until the client is stopped") {
        const std::uint16_t port = closed_port();
        async::EventLoop loop;
        Recorder recorder;
        chat::Client client(loop, options_for(port), recorder, any_random());
        recorder.client = &client;
        core::Result<> outcome;
        test::run(loop, run_client(client, outcome));
        CHECK(outcome);
        CHECK(recorder.offline.size() == 1);
    }

    TEST_CASE("it waits twice as long each time, and by chance half of that or all") {
        const std::uint16_t port = closed_port();
        const auto in_ms = [](std::vector<int> numbers) {
            return std::vector<Milliseconds>(numbers.begin(), numbers.end());
        };
        SteadyRandom least(0);
        CHECK(waits_with(least, port) == in_ms({2, 4, 8, 10, 10}));
        SteadyRandom most(255);
        CHECK(waits_with(most, port) == in_ms({4, 8, 16, 20, 20}));
        crypto::SeededRandomSource one(1);
        crypto::SeededRandomSource other(2);
        CHECK(waits_with(one, port) != waits_with(other, port));
    }
}
