#include "courseselect/realtime/server.hpp"

#include <exception>
#include <utility>

#include "courseselect/async/completion.hpp"
#include "server_core.hpp"

namespace courseselect::realtime {

Server::Core::Core(Server& owner, async::EventLoop& event_loop, const core::Clock& injected_clock,
                   crypto::RandomSource& random_source, ServerOptions server_options)
    : server(owner),
      random(random_source),
      options(std::move(server_options)),
      timers(event_loop, injected_clock),
      engine(event_loop, injected_clock, random_source, options.engine, *this),
      handlers(event_loop) {}

std::unique_ptr<engine::SessionHandler> Server::Core::on_open(engine::Session& session) {
    return std::make_unique<Connection>(*this, session);
}

Namespace* Server::Core::find(std::string_view name) const {
    const auto found = namespaces.find(name);
    return found == namespaces.end() ? nullptr : found->second.get();
}

void Server::Core::tell_exception(std::string_view nsp, std::string_view event) const {
    if (options.observer == nullptr) {
        return;
    }
    try {
        throw;
    } catch (const std::exception& exception) {
        options.observer->on_handler_exception(nsp, event, exception.what());
    } catch (...) {
        options.observer->on_handler_exception(nsp, event, "not a std::exception");
    }
}

Server::Server(async::EventLoop& loop, const core::Clock& clock, crypto::RandomSource& random,
               ServerOptions options)
    : core_(std::make_unique<Core>(*this, loop, clock, random, std::move(options))) {}

Server::~Server() { core_->engine.close_all(engine::CloseReason::shutting_down); }

Namespace& Server::of(std::string_view name) {
    const std::string key(name);
    auto& found = core_->namespaces[key];
    if (!found) {
        found = std::make_unique<Namespace>(*this, key);
    }
    return *found;
}

async::Task<net::http::Response> Server::handle(const net::http::Request& request) {
    core_->timers.run_due();
    return core_->engine.handle(request);
}

void Server::take_over(const net::http::Request& request, std::unique_ptr<net::Stream> stream) {
    core_->engine.take_over(request, std::move(stream));
}

engine::Server& Server::engine() { return core_->engine; }

Server::Stats Server::stats() const {
    Stats stats = core_->stats;
    stats.engine = core_->engine.stats();
    stats.handlers = core_->handlers.running();
    return stats;
}

const ServerOptions& Server::options() const { return core_->options; }

void Server::check_deadlines() {
    core_->timers.run_due();
    core_->engine.check_deadlines();
}

async::Task<> Server::stop() {
    core_->engine.close_all(engine::CloseReason::shutting_down);
    core_->handlers.request_stop();
    co_await core_->handlers.join();
    async::Completion<bool> sent;
    core_->engine.when_sent([&sent] { sent.set(true); });
    co_await sent;
}

}  // namespace courseselect::realtime
