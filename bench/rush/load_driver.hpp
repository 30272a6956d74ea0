#pragma once
/// A load generator: many keep-alive HTTP connections on loopback, one thread, one epoll.
///
/// Closed loop: a connection sends its next request when the last is answered. Open loop: requests
/// leave at a fixed rate whatever the answers do, and latency counts from the planned moment, so a
/// stall of the server is not hidden (coordinated omission).

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace courseselect::bench {

/// One answer as the driver saw it. `body` is valid during the call only.
struct Answer {
    std::size_t request = 0;  ///< index given to the source
    int status = 0;           ///< 0: the connection failed
    std::string_view body;
    std::chrono::nanoseconds latency{};
};

struct LoadOptions {
    std::uint16_t port = 0;  ///< TCP port on 127.0.0.1
    std::size_t connections = 64;
    double rate = 0;  ///< requests a second, open loop; 0: closed loop
    std::chrono::seconds time_max{120};
    /// Send a request again, on a new connection if need be, until it is answered below 500. For
    /// requests that may be repeated only: the first try may have been carried out.
    bool repeat_failures = false;
    std::chrono::milliseconds repeat_pause{20};  ///< before sending it again
};

class LoadDriver {
  public:
    /// Writes the whole request `index` (head and body) into `out`.
    using Source = std::function<void(std::size_t index, std::string& out)>;
    using Sink = std::function<void(const Answer&)>;

    explicit LoadDriver(LoadOptions options);
    ~LoadDriver();

    /// Sends requests 0 to count-1 and returns when all are answered or failed; throws
    /// std::runtime_error when the server cannot be reached or the time is up.
    void run(std::size_t count, const Source& source, const Sink& sink);

    /// The most requests that waited for a free connection (open loop): if it grows to the number
    /// of requests, the generator or the server is saturated.
    [[nodiscard]] std::size_t backlog_max() const;
    /// How often a request was sent again (`repeat_failures`).
    [[nodiscard]] std::size_t repeats() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace courseselect::bench
