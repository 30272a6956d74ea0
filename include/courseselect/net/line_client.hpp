#pragma once
/// The client's side of a line protocol: one connection.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/result.hpp"

namespace courseselect::net {

struct LineClientOptions {
    std::chrono::milliseconds connect_timeout{10'000};  ///< name lookup and every address together
    std::size_t line_bytes_max = 4 * 1024 * 1024;       ///< of a line received, without its end
};

/// A TCP connection that sends and receives lines. One coroutine reads, one writes.
/// Close it and let both end before destruction.
/// Thread-safety: the loop's thread.
class LineClient {
  public:
    /// `host` is a name or an address; each of its addresses is tried.
    /// Errors: unavailable `connect_failed`; deadline_exceeded `connect_timeout`.
    [[nodiscard]] static async::Task<core::Result<std::unique_ptr<LineClient>>> connect(
        async::EventLoop& loop, std::string host, std::uint16_t port,
        LineClientOptions options = {});
    ~LineClient();
    LineClient(const LineClient&) = delete;
    LineClient& operator=(const LineClient&) = delete;

    /// The next line, without its end.
    /// Errors: unavailable `connection_closed`; data_corrupt `line_too_long`.
    [[nodiscard]] async::Task<core::Result<std::string>> read_line();
    /// Sends whole lines with their ends; done when the system has them all.
    /// Errors: unavailable `connection_closed`.
    [[nodiscard]] async::Task<core::Result<>> write(std::string lines);
    /// Ends both directions; whoever reads or writes gets `connection_closed`.
    void close();

  private:
    struct State;
    explicit LineClient(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace courseselect::net
