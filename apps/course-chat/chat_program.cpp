#include "chat_program.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/chat/client.hpp"
#include "courseselect/core/config.hpp"
#include "courseselect/crypto/random.hpp"
#include "screen.hpp"

namespace courseselect::apps {
namespace {

constexpr int exit_bad_usage = 2;
constexpr int exit_interrupted = 130;  // as a shell reports Ctrl-C
constexpr std::size_t names_max = 1'000;
constexpr const char* help =
    "Type a message and press Enter. /who lists who is there, /quit or Ctrl-D leaves; a line that "
    "begins with // is sent with one /. Tab completes names, the arrow keys bring back what you "
    "typed, Ctrl-C throws it away.";

/// Connects the client with the screen.
class Conversation final : public chat::ClientEvents {
  public:
    Conversation(async::EventLoop& loop, chat::ClientOptions options, Screen::Options screen)
        : client_(loop, std::move(options), *this, random_),
          screen_(
              loop, screen, [this](std::string line) { take(std::move(line)); },
              [this](bool is_complete) { end_input(is_complete); }),
          is_interactive_(screen.is_interactive) {}

    chat::Client& client() { return client_; }
    void close() { screen_.close(); }
    /// Ctrl-C: first for the line being typed, if there is one, then for all of it.
    /// Returns: true when it is over.
    bool interrupt() {
        if (screen_.discard_typed()) {
            return false;
        }
        client_.stop();
        return true;
    }
    [[nodiscard]] bool was_refused() const { return was_refused_; }

    void on_message(const chat::ToldMessage& message) override {
        remember(message.sender);
        screen_.show(message);
        stop_if_done();
    }
    void on_online(const std::string& username) override {
        screen_.note("online as " + username +
                     (is_interactive_ && !has_been_online_ ? ", /help helps" : ""));
        has_been_online_ = true;
        last_why_.clear();
        screen_.set_prompt("> ");
        stop_if_done();
    }
    void on_offline(const std::string& why, std::chrono::milliseconds wait) override {
        is_asking_ = false;
        screen_.set_prompt("(offline) > ");
        // The prompt shows that it is still so; a screen full of attempts helps nobody.
        if (is_interactive_ && std::exchange(last_why_, why) == why) {
            return;
        }
        screen_.note(fmt::format("{}; trying again in {:.1f} s", why,
                                 std::chrono::duration<double>(wait).count()));
    }
    void on_refused(const std::string& why, const std::string& text) override {
        was_refused_ = !is_interactive_;
        screen_.note(text.empty() ? why : why + ": " + text);
        stop_if_done();
    }
    void on_unconfirmed(const std::string& text) override {
        was_refused_ = !is_interactive_;
        screen_.note("not sent, the connection was lost: " + text);
    }
    void on_users(const std::vector<std::string>& names) override {
        for (const std::string& name : names) {
            remember(name);
        }
        screen_.note(fmt::format("online: {}", fmt::join(names, ", ")));
        is_asking_ = false;
        stop_if_done();
    }

  private:
    void take(std::string line) {
        if (line.starts_with('/') && !line.starts_with("//")) {
            line.erase(line.find_last_not_of(' ') + 1);  // Tab ends a word with a blank
        }
        if (line == "/quit") {
            client_.stop();
        } else if (line == "/help") {
            screen_.note(help);
        } else if (line == "/who") {
            ask_users();
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
    void ask_users() {
        if (client_.is_online()) {
            is_asking_ = true;
            client_.ask_users();
        } else {
            screen_.note("Who is there can be asked when online");
        }
    }
    /// For Tab.
    void remember(const std::string& name) {
        if (is_interactive_ && names_.size() < names_max && names_.insert(name).second) {
            std::vector<std::string> words = {"/help", "/quit", "/who"};
            words.insert(words.end(), names_.begin(), names_.end());
            screen_.set_words(std::move(words));
        }
    }
    /// A script's last words are confirmed before we leave; a person who leaves has read them.
    void end_input(bool is_complete) {
        has_ended_ = true;
        was_refused_ = was_refused_ || !is_complete;
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

    crypto::SystemRandomSource random_;
    chat::Client client_;
    Screen screen_;
    bool is_interactive_;
    std::set<std::string> names_;
    std::string last_why_;  // of being offline
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

void watch_signals(asio::signal_set& ends, Conversation& conversation) {
    ends.async_wait([&ends, &conversation](const asio::error_code& error, int number) {
        if (error) {
            return;
        }
        if (number != SIGINT) {
            conversation.client().stop();
        } else if (!conversation.interrupt()) {
            watch_signals(ends, conversation);
        }
    });
}

int run_conversation(chat::ClientOptions options, Screen::Options screen) {
    async::EventLoop loop;
    Conversation conversation(loop, std::move(options), screen);
    asio::signal_set ends(loop.context(), SIGINT, SIGTERM, SIGHUP);
    watch_signals(ends, conversation);
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
    use_utf8();
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
        const auto password = ask_password("Password of " + options.username + ": ");
        if (!password) {
            return exit_interrupted;
        }
        options.password = core::Secret(*password);
    }
    return run_conversation(std::move(options), screen);
}

}  // namespace courseselect::apps
