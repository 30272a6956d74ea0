#include "courseselect/net/stream.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include "courseselect/async/completion.hpp"
#include "courseselect/async/event.hpp"
#include "courseselect/core/check.hpp"
#include "courseselect/net/detail/tls_engine.hpp"

namespace courseselect::net {
namespace {

/// Parts of one system call; a caller with more calls again.
constexpr std::size_t parts_per_write_max = 128;
/// Encrypted bytes that wait for the socket before a writer has to.
constexpr std::size_t wire_bytes_max = 64 * 1024;

core::Error stream_lost() {
    return core::Error(core::Errc::unavailable, "connection_lost", "The connection was lost");
}

}  // namespace

struct Stream::State : std::enable_shared_from_this<State> {
    using Socket =
        asio::basic_stream_socket<asio::generic::stream_protocol, asio::io_context::executor_type>;

    State(async::EventLoop& loop, std::unique_ptr<detail::TlsEngine> engine, std::string first,
          std::size_t bytes_max)
        : socket(loop.context().get_executor()),
          tls(std::move(engine)),
          already_read(std::move(first)),
          unsent_bytes_max(bytes_max),
          emptied(loop) {}

    void open(int given) {
        ::sockaddr_storage own{};
        ::socklen_t size = sizeof own;
        ::getsockname(given, static_cast<::sockaddr*>(static_cast<void*>(&own)), &size);
        asio::error_code error;
        socket.assign(asio::generic::stream_protocol(own.ss_family, 0), given, error);
        descriptor = given;
        if (error) {
            ::shutdown(given, SHUT_RDWR);
            close(stream_lost());
        }
    }

    void close(core::Error why) {
        if (end) {
            return;
        }
        end.emplace(std::move(why));
        unsent = std::string();
        sending = std::string();
        asio::error_code ignored;
        socket.close(ignored);  // a pending read ends with it
        emptied.notify_all();
        if (tls && waits_to_write) {
            asio::post(socket.get_executor(),
                       [self = shared_from_this()] { self->tell_writable(); });
        }
    }

    // ---- for observers ----

    void wait_readable() {
        if (std::exchange(waits_to_read, true)) {
            return;
        }
        const bool has_bytes = !already_read.empty() || end || (tls && tls->has_input());
        if (has_bytes) {
            asio::post(socket.get_executor(),
                       [self = shared_from_this()] { self->tell_readable(); });
            return;
        }
        socket.async_wait(
            asio::socket_base::wait_read,
            [self = shared_from_this()](const asio::error_code&) { self->tell_readable(); });
    }

    void tell_readable() {
        waits_to_read = false;
        if (observer != nullptr) {
            observer->on_readable();
        }
    }

    void wait_writable() {
        if (std::exchange(waits_to_write, true)) {
            return;
        }
        if (tls && !end) {
            return;  // `on_written` tells
        }
        if (end) {
            asio::post(socket.get_executor(),
                       [self = shared_from_this()] { self->tell_writable(); });
            return;
        }
        socket.async_wait(
            asio::socket_base::wait_write,
            [self = shared_from_this()](const asio::error_code&) { self->tell_writable(); });
    }

    void tell_writable() {
        if (std::exchange(waits_to_write, false) && observer != nullptr) {
            observer->on_writable();
        }
    }

    core::Result<std::optional<std::size_t>> receive(std::span<char> to) {
        if (!already_read.empty()) {
            const std::size_t size = already_read.copy(to.data(), to.size());
            already_read.erase(0, size);
            if (already_read.empty()) {
                already_read = std::string();
            }
            return std::optional(size);
        }
        while (!end) {
            if (tls) {
                const std::size_t size = tls->read(to.data(), to.size());
                write();  // what TLS itself has to say
                if (size > 0 || tls->is_closed()) {
                    return std::optional(size);
                }
            }
            const ssize_t got = ::recv(descriptor, to.data(), to.size(), MSG_DONTWAIT);
            if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
                return std::optional<std::size_t>();
            }
            if (got < 0) {
                close(stream_lost());
            } else if (!tls || got == 0) {
                return std::optional(static_cast<std::size_t>(got));
            } else {
                tls->put_wire(to.data(), static_cast<std::size_t>(got));
            }
        }
        return *end;
    }

