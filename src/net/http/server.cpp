#include "courseselect/net/http/server.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <asio/steady_timer.hpp>
#include <utility>
#include <vector>

#include "../acceptor.hpp"
#include "connection.hpp"
#include "courseselect/core/check.hpp"
#include "courseselect/core/log.hpp"

namespace courseselect::net::http {

class Server::Core : public std::enable_shared_from_this<Server::Core> {
  public:
    Core(async::EventLoop& loop, const core::Clock& clock, ServerOptions options, Handler& handler)
        : shared(loop, clock, options, handler),
          acceptor(
              loop.context(), [this](Accepted accepted) { admit(accepted); },
              [this] { ++shared.stats.refused_connections; }),
          context_(loop.context()),
          sweep_timer_(context_) {}

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
        acceptor.close();
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
    Acceptor acceptor;

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
        acceptor.retry();
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
    void admit(Accepted accepted) {
        const int descriptor = accepted.descriptor;
        if (accepted.is_unix && !is_welcome(descriptor)) {
            ++shared.stats.refused_connections;
            ::close(descriptor);
            return;
        }
        if (shared.connections.size() >= shared.options.connections_max) {
            ++shared.stats.refused_connections;
            turn_away(descriptor, accepted.tls != nullptr);
            return;
        }
        ++shared.stats.accepted;
        std::make_shared<Connection>(shared, context_, accepted.tls)
            ->start(descriptor, accepted.is_unix);
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
    asio::io_context& context_;
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>,
                               asio::io_context::executor_type>
        sweep_timer_;
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
    core_->acceptor.listen(std::move(socket), tls);
    return {};
}

core::Result<> Server::listen(const UnixAddress& address, TlsContext* tls) {
    COURSESELECT_TRY(ListeningSocket socket,
                     ListeningSocket::open(address, core_->shared.options.backlog));
    core_->acceptor.listen(std::move(socket), tls);
    return {};
}

std::uint16_t Server::port() const { return core_->acceptor.port(0); }
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
