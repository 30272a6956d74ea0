#include "courseselect/nodes/auth/control_state.hpp"

#include <utility>

#include "courseselect/async/sleep.hpp"

namespace courseselect::nodes::accounts {

void ControlState::replace(Settings settings, std::int64_t version) {
    settings_ = std::move(settings);
    version_ = version;
    for (const auto& listener : listeners_) {
        listener(settings_);
    }
    announce();
}

void ControlState::subscribe(std::function<void(const Settings&)> listener) {
    listener(settings_);
    listeners_.push_back(std::move(listener));
}

void ControlState::announce() {
    ++changes_;
    std::exchange(bell_, std::stop_source()).request_stop();
}

async::Task<bool> ControlState::wait_for_change(std::uint64_t seen,
                                                std::chrono::milliseconds at_most) {
    if (changes_ == seen && !is_closed_) {
        co_await async::sleep_for(loop_, at_most, bell_.get_token());
    }
    co_return changes_ != seen;
}

void ControlState::close() {
    is_closed_ = true;
    bell_.request_stop();
}

}  // namespace courseselect::nodes::accounts
