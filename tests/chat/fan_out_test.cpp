// How a message for many is written.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "chat_fixture.hpp"

using namespace courseselect;
using test::ChatClient;
using test::ChatFixture;

namespace {

/// How many writes at most the server does before whatever else its loop has to do has its turn.
class TurnWatch {
  public:
    /// Watches the next `writes`.
    TurnWatch(ChatFixture& fixture, std::uint64_t writes) : fixture_(fixture) {
        fixture.on_loop([&] {
            seen_ = fixture_.server().stats().writes;
            last_ = seen_ + writes;
            look();
            return true;
        });
    }
    [[nodiscard]] std::uint64_t most() { return done_.get_future().get(); }

  private:
    void look() {
        const std::uint64_t writes = fixture_.server().stats().writes;
        most_ = std::max(most_, writes - std::exchange(seen_, writes));
        if (writes < last_) {
            fixture_.loop.post([this] { look(); });
        } else {
            done_.set_value(most_);
        }
    }

    ChatFixture& fixture_;
    std::uint64_t seen_ = 0;
    std::uint64_t last_ = 0;
    std::uint64_t most_ = 0;
    std::promise<std::uint64_t> done_;
};

}  // namespace

TEST_SUITE("chat/fan_out") {
    TEST_CASE("a message for many is written in pieces, between which others have their turn") {
        test::ChatFixtureOptions options;
        options.server.lines.flushes_per_turn_max = 3;
        ChatFixture fixture(options);
        std::vector<ChatClient> clients;
        for (int i = 0; i < 10; ++i) {
            clients.push_back(fixture.member("member" + std::to_string(i)));
        }
        TurnWatch watch(fixture, clients.size());
        clients[0].send(R"({"type":"send_message","message":"to all"})");
        CHECK(watch.most() == 3);
        for (ChatClient& client : clients) {
            CHECK(client.read()["message"].string() == "to all");
        }
    }
}
