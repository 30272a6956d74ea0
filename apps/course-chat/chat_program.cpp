#include "chat_program.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/chat/client.hpp"
#include "courseselect/core/config.hpp"
#include "screen.hpp"

namespace courseselect::apps {
namespace {

constexpr int exit_bad_usage = 2;
constexpr const char* help =
    "Type a message and press Enter. /who lists who is there, /quit or Ctrl-D leaves; a line that "
    "begins with // is sent with one /.";

/// Connects the client with the screen.
class Conversation final : public chat::ClientEvents {
  public:
    Conversation(async::EventLoop& loop, chat::ClientOptions options, Screen::Options screen)
        : client_(loop, std::move(options), *this),
          screen_(
              loop, screen, [this](std::string line) { take(std::move(line)); },
              [this] { end_input(); }),
          is_interactive_(screen.is_interactive) {}

    chat::Client& client() { return client_; }
    void close() { screen_.close(); }
    [[nodiscard]] bool was_refused() const { return was_refused_; }

    void on_message(const chat::ToldMessage& message) override {
        screen_.show(message);
        stop_if_done();
    }
    void on_online(const std::string& username) override {
        screen_.note("online as " + username +
                     (is_interactive_ && !has_been_online_ ? ", /help helps" : ""));
        has_been_online_ = true;
        stop_if_done();
    }
    void on_offline(const std::string& why, std::chrono::milliseconds wait) override {
        screen_.note(fmt::format("{}; trying again in {:.1f} s", why,
                                 std::chrono::duration<double>(wait).count()));
    }
    void on_refused(const std::string& why, const std::string& text) override {
        was_refused_ = true;
        screen_.note(text.empty() ? why : why + ": " + text);
        stop_if_done();
    }
    void on_unconfirmed(const std::string& text) override {
        screen_.note("not sent, the connection was lost: " + text);
        was_refused_ = true;
    }
    void on_users(const std::vector<std::string>& names) override {
        screen_.note(fmt::format("online: {}", fmt::join(names, ", ")));
        is_asking_ = false;
        stop_if_done();
    }

  private:
    void take(std::string line) {
        if (line == "/quit") {
            client_.stop();
        } else if (line == "/help") {
            screen_.note(help);
        } else if (line == "/who") {
            is_asking_ = client_.is_online();
            client_.ask_users();
        } else if (line.starts_with("//")) {
            say(line.substr(1));
        } else if (line.starts_with('/')) {
            screen_.note("There is no command " + line + "; /help tells which there are");
        } else if (!line.empty()) {
            say(std::move(line));
        }
    }
    void say(std::string text) {
        if (is_interactive_ && !client_.is_online()) {
            screen_.note("will be sent when online: " + text);
        }
        client_.say(std::move(text));
    }
    /// A script's last words are confirmed before we leave; a person who leaves has read them.
    void end_input() {
        has_ended_ = true;
        stop_if_done();
        if (is_interactive_) {
            client_.stop();
        }
    }
    void stop_if_done() {
        if (has_ended_ && client_.is_online() && client_.unconfirmed() == 0 && !is_asking_) {
            client_.stop();
        }
    }

    chat::Client client_;
    Screen screen_;
    bool is_interactive_;
    bool has_been_online_ = false;
    bool has_ended_ = false;
    bool is_asking_ = false;
    bool was_refused_ = false;
};

async::Task<> converse(async::EventLoop& loop, Conversation& conversation, asio::signal_set& ends,
                       int& exit_code) {
    const auto ended = co_await conversation.client().run();
    conversation.close();
    exit_code = ended && !conversation.was_refused() ? 0 : 1;
    if (!ended) {
        fmt::print(stderr, "course-chat: {}\n", ended.error().detail());
    }
    ends.cancel();
    loop.stop();
}

int run_conversation(chat::ClientOptions options, Screen::Options screen) {
    async::EventLoop loop;
    Conversation conversation(loop, std::move(options), screen);
    asio::signal_set ends(loop.context(), SIGINT, SIGTERM, SIGHUP);
    ends.async_wait([&conversation](const asio::error_code& error, int) {
        if (!error) {
            conversation.client().stop();
        }
    });
    int exit_code = 0;
    {
        async::TaskGroup group(loop);
        loop.post([&] { group.spawn(converse(loop, conversation, ends, exit_code)); });
        loop.run();
        while (group.running() > 0) {
            loop.poll();
        }
    }
    loop.poll();  // the cancelled waits
    return exit_code;
}

}  // namespace

int run_chat(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    chat::ClientOptions options;
    CLI::App app(
        "The chat in a terminal; without one, plain lines in and out. The password is asked for, "
        "or taken from COURSE_CHAT_PASSWORD; COURSE_CHAT_TOKEN logs in with an access token.\n"
        "NO_COLOR switches colours off.");
    app.add_option("name", options.username, "Your user name");
    app.add_option("--host", options.host, "Of the server")->capture_default_str();
    app.add_option("--port", options.port, "Of the server")->capture_default_str();
    app.add_option("--history", options.first_messages, "Messages to begin with")
        ->check(CLI::Range(1, 500))
        ->capture_default_str();
    app.add_flag("--register", options.makes_account, "Make the account first");
    CLI11_PARSE(app, argc, argv);
    core::Environment environment = core::Environment::of_process();
    options.password = environment.secret("COURSE_CHAT_PASSWORD");
    options.token = environment.secret("COURSE_CHAT_TOKEN");
    const Screen::Options screen{
        .is_interactive = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1,
        .has_colours = ::isatty(STDOUT_FILENO) == 1 && environment.text("NO_COLOR", "").empty()};
    if (options.token.empty() && options.username.empty()) {
        fmt::print(stderr, "course-chat: give a user name, or a token in COURSE_CHAT_TOKEN\n");
        return exit_bad_usage;
    }
    if (options.token.empty() && options.password.empty()) {
        options.password = core::Secret(ask_password("Password of " + options.username + ": "));
    }
    return run_conversation(std::move(options), screen);
}

}  // namespace courseselect::apps
