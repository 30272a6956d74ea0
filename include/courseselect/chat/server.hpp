#pragma once
/// The chat server: the protocol on `net::LineServer`, a `Room` and `Accounts`.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/chat/accounts.hpp"
#include "courseselect/chat/room.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/net/lines.hpp"
#include "courseselect/ratelimit/keyed_limiter.hpp"

namespace courseselect::chat {

struct ServerOptions {
    net::LineServerOptions lines{.line_bytes_max = line_bytes_max};
    RoomOptions room;
    AccountsOptions accounts;
    bool has_limits = true;
    /// Messages of one connection; more are refused.
    ratelimit::BucketOptions messages{.capacity = 500, .refill_per_second = 100};
    /// Messages of all connections of one address; more are refused.
    ratelimit::LimiterOptions address_messages{
        .bucket = {.capacity = 10'000, .refill_per_second = 5'000}};
    /// Lines of one connection, whatever they say: beyond, they are read no faster than this.
    ratelimit::BucketOptions requests{.capacity = 1'000, .refill_per_second = 500};
};

/// Serves the protocol until it is stopped.
/// Ownership: borrows what `services` names; all of it must outlive the server.
/// Thread-safety: the loop's thread.
class Server {
  public:
    /// Errors: invalid_argument (limits out of bounds).
    [[nodiscard]] static core::Result<std::unique_ptr<Server>> create(Accounts::Services services,
                                                                      ServerOptions options);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Loads the end of the history; listen afterwards. Errors: the store's.
    [[nodiscard]] async::Task<core::Result<>> start();
    /// `tls`: speak TLS on this listener. Errors: those of `net::ListeningSocket`.
    core::Result<> listen(const net::TcpAddress& address, net::TlsContext* tls = nullptr);
    /// Of the `index`-th listener; 0 when there is none.
    [[nodiscard]] std::uint16_t port(std::size_t index = 0) const;

    /// Stops reading, stores and tells what was accepted, tells everybody that it ends, and closes;
    /// clients that do not take their lines are closed at `deadline`. Call once.
    [[nodiscard]] async::Task<> stop(std::chrono::milliseconds deadline);

    [[nodiscard]] const net::LineServer::Stats& stats() const;
    [[nodiscard]] const Room& room() const;

  private:
    struct State;
    explicit Server(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace courseselect::chat
