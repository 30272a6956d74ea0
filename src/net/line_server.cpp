#include <unistd.h>

#include <asio/steady_timer.hpp>
#include <utility>

#include "acceptor.hpp"
#include "courseselect/net/lines.hpp"
#include "line_connection.hpp"

namespace courseselect::net {

class LineServer::Core : public std::enable_shared_from_this<LineServer::Core> {
  public:
    Core(async::EventLoop& loop, const core::Clock& clock, LineServerOptions options,
         LineService& service)
        : shared(std::make_shared<LineShared>(loop, clock, options, service)),
          acceptor(
              loop.context(), [this](Accepted accepted) { admit(accepted); },
              [this] { ++shared->stats.refused; }),
          sweep_timer_(loop.context()) {}

    void start_sweeping() {
        sweep_timer_.expires_after(shared->options.sweep_interval);
        sweep_timer_.async_wait([self = shared_from_this()](const asio::error_code& error) {
            if (!error && !self->has_ended_) {
                self->sweep();
                self->start_sweeping();
            }
        });
    }

    void end() {
        has_ended_ = true;
        acceptor.close();
        sweep_timer_.cancel();
        for_all([](SocketLineConnection& connection) { connection.close(LineEnd::stopping); });
        shared->forget_flushes();
    }

    /// Visits every connection; the visitor may close the one it gets, and only that.
    template <class Visitor>
    void for_all(Visitor visit) {
        for (std::size_t i = shared->connections.size(); i-- > 0;) {
            const LineConnectionPointer connection = shared->connections[i];
            visit(*connection);
        }
    }

    const std::shared_ptr<LineShared> shared;
    Acceptor acceptor;

  private:
    void admit(Accepted accepted) {
        std::make_shared<SocketLineConnection>(shared, accepted.tls)
            ->start(accepted.descriptor, accepted.is_unix);
    }
    void sweep() {
        const core::MonoTime now = shared->clock.mono_now();
        for_all([now](SocketLineConnection& connection) { connection.check_deadlines(now); });
        acceptor.retry();
    }

    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>,
                               asio::io_context::executor_type>
        sweep_timer_;
    bool has_ended_ = false;
};

LineServer::LineServer(async::EventLoop& loop, const core::Clock& clock, LineServerOptions options,
                       LineService& service)
    : core_(std::make_shared<Core>(loop, clock, options, service)) {
    core_->start_sweeping();
}

LineServer::~LineServer() { core_->end(); }

core::Result<> LineServer::listen(const TcpAddress& address, TlsContext* tls) {
    COURSESELECT_TRY(ListeningSocket socket,
                     ListeningSocket::open(address, core_->shared->options.backlog));
    core_->acceptor.listen(std::move(socket), tls);
    return {};
}

core::Result<> LineServer::listen(const UnixAddress& address, TlsContext* tls) {
    COURSESELECT_TRY(ListeningSocket socket,
                     ListeningSocket::open(address, core_->shared->options.backlog));
    core_->acceptor.listen(std::move(socket), tls);
    return {};
}

std::uint16_t LineServer::port(std::size_t index) const { return core_->acceptor.port(index); }
const LineServer::Stats& LineServer::stats() const { return core_->shared->stats; }

void LineServer::stop_reading() {
    core_->acceptor.close();
    core_->shared->reading_stopped = true;
}

async::Task<> LineServer::stop(std::chrono::milliseconds deadline) {
    const std::shared_ptr<Core> core = core_;
    stop_reading();
    core->for_all([](SocketLineConnection& connection) { connection.finish(LineEnd::stopping); });
    asio::steady_timer timer(core->shared->loop.context());
    timer.expires_after(deadline);
    timer.async_wait([core](const asio::error_code& error) {
        if (!error) {
            core->for_all(
                [](SocketLineConnection& connection) { connection.close(LineEnd::stopping); });
        }
    });
    LineShared& shared = *core->shared;
    while (!shared.connections.empty()) {
        co_await shared.changed.wait();
    }
    timer.cancel();
}

}  // namespace courseselect::net
