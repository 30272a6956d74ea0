// The reading half of Connection: its buffer, and what reads bring in each phase.

#include <poll.h>

#include <algorithm>
#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <cstring>
#include <utility>

#include "connection.hpp"

namespace courseselect::net::http {

void Connection::make_room() {
    const auto& options = shared_.options;
    std::size_t wanted = std::max(input_capacity_, options.read_bytes_min);
    if (input_was_full_ && wanted < options.read_bytes_max) {
        wanted = std::min(wanted * 4, options.read_bytes_max);
    }
    if (input_size_ == wanted) {  // a head or body that is larger than the buffer
        const std::size_t missing = std::max(parser_.body_bytes_missing(), options.read_bytes_min);
        wanted += std::min(missing, wanted);
    }
    input_was_full_ = false;
    if (input_size_ == 0 && input_capacity_ > options.read_bytes_max) {
        wanted = options.read_bytes_min;  // a large body is over
    }
    if (wanted == input_capacity_) {
        return;
    }
    std::unique_ptr<char[]> fresh(new char[wanted]);
    if (input_size_ > 0) {
        std::memcpy(fresh.get(), input_.get(), input_size_);
    }
    input_ = std::move(fresh);
    input_capacity_ = wanted;
}

void Connection::read() {
    make_room();
    read_into_rest();
}

void Connection::read_into_rest() {
    reading_ = true;
    read_at_ = input_size_;
    socket_.async_read_some(
        asio::buffer(input_.get() + read_at_, input_capacity_ - read_at_),
        [self = shared_from_this()](const asio::error_code& error, std::size_t size) {
            self->on_read(error, size);
        });
}

/// Reads when all others that are ready have had their turn. Asio tries a recv before it waits:
/// right after the answer it would find nothing, a turn later a busy client has sent again.
void Connection::read_after_turn() {
    const std::shared_ptr<ReadsOfTurn>& reads = shared_.reads;
    if (reads->waiting.empty()) {
        asio::post(socket_.get_executor(), [reads] { reads->run(); });
    }
    reads->waiting.push_back(shared_from_this());
}

void ReadsOfTurn::run() {
    visited.swap(waiting);
    for (const std::shared_ptr<Connection>& connection : visited) {
        if (!connection->closed_ && !connection->reading_) {
            connection->read();
        }
    }
    visited.clear();
}

/// A suspended handler's client is read from, for as long as its request need not move.
void Connection::watch() {
    if (peer_ended_) {
        deadline_ = now_ + shared_.options.half_closed_timeout;  // for this answer too
        return;
    }
    const bool has_room = input_size_ < input_capacity_ && !(tls_ && tls_->has_input());
    if (!reading_ && has_room) {
        read_into_rest();
    }
}

/// Takes the bytes of a read to where they belong: requests may have left the buffer since.
void Connection::place(std::size_t size) {
    char* const bytes = input_.get() + read_at_;
    if (tls_) {
        tls_->put_wire(bytes, size);
        return;
    }
    if (read_at_ != input_size_) {
        std::memmove(input_.get() + input_size_, bytes, size);
    }
    input_size_ += size;
}

void Connection::on_read(const asio::error_code& error, std::size_t size) {
    reading_ = false;
    if (closed_) {
        return;
    }
    if (phase_ == Phase::upgrading) {
        place(size);
        hand_over();
        return;
    }
    if (closing_ && !error) {
        lingered_ += size;
        if (lingered_ > shared_.options.linger_bytes_max) {
            close();
        } else if (phase_ == Phase::lingering) {
            read();
        }
        return;
    }
    now_ = shared_.clock.mono_now();
    if (phase_ == Phase::handling) {
        place(size);
        on_read_while_handling(error);
        return;
    }
    if (error) {
        close();
        return;
    }
    shared_.date.refresh(shared_.clock, now_);
    input_was_full_ = size == input_capacity_ - read_at_;
    place(size);
    if (writing_) {
        return;  // answers first: `on_written` goes on
    }
    if (tls_ && !decrypt()) {
        await_bytes();  // also sends what the handshake has to say
        return;
    }
    proceed();
}

void Connection::on_read_while_handling(const asio::error_code& error) {
    if (tls_ && !error && input_size_ < input_capacity_) {
        input_size_ +=
            tls_->read(input_.get() + input_size_, input_capacity_ - input_size_);  // in place
    }
    if (error == asio::error::eof || (tls_ && tls_->is_closed())) {
        on_peer_ended();
    } else if (error) {
        ++shared_.stats.abandoned;
        close();
    } else {
        watch();
    }
}

/// The peer will send no more. Whether it still reads, only the state of the socket tells, and for
/// TCP not even that.
void Connection::on_peer_ended() {
    ::pollfd socket{descriptor_, 0, 0};
    if (::poll(&socket, 1, 0) > 0 && (socket.revents & (POLLHUP | POLLERR)) != 0) {
        ++shared_.stats.abandoned;
        close();
        return;
    }
    peer_ended_ = true;
    deadline_ = now_ + shared_.options.half_closed_timeout;
}

bool Connection::decrypt() {
    if (reading_) {
        return false;  // its buffer stays where it is; there was nothing left when it began
    }
    make_room();
    const std::size_t size = tls_->read(input_.get() + input_size_, input_capacity_ - input_size_);
    input_size_ += size;
    return size > 0;
}

/// Moves the unfinished request to the front and drops what is done with.
void Connection::compact() {
    const std::size_t kept = parser_.kept();
    if (input_start_ > 0 && kept > 0) {
        std::memmove(input_.get(), input_.get() + input_start_, kept);
    }
    input_size_ = kept;
    input_start_ = 0;
}

}  // namespace courseselect::net::http
