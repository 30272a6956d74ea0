#pragma once
/// The inside of the Engine.IO server. Private to the module.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "courseselect/async/completion.hpp"
#include "courseselect/async/event.hpp"
#include "courseselect/async/timers.hpp"
#include "courseselect/net/ws/connection.hpp"
#include "courseselect/realtime/engine.hpp"
#include "courseselect/realtime/engine_packet.hpp"
#include "outgoing.hpp"

namespace courseselect::realtime::engine {

class EngineSession;
class WebSocketSide;
using EngineSessionPointer = std::shared_ptr<EngineSession>;

/// Packets in one answer to a poll, a message's attachments kept together with it: the Python
/// client (python-engineio) refuses payloads of more than 16. What is left goes out with the next
/// poll.
inline constexpr std::size_t answer_packets_max = 16;
inline constexpr std::size_t all_packets = static_cast<std::size_t>(-1);

/// What a session needs only while it is polling; freed when it is on WebSocket.
struct PollingState {
    explicit PollingState(async::EventLoop& loop) : resumed(loop) {}

    std::vector<OutgoingPointer> buffer;
    std::size_t buffered_bytes = 0;
    async::Completion<std::string>* waiting_get = nullptr;  // in the frame of its handler
    bool is_posting = false;
    bool is_dirty = false;
    async::Event resumed;  // a POST may hand on its packets
};

/// One client, on whichever transport. The server's table owns it, and so do handlers that wait.
class EngineSession final : public Session, public std::enable_shared_from_this<EngineSession> {
  public:
    EngineSession(Core& core, std::string id, Handshake handshake);
    ~EngineSession() override;

    [[nodiscard]] const std::string& id() const override { return id_; }
    [[nodiscard]] const Handshake& handshake() const override { return handshake_; }
    void send_text(std::string_view text) override;
    void send_binary(std::string_view bytes) override;
    void send(const OutgoingPointer& message) override;
    void send(const SeriesPointer& series, std::size_t first) override;
    void close(CloseReason why) override;
    void pause() override;
    void resume() override;
    [[nodiscard]] std::size_t unsent_bytes() const override;

    /// Begins on polling: the caller answers with `open_packet()`.
    void start_polling();
    /// Begins on WebSocket, and sends the open packet there.
    void start_websocket(std::unique_ptr<net::Stream> stream);
    /// Gives the session to the service. Call once, after the start.
    void open();
    [[nodiscard]] std::string open_packet() const;

    [[nodiscard]] bool is_polling() const { return polling_ != nullptr; }
    /// It has ended, except that the next poll still gets what was left.
    [[nodiscard]] bool is_closing() const { return is_closed_; }
    [[nodiscard]] async::Task<net::http::Response> poll(EngineSessionPointer self);
    [[nodiscard]] async::Task<net::http::Response> post(EngineSessionPointer self,
                                                        std::string_view body);
    /// The end of a turn: answers the poll that waits.
    void flush_poll();

    [[nodiscard]] bool may_upgrade() const;
    void start_upgrade(std::unique_ptr<net::Stream> stream);
    /// Handles what the probing WebSocket has sent already.
    void hear_probe();

    /// From the WebSocket of the session, or of its upgrade.
    void on_socket_text(bool is_probe, std::string_view text);
    void on_socket_binary(bool is_probe, std::string_view bytes);
    void on_socket_close(bool is_probe, net::ws::End end);

    /// Ends without waiting for anybody. `last_packet`: for a poll that waits.
    void end(CloseReason why, std::string_view last_packet = "1");

  private:
    enum class HeartbeatPhase : std::uint8_t { until_ping, until_pong };

    void on_packet(const Packet& packet);
    void on_message(const Packet& packet);
    void on_pong();
    void on_heartbeat();
    void set_heartbeat(core::MonoTime when, HeartbeatPhase phase);
    void count_message();
    void apply_pause();
    [[nodiscard]] bool is_paused() const { return is_paused_by_handler_ || is_throttled_; }
    /// The oldest messages that wait, about `packets_max` packets of them, at least one message.
    [[nodiscard]] std::string take_payload(std::size_t packets_max = answer_packets_max);
    void answer_get(std::string body);
    void finish_upgrade();
    void stop_probe();
    void finish(CloseReason why);
    void leave_table();

