#pragma once
/// Notes what comes over a channel.

#include <chrono>
#include <string>
#include <vector>

#include "courseselect/async/sleep.hpp"
#include "courseselect/redis/channel.hpp"
#include "support/run.hpp"

namespace courseselect::test {

/// "+" joined, "-" lost, else the message.
struct Listener final : redis::ChannelObserver {
    std::vector<std::string> heard;

    void on_joined() override { heard.emplace_back("+"); }
    void on_lost() override { heard.emplace_back("-"); }
    void on_message(std::string_view message) override { heard.emplace_back(message); }
    [[nodiscard]] bool has(const std::string& wanted) const {
        return !heard.empty() && heard.back() == wanted;
    }
};

template <class Question>
async::Task<> ask_until(async::EventLoop& loop, const Question& question) {
    while (!question()) {
        co_await async::sleep_for(loop, std::chrono::milliseconds(1));
    }
}

/// Runs the loop until the answer is yes; fails instead of waiting for ever.
template <class Question>
void run_until(async::EventLoop& loop, const Question& question) {
    run(loop, ask_until(loop, question));
}

}  // namespace courseselect::test