    core::Result<std::size_t> write_parts(std::span<const std::string_view> parts) {
        if (end || ending) {
            return end ? *end : stream_lost();
        }
        return tls ? encrypt_parts(parts) : send_parts(parts);
    }

    core::Result<std::size_t> encrypt_parts(std::span<const std::string_view> parts) {
        std::size_t taken = 0;
        for (std::string_view part : parts) {
            while (!part.empty() && kept() < wire_bytes_max) {
                const std::size_t size = std::min(part.size(), wire_bytes_max);
                if (!tls->write(part.data(), size)) {
                    close(stream_lost());
                    return *end;
                }
                write();
                if (end) {
                    return *end;
                }
                taken += size;
                part.remove_prefix(size);
            }
        }
        return taken;
    }

    core::Result<std::size_t> send_parts(std::span<const std::string_view> parts) {
        std::array<::iovec, parts_per_write_max> vectors;
        const std::size_t count = std::min(parts.size(), vectors.size());
        for (std::size_t i = 0; i < count; ++i) {
            vectors[i] = {const_cast<char*>(parts[i].data()), parts[i].size()};
        }
        ::msghdr message{};
        message.msg_iov = vectors.data();
        message.msg_iovlen = count;
        constexpr int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
        // One part is the usual case, and cheaper without the array.
        const ssize_t taken = count == 1
                                  ? ::send(descriptor, parts[0].data(), parts[0].size(), flags)
                                  : ::sendmsg(descriptor, &message, flags);
        if (taken < 0 && errno != EAGAIN && errno != EINTR) {
            close(stream_lost());
            return *end;
        }
        return static_cast<std::size_t>(std::max<ssize_t>(taken, 0));
    }

    // ---- for coroutines ----

    [[nodiscard]] std::size_t kept() const { return sending.size() - sent + unsent.size(); }

    bool send(std::string_view bytes) {
        if (end || ending) {
            return false;
        }
        if (!tls) {
            unsent.append(bytes);
        } else if (!bytes.empty() && !tls->write(bytes.data(), bytes.size())) {
            close(stream_lost());
            return false;
        }
        write();
        return !end;
    }

    /// Writes what the socket takes at once; the rest in the background.
    void write() {
        if (tls) {
            tls->take_wire(unsent);
        }
        if (!writing && !unsent.empty()) {
            const ssize_t taken = ::send(descriptor, unsent.data(), unsent.size(), MSG_NOSIGNAL);
            if (taken < 0 && errno != EAGAIN && errno != EINTR) {
                close(stream_lost());
                return;
            }
            sent = static_cast<std::size_t>(std::max<ssize_t>(taken, 0));
            if (sent < unsent.size()) {
                write_on();
            } else {
                unsent.clear();
                sent = 0;
            }
        }
        if (kept() > unsent_bytes_max) {
            close(core::Error(core::Errc::resource_exhausted, "peer_too_slow",
                              "The peer does not read what it is sent"));
        } else if (!writing) {
            finish_writing();
        }
    }

    void write_on() {
        if (!writing) {
            sending = std::exchange(unsent, std::string());
            writing = true;
        }
        socket.async_write_some(
            asio::buffer(sending.data() + sent, sending.size() - sent),
            [self = shared_from_this()](const asio::error_code& error, std::size_t size) {
                self->on_written(static_cast<bool>(error), size);
            });
    }

    void on_written(bool failed, std::size_t size) {
        if (end) {
            return;
        }
        if (failed) {
            close(stream_lost());
            return;
        }
        sent += size;
        if (sent < sending.size()) {
            write_on();
            return;
        }
        writing = false;
        sending = std::string();
        sent = 0;
        write();
        if (!writing) {
            tell_writable();
        }
    }

    /// Everything is with the socket.
    void finish_writing() {
        if (ending && !std::exchange(ended, true)) {
            ::shutdown(descriptor, SHUT_WR);
        }
        emptied.notify_all();
    }

    void shut_down() {
        if (end || std::exchange(ending, true)) {
            return;
        }
        if (tls) {
            tls->shut_down();
        }
        write();
    }

