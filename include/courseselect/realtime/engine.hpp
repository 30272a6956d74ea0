#pragma once
/// The Engine.IO server (protocol 4): sessions of messages over polling or WebSocket.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/function.hpp"
#include "courseselect/crypto/random.hpp"
#include "courseselect/net/http/handler.hpp"
#include "courseselect/net/http/server.hpp"
#include "courseselect/realtime/args.hpp"

namespace courseselect::realtime::engine {

/// What is kept of the request that opened a session.
struct Handshake {
    std::string address;                     ///< of the peer, numeric
    std::string query;                       ///< percent-encoded, as it came
    std::vector<net::http::Header> headers;  ///< those named in `Options::kept_headers`

    /// The first field of that name (any case), or nothing.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
    /// A decoded query parameter, the first of that name; nothing when there is none.
    [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
};

/// Every bound of the sessions, with what happens at it.
struct Options {
    std::chrono::milliseconds ping_interval{25'000};    ///< from a pong to the next ping
    std::chrono::milliseconds ping_timeout{20'000};     ///< for a pong; then closed
    std::chrono::milliseconds upgrade_timeout{10'000};  ///< then the new WebSocket is closed
    /// One request body or one WebSocket message; beyond: 413, or close code 1009.
    std::size_t payload_bytes_max = 1'000'000;
    std::size_t packets_per_payload_max = 10'000;  ///< of one POST; beyond: 400, session closed
    /// Sent and not yet taken by the client, shared bytes counted fully. Beyond: closed.
    std::size_t unsent_bytes_max = 4 * 1024 * 1024;
    std::size_t sessions_max = 12'000;             ///< beyond: 503
    std::size_t sessions_per_address_max = 2'000;  ///< beyond: 503; a campus may be one address
    /// Messages a second of one session, over `messages_burst` at once; 0: no limit. Beyond: the
    /// connection is not read (POST: not answered) until it is within again.
    double messages_per_second_max = 0;
    double messages_burst = 100;
    bool allows_polling = true;
    bool allows_websocket = true;
    bool allows_upgrade = true;
    /// Origins answered with CORS headers; "*": any. Empty: none.
    std::vector<std::string> cors_origins{"*"};
    /// Header fields kept in the `Handshake`: each costs memory for as long as the session lives.
    std::vector<std::string> kept_headers{"authorization"};
};

/// Why a session ended.
enum class CloseReason : std::uint8_t {
    transport_close,
    transport_error,
    ping_timeout,
    parse_error,
    forced_close,
    too_slow,
    shutting_down,
};

/// One message in the forms the transports send, made once and shared by all receivers.
class Outgoing;
using OutgoingPointer = std::shared_ptr<const Outgoing>;

/// Such messages one behind the other, of which each receiver hears those from a certain one on.
class Series;
using SeriesPointer = std::shared_ptr<const Series>;

class Core;
class Session;

/// What one session's messages go to. Destroyed with its session, after `on_close`.
class SessionHandler {
  public:
    virtual ~SessionHandler() = default;
    /// Views are valid during the call. Not called after `on_close`.
    virtual void on_text(std::string_view text) = 0;
    virtual void on_binary(std::string_view bytes) = 0;
    /// The last call; what is sent now is ignored.
    virtual void on_close(CloseReason why) = 0;
};

/// Makes handlers.
class Service {
  public:
    virtual ~Service() = default;
    /// The open packet has been sent. `session` outlives the handler.
    [[nodiscard]] virtual std::unique_ptr<SessionHandler> on_open(Session& session) = 0;
};

/// One client, as its handler sees it. Everything sent in one turn of the loop leaves in one write.
/// Thread-safety: the loop's thread.
class Session {
  public:
    virtual ~Session() = default;

    [[nodiscard]] virtual const std::string& id() const = 0;
    [[nodiscard]] virtual const Handshake& handshake() const = 0;
    virtual void send_text(std::string_view text) = 0;
    virtual void send_binary(std::string_view bytes) = 0;
    /// The same for bytes that others send, too.
    virtual void send(const OutgoingPointer& message) = 0;
    /// @param first  the number of the message to begin with
    virtual void send(const SeriesPointer& series, std::size_t first) = 0;
    /// Sends what waits, then closes. The handler hears of it at once.
    virtual void close(CloseReason why = CloseReason::forced_close) = 0;
    /// No message is handed out until `resume()`.
    virtual void pause() = 0;
    virtual void resume() = 0;
    /// Bytes that the client has not taken yet.
    [[nodiscard]] virtual std::size_t unsent_bytes() const = 0;
};

/// Answers the requests of Engine.IO clients on the path it is mounted at.
///
/// Ownership: borrows loop, clock, random source and service. `close_all()` before destruction.
/// Thread-safety: the loop's thread.
class Server final : public net::http::Handler, public net::http::Upgrader {
  public:
    struct Stats {
        std::size_t sessions = 0;    ///< now
        std::size_t websockets = 0;  ///< of these, on WebSocket
        std::uint64_t opened = 0;
        std::uint64_t upgraded = 0;
        std::uint64_t refused = 0;       ///< over a limit or forbidden
        std::uint64_t bad_requests = 0;  ///< answered with one of the protocol's error codes
        std::uint64_t ping_timeouts = 0;
        std::uint64_t overflows = 0;  ///< closed for reading too slowly
    };
    /// Says why a first request is refused (403), or nothing. Inline on the loop.
    using Gate = core::UniqueFunction<std::optional<std::string>(const net::http::Request&)>;
    /// The address that limits count by, for servers behind proxies.
    using AddressOf = core::UniqueFunction<std::string(const net::http::Request&)>;

    Server(async::EventLoop& loop, const core::Clock& clock, crypto::RandomSource& random,
           Options options, Service& service);
    ~Server() override;
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    void set_gate(Gate gate);
    void set_address_of(AddressOf address_of);

    [[nodiscard]] async::Task<net::http::Response> handle(
        const net::http::Request& request) override;
    void take_over(const net::http::Request& request, std::unique_ptr<net::Stream> stream) override;

    [[nodiscard]] const Stats& stats() const;
    /// Does what is due by the clock. Its own timer calls it; tests with a `ManualClock` do, too.
    void check_deadlines();
    /// Calls it, from the loop, when everything sent so far has left for the clients, but for what
    /// a client is too slow to take.
    void when_sent(core::UniqueFunction<void()> call);
    /// Closes every session and refuses new ones (503).
    void close_all(CloseReason why = CloseReason::shutting_down);

  private:
    std::shared_ptr<Core> core_;
};

}  // namespace courseselect::realtime::engine
