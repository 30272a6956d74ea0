#include "acceptor.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <utility>

namespace courseselect::net {
namespace {

constexpr int accepted_per_turn_max = 64;  // then other work of the loop gets its turn

int accept_from(int listener) {
    return ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int open_spare() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

struct AcceptingSocket {
    AcceptingSocket(ListeningSocket listening, TlsContext* tls_context, asio::io_context& context)
        : socket(std::move(listening)), tls(tls_context), readiness(context, socket.descriptor()) {}
    ~AcceptingSocket() { close(); }
    AcceptingSocket(const AcceptingSocket&) = delete;
    AcceptingSocket& operator=(const AcceptingSocket&) = delete;

    void close() {
        if (readiness.is_open()) {
            readiness.release();  // the socket closes the descriptor
            socket.close();
        }
    }

    ListeningSocket socket;
    TlsContext* tls;
    asio::posix::basic_stream_descriptor<asio::io_context::executor_type> readiness;
    bool waiting = false;
};

}  // namespace

struct Acceptor::State : std::enable_shared_from_this<State> {
    State(asio::io_context& io, core::UniqueFunction<void(Accepted)> accept,
          core::UniqueFunction<void()> shed_one)
        : context(io), on_accept(std::move(accept)), on_shed(std::move(shed_one)) {}
    ~State() {
        if (spare >= 0) {
            ::close(spare);
        }
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    void wait(const std::shared_ptr<AcceptingSocket>& listener) {
        listener->waiting = true;
        listener->readiness.async_wait(
            asio::posix::descriptor_base::wait_read,
            [self = shared_from_this(), listener](const asio::error_code& error) {
                listener->waiting = false;
                if (!error && !self->closed) {
                    self->accept_waiting(listener);
                }
            });
    }

    void accept_waiting(const std::shared_ptr<AcceptingSocket>& listener) {
        const int from = listener->socket.descriptor();
        for (int i = 0; i < accepted_per_turn_max && !closed; ++i) {
            const int descriptor = accept_from(from);
            if (descriptor >= 0) {
                on_accept({descriptor, listener->socket.is_unix(), listener->tls});
            } else if (errno == EMFILE || errno == ENFILE) {
                if (!shed(from)) {
                    return;  // `retry` goes on
                }
            } else if (errno != EINTR && errno != ECONNABORTED) {
                if (errno == ENOBUFS || errno == ENOMEM) {
                    return;
                }
                break;
            }
        }
        if (!closed) {
            wait(listener);
        }
    }

    /// Accepts and closes one connection with the spare descriptor; false if there is none.
    [[nodiscard]] bool shed(int from) {
        if (spare < 0) {
            return false;
        }
        ::close(std::exchange(spare, -1));
        const int descriptor = accept_from(from);
        if (descriptor >= 0) {
            on_shed();
            ::close(descriptor);
        }
        spare = open_spare();
        return descriptor >= 0;
    }

    asio::io_context& context;
    core::UniqueFunction<void(Accepted)> on_accept;
    core::UniqueFunction<void()> on_shed;
    std::vector<std::shared_ptr<AcceptingSocket>> listeners;
    std::vector<std::uint16_t> ports;
    int spare = open_spare();
    bool closed = false;
};

Acceptor::Acceptor(asio::io_context& context, core::UniqueFunction<void(Accepted)> on_accept,
                   core::UniqueFunction<void()> on_shed)
    : state_(std::make_shared<State>(context, std::move(on_accept), std::move(on_shed))) {}

Acceptor::~Acceptor() { close(); }

void Acceptor::listen(ListeningSocket socket, TlsContext* tls) {
    if (socket.port() != 0) {
        state_->ports.push_back(socket.port());
    }
    state_->listeners.push_back(
        std::make_shared<AcceptingSocket>(std::move(socket), tls, state_->context));
    state_->wait(state_->listeners.back());
}

void Acceptor::retry() {
    if (state_->spare < 0) {
        state_->spare = open_spare();
    }
    for (const auto& listener : state_->listeners) {
        if (!listener->waiting) {
            state_->wait(listener);
        }
    }
}

void Acceptor::close() {
    state_->closed = true;
    for (const auto& listener : state_->listeners) {
        listener->close();
    }
    state_->listeners.clear();
}

std::uint16_t Acceptor::port(std::size_t index) const {
    return index < state_->ports.size() ? state_->ports[index] : std::uint16_t{0};
}

}  // namespace courseselect::net