    Socket socket;
    int descriptor = -1;
    std::unique_ptr<detail::TlsEngine> tls;
    std::string already_read;
    const std::size_t unsent_bytes_max;

    std::string unsent;   // behind `sending`
    std::string sending;  // being written in the background
    std::size_t sent = 0;
    bool writing = false;
    bool ending = false;  // our side ends after what is unsent
    bool ended = false;
    bool reading = false;
    bool waits_to_read = false;
    bool waits_to_write = false;
    StreamObserver* observer = nullptr;
    async::Event emptied;            // nothing is unsent, or closed
    std::optional<core::Error> end;  // closed, and why
};

Stream::Stream(async::EventLoop& loop, int descriptor, std::unique_ptr<detail::TlsEngine> tls,
               std::string already_read, std::size_t unsent_bytes_max)
    : state_(std::make_shared<State>(loop, std::move(tls), std::move(already_read),
                                     unsent_bytes_max)) {
    state_->open(descriptor);
}

Stream::Stream(async::EventLoop& loop, int descriptor, std::string already_read,
               std::size_t unsent_bytes_max)
    : Stream(loop, descriptor, nullptr, std::move(already_read), unsent_bytes_max) {}

Stream::~Stream() {
    state_->observer = nullptr;
    close();
}

async::Task<core::Result<std::string>> Stream::read(std::size_t bytes_max) {
    COURSESELECT_CHECK(bytes_max > 0 && !state_->reading);
    return read_from(state_, bytes_max);
}

async::Task<core::Result<std::string>> Stream::read_from(std::shared_ptr<State> state,
                                                         std::size_t bytes_max) {
    if (!state->already_read.empty()) {
        const std::size_t size = std::min(bytes_max, state->already_read.size());
        std::string bytes = state->already_read.substr(0, size);
        state->already_read.erase(0, size);
        co_return bytes;
    }
    std::string bytes(bytes_max, '\0');
    while (!state->end) {
        if (state->tls) {
            const std::size_t size = state->tls->read(bytes.data(), bytes.size());
            state->write();  // what TLS itself has to say
            if (size > 0 || state->tls->is_closed()) {
                bytes.resize(size);
                co_return bytes;
            }
        }
        struct Arrived {
            asio::error_code error;
            std::size_t size = 0;
        };
        async::Completion<Arrived> arrival;
        state->reading = true;
        state->socket.async_read_some(asio::buffer(bytes.data(), bytes.size()),
                                      [&arrival](const asio::error_code& error, std::size_t size) {
                                          arrival.set({error, size});
                                      });
        const Arrived arrived = co_await arrival;
        state->reading = false;
        if (state->end) {
            break;
        }
        if (arrived.error && arrived.error != asio::error::eof) {
            state->close(stream_lost());
            break;
        }
        if (!state->tls || arrived.size == 0) {
            bytes.resize(arrived.size);
            co_return bytes;
        }
        state->tls->put_wire(bytes.data(), arrived.size);
    }
    co_return *state->end;
}

bool Stream::send(std::string_view bytes) { return state_->send(bytes); }
std::size_t Stream::unsent_bytes() const { return state_->kept(); }
async::Task<> Stream::flushed() { return wait_until_sent(state_); }

async::Task<> Stream::wait_until_sent(std::shared_ptr<State> state) {
    while (state->writing && !state->end) {
        co_await state->emptied.wait();
    }
}

void Stream::observe(StreamObserver* observer) { state_->observer = observer; }
void Stream::wait_readable() { state_->wait_readable(); }
void Stream::wait_writable() { state_->wait_writable(); }
core::Result<std::optional<std::size_t>> Stream::receive(std::span<char> to) {
    COURSESELECT_CHECK(!to.empty());
    return state_->receive(to);
}
core::Result<std::size_t> Stream::write(std::span<const std::string_view> parts) {
    return state_->write_parts(parts);
}

int Stream::plain_socket() const {
    return state_->tls || state_->end || state_->ending ? -1 : state_->descriptor;
}

void Stream::shut_down() { state_->shut_down(); }
void Stream::close() {
    state_->close(core::Error(core::Errc::cancelled, "closed", "The connection was closed"));
}
bool Stream::is_open() const { return !state_->end; }

}  // namespace courseselect::net