    Core& core_;
    std::string id_;
    Handshake handshake_;
    std::unique_ptr<SessionHandler> handler_;
    std::unique_ptr<PollingState> polling_;
    net::ws::ConnectionPointer socket_;
    net::ws::ConnectionPointer probe_;
    WebSocketSide* probe_side_ = nullptr;  // owned by `probe_`
    core::MonoTime heartbeat_at_{};
    async::Timers::Handle heartbeat_;
    async::Timers::Handle deadline_;  // of the upgrade, or of a closed session's last poll
    async::Timers::Handle throttle_;
    double message_credit_ = 0;
    core::MonoTime credit_at_{};
    HeartbeatPhase phase_ = HeartbeatPhase::until_ping;
    bool is_probed_ = false;  // `2probe` has come: polls end, so that the client can switch
    bool is_paused_by_handler_ = false;
    bool is_throttled_ = false;
    bool is_overflowed_ = false;
    bool is_closed_ = false;
};

/// The session's end of one WebSocket.
class WebSocketSide final : public net::ws::Handler {
  public:
    WebSocketSide(std::weak_ptr<EngineSession> session, bool is_probe)
        : session_(std::move(session)), is_probe_(is_probe) {}

    void on_text(std::string_view text) override;
    void on_binary(std::string_view bytes) override;
    void on_close(net::ws::End end, net::ws::CloseCode code, std::string_view reason) override;
    /// The upgrade is done.
    void promote() { is_probe_ = false; }

  private:
    std::weak_ptr<EngineSession> session_;
    bool is_probe_;
};

/// A first request's parameters that the protocol looks at.
struct RequestQuery {
    std::string transport;
    std::string sid;
    std::string version;
};

/// One of the protocol's error answers.
struct Refusal {
    int status = 400;
    int code = 3;
    std::string message = "Bad request";
};

/// Sessions by id, and what they share.
class Core {
  public:
    Core(async::EventLoop& event_loop, const core::Clock& injected_clock,
         crypto::RandomSource& random_source, Options server_options, Service& session_service);
    ~Core();

    [[nodiscard]] async::Task<net::http::Response> handle(const net::http::Request& request);
    void take_over(const net::http::Request& request, std::unique_ptr<net::Stream> stream);
    void close_all(CloseReason why);
    /// Answers the session's poll at the end of this turn of the loop.
    void flush_later(EngineSessionPointer session);
    void remove(const EngineSession& session);

    async::EventLoop& loop;
    const core::Clock& clock;
    crypto::RandomSource& random;
    const Options options;
    Service& service;
    async::Timers timers;
    std::shared_ptr<net::ws::Hub> hub;
    Server::Stats stats;
    Server::Gate gate;
    Server::AddressOf address_of;

  private:
    struct Admitted {
        EngineSessionPointer session;  // null: a new one is asked for
        std::optional<Refusal> refusal;
    };

    [[nodiscard]] Admitted admit(const net::http::Request& request, const RequestQuery& query,
                                 bool is_upgrade);
    [[nodiscard]] std::optional<Refusal> check_first(const net::http::Request& request,
                                                     const RequestQuery& query, bool is_upgrade);
    [[nodiscard]] std::optional<Refusal> check_room(const net::http::Request& request);
    [[nodiscard]] EngineSessionPointer find(const std::string& id) const;
    [[nodiscard]] EngineSessionPointer make_session(const net::http::Request& request);
    [[nodiscard]] std::string address(const net::http::Request& request);
    void add_cors(const net::http::Request& request, net::http::Response& response) const;
    [[nodiscard]] net::http::Response preflight(const net::http::Request& request) const;
    [[nodiscard]] net::http::Response refuse(const Refusal& refusal);

    std::unordered_map<std::string, EngineSessionPointer> sessions_;
    std::unordered_map<std::string, std::size_t> per_address_;
    std::vector<EngineSessionPointer> dirty_;
    std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);  // for what is posted
    bool is_closed_ = false;
};

/// `{"code":3,"message":"Bad request"}`.
[[nodiscard]] net::http::Response refusal_response(const Refusal& refusal);

}  // namespace courseselect::realtime::engine
