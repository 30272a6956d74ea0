#pragma once
/// The settings that hold now, and a bell for whoever must hear of changes.

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/nodes/control/settings.hpp"

namespace courseselect::nodes::accounts {

/// Thread-safety: the loop's thread.
class ControlState {
  public:
    ControlState(async::EventLoop& loop, Settings settings)
        : loop_(loop), settings_(std::move(settings)) {}

    /// 0: what the configuration says; nobody has changed anything.
    [[nodiscard]] std::int64_t version() const { return version_; }
    [[nodiscard]] const Settings& settings() const { return settings_; }
    /// Calls `listener` now and whenever the settings are replaced.
    void subscribe(std::function<void(const Settings&)> listener);
    /// Other settings hold from now on; tells the listeners and rings the bell.
    void replace(Settings settings, std::int64_t version);

    /// Rings the bell: settings were replaced, or tokens were taken back.
    void announce();
    /// Grows with every ring.
    [[nodiscard]] std::uint64_t changes() const { return changes_; }
    /// Waits until the bell has rung since `seen`, or `at_most`. False: it has not.
    [[nodiscard]] async::Task<bool> wait_for_change(std::uint64_t seen,
                                                    std::chrono::milliseconds at_most);
    /// The node is about to stop: nobody waits any more.
    void close();

  private:
    async::EventLoop& loop_;
    Settings settings_;
    std::int64_t version_ = 0;
    std::uint64_t changes_ = 0;
    std::vector<std::function<void(const Settings&)>> listeners_;
    bool is_closed_ = false;
    std::stop_source bell_;  ///< of those who wait now; replaced at every ring
};

}  // namespace courseselect::nodes::accounts
