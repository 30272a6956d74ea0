#include "courseselect/chat/server.hpp"

#include <utility>

#include "courseselect/core/log.hpp"
#include "session.hpp"

namespace courseselect::chat {
namespace {

struct Farewell {
    Fault fault;
    const char* message;
};

/// Nothing for those who are not there to hear it.
std::optional<Farewell> farewell_of(net::LineEnd why) {
    switch (why) {
        case net::LineEnd::peer_closed:
        case net::LineEnd::closed_by_handler: return std::nullopt;
        case net::LineEnd::line_too_long:
            return Farewell{Fault::line_too_long, "A line has at most 65536 bytes"};
        case net::LineEnd::line_too_slow:
            return Farewell{Fault::line_too_slow, "The line was not finished in time"};
        case net::LineEnd::idle:
            return Farewell{Fault::idle, "Nothing came from you for too long, connect again"};
        case net::LineEnd::too_slow:
            return Farewell{Fault::too_slow,
                            "You read too slowly and messages were dropped; connect again and ask "
                            "get_history with the last id you saw as after_id"};
        case net::LineEnd::stopping:
            return Farewell{Fault::stopping,
                            "The server is stopping; connect again and ask get_history with the "
                            "last id you saw as after_id"};
        case net::LineEnd::too_many:
            return Farewell{Fault::too_many_connections,
                            "The server has as many connections as it can, try again shortly"};
        case net::LineEnd::too_many_of_address:
            return Farewell{Fault::too_many_connections,
                            "Too many connections from your address, close one first"};
    }
    return std::nullopt;
}

}  // namespace

struct Server::State final : net::LineService {
    State(Accounts::Services services, const ServerOptions& options, Accounts accounts,
          ratelimit::KeyedLimiter limiter)
        : shared(services, options, std::move(accounts), std::move(limiter)),
          lines(services.loop, services.clock, options.lines, *this) {}

    std::unique_ptr<net::LineHandler> on_connect(net::LineConnection& connection) override {
        return std::make_unique<Session>(shared, connection);
    }
    [[nodiscard]] std::string farewell(net::LineEnd why) const override {
        const auto text = farewell_of(why);
        return text ? refusal_line({text->fault, text->message}) : std::string();
    }

    SessionShared shared;
    net::LineServer lines;  // last: its connections leave the room when it goes
};

core::Result<std::unique_ptr<Server>> Server::create(Accounts::Services services,
                                                     ServerOptions options) {
    options.accounts.has_limits = options.has_limits;
    COURSESELECT_TRY_OK(options.messages.check());
    COURSESELECT_TRY_OK(options.requests.check());
    COURSESELECT_TRY(auto accounts, Accounts::create(services, options.accounts));
    COURSESELECT_TRY(auto limiter, ratelimit::KeyedLimiter::create(options.address_messages));
    return std::unique_ptr<Server>(new Server(
        std::make_unique<State>(services, options, std::move(accounts), std::move(limiter))));
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() = default;

async::Task<core::Result<>> Server::start() { co_return co_await state_->shared.room.start(); }

core::Result<> Server::listen(const net::TcpAddress& address, net::TlsContext* tls) {
    return state_->lines.listen(address, tls);
}

std::uint16_t Server::port(std::size_t index) const { return state_->lines.port(index); }
const net::LineServer::Stats& Server::stats() const { return state_->lines.stats(); }
const Room& Server::room() const { return state_->shared.room; }

async::Task<> Server::stop(std::chrono::milliseconds deadline) {
    state_->lines.stop_reading();
    co_await state_->shared.work.join();
    co_await state_->shared.room.stop();
    co_await state_->lines.stop(deadline);
}

}  // namespace courseselect::chat
