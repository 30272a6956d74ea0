#pragma once
/// `Timers`: any number of deadlines on one timer of the system.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/function.hpp"

namespace courseselect::async {

/// Calls functions at their times, in the order of the times, each from the loop. Exact: it sets
/// the system's timer to the earliest deadline instead of looking around every so often. Times are
/// the injected clock's: after moving a `ManualClock` a test calls `run_due()`.
///
/// What is still waiting at destruction never runs. Thread-safety: the loop's thread.
class Timers {
  public:
    /// Names one waiting function; a default one names none.
    struct Handle {
        core::MonoTime when{};
        std::uint64_t number = 0;

        [[nodiscard]] explicit operator bool() const { return number != 0; }
    };

    Timers(EventLoop& loop, const core::Clock& clock);
    ~Timers();
    Timers(const Timers&) = delete;
    Timers& operator=(const Timers&) = delete;

    /// Calls `action` once, at `when` or as soon as possible afterwards, never from within.
    [[nodiscard]] Handle at(core::MonoTime when, core::UniqueFunction<void()> action);
    [[nodiscard]] Handle after(core::MonoTime::duration time, core::UniqueFunction<void()> action) {
        return at(clock_.mono_now() + time, std::move(action));
    }
    /// Forgets it and clears the handle; nothing happens when it has run already.
    void cancel(Handle& handle);

    /// Calls what is due now. Not from within a function that it calls.
    void run_due();
    /// Forgets all of them, and frees what they own.
    void clear();
    [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
    [[nodiscard]] core::MonoTime now() const { return clock_.mono_now(); }

  private:
    struct SystemTimer;
    void arm();

    const core::Clock& clock_;
    std::shared_ptr<SystemTimer> timer_;
    std::map<std::pair<core::MonoTime, std::uint64_t>, core::UniqueFunction<void()>> waiting_;
    std::uint64_t last_number_ = 0;
};

}  // namespace courseselect::async
