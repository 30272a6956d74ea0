// The writing half of Connection: answers gathered, written at once, the rest in the background.

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <asio/buffer.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "connection.hpp"
#include "courseselect/core/check.hpp"

namespace courseselect::net::http {

/// Takes the server's buffer, so that idle connections need none and busy ones allocate none.
void Connection::borrow_output() {
    if (output_.empty() && output_.capacity() < shared_.output.capacity()) {
        output_ = std::move(shared_.output);
    }
}

void Connection::return_output() {
    output_.clear();
    if (output_.capacity() <= 2 * shared_.options.output_bytes_max &&
        output_.capacity() > shared_.output.capacity()) {
        shared_.output = std::move(output_);
    }
    if (output_.capacity() > std::string().capacity()) {
        output_ = std::string();
    }
}

/// Writes at once what the socket takes; the rest in the background. Nothing to do is fine.
void Connection::flush() {
    if (writing_ || closed_) {
        return;
    }
    if (tls_) {
        std::string wire;
        if (!output_.empty() && !tls_->write(output_.data(), output_.size())) {
            close();
            return;
        }
        if (closing_ && phase_ != Phase::handling) {
            tls_->shut_down();
        }
        tls_->take_wire(wire);
        output_ = std::move(wire);
    }
    if (!output_.empty()) {
        const ssize_t sent = ::send(descriptor_, output_.data(), output_.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            close();
            return;
        }
        if (static_cast<std::size_t>(std::max<ssize_t>(sent, 0)) < output_.size()) {
            write_rest(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
            return;
        }
    }
    return_output();
    if (phase_ == Phase::upgrading) {
        hand_over();
        return;
    }
    if (closing_ && phase_ != Phase::handling) {
        linger();
    }
}

void Connection::write_rest(std::size_t sent) {
    sending_ = std::exchange(output_, std::string());
    sent_ = sent;
    writing_ = true;
    write_deadline_ = now_ + shared_.options.write_timeout;
    write_more();
}

void Connection::write_more() {
    socket_.async_write_some(
        asio::buffer(sending_.data() + sent_, sending_.size() - sent_),
        [self = shared_from_this()](const asio::error_code& error, std::size_t size) {
            self->on_written(static_cast<bool>(error), size);
        });
}

void Connection::on_written(bool failed, std::size_t size) {
    if (closed_) {
        return;
    }
    if (failed) {
        close();
        return;
    }
    sent_ += size;
    if (sent_ < sending_.size()) {
        write_more();
        return;
    }
    writing_ = false;
    sending_ = std::string();
    now_ = shared_.clock.mono_now();
    shared_.date.refresh(shared_.clock, now_);
    if (phase_ == Phase::handling) {
        flush();
        return;
    }
    proceed();
}

/// RFC 9110 §7.8: the client must have asked for it, on this connection.
bool Connection::may_upgrade(const Request& request) const {
    bool connection_lists_it = false;
    for (const HeaderView& field : request.headers) {
        connection_lists_it = connection_lists_it || (same_field_name(field.name, "connection") &&
                                                      lists_token(field.value, "upgrade"));
    }
    const bool asked = connection_lists_it && request.header("upgrade") && !parser_.is_http_1_0();
    if (!asked && shared_.options.observer != nullptr) {
        shared_.options.observer->on_handler_exception(request, "a 101 that nobody asked for");
    }
    return asked && shared_.options.upgrader != nullptr && !shared_.draining;
}

/// The 101 is sent: the connection goes on without us.
void Connection::hand_over() {
    asio::error_code ignored;
    if (reading_) {  // since its handler was suspended: `on_read` comes back with what it has got
        socket_.cancel(ignored);
        return;
    }
    std::string rest(input_.get() + input_start_, input_size_ - input_start_);
    socket_.release(ignored);
    closed_ = true;
    leave();
    ++shared_.stats.upgraded;
    shared_.options.upgrader->take_over(
        parser_.request(),
        std::make_unique<Stream>(shared_.loop, descriptor_, std::move(tls_), std::move(rest),
                                 shared_.options.stream_unsent_bytes_max));
}

/// Waits for the client to close first, so that no reset overtakes our answer (RFC 9112 §9.6).
void Connection::linger() {
    if (phase_ == Phase::lingering) {
        return;
    }
    if (peer_ended_) {
        close();
        return;
    }
    ::shutdown(descriptor_, SHUT_WR);
    phase_ = Phase::lingering;
    deadline_ = now_ + shared_.options.linger_timeout;
    input_size_ = 0;
    input_start_ = 0;
    if (!reading_) {
        read();
    }
}

}  // namespace courseselect::net::http
