// The writing half of SocketLineConnection: shared slices, gathered and written once a turn.

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "line_connection.hpp"

namespace courseselect::net {
namespace {

constexpr std::size_t slices_per_write_max = 64;

}  // namespace

void SocketLineConnection::send(std::string lines) {
    const std::size_t size = lines.size();
    if (size > 0 && !is_ending_) {
        send(std::make_shared<const std::string>(std::move(lines)), 0, size);
    }
}

void SocketLineConnection::send(SharedBytes bytes, std::size_t offset, std::size_t size) {
    if (is_ending_ || is_closed_ || size == 0) {
        return;
    }
    if (unsent_ + size > shared_->options.output_bytes_max) {
        static_cast<void>(
            write_available());  // what piled up in this turn alone is not the client's fault
        if (is_closed_) {
            return;
        }
        if (unsent_ + size > shared_->options.output_bytes_max) {
            overflow();
            return;
        }
    }
    enqueue(std::move(bytes), offset, size);
    mark_dirty();
}

void SocketLineConnection::enqueue(SharedBytes bytes, std::size_t offset, std::size_t size) {
    output_.push_back({std::move(bytes), offset, size});
    unsent_ += size;
}

void SocketLineConnection::overflow() {
    ++shared_->stats.overflows;
    keep_begun_line();
    finish(LineEnd::too_slow);
}

/// Drops the output but for the rest of a line that the client has the beginning of.
void SocketLineConnection::keep_begun_line() {
    std::size_t kept = output_start_;
    std::size_t bytes = 0;
    bool is_whole = is_at_line_start_;
    while (!is_whole && kept < output_.size()) {
        Slice& slice = output_[kept++];
        const std::size_t end = slice.bytes->find('\n', slice.offset);
        if (end < slice.offset + slice.size) {
            slice.size = end + 1 - slice.offset;
            is_whole = true;
        }
        bytes += slice.size;
    }
    output_.resize(kept);
    unsent_ = bytes + (wire_ ? wire_->size() - wire_sent_ : 0);
}

void SocketLineConnection::mark_dirty() {
    if (!is_dirty_ && !is_closed_) {
        is_dirty_ = true;
        shared_->flush_later(shared_from_this());
    }
}

/// Encrypts the whole output once what was encrypted before is written.
void SocketLineConnection::encrypt() {
    if (wire_) {
        return;
    }
    for (std::size_t i = output_start_; i < output_.size(); ++i) {
        const Slice& slice = output_[i];
        if (!tls_->is_established() ||
            !tls_->write(slice.bytes->data() + slice.offset, slice.size)) {
            break;
        }
        unsent_ -= slice.size;
        ++output_start_;
    }
    if (is_ending_ && unsent_ == 0 && !std::exchange(is_tls_shut_, true)) {
        tls_->shut_down();
    }
    std::string wire;
    tls_->take_wire(wire);
    if (!wire.empty()) {
        unsent_ += wire.size();
        wire_ = std::make_shared<const std::string>(std::move(wire));
        wire_sent_ = 0;
    }
}

/// What can be written now: with TLS a handshake must be over before there is anything.
bool SocketLineConnection::has_output() {
    if (tls_) {
        encrypt();
        return wire_ != nullptr;
    }
    return unsent_ > 0;
}

/// One gathered write of what is there, as far as it fits into one.
SocketLineConnection::Written SocketLineConnection::write_once() {
    std::array<::iovec, slices_per_write_max> parts;
    std::size_t count = 0;
    std::size_t offered = 0;
    const auto add = [&](const std::string& bytes, std::size_t offset, std::size_t size) {
        parts[count++] = {const_cast<char*>(bytes.data()) + offset, size};
        offered += size;
    };
    if (tls_) {
        add(*wire_, wire_sent_, wire_->size() - wire_sent_);
    } else {
        for (std::size_t i = output_start_; i < output_.size() && count < parts.size(); ++i) {
            add(*output_[i].bytes, output_[i].offset, output_[i].size);
        }
    }
    ::msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    ++shared_->stats.writes;
    constexpr int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
    // One part is the usual case, and cheaper without the array.
    const ssize_t sent = count == 1
                             ? ::send(descriptor_, parts[0].iov_base, parts[0].iov_len, flags)
                             : ::sendmsg(descriptor_, &message, flags);
    if (sent < 0) {
        return {.is_broken = errno != EAGAIN && errno != EINTR};
    }
    shared_->stats.bytes_sent += static_cast<std::uint64_t>(sent);
    drop_sent(static_cast<std::size_t>(sent));
    return {.took_all = static_cast<std::size_t>(sent) == offered};
}

BatchedSend SocketLineConnection::offer() const {
    if (tls_ || is_closed_ || is_waiting_to_write_ || output_start_ + 1 != output_.size()) {
        return {};
    }
    const Slice& slice = output_[output_start_];
    return {.descriptor = descriptor_,
            .bytes = std::string_view(*slice.bytes).substr(slice.offset, slice.size)};
}

/// Only keeps the books. Errors come again with the next write, which knows what to do.
void SocketLineConnection::settle(std::ptrdiff_t result) {
    if (result > 0) {
        shared_->stats.bytes_sent += static_cast<std::uint64_t>(result);
        drop_sent(static_cast<std::size_t>(result));
    }
}

void SocketLineConnection::drop_sent(std::size_t sent) {
    unsent_ -= sent;
    if (tls_) {
        wire_sent_ += sent;
        if (wire_sent_ == wire_->size()) {
            wire_.reset();
        }
        return;
    }
    while (sent > 0) {
        Slice& slice = output_[output_start_];
        const std::size_t part = std::min(sent, slice.size);
        is_at_line_start_ = (*slice.bytes)[slice.offset + part - 1] == '\n';
        slice.offset += part;
        slice.size -= part;
        sent -= part;
        if (slice.size == 0) {
            slice.bytes.reset();
            ++output_start_;
        }
    }
}

void SocketLineConnection::flush_now() {
    is_dirty_ = false;
    flush();
}

/// True when everything is written.
bool SocketLineConnection::write_available() {
    if (is_closed_ || is_waiting_to_write_) {
        return false;
    }
    while (has_output()) {
        const Written written = write_once();
        if (written.is_broken) {
            close(LineEnd::peer_closed);
            return false;
        }
        if (!written.took_all) {
            wait_writable();
            return false;
        }
    }
    if (unsent_ > 0 && !is_ending_) {
        return false;  // waits for the end of the handshake
    }
    output_.clear();
    output_start_ = 0;
    if (output_.capacity() > 8) {
        output_ = {};  // an idle connection keeps little
    }
    return true;
}

void SocketLineConnection::flush() {
    if (!write_available()) {
        return;
    }
    if (is_ending_) {
        shut_down();
    } else if (!is_paused_ && !is_waiting_to_read_) {
        process();  // lines may have waited for room
    }
    close_when_done();
}

void SocketLineConnection::wait_writable() {
    is_waiting_to_write_ = true;
    socket_.async_wait(asio::socket_base::wait_write,
                       [self = shared_from_this()](const asio::error_code& error) {
                           self->is_waiting_to_write_ = false;
                           if (!error && !self->is_closed_) {
                               self->now_ = self->shared_->clock.mono_now();
                               self->flush();
                           }
                       });
}

}  // namespace courseselect::net
