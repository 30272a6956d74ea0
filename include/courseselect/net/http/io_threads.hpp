#pragma once
/// More threads that read and write connections, for a handler that stays on its own loop.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/net/http/handler.hpp"
#include "courseselect/net/http/server.hpp"
#include "courseselect/net/listener.hpp"
#include "courseselect/net/tls.hpp"

namespace courseselect::net::http {

/// Threads with an event loop and a server each, all on one TCP port (SO_REUSEPORT: the system
/// deals connections out, and one never moves). They do TLS, parsing and system calls; each
/// complete request goes to the handler's loop, and its answer back. Worth it where there are
/// processors to spare: a request then costs two wake-ups more.
///
/// No upgrades: a 101 is answered as by a server without upgrader.
/// Ownership: borrows loop, clock and handler; owns threads and TLS contexts. Before destruction
/// `co_await stop(...)`. Thread-safety: the handler's loop.
class IoThreads {
  public:
    /// @param home     the loop of `handler`
    /// @param options  for each thread's server; no observer and no upgrader
    IoThreads(async::EventLoop& home, const core::Clock& clock, ServerOptions options,
              Handler& handler);
    ~IoThreads();
    IoThreads(const IoThreads&) = delete;
    IoThreads& operator=(const IoThreads&) = delete;

    /// Starts `count` threads that listen on `address`; port 0: the system chooses one for all.
    /// Whoever else listens there needs `reuse_port`, too. Errors: those of `ListeningSocket` and
    /// `TlsContext`; then no thread runs.
    core::Result<> start(std::size_t count, TcpAddress address,
                         const std::optional<TlsFiles>& tls = std::nullopt);

    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// Reads certificates again, on every thread; a bad one is logged and the old one stays.
    void reload();
    /// The sum over the threads, up to a second old.
    [[nodiscard]] Server::Stats stats() const;

    /// As `Server::stop`, then ends the threads. Call once.
    async::Task<> stop(std::chrono::milliseconds deadline);

  private:
    class Forwarder;
    struct Lane;
    async::Task<> stop_lane(Lane& lane, std::chrono::milliseconds deadline);

    async::EventLoop& home_;
    const core::Clock& clock_;
    ServerOptions options_;
    Handler& handler_;
    async::TaskGroup answers_;
    std::uint16_t port_ = 0;
    std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace courseselect::net::http
