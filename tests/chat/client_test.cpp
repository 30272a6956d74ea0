#include "courseselect/chat/client.hpp"

#include <doctest/doctest.h>

#include <string>
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
    void on_offline(const std::string& why, std::chrono::milliseconds) override {
        offline.push_back(why);
        stop_if(stop_after == 0);
    }
    void on_refused(const std::string& why, const std::string& text) override {
        refused.push_back(text + ": " + why);
    }
    void on_users(const std::vector<std::string>& list) override { users = list; }

    chat::Client* client = nullptr;
    std::size_t stop_after = 0;
    std::vector<std::string> say_online;
    std::vector<chat::ToldMessage> messages;
    std::vector<std::string> names;
    std::vector<std::string> offline;
    std::vector<std::string> refused;
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

async::Task<> run_client(chat::Client& client, core::Result<>& outcome) {
    outcome = co_await client.run();
}

}  // namespace

TEST_SUITE("chat/client") {
    TEST_CASE("it makes an account, gets the history and what comes, and confirms what it says") {
        ChatFixture fixture;
        ChatClient ann = fixture.member("ann");
        ann.ask(R"({"type":"send_message","message":"before"})");
        async::EventLoop loop;
        Recorder recorder;
        chat::Client client(loop, options_for(fixture.port()), recorder);
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
        chat::Client client(loop, options, recorder);
        recorder.client = &client;
        core::Result<> outcome;
        test::run(loop, run_client(client, outcome));
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().reason() == "login_refused");
        CHECK(outcome.error().detail() == "Wrong username or password");
    }

    TEST_CASE("a server that is not there is tried again until the client is stopped") {
        std::uint16_t port = 0;
        {
            ChatFixture gone;
            port = gone.port();
        }
        async::EventLoop loop;
        Recorder recorder;
        chat::Client client(loop, options_for(port), recorder);
        recorder.client = &client;
        core::Result<> outcome;
        test::run(loop, run_client(client, outcome));
        CHECK(outcome);
        CHECK(recorder.offline.size() == 1);
    }
}
