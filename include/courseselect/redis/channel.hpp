#pragma once
/// `Channel`: a message for everybody who listens, in one order for all.

#include <string_view>

namespace courseselect::redis {

/// Is told what comes over a channel. Called from the loop, never from within a `Channel`'s call.
class ChannelObserver {
  public:
    /// From now on every message is heard.
    virtual void on_joined() = 0;
    /// Messages may be missed until `on_joined`. What was published and not heard yet may have
    /// reached others, or not.
    virtual void on_lost() = 0;
    /// A message of anybody, our own included. The view is valid during the call.
    virtual void on_message(std::string_view message) = 0;

  protected:
    ~ChannelObserver() = default;
};

/// Publish and subscribe on one name. All who have joined hear the same messages in the same
/// order; nothing is kept for those who have not. Joins again by itself after a loss.
/// Thread-safety: the loop's thread.
class Channel {
  public:
    virtual ~Channel() = default;
    /// Begins to join. Borrows the observer until `stop`. Call once.
    virtual void start(ChannelObserver& observer) = 0;
    /// False, and nothing is sent, when it has not joined. `message` must not be empty.
    virtual bool publish(std::string_view message) = 0;
    [[nodiscard]] virtual bool is_joined() const = 0;
    /// Leaves; the observer hears nothing any more.
    virtual void stop() = 0;
};

}  // namespace courseselect::redis
