#pragma once
/// Clients that cost a server as much as they can; each on a thread of its own.

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace courseselect::bench {

/// A connected socket to this machine; throws std::runtime_error.
[[nodiscard]] int connect_to(std::uint16_t port);

/// One that logs in and never reads, one that sends a byte a second, one with a line of 1 GB, two
/// that flood with questions, one with bytes that are not UTF-8. Whoever is closed connects again.
class HostileClients {
  public:
    HostileClients() = default;
    ~HostileClients() { stop(); }
    HostileClients(const HostileClients&) = delete;
    HostileClients& operator=(const HostileClients&) = delete;

    void start(std::uint16_t port);
    void stop();

  private:
    /// Sends `bytes` over and over, after `pause_ms` each time, on connections that begin with
    /// `greeting`.
    void misbehave(std::string greeting, std::string bytes, int pause_ms);
    void remember(int descriptor);
    void forget(int descriptor);

    std::uint16_t port_ = 0;
    std::atomic<bool> stopping_{false};
    std::mutex mutex_;
    std::vector<int> open_;
    std::vector<std::thread> threads_;
};

}  // namespace courseselect::bench
