#pragma once
/// `Control`: follows the auth node's settings and revocations, for all nodes of a process.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "courseselect/async/task.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/net/http/client.hpp"
#include "courseselect/nodes/control/revocations.hpp"
#include "courseselect/nodes/control/settings.hpp"
#include "courseselect/nodes/node.hpp"

namespace courseselect::nodes {

struct ControlOptions {
    std::string internal_token;
    /// The auth node answers at once when there is news, else after this: then the same question
    /// is asked again. It also bounds how long `stop()` waits.
    std::chrono::milliseconds wait{1'000};
    std::chrono::milliseconds call_timeout{5'000};
    std::chrono::milliseconds retry{500};  ///< after a call that failed
};

/// Asks `GET /internal/control` again and again. A change reaches this process within one round
/// trip while the auth node can be reached. While it cannot, the last known settings hold, and
/// tokens taken back meanwhile work until they die (30 minutes for students).
/// Ownership: owns the client. Thread-safety: the loop's thread.
class Control {
  public:
    using Listener = std::function<void(const Settings&)>;

    Control(Runtime runtime, ControlOptions options);
    ~Control();
    Control(const Control&) = delete;
    Control& operator=(const Control&) = delete;

    /// Calls `listener` whenever the settings change, the first time when they are first known.
    void subscribe(Listener listener) { listeners_.push_back(std::move(listener)); }
    [[nodiscard]] const RevocationList& revocations() const { return revocations_; }
    /// 0: none seen yet.
    [[nodiscard]] std::int64_t settings_version() const { return settings_version_; }

    /// Where the auth node is; before `start()`.
    void connect(std::unique_ptr<net::http::Client> auth_node) {
        auth_node_ = std::move(auth_node);
    }
    /// Begins to follow.
    void start();
    [[nodiscard]] async::Task<> stop();

  private:
    static async::Task<> follow(Control& self);
    [[nodiscard]] async::Task<core::Result<>> ask();

    Runtime runtime_;
    ControlOptions options_;
    std::unique_ptr<net::http::Client> auth_node_;
    std::vector<Listener> listeners_;
    RevocationList revocations_;
    std::int64_t settings_version_ = 0;
    std::int64_t last_revocation_ = 0;
    async::TaskGroup tasks_;
};

}  // namespace courseselect::nodes
