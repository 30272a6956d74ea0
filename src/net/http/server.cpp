#include "courseselect/net/http/server.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <cerrno>
#include <utility>
#include <vector>

#include "connection.hpp"
#include "courseselect/core/check.hpp"
#include "courseselect/core/log.hpp"

namespace courseselect::net::http {
namespace {

constexpr int accepts_per_turn_max = 64;  // then other work of the loop gets its turn

/// For the moment when no descriptor is left: it is given up to accept and close one connection,
/// else the listener would stay readable and the loop would spin.
class SpareDescriptor {
  public:
    SpareDescriptor() { reopen(); }
    ~SpareDescriptor() { static_cast<void>(give_up()); }
    SpareDescriptor(const SpareDescriptor&) = delete;
    SpareDescriptor& operator=(const SpareDescriptor&) = delete;

    [[nodiscard]] bool give_up() {
        return descriptor_ >= 0 && ::close(std::exchange(descriptor_, -1)) == 0;
    }
    void reopen() {
        if (descriptor_ < 0) {
            descriptor_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        }
    }

  private:
    int descriptor_ = -1;
};

int accept_one(int listener) {
    return ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

struct Listener {
    Listener(ListeningSocket listening, TlsContext* tls_context, asio::io_context& context)
        : socket(std::move(listening)), tls(tls_context), readiness(context, socket.descriptor()) {}
    ~Listener() { close(); }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

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

class Server::Core : public std::enable_shared_from_this<Server::Core> {
  public:
    Core(async::EventLoop& loop, const core::Clock& clock, ServerOptions options, Handler& handler)
        : shared(loop, clock, options, handler), context_(loop.context()), sweep_timer_(context_) {}

    void listen(ListeningSocket socket, TlsContext* tls) {
        if (socket.port() != 0 && port == 0) {
            port = socket.port();
        }
        listeners_.push_back(std::make_shared<Listener>(std::move(socket), tls, context_));
        wait_to_accept(listeners_.back());
    }
    void start_sweeping() {
        sweep_timer_.expires_after(shared.options.sweep_interval);
        sweep_timer_.async_wait([self = shared_from_this()](const asio::error_code& error) {
            if (!error && !self->ended_) {
                self->sweep();
                self->start_sweeping();
            }
        });
    }
    void stop_accepting() {
        shared.draining = true;
        for (const auto& listener : listeners_) {
            listener->close();
        }
        listeners_.clear();
        for_all([](Connection& connection) { connection.drain(); });
    }
    [[nodiscard]] asio::io_context& context() { return context_; }
    void close_all() {
        for_all([](Connection& connection) { connection.close(); });
    }
    void end() {
        ended_ = true;
        stop_accepting();
        close_all();
        sweep_timer_.cancel();
    }

    ServerShared shared;
    std::uint16_t port = 0;

  private:
    /// Visits every connection; the visitor may close the one it gets, and only that.
    template <class Visitor>
    void for_all(Visitor visit) {
        for (std::size_t i = shared.connections.size(); i-- > 0;) {
            visit(*shared.connections[i]);
        }
    }
    void sweep() {
        const core::MonoTime now = shared.clock.mono_now();
        for_all([now](Connection& connection) { connection.check_deadline(now); });
        spare_.reopen();
        for (const auto& listener : listeners_) {
            if (!listener->waiting) {
                wait_to_accept(listener);  // paused for want of descriptors
            }
        }
    }
    void wait_to_accept(const std::shared_ptr<Listener>& listener) {
        listener->waiting = true;
        listener->readiness.async_wait(
            asio::posix::descriptor_base::wait_read,
            [self = shared_from_this(), listener](const asio::error_code& error) {
                listener->waiting = false;
                if (!error && !self->ended_ && !self->shared.draining) {
                    self->accept(listener);
                }
            });
    }
    void accept(const std::shared_ptr<Listener>& listener) {
        const int from = listener->socket.descriptor();
        for (int i = 0; i < accepts_per_turn_max; ++i) {
            const int descriptor = accept_one(from);
            if (descriptor >= 0) {
                admit(descriptor, *listener);
            } else if (errno == EMFILE || errno == ENFILE) {
                if (!shed(from)) {
                    return;  // the next sweep tries again
                }
            } else if (errno != EINTR && errno != ECONNABORTED) {
                if (errno == ENOBUFS || errno == ENOMEM) {
                    return;
                }
                break;
            }
        }
        wait_to_accept(listener);
    }
    /// Only the users that are allowed, where they are named.
    [[nodiscard]] bool is_welcome(int descriptor) const {
        const auto& allowed = shared.options.unix_peer_uids;
        if (allowed.empty()) {
            return true;
        }
        const UnixCredentials peer = unix_credentials(descriptor);
        const bool welcome = std::find(allowed.begin(), allowed.end(), peer.uid) != allowed.end();
        if (!welcome) {
            core::log::warn("socket_peer_refused",
                            {{"peer_uid", peer.uid}, {"peer_pid", peer.pid}});
        }
        return welcome;
    }
    void admit(int descriptor, Listener& listener) {
        if (listener.socket.is_unix() && !is_welcome(descriptor)) {
            ++shared.stats.refused_connections;
            ::close(descriptor);
            return;
        }
        if (shared.connections.size() >= shared.options.connections_max) {
            ++shared.stats.refused_connections;
            turn_away(descriptor, listener.tls != nullptr);
            return;
        }
        ++shared.stats.accepted;
        std::make_shared<Connection>(shared, context_, listener.tls)
            ->start(descriptor, listener.socket.is_unix());
    }
    /// Best effort: a client that is still sending may see a reset instead of the 503.
    void turn_away(int descriptor, bool tls) {
        if (!tls) {
            const core::MonoTime now = shared.clock.mono_now();
            shared.date.refresh(shared.clock, now);
            std::string out;
            append_response(out, refusal(503, "The server is busy, try again shortly"),
                            {.date = shared.date.text(), .close = true});
            static_cast<void>(
                ::send(descriptor, out.data(), out.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
            ::shutdown(descriptor, SHUT_WR);
        }
        ::close(descriptor);
    }
    /// Accepts and closes one connection with the spare descriptor; false if there is none.
    [[nodiscard]] bool shed(int from) {
        if (!spare_.give_up()) {
            return false;
        }
        const int descriptor = accept_one(from);
        if (descriptor >= 0) {
            ++shared.stats.refused_connections;
            ::close(descriptor);
        }
        spare_.reopen();
        return descriptor >= 0;
    }

    asio::io_context& context_;
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>,
                               asio::io_context::executor_type>
        sweep_timer_;
    std::vector<std::shared_ptr<Listener>> listeners_;
    SpareDescriptor spare_;
    bool ended_ = false;
};

Server::Server(async::EventLoop& loop, const core::Clock& clock, ServerOptions options,
               Handler& handler)
    : core_(std::make_shared<Core>(loop, clock, options, handler)) {
    core_->start_sweeping();
}

Server::~Server() {
    COURSESELECT_CHECK(core_->shared.stats.handlers == 0);
    core_->end();
}

core::Result<> Server::listen(const TcpAddress& address, TlsContext* tls) {
    COURSESELECT_TRY(ListeningSocket socket,
                     ListeningSocket::open(address, core_->shared.options.backlog));
    core_->listen(std::move(socket), tls);
    return {};
}

core::Result<> Server::listen(const UnixAddress& address, TlsContext* tls) {
    COURSESELECT_TRY(ListeningSocket socket,
                     ListeningSocket::open(address, core_->shared.options.backlog));
    core_->listen(std::move(socket), tls);
    return {};
}

std::uint16_t Server::port() const { return core_->port; }
const Server::Stats& Server::stats() const { return core_->shared.stats; }

async::Task<> Server::stop(std::chrono::milliseconds deadline) {
    const std::shared_ptr<Core> core = core_;
    core->stop_accepting();
    asio::steady_timer timer(core->context());
    timer.expires_after(deadline);
    timer.async_wait([core](const asio::error_code& error) {
        if (!error) {
            core->close_all();
        }
    });
    ServerShared& shared = core->shared;
    while (!shared.connections.empty() || shared.stats.handlers > 0) {
        co_await shared.changed.wait();
    }
    timer.cancel();
}

}  // namespace courseselect::net::http
