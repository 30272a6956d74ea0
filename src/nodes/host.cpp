#include "courseselect/nodes/host.hpp"

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <csignal>
#include <functional>
#include <utility>

#include "courseselect/api/service.hpp"
#include "courseselect/async/completion.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/core/log.hpp"
#include "courseselect/net/http/io_threads.hpp"

namespace courseselect::nodes {

struct Host::Hosted {
    std::unique_ptr<Node> node;
    Listeners listeners;
    std::unique_ptr<net::TlsContext> tls;
    std::unique_ptr<net::http::Server> server;
    std::unique_ptr<net::http::IoThreads> io_threads;
    bool started = false;
};

struct Host::Signals {
    explicit Signals(async::EventLoop& loop)
        : ends(loop.context(), SIGTERM, SIGINT), reloads(loop.context(), SIGHUP) {}
    asio::signal_set ends;
    asio::signal_set reloads;
};

namespace {

void watch_reloads(asio::signal_set& signals, std::function<void()> reload) {
    signals.async_wait([&signals, reload = std::move(reload)](const asio::error_code& error, int) {
        if (!error) {
            reload();
            watch_reloads(signals, reload);
        }
    });
}

}  // namespace

Host::Host(async::EventLoop& loop, const core::Clock& clock, HostOptions options)
    : loop_(loop), clock_(clock), options_(options) {}
Host::~Host() = default;

void Host::add(std::unique_ptr<Node> node, Listeners listeners) {
    auto hosted = std::make_unique<Hosted>();
    hosted->node = std::move(node);
    hosted->listeners = std::move(listeners);
    hosted->node->service().metrics().add(
        [this, added = hosted.get()](metrics::Scrape& scrape) { collect_server(*added, scrape); });
    hosted_.push_back(std::move(hosted));
}

void Host::follow(std::unique_ptr<Control> control) {
    control_ = std::move(control);
    control_->subscribe([this](const Settings& settings) {
        for (const auto& hosted : hosted_) {
            hosted->node->apply(settings);
        }
    });
}

void Host::collect_server(const Hosted& hosted, metrics::Scrape& scrape) const {
    if (!hosted.server) {
        return;
    }
    net::http::Server::Stats now = hosted.server->stats();
    if (hosted.io_threads) {
        const net::http::Server::Stats others = hosted.io_threads->stats();
        now.connections += others.connections;
        now.accepted += others.accepted;
        now.refused_connections += others.refused_connections;
        now.timeouts += others.timeouts;
        now.requests += others.requests;
    }
    scrape.gauge("courseselect_http_connections", "Connections that are open.",
                 static_cast<double>(now.connections));
    scrape.counter("courseselect_http_connections_accepted_total", "Connections accepted.",
                   now.accepted);
    scrape.counter("courseselect_http_connections_refused_total",
                   "Connections refused: too many, no descriptor left, or a peer not allowed.",
                   now.refused_connections);
    scrape.counter("courseselect_http_connection_timeouts_total",
                   "Connections closed by a deadline, idle ones too.", now.timeouts);
    scrape.counter("courseselect_http_answers_total",
                   "Answers sent over connections, refusals of malformed requests included.",
                   now.requests);
}

bool Host::has_io_threads(const Hosted& hosted) const {
    return options_.io_threads > 1 && hosted.node->upgrader() == nullptr;
}

net::http::ServerOptions Host::server_options(const Hosted& hosted) const {
    net::http::ServerOptions options = options_.server;
    options.upgrader = hosted.node->upgrader();
    if (has_io_threads(hosted)) {
        options.connections_max /= options_.io_threads;  // the system deals them out evenly
    }
    return options;
}

core::Result<> Host::start_io_threads(Hosted& hosted) {
    hosted.io_threads = std::make_unique<net::http::IoThreads>(
        loop_, clock_, server_options(hosted), hosted.node->handler());
    const net::TcpAddress tcp{.host = hosted.listeners.host, .port = hosted.server->port()};
    return hosted.io_threads->start(options_.io_threads - 1, tcp, hosted.listeners.tls);
}

core::Result<> Host::listen(Hosted& hosted) {
    const Listeners& listeners = hosted.listeners;
    hosted.server = std::make_unique<net::http::Server>(loop_, clock_, server_options(hosted),
                                                        hosted.node->handler());
    if (listeners.tls) {
        COURSESELECT_TRY(hosted.tls, net::TlsContext::open(*listeners.tls));
    }
    const net::TcpAddress tcp{
        .host = listeners.host, .port = listeners.port, .reuse_port = has_io_threads(hosted)};
    COURSESELECT_TRY_OK(hosted.server->listen(tcp, hosted.tls.get()));
    if (tcp.reuse_port) {
        COURSESELECT_TRY_OK(start_io_threads(hosted));
    }
    if (!listeners.socket_path.empty()) {
        COURSESELECT_TRY_OK(hosted.server->listen(net::UnixAddress{.path = listeners.socket_path}));
    }
    core::log::info("listening", {{"service", hosted.node->name()},
                                  {"host", listeners.host},
                                  {"port", hosted.server->port()},
                                  {"socket", listeners.socket_path}});
    return {};
}

async::Task<core::Result<>> Host::start() {
    for (auto& hosted : hosted_) {
        auto started = co_await hosted->node->start();
        if (started) {
            hosted->started = true;
            started = listen(*hosted);
        }
        if (!started) {
            const core::Error error = started.error();
            core::log::error("start_failed", {{"service", hosted->node->name()}, {"error", error}});
            co_await stop();
            co_return core::Error(error);
        }
    }
    if (control_) {
        is_following_ = true;
        control_->start();
    }
    co_return core::Result<>();
}

async::Task<> Host::stop_serving(Hosted& hosted) {
    async::TaskGroup stopping(loop_);
    if (hosted.io_threads) {
        stopping.spawn(hosted.io_threads->stop(options_.stop_deadline));
    }
    if (hosted.server) {
        stopping.spawn(hosted.server->stop(options_.stop_deadline));
    }
    co_await stopping.join();
    hosted.io_threads.reset();
    hosted.server.reset();
}

async::Task<> Host::stop() {
    if (std::exchange(is_following_, false)) {
        co_await control_->stop();
    }
    // First all of them: a request to one may be waiting in another.
    for (const auto& hosted : hosted_) {
        if (hosted->started) {
            hosted->node->drain();
        }
    }
    for (auto at = hosted_.rbegin(); at != hosted_.rend(); ++at) {
        Hosted& hosted = **at;
        co_await stop_serving(hosted);
        if (std::exchange(hosted.started, false)) {
            co_await hosted.node->stop();
            core::log::info("stopped", {{"service", hosted.node->name()}});
        }
    }
}

void Host::reload() {
    core::log::info("reloading");
    for (const auto& hosted : hosted_) {
        if (hosted->tls) {
            const auto reloaded = hosted->tls->reload();
            if (!reloaded) {
                core::log::error("certificate_reload_failed", {{"error", reloaded.error()}});
            }
        }
        if (hosted->io_threads) {
            hosted->io_threads->reload();
        }
    }
    if (reload_) {
        reload_();
    }
}

async::Task<> Host::run(int& exit_code) {
    const auto started = co_await start();
    exit_code = started ? 0 : 1;
    if (started) {
        async::Completion<bool> told;
        signals_->ends.async_wait(
            [&told](const asio::error_code& error, int) { told.set(!error); });
        watch_reloads(signals_->reloads, [this] { reload(); });
        co_await told;
        core::log::info("stopping");
        co_await stop();
    }
    signals_->ends.cancel();
    signals_->reloads.cancel();
    loop_.stop();
}

int Host::run_until_signal() {
    signals_ = std::make_unique<Signals>(loop_);
    int exit_code = 1;
    {
        async::TaskGroup group(loop_);
        loop_.post([&] { group.spawn(run(exit_code)); });
        loop_.run();
        while (group.running() > 0) {
            loop_.poll();
        }
    }
    loop_.poll();  // handlers of cancelled waits
    signals_.reset();
    return exit_code;
}

std::vector<Node*> Host::nodes() const {
    std::vector<Node*> all;
    all.reserve(hosted_.size());
    for (const auto& hosted : hosted_) {
        all.push_back(hosted->node.get());
    }
    return all;
}

std::uint16_t Host::port(std::string_view name) const {
    for (const auto& hosted : hosted_) {
        if (hosted->node->name() == name && hosted->server) {
            return hosted->server->port();
        }
    }
    return 0;
}

}  // namespace courseselect::nodes
