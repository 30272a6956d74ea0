// One session: its transports' messages, its heartbeat, its upgrade and its end.

#include <algorithm>
#include <utility>

#include "courseselect/json/writer.hpp"
#include "engine_core.hpp"

namespace courseselect::realtime::engine {
namespace {

using net::ws::CloseCode;

/// A ping that leaves later than this after its time counts from when it left: the server was
/// busy, and the client must not pay for it. Within it deadlines do not drift.
constexpr std::chrono::milliseconds ping_lateness_max{50};

const OutgoingPointer& ping_packet() {
    static const OutgoingPointer packet = Outgoing::packet("2");
    return packet;
}

}  // namespace

void WebSocketSide::on_text(std::string_view text) {
    if (const EngineSessionPointer session = session_.lock()) {
        session->on_socket_text(is_probe_, text);
    }
}

void WebSocketSide::on_binary(std::string_view bytes) {
    if (const EngineSessionPointer session = session_.lock()) {
        session->on_socket_binary(is_probe_, bytes);
    }
}

void WebSocketSide::on_close(net::ws::End end, CloseCode /*code*/, std::string_view /*reason*/) {
    if (const EngineSessionPointer session = session_.lock()) {
        session->on_socket_close(is_probe_, end);
    }
}

EngineSession::EngineSession(Core& core, std::string id, Handshake handshake)
    : core_(core), id_(std::move(id)), handshake_(std::move(handshake)) {}

EngineSession::~EngineSession() = default;

// ---- the beginning -----------------------------------------------------------------------------

std::string EngineSession::open_packet() const {
    std::string text(1, packet_digit(PacketType::open));
    const bool offers_upgrade =
        is_polling() && core_.options.allows_upgrade && core_.options.allows_websocket;
    json::ObjectWriter(text)
        .add("sid", id_)
        .add_raw("upgrades", offers_upgrade ? R"(["websocket"])" : "[]")
        .add("pingInterval", core_.options.ping_interval.count())
        .add("pingTimeout", core_.options.ping_timeout.count())
        .add("maxPayload", core_.options.payload_bytes_max);
    return text;
}

void EngineSession::start_polling() { polling_ = std::make_unique<PollingState>(core_.loop); }

void EngineSession::start_websocket(std::unique_ptr<net::Stream> stream) {
    ++core_.stats.websockets;
    socket_ = core_.hub->adopt(std::move(stream),
                               std::make_unique<WebSocketSide>(weak_from_this(), false));
    socket_->send_text(open_packet());
}

void EngineSession::open() {
    credit_at_ = core_.clock.mono_now();
    message_credit_ = core_.options.messages_burst;
    set_heartbeat(credit_at_ + core_.options.ping_interval, HeartbeatPhase::until_ping);
    handler_ = core_.service.on_open(*this);
}

// ---- sending -----------------------------------------------------------------------------------

void EngineSession::send_text(std::string_view text) { send(Outgoing::message(text)); }
void EngineSession::send_binary(std::string_view bytes) { send(Outgoing::binary(bytes)); }

void EngineSession::send(const OutgoingPointer& message) {
    if (is_closed_ || is_overflowed_) {
        return;
    }
    if (socket_) {
        socket_->send(message->frames());
        return;
    }
    if (polling_->buffered_bytes + message->size() > core_.options.unsent_bytes_max) {
        is_overflowed_ = true;  // told at the end of the turn: nothing is called from within
        polling_->buffer.clear();
        polling_->buffered_bytes = 0;
    } else {
        polling_->buffer.push_back(message);
        polling_->buffered_bytes += message->size();
    }
    const bool has_to_be_told = is_overflowed_ || polling_->waiting_get != nullptr;
    if (has_to_be_told && !std::exchange(polling_->is_dirty, true)) {
        core_.flush_later(shared_from_this());
    }
}

void EngineSession::send(const SeriesPointer& series, std::size_t first) {
    if (socket_ && !is_closed_) {
        socket_->send(series->frames(), series->offset(first));
        return;
    }
    for (std::size_t i = first; i < series->messages().size(); ++i) {
        send(series->messages()[i]);  // polls are answered packet by packet
    }
}

std::size_t EngineSession::unsent_bytes() const {
    return socket_ ? socket_->unsent() : polling_ ? polling_->buffered_bytes : 0;
}

// ---- receiving ---------------------------------------------------------------------------------

void EngineSession::on_packet(const Packet& packet) {
    switch (packet.type) {
        case PacketType::message: on_message(packet); break;
        case PacketType::pong: on_pong(); break;
        case PacketType::ping: end(CloseReason::transport_error); break;  // ours to send
        case PacketType::close: end(CloseReason::transport_close, "6"); break;
        case PacketType::open:
        case PacketType::upgrade:
        case PacketType::noop: break;  // nothing to do, as in the reference server
    }
}

void EngineSession::on_message(const Packet& packet) {
    count_message();
    if (packet.is_binary) {
        handler_->on_binary(packet.bytes);
    } else {
        handler_->on_text(packet.text);
    }
}

/// Whoever is faster than allowed has to wait until the average is kept again.
void EngineSession::count_message() {
    const double rate = core_.options.messages_per_second_max;
    if (rate <= 0) {
        return;
    }
    const core::MonoTime now = core_.clock.mono_now();
    const std::chrono::duration<double> passed = now - credit_at_;
    credit_at_ = now;
    message_credit_ =
        std::min(message_credit_ + passed.count() * rate, core_.options.messages_burst) - 1;
    if (message_credit_ >= 0 || is_throttled_) {
        return;
    }
    is_throttled_ = true;
    apply_pause();
    const auto wait = std::chrono::duration_cast<core::MonoTime::duration>(
        std::chrono::duration<double>(-message_credit_ / rate));
    throttle_ = core_.timers.at(now + wait, [this] {
        throttle_ = {};
        is_throttled_ = false;
        apply_pause();
    });
}

void EngineSession::pause() {
    is_paused_by_handler_ = true;
    apply_pause();
}

void EngineSession::resume() {
    is_paused_by_handler_ = false;
    apply_pause();
}

void EngineSession::apply_pause() {
    if (socket_) {
        if (is_paused()) {
            socket_->pause();
        } else {
            socket_->resume();
        }
    } else if (polling_ && !is_paused()) {
        polling_->resumed.notify_all();
    }
}

void EngineSession::on_socket_text(bool is_probe, std::string_view text) {
    if (!is_probe) {
        const auto packet = read_packet(text, false);
        if (packet) {
            on_packet(*packet);
        } else {
            end(CloseReason::parse_error);
        }
        return;
    }
    if (text == "2probe" && !is_probed_) {
        is_probed_ = true;
        probe_->send_text("3probe");
        if (polling_->waiting_get != nullptr && !std::exchange(polling_->is_dirty, true)) {
            core_.flush_later(shared_from_this());
        }
    } else if (text == "5" && is_probed_) {
        finish_upgrade();
    } else {
        stop_probe();
    }
}

void EngineSession::on_socket_binary(bool is_probe, std::string_view bytes) {
    if (is_probe) {
        stop_probe();
        return;
    }
    count_message();
    handler_->on_binary(bytes);
}

// ---- the heartbeat -----------------------------------------------------------------------------

void EngineSession::set_heartbeat(core::MonoTime when, HeartbeatPhase phase) {
    core_.timers.cancel(heartbeat_);
    heartbeat_at_ = when;
    phase_ = phase;
    heartbeat_ = core_.timers.at(when, [this] { on_heartbeat(); });
}

void EngineSession::on_heartbeat() {
    heartbeat_ = {};
    const core::MonoTime now = core_.clock.mono_now();
    if (phase_ == HeartbeatPhase::until_ping) {
        send(ping_packet());
        const bool is_late = now - heartbeat_at_ > ping_lateness_max;
        set_heartbeat((is_late ? now : heartbeat_at_) + core_.options.ping_timeout,
                      HeartbeatPhase::until_pong);
    } else if (is_paused()) {
        // Its pong may lie behind messages that we do not read yet.
        set_heartbeat(now + core_.options.ping_timeout, HeartbeatPhase::until_pong);
    } else {
        ++core_.stats.ping_timeouts;
        end(CloseReason::ping_timeout);
    }
}

void EngineSession::on_pong() {
    set_heartbeat(core_.clock.mono_now() + core_.options.ping_interval, HeartbeatPhase::until_ping);
}

// ---- the upgrade -------------------------------------------------------------------------------

bool EngineSession::may_upgrade() const {
    return is_polling() && !is_closed_ && !probe_ && core_.options.allows_upgrade;
}

void EngineSession::start_upgrade(std::unique_ptr<net::Stream> stream) {
    auto side = std::make_unique<WebSocketSide>(weak_from_this(), true);
    probe_side_ = side.get();
    probe_ = core_.hub->adopt(std::move(stream), std::move(side));
    deadline_ = core_.timers.after(core_.options.upgrade_timeout, [this] { stop_probe(); });
}

void EngineSession::hear_probe() {
    if (probe_) {
        const net::ws::ConnectionPointer probe = probe_;
        probe->receive_now();
    }
}

void EngineSession::stop_probe() {
    core_.timers.cancel(deadline_);
    probe_side_ = nullptr;
    is_probed_ = false;
    if (const auto probe = std::exchange(probe_, nullptr)) {
        probe->close();
    }
}

/// What is buffered goes out on the WebSocket, and everything after it.
void EngineSession::finish_upgrade() {
    core_.timers.cancel(deadline_);
    probe_side_->promote();
    probe_side_ = nullptr;
    socket_ = std::exchange(probe_, nullptr);
    const std::unique_ptr<PollingState> polling = std::exchange(polling_, nullptr);
    for (const OutgoingPointer& message : polling->buffer) {
        socket_->send(message->frames());
    }
    ++core_.stats.websockets;
    ++core_.stats.upgraded;
    apply_pause();
    polling->resumed.notify_all();
    if (polling->waiting_get != nullptr) {
        polling->waiting_get->set("6");
    }
}

// ---- the end -----------------------------------------------------------------------------------

void EngineSession::on_socket_close(bool is_probe, net::ws::End how) {
    if (is_probe) {
        stop_probe();
        return;
    }
    switch (how) {
        case net::ws::End::peer_closed:
        case net::ws::End::connection_lost: end(CloseReason::transport_close); break;
        case net::ws::End::protocol_error: end(CloseReason::transport_error); break;
        case net::ws::End::too_slow:
            ++core_.stats.overflows;
            end(CloseReason::too_slow);
            break;
    }
}

/// On polling the client may still fetch what waits, and hear that it is the end.
void EngineSession::close(CloseReason why) {
    const bool has_to_fetch = polling_ && !is_closed_ && polling_->waiting_get == nullptr;
    if (!has_to_fetch) {
        end(why);
        return;
    }
    const EngineSessionPointer self = shared_from_this();
    finish(why);
    deadline_ = core_.timers.after(core_.options.ping_timeout, [this] { leave_table(); });
}

void EngineSession::end(CloseReason why, std::string_view last_packet) {
    const EngineSessionPointer self = shared_from_this();  // the table may hold the last pointer
    if (is_closed_) {
        leave_table();
        return;
    }
    const std::string last(last_packet);
    if (polling_ && polling_->waiting_get != nullptr && last == "1") {
        polling_->buffer.push_back(Outgoing::packet(last));
    }
    finish(why);
    leave_table();
    if (polling_ && polling_->waiting_get != nullptr) {
        answer_get(last == "1" ? take_payload(all_packets) : last);
    }
}

/// Tells the handler, and lets go of everything but what a last poll may fetch.
void EngineSession::finish(CloseReason why) {
    is_closed_ = true;
    core_.timers.cancel(heartbeat_);
    core_.timers.cancel(throttle_);
    stop_probe();
    if (socket_) {
        --core_.stats.websockets;
        socket_->close(why == CloseReason::shutting_down ? CloseCode::going_away
                                                         : CloseCode::normal);
    }
    if (polling_) {
        polling_->resumed.notify_all();
    }
    if (handler_) {
        handler_->on_close(why);
    }
}

void EngineSession::leave_table() {
    core_.timers.cancel(deadline_);
    core_.remove(*this);
}

}  // namespace courseselect::realtime::engine
