// A bot for the chat server in a few lines: it answers "!roll" with a die, and "!echo words" with
// the words. It comes back by itself when the server restarts, and answers nothing twice: the
// client tells each message once, and what was said while it was away is history.
//
//   chat_bot HOST PORT NAME PASSWORD

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <charconv>
#include <cstdio>
#include <string>
#include <utility>

#include "courseselect/async/task_group.hpp"
#include "courseselect/chat/client.hpp"
#include "courseselect/crypto/random.hpp"

using namespace courseselect;

namespace {

class Bot final : public chat::ClientEvents {
  public:
    Bot(async::EventLoop& loop, chat::ClientOptions options)
        : client_(loop, std::move(options), *this, random_) {}

    void on_message(const chat::ToldMessage& message) override {
        if (message.is_own || message.is_history) {
            return;
        }
        if (message.text == "!roll") {
            const int pips = 1 + random_.array<1>()[0] % 6;
            client_.say(message.sender + " rolls " + std::to_string(pips));
        } else if (message.text.starts_with("!echo ")) {
            client_.say(message.text.substr(6));
        }
    }
    void on_online(const std::string& username) override {
        std::printf("online as %s\n", username.c_str());
        std::fflush(stdout);
    }
    void on_offline(const std::string& why, std::chrono::milliseconds /*wait*/) override {
        std::printf("offline: %s\n", why.c_str());
        std::fflush(stdout);
    }

    chat::Client& client() { return client_; }

  private:
    crypto::SystemRandomSource random_;
    chat::Client client_;
};

async::Task<> run(async::EventLoop& loop, Bot& bot, asio::signal_set& ends, int& exit_code) {
    const auto ended = co_await bot.client().run();
    if (!ended) {
        std::fprintf(stderr, "chat_bot: %s\n", ended.error().detail().c_str());
        exit_code = 1;
    }
    ends.cancel();
    loop.stop();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::fprintf(stderr, "Usage: chat_bot HOST PORT NAME PASSWORD\n");
        return 2;
    }
    chat::ClientOptions options;
    options.host = argv[1];
    const std::string port = argv[2];
    std::from_chars(port.data(), port.data() + port.size(), options.port);
    options.username = argv[3];
    options.password = core::Secret(argv[4]);
    options.makes_account = true;

    async::EventLoop loop;
    Bot bot(loop, std::move(options));
    asio::signal_set ends(loop.context(), SIGTERM, SIGINT);
    ends.async_wait([&bot](const asio::error_code& error, int) {
        if (!error) {
            bot.client().stop();
        }
    });
    int exit_code = 0;
    async::TaskGroup group(loop);
    loop.post([&] { group.spawn(run(loop, bot, ends, exit_code)); });
    loop.run();
    while (group.running() > 0) {
        loop.poll();
    }
    loop.poll();  // the cancelled wait
    return exit_code;
}
