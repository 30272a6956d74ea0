#include "courseselect/net/http/io_threads.hpp"

#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "courseselect/async/completion.hpp"
#include "courseselect/async/sleep.hpp"
#include "courseselect/core/check.hpp"
#include "courseselect/core/log.hpp"

namespace courseselect::net::http {
namespace {
constexpr std::chrono::seconds shown_every{1};
}  // namespace

/// Takes requests from a thread's loop to the handler's, and answers back. What the handler throws
/// travels, too: the server of the thread makes a 500 of it.
class IoThreads::Forwarder final : public Handler {
  public:
    Forwarder(async::EventLoop& lane, async::TaskGroup& answers, Handler& handler)
        : lane_(lane), answers_(answers), handler_(handler) {}

    [[nodiscard]] async::Task<Response> handle(const Request& request) override {
        async::Completion<Outcome> answered;
        answers_.loop().post(
            [this, &request, &answered] { answers_.spawn(answer(request, answered)); });
        Outcome outcome = co_await answered;
        if (outcome.failure) {
            std::rethrow_exception(outcome.failure);
        }
        co_return std::move(outcome.response);
    }

  private:
    struct Outcome {
        Response response;
        std::exception_ptr failure;
    };

    async::Task<> answer(const Request& request, async::Completion<Outcome>& answered) {
        Outcome outcome;
        try {
            outcome.response = co_await handler_.handle(request);
        } catch (...) {
            outcome.failure = std::current_exception();
        }
        lane_.post([&answered, outcome = std::move(outcome)]() mutable {
            answered.set(std::move(outcome));
        });
    }

    async::EventLoop& lane_;
    async::TaskGroup& answers_;
    Handler& handler_;
};

/// All of it belongs to its thread, but for `seen`.
struct IoThreads::Lane {
    Lane(const core::Clock& clock, const ServerOptions& options, async::TaskGroup& answers,
         Handler& handler)
        : forwarder(loop, answers, handler), server(loop, clock, options, forwarder), own(loop) {}

    /// Shows others the figures, which only this thread may read.
    static async::Task<> watch(Lane& lane) {
        bool goes_on = true;
        while (goes_on) {
            lane.show();
            goes_on = co_await async::sleep_for(lane.loop, shown_every, lane.own.stop_token());
        }
    }
    void show() {
        const std::lock_guard lock(gate);
        seen = server.stats();
    }
    static async::Task<> end(Lane& lane, std::chrono::milliseconds deadline, async::EventLoop& home,
                             async::Completion<bool>& ended) {
        co_await lane.server.stop(deadline);
        lane.own.request_stop();
        lane.loop.stop();
        home.post([&ended] { ended.set(true); });
    }
    void run() {
        loop.run();
        while (own.running() > 0) {
            loop.poll();
        }
        loop.poll();  // handlers of cancelled waits
    }

    async::EventLoop loop;
    Forwarder forwarder;
    std::unique_ptr<TlsContext> tls;
    Server server;
    async::TaskGroup own;
    std::mutex gate;
    Server::Stats seen;  ///< guarded by `gate`
    std::thread thread;
};

IoThreads::IoThreads(async::EventLoop& home, const core::Clock& clock, ServerOptions options,
                     Handler& handler)
    : home_(home), clock_(clock), options_(options), handler_(handler), answers_(home) {
    COURSESELECT_CHECK(options_.observer == nullptr && options_.upgrader == nullptr);
}

IoThreads::~IoThreads() { COURSESELECT_CHECK(lanes_.empty()); }

core::Result<> IoThreads::start(std::size_t count, TcpAddress address,
                                const std::optional<TlsFiles>& tls) {
    COURSESELECT_CHECK(lanes_.empty());
    address.reuse_port = true;
    std::vector<std::unique_ptr<Lane>> made;
    for (std::size_t i = 0; i < count; ++i) {
        auto lane = std::make_unique<Lane>(clock_, options_, answers_, handler_);
        if (tls) {
            COURSESELECT_TRY(lane->tls, TlsContext::open(*tls));
        }
        COURSESELECT_TRY_OK(lane->server.listen(address, lane->tls.get()));
        address.port = lane->server.port();
        made.push_back(std::move(lane));
    }
    port_ = address.port;
    lanes_ = std::move(made);
    for (const auto& lane : lanes_) {
        lane->loop.post([lane = lane.get()] { lane->own.spawn(Lane::watch(*lane)); });
        lane->thread = std::thread([lane = lane.get()] { lane->run(); });
    }
    return {};
}

void IoThreads::reload() {
    for (const auto& lane : lanes_) {
        if (!lane->tls) {
            continue;
        }
        lane->loop.post([lane = lane.get()] {
            const auto reloaded = lane->tls->reload();
            if (!reloaded) {
                core::log::error("certificate_reload_failed", {{"error", reloaded.error()}});
            }
        });
    }
}

Server::Stats IoThreads::stats() const {
    Server::Stats sum;
    for (const auto& lane : lanes_) {
        const std::lock_guard lock(lane->gate);
        sum.connections += lane->seen.connections;
        sum.handlers += lane->seen.handlers;
        sum.accepted += lane->seen.accepted;
        sum.refused_connections += lane->seen.refused_connections;
        sum.requests += lane->seen.requests;
        sum.timeouts += lane->seen.timeouts;
        sum.abandoned += lane->seen.abandoned;
        sum.upgraded += lane->seen.upgraded;
    }
    return sum;
}

async::Task<> IoThreads::stop_lane(Lane& lane, std::chrono::milliseconds deadline) {
    async::Completion<bool> ended;
    lane.loop.post([this, &lane, &ended, deadline] {
        lane.own.spawn(Lane::end(lane, deadline, home_, ended));
    });
    co_await ended;
    lane.thread.join();
}

async::Task<> IoThreads::stop(std::chrono::milliseconds deadline) {
    async::TaskGroup stopping(home_);
    for (const auto& lane : lanes_) {
        stopping.spawn(stop_lane(*lane, deadline));
    }
    co_await stopping.join();
    co_await answers_.join();
    lanes_.clear();
}

}  // namespace courseselect::net::http
