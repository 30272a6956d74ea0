#include "courseselect/net/ws/connection.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "courseselect/core/check.hpp"

namespace courseselect::net::ws {

Connection::Connection(std::shared_ptr<Hub> hub, std::unique_ptr<Stream> stream,
                       std::unique_ptr<Handler> handler, Role role)
    : hub_(std::move(hub)),
      stream_(std::move(stream)),
      handler_(std::move(handler)),
      reader_(role, hub_->options_.message_bytes_max),
      role_(role) {
    COURSESELECT_CHECK(role == Role::server || hub_->options_.random != nullptr);
    ++hub_->stats_.connections;
}

Connection::~Connection() {
    if (!is_closed_) {
        --hub_->stats_.connections;
    }
}

void Connection::start() {
    stream_->observe(this);
    wait_for_more();
}

// ---- input -------------------------------------------------------------------------------------

bool Connection::may_handle() const {
    // A client always reads: were both ends to wait for each other to read, neither would.
    const bool has_room = role_ == Role::client || unsent_ <= hub_->options_.unsent_pause_bytes;
    return !is_closed_ && !is_ending_ && !is_paused_ && has_room;
}

void Connection::wait_for_more() {
    if (!is_closed_ && held_.empty() && (is_ending_ || may_handle())) {
        stream_->wait_readable();
    }
}

void Connection::on_readable() {
    const ConnectionPointer self = shared_from_this();
    if (is_ending_) {
        linger_read();
    } else if (may_handle() && held_.empty()) {
        read_once();
    }  // else: whatever lifts the pause waits again
}

void Connection::receive_now() {
    const ConnectionPointer self = shared_from_this();
    if (may_handle() && held_.empty() && !is_processing_) {
        read_once();
    }
}

void Connection::read_once() {
    const std::span<char> buffer(hub_->read_buffer_.get(), hub_->options_.read_bytes_max);
    const auto received = stream_->receive(buffer);
    if (!received || *received == std::optional<std::size_t>(0)) {
        end_with(End::connection_lost, CloseCode::abnormal, {});
    } else if (*received) {
        process(buffer.first(**received));
    } else {
        wait_for_more();
    }
}

/// Hands out messages until there is none, the handler or a limit says wait, or it is the others'
/// turn. The buffer is the hub's: what is left of it is kept.
void Connection::process(std::span<char> input) {
    is_processing_ = true;
    std::size_t messages = 0;
    bool is_drained = false;
    while (may_handle() && !is_drained && messages < hub_->options_.messages_per_turn_max) {
        const MessageReader::Status status = reader_.next(input);
        is_drained = status == MessageReader::Status::need_more;
        if (!is_drained) {
            ++messages;
            hand_out(status);
        }
    }
    is_processing_ = false;
    if (is_ending_ || is_closed_) {
        return;
    }
    held_.assign(input.data(), input.size());
    if (held_.empty()) {
        held_ = std::string();
        wait_for_more();
    } else if (may_handle()) {
        process_later();
    }
}

void Connection::process_later() {
    if (std::exchange(is_turn_pending_, true)) {
        return;
    }
    hub_->loop_.post([self = shared_from_this()] {
        self->is_turn_pending_ = false;
        if (self->may_handle()) {
            std::string input = std::exchange(self->held_, std::string());
            self->process(input);
        }
    });
}

void Connection::resume() {
    if (std::exchange(is_paused_, false) && !is_processing_ && is_open()) {
        process_later();  // reads on when nothing is held
    }
}

void Connection::hand_out(MessageReader::Status status) {
    switch (status) {
        case MessageReader::Status::text: handler_->on_text(reader_.payload()); break;
        case MessageReader::Status::binary: handler_->on_binary(reader_.payload()); break;
        case MessageReader::Status::ping: send_frame(Opcode::pong, reader_.payload()); break;
        case MessageReader::Status::pong: handler_->on_pong(reader_.payload()); break;
        case MessageReader::Status::close: {
            // The answer repeats the code (§5.5.1).
            const CloseCode code = reader_.close_code();
            begin_end(code, {});
            end_with(End::peer_closed, code, reader_.payload());
            break;
        }
        case MessageReader::Status::failed:
            ++hub_->stats_.protocol_errors;
            begin_end(reader_.close_code(), reader_.problem());
            end_with(End::protocol_error, reader_.close_code(), reader_.problem());
            break;
        case MessageReader::Status::need_more: break;
    }
}

// ---- output ------------------------------------------------------------------------------------

void Connection::send_text(std::string_view text) { send_frame(Opcode::text, text); }
void Connection::send_binary(std::string_view bytes) { send_frame(Opcode::binary, bytes); }
void Connection::ping(std::string_view payload) {
    send_frame(Opcode::ping, payload.substr(0, control_bytes_max));
}

void Connection::send_frame(Opcode opcode, std::string_view payload) {
    std::string frame;
    if (role_ == Role::client) {
        MaskKey mask{};
        hub_->options_.random->fill(mask);
        append_masked_frame(frame, opcode, payload, mask);
    } else {
        append_frame(frame, opcode, payload);
    }
    enqueue(std::make_shared<const std::string>(std::move(frame)));
}

void Connection::send(SharedBytes frames, std::size_t from) {
    COURSESELECT_CHECK(role_ == Role::server && from <= frames->size());
    enqueue(std::move(frames), from);
}

void Connection::enqueue(SharedBytes frames, std::size_t from) {
    const std::size_t size = frames->size() - from;
    if (is_ending_ || is_closed_ || is_overflowed_ || is_lost_ || size == 0) {
        return;
    }
    if (unsent_ + size > hub_->options_.unsent_bytes_max) {
        write_available();  // what piled up in this turn alone is not the peer's fault
        if (unsent_ + size > hub_->options_.unsent_bytes_max) {
            is_overflowed_ = true;
            output_ = {};
            output_start_ = 0;
            unsent_ = 0;
            mark_dirty();
            return;
        }
    }
    output_.push_back({std::move(frames), from});
    unsent_ += size;
    mark_dirty();
}

void Connection::mark_dirty() {
    if (!std::exchange(is_dirty_, true)) {
        hub_->flush_soon(shared_from_this());
    }
}

void Connection::flush_now() {
    is_dirty_ = false;
    if (is_closed_) {
        return;
    }
    write_available();
    if (is_overflowed_) {
        ++hub_->stats_.overflows;
        end_with(End::too_slow, CloseCode::abnormal, {});
    } else if (is_lost_) {
        end_with(End::connection_lost, CloseCode::abnormal, {});
    } else if (unsent_ == 0 && is_ending_) {
        if (!std::exchange(is_shut_, true)) {
            stream_->shut_down();
        }
        wait_for_more();  // for the peer to close, so that no reset overtakes the close frame
    } else if (unsent_ == 0 && !held_.empty()) {
        process_later();  // messages may have waited for room
    } else {
        wait_for_more();
    }
}

/// All there is to send, if it is one piece and the socket takes it as it is.
BatchedSend Connection::offer() const {
    if (is_closed_ || is_lost_ || is_waiting_to_write_ || output_start_ + 1 != output_.size()) {
        return {};
    }
    const Slice& slice = output_[output_start_];
    return {.descriptor = stream_->plain_socket(),
            .bytes = std::string_view(*slice.bytes).substr(slice.offset)};
}

/// Only keeps the books. Errors come again with the next write, which knows what to do.
void Connection::settle(std::ptrdiff_t result) {
    ++hub_->stats_.writes;
    if (result > 0) {
        hub_->stats_.bytes_sent += static_cast<std::uint64_t>(result);
        drop_sent(static_cast<std::size_t>(result));
    }
}

/// Writes what the stream takes; never calls the handler.
void Connection::write_available() {
    constexpr std::size_t parts_max = 128;
    while (unsent_ > 0 && !is_waiting_to_write_ && !is_lost_) {
        std::array<std::string_view, parts_max> parts;
        std::size_t count = 0;
        std::size_t offered = 0;
        for (std::size_t i = output_start_; i < output_.size() && count < parts_max; ++i) {
            parts[count] = std::string_view(*output_[i].bytes).substr(output_[i].offset);
            offered += parts[count++].size();
        }
        ++hub_->stats_.writes;
        const auto taken = stream_->write(std::span(parts).first(count));
        if (!taken) {
            is_lost_ = true;
            return;
        }
        hub_->stats_.bytes_sent += *taken;
        drop_sent(*taken);
        if (*taken < offered) {
            is_waiting_to_write_ = true;
            stream_->wait_writable();
        }
    }
    if (unsent_ == 0) {
        output_.clear();
        output_start_ = 0;
        if (output_.capacity() > 8) {
            output_ = {};  // an idle connection keeps little
        }
    }
}

void Connection::drop_sent(std::size_t sent) {
    unsent_ -= sent;
    while (sent > 0) {
        Slice& slice = output_[output_start_];
        const std::size_t rest = slice.bytes->size() - slice.offset;
        if (sent < rest) {
            slice.offset += sent;
            return;
        }
        sent -= rest;
        slice.bytes.reset();
        ++output_start_;
    }
}

void Connection::on_writable() {
    is_waiting_to_write_ = false;
    if (!std::exchange(is_dirty_, true)) {
        hub_->flush_in_turn(shared_from_this());
    }
}

// ---- the end -----------------------------------------------------------------------------------

void Connection::close(CloseCode code, std::string_view reason) {
    is_told_ = true;
    begin_end(code, reason);
}

void Connection::drop() {
    is_told_ = true;
    close_stream();
}

/// Puts the close frame behind the output; afterwards nothing more is sent, and what comes is
/// dropped.
void Connection::begin_end(CloseCode code, std::string_view reason) {
    if (is_ending_ || is_closed_) {
        return;
    }
    send_frame(Opcode::close,
               code == CloseCode::none ? std::string() : close_payload(code, reason));
    is_ending_ = true;
    held_ = std::string();
    // Keeps the connection alive until it is over.
    close_timer_ = hub_->timers_.after(hub_->options_.close_timeout,
                                       [self = shared_from_this()] { self->close_stream(); });
    mark_dirty();
}

/// Tells the handler, once. Without a close frame of ours on its way the connection is closed.
void Connection::end_with(End end, CloseCode code, std::string_view reason) {
    const ConnectionPointer self = shared_from_this();
    const std::string kept(reason);  // may lie in what closing frees
    if (!is_ending_ || is_lost_ || is_overflowed_) {
        close_stream();
    }
    if (!std::exchange(is_told_, true)) {
        handler_->on_close(end, code, kept);
    }
}

void Connection::close_stream() {
    if (std::exchange(is_closed_, true)) {
        return;
    }
    const ConnectionPointer self = shared_from_this();  // the timer may hold the last reference
    --hub_->stats_.connections;
    hub_->timers_.cancel(close_timer_);
    stream_->observe(nullptr);
    stream_->close();
    output_ = {};
    output_start_ = 0;
    unsent_ = 0;
    held_ = std::string();
}

void Connection::linger_read() {
    const std::span<char> buffer(hub_->read_buffer_.get(), hub_->options_.read_bytes_max);
    const auto received = stream_->receive(buffer);
    const bool has_ended = !received || *received == std::optional<std::size_t>(0);
    if (received && *received) {
        lingered_ += **received;
    }
    if (has_ended || lingered_ > hub_->options_.linger_bytes_max) {
        close_stream();
    } else {
        wait_for_more();
    }
}

}  // namespace courseselect::net::ws
