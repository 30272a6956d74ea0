#include "line_connection.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "courseselect/net/listener.hpp"

namespace courseselect::net {
namespace {

/// Connections over the limit that may wait for their farewell to be read; more are just closed.
constexpr std::size_t turned_away_max = 256;

}  // namespace

void LineShared::flush_later(LineConnectionPointer connection) {
    dirty.push_back(std::move(connection));
    if (!std::exchange(is_flush_posted, true)) {
        loop.post([self = shared_from_this()] { self->flush_dirty(); });
    }
}

/// Writes in pieces: a line for a thousand takes milliseconds, and who has something to say is
/// heard in between. What is said meanwhile to somebody further back leaves in the same write.
void LineShared::flush_dirty() {
    if (flushed == flushing.size()) {
        flushing.clear();
        flushing.swap(dirty);
        flushed = 0;
    }
    const std::size_t end = std::min(flushing.size(), flushed + options.flushes_per_turn_max);
    send_together(end);
    while (flushed < std::min(end, flushing.size())) {  // a handler may end the server
        const LineConnectionPointer connection = std::move(flushing[flushed++]);
        connection->flush_now();
    }
    is_flush_posted = flushed < flushing.size() || !dirty.empty();
    if (is_flush_posted) {
        loop.post([self = shared_from_this()] { self->flush_dirty(); });
    }
}

/// What the next clients up to `end` have to send, as far as one call of the system can. They are
/// settled before any of them goes on: that may close another, or write to it.
void LineShared::send_together(std::size_t end) {
    sends_.clear();
    for (std::size_t i = flushed; i < end; ++i) {
        const BatchedSend send = flushing[i]->offer();
        if (!send.bytes.empty()) {
            sends_.push_back(send);
            sends_.back().place = i;
        }
    }
    if (sends_.size() < SendBatch::worth_it) {
        return;
    }
    stats.writes += batch.run(sends_);
    for (const BatchedSend& send : sends_) {
        flushing[send.place]->settle(send.result);
    }
}

void LineShared::forget_flushes() {
    dirty.clear();
    flushing.clear();
    flushed = 0;
}

SocketLineConnection::SocketLineConnection(const std::shared_ptr<LineShared>& shared,
                                           TlsContext* tls)
    : shared_(shared),
      socket_(shared->loop.context().get_executor()),
      tls_(tls == nullptr ? nullptr : std::make_unique<detail::TlsEngine>(*tls)),
      framer_(shared->options.line_bytes_max) {}

SocketLineConnection::~SocketLineConnection() = default;

void SocketLineConnection::start(int descriptor, bool is_unix) {
    descriptor_ = descriptor;
    index_ = shared_->connections.size();
    shared_->connections.push_back(shared_from_this());
    shared_->stats.connections = shared_->connections.size();
    address_ = is_unix ? "unix" : peer_address(descriptor);
    const std::size_t of_address = ++shared_->per_address[address_];
    asio::error_code error;
    socket_.assign(asio::generic::stream_protocol(is_unix ? AF_UNIX : AF_INET, 0), descriptor,
                   error);
    if (error) {
        ::close(descriptor);
        close(LineEnd::peer_closed);
        return;
    }
    const int on = 1;  // finds peers that vanished without a word, however long they are idle
    ::setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    now_ = heard_ = shared_->clock.mono_now();
    const std::size_t connections_max = shared_->options.connections_max;
    if (shared_->connections.size() > connections_max + turned_away_max ||
        (tls_ && shared_->connections.size() > connections_max)) {
        ++shared_->stats.refused;
        close(LineEnd::too_many);
    } else if (shared_->connections.size() > connections_max) {
        ++shared_->stats.refused;
        finish(LineEnd::too_many);
    } else if (of_address > shared_->options.connections_per_address_max) {
        ++shared_->stats.refused;
        finish(LineEnd::too_many_of_address);
    } else {
        ++shared_->stats.accepted;
        handler_ = shared_->service.on_connect(*this);
        wait_readable();
    }
}

void SocketLineConnection::close(LineEnd why) {
    if (std::exchange(is_closed_, true)) {
        return;
    }
    const LineConnectionPointer self = shared_from_this();  // the list may hold the last reference
    auto& connections = shared_->connections;
    connections.back()->index_ = index_;
    std::swap(connections[index_], connections.back());
    connections.pop_back();
    shared_->stats.connections = connections.size();
    const auto of_address = shared_->per_address.find(address_);
    if (--of_address->second == 0) {
        shared_->per_address.erase(of_address);
    }
    asio::error_code ignored;
    socket_.close(ignored);
    output_ = {};
    unsent_ = 0;
    shared_->changed.notify_all();
    if (handler_ && !std::exchange(is_ending_, true)) {
        handler_->on_end(why);
    }
}

void SocketLineConnection::check_deadlines(core::MonoTime now) {
    now_ = now;
    const auto& options = shared_->options;
    if (is_ending_) {
        if (now >= linger_until_) {
            close(LineEnd::peer_closed);
        }
        return;
    }
    if (is_waiting_to_read_ && framer_.held() > 0 && line_begun_ != core::MonoTime{} &&
        now >= line_begun_ + options.line_timeout) {
        ++shared_->stats.timeouts;
        finish(LineEnd::line_too_slow);
        return;
    }
    if (is_peer_done_) {
        close_when_done();
        if (!is_closed_ && now >= heard_ + options.end_timeout) {
            close(LineEnd::peer_closed);
        }
        if (is_closed_) {
            return;
        }
    }
    if (now >= heard_ + options.idle_timeout) {
        ++shared_->stats.timeouts;
        finish(LineEnd::idle);
        return;
    }
    if (tls_ && !tls_->is_established() && now >= heard_ + options.handshake_timeout) {
        ++shared_->stats.timeouts;
        close(LineEnd::idle);
        return;
    }
    if (!is_quiet_ && now >= heard_ + options.quiet_after) {
        is_quiet_ = true;
        handler_->on_quiet();
    }
    if (!is_ending_) {
        handler_->on_sweep(now);
    }
    if (resume_at_ != core::MonoTime{} && now >= resume_at_) {
        resume_at_ = {};
        process();
    }
}

// ---- input -------------------------------------------------------------------------------------

bool SocketLineConnection::may_handle() const {
    return !is_closed_ && !is_ending_ && !is_paused_ && resume_at_ == core::MonoTime{} &&
           !shared_->reading_stopped && unsent_ <= shared_->options.output_pause_bytes;
}

void SocketLineConnection::wait_readable() {
    if (is_waiting_to_read_ || is_closed_ || (is_peer_done_ && !is_ending_)) {
        return;
    }
    is_waiting_to_read_ = true;
    socket_.async_wait(asio::socket_base::wait_read,
                       [self = shared_from_this()](const asio::error_code& error) {
                           self->is_waiting_to_read_ = false;
                           if (!error && !self->is_closed_) {
                               self->on_readable();
                           }
                       });
}

void SocketLineConnection::on_readable() {
    if (is_ending_) {
        linger_read();
        return;
    }
    if (!may_handle()) {
        return;  // whatever lifts the pause waits again
    }
    const ssize_t size =
        ::recv(descriptor_, shared_->read_buffer.get(), shared_->options.read_bytes_max, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
        wait_readable();
        return;
    }
    if (size < 0) {
        close(LineEnd::peer_closed);
        return;
    }
    if (size == 0) {
        on_peer_done();
        return;
    }
    now_ = heard_ = shared_->clock.mono_now();
    is_quiet_ = false;
    const std::string_view bytes(shared_->read_buffer.get(), static_cast<std::size_t>(size));
    if (tls_) {
        take_encrypted(bytes);
    } else {
        take(bytes);
    }
}

void SocketLineConnection::take(std::string_view bytes) {
    framer_.put(bytes);
    process();
}

void SocketLineConnection::take_encrypted(std::string_view bytes) {
    tls_->put_wire(bytes.data(), bytes.size());
    std::array<char, 4096> plain;
    while (const std::size_t size = tls_->read(plain.data(), plain.size())) {
        framer_.put({plain.data(), size});
    }
    mark_dirty();  // the handshake may have something to say
    if (tls_->is_closed() && framer_.held() == 0) {
        on_peer_done();
        return;
    }
    process();
}

void SocketLineConnection::on_peer_done() {
    is_peer_done_ = true;
    heard_ = shared_->clock.mono_now();
    close_when_done();
}

/// Nothing more comes from the client: when nothing is owed to it either, that is the end.
void SocketLineConnection::close_when_done() {
    if (is_peer_done_ && !is_ending_ && !is_closed_ && !is_processing_ && !is_turn_pending_ &&
        !is_paused_ && unsent_ == 0 && !handler_->has_work()) {
        close(LineEnd::peer_closed);
    }
}

/// Hands out lines until there is none, the handler or a limit says wait, or it is the others'
/// turn.
void SocketLineConnection::process() {
    if (is_processing_ || is_turn_pending_) {
        return;  // the loop below goes on by itself
    }
    is_processing_ = true;
    std::size_t lines = 0;
    bool is_drained = false;
    while (may_handle() && !is_drained && lines < shared_->options.lines_per_turn_max) {
        if (const auto line = framer_.next()) {
            ++lines;
            line_begun_ = {};
            handler_->on_line(*line);
        } else {
            is_drained = true;
        }
    }
    is_processing_ = false;
    if (is_ending_ || is_closed_) {
        return;
    }
    if (framer_.is_too_long()) {
        finish(LineEnd::line_too_long);
    } else if (is_drained) {
        if (framer_.held() > 0 && line_begun_ == core::MonoTime{}) {
            line_begun_ = now_;
        }
        wait_readable();
        close_when_done();
    } else if (may_handle()) {
        process_later();
    }
}

void SocketLineConnection::process_later() {
    is_turn_pending_ = true;
    shared_->loop.post([self = shared_from_this()] {
        self->is_turn_pending_ = false;
        if (!self->is_closed_) {
            self->process();
        }
    });
}

void SocketLineConnection::pause() { is_paused_ = true; }

void SocketLineConnection::resume() {
    if (std::exchange(is_paused_, false) && !is_closed_ && !is_processing_ && !is_turn_pending_) {
        process_later();
    }
}

void SocketLineConnection::pause_for(std::chrono::milliseconds time) {
    resume_at_ = now_ + std::max(time, std::chrono::milliseconds{1});
}

// ---- the end -----------------------------------------------------------------------------------

void SocketLineConnection::finish(LineEnd why) {
    if (!is_ending_ && !is_closed_) {
        begin_end(why, shared_->service.farewell(why));
    }
}

void SocketLineConnection::end(std::string last_lines) {
    if (!is_ending_ && !is_closed_) {
        begin_end(LineEnd::closed_by_handler, std::move(last_lines));
    }
}

void SocketLineConnection::begin_end(LineEnd why, std::string last_lines) {
    is_ending_ = true;
    now_ = shared_->clock.mono_now();
    linger_until_ = now_ + shared_->options.linger_timeout;
    const std::size_t size = last_lines.size();
    if (size > 0) {
        enqueue(std::make_shared<const std::string>(std::move(last_lines)), 0, size);
    }
    mark_dirty();  // also without output: the flush closes our side
    if (handler_) {
        handler_->on_end(why);
    }
}

/// Waits for the client to close first, so that no reset overtakes the last lines.
void SocketLineConnection::shut_down() {
    if (!std::exchange(is_shut_, true)) {
        ::shutdown(descriptor_, SHUT_WR);
    }
    wait_readable();
}

void SocketLineConnection::linger_read() {
    const ssize_t size =
        ::recv(descriptor_, shared_->read_buffer.get(), shared_->options.read_bytes_max, 0);
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) {
        close(LineEnd::peer_closed);
        return;
    }
    lingered_ += static_cast<std::size_t>(std::max<ssize_t>(size, 0));
    if (lingered_ > shared_->options.linger_bytes_max) {
        close(LineEnd::peer_closed);
    } else {
        wait_readable();
    }
}

}  // namespace courseselect::net
