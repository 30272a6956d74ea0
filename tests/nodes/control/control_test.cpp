#include "courseselect/nodes/control/control.hpp"

#include <doctest/doctest.h>

#include <deque>

#include "../../support/run.hpp"
#include "courseselect/crypto/random.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/nodes/wire/control.hpp"

namespace courseselect::nodes {
namespace {

using async::Task;
using std::chrono::milliseconds;

/// Answers from a script; after its end it has no news.
class ScriptedAuthNode final : public net::http::Client {
  public:
    struct Script {
        std::deque<core::Result<net::http::ClientResponse>> answers;
        std::vector<std::string> asked;
    };
    ScriptedAuthNode(async::EventLoop& loop, Script& script) : loop_(loop), script_(script) {}

    Task<core::Result<net::http::ClientResponse>> send(net::http::ClientRequest request,
                                                       milliseconds) override {
        script_.asked.push_back(request.target);
        co_await async::yield(loop_);
        if (script_.answers.empty()) {
            co_await async::sleep_for(loop_, milliseconds(1));
            co_return core::Error(core::Errc::unavailable, "away");
        }
        auto answer = std::move(script_.answers.front());
        script_.answers.pop_front();
        co_return answer;
    }

  private:
    async::EventLoop& loop_;
    Script& script_;
};

net::http::ClientResponse answer(const wire::ControlState& state) {
    net::http::ClientResponse response;
    response.status = 200;
    response.body = json::to_text(state);
    return response;
}

struct ControlFixture {
    async::EventLoop loop;
    core::ManualClock clock;
    crypto::SeededRandomSource random{1};
    Runtime runtime{loop, clock, random};
    Control control{runtime, {.internal_token = "t", .retry = milliseconds(1)}};
    ScriptedAuthNode::Script script;

    Task<> follow_script() {
        control.connect(std::make_unique<ScriptedAuthNode>(loop, script));
        control.start();
        while (!script.answers.empty()) {
            co_await async::sleep_for(loop, milliseconds(1));
        }
        co_await control.stop();
    }
};

wire::ControlState news(std::int64_t version, int attempts_max) {
    wire::ControlState state;
    state.settings_version = version;
    state.settings.emplace();
    state.settings->queue.attempts_max = attempts_max;
    return state;
}

}  // namespace

TEST_SUITE("nodes/control/control") {
    TEST_CASE_FIXTURE(ControlFixture, "new settings reach every listener once") {
        std::vector<int> seen;
        std::vector<int> seen_too;
        control.subscribe([&](const Settings& s) { seen.push_back(s.queue.attempts_max); });
        control.subscribe([&](const Settings& s) { seen_too.push_back(s.queue.attempts_max); });
        wire::ControlState nothing_new;
        nothing_new.settings_version = 1;
        script.answers = {answer(news(1, 3)), answer(nothing_new), answer(news(2, 4))};
        test::run(loop, follow_script());
        CHECK(seen == std::vector{3, 4});
        CHECK(seen_too == seen);
        CHECK(control.settings_version() == 2);
        CHECK(script.asked.at(0).find("settings_version=0&after=0") != std::string::npos);
        CHECK(script.asked.at(1).find("settings_version=1") != std::string::npos);
    }

    TEST_CASE_FIXTURE(ControlFixture, "revocations are taken over, and asked for from there on") {
        wire::ControlState state = news(1, 3);
        state.last = 7;
        state.revocations = {{.session = "s",
                              .user = {},
                              .at = clock.wall_now(),
                              .until = clock.wall_now() + std::chrono::hours(1)},
                             {.session = {},
                              .user = "student:1",
                              .at = clock.wall_now(),
                              .until = clock.wall_now() + std::chrono::hours(1)}};
        script.answers = {answer(state), answer(state)};
        test::run(loop, follow_script());
        CHECK(script.asked.at(1).find("after=7") != std::string::npos);
        auth::Claims claims;
        claims.principal.id = 2;
        claims.session_id = "s";
        CHECK_FALSE(control.revocations().admits(claims));
        claims.session_id = "other";
        CHECK(control.revocations().admits(claims));
        claims.principal.id = 1;
        CHECK_FALSE(control.revocations().admits(claims));
    }

    TEST_CASE_FIXTURE(ControlFixture, "what fails is asked again, and nothing known is lost") {
        int calls = 0;
        control.subscribe([&](const Settings&) { ++calls; });
        net::http::ClientResponse refused;
        refused.status = 503;
        net::http::ClientResponse rubbish;
        rubbish.status = 200;
        rubbish.body = "{";
        script.answers = {answer(news(1, 3)), core::Error(core::Errc::unavailable, "away"), refused,
                          rubbish, answer(news(2, 5))};
        test::run(loop, follow_script());
        CHECK(calls == 2);
        CHECK(control.settings_version() == 2);
    }
}

}  // namespace courseselect::nodes
