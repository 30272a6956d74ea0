#include "courseselect/net/http/pooled_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <asio/steady_timer.hpp>
#include <deque>
#include <utility>
#include <vector>

#include "client_connection.hpp"
#include "client_request.hpp"
#include "client_tls.hpp"
#include "courseselect/async/completion.hpp"

namespace courseselect::net::http {
namespace {

using ClientResult = core::Result<ClientResponse>;

/// A request under way; lives in the frame of the coroutine that sent it.
struct Exchange {
    std::shared_ptr<const std::string> bytes;
    Method method = Method::get;
    core::MonoTime deadline;
    std::chrono::milliseconds connect_timeout{0};
    bool is_repeated = false;
    async::Completion<ClientResult> done;
};

}  // namespace

/// The pool. Outlives the client while handlers of its sockets are still to run.
class PooledClient::Core : public std::enable_shared_from_this<PooledClient::Core> {
  public:
    Core(async::EventLoop& loop, const core::Clock& clock, ServiceAddress to, PooledClientOptions o)
        : address(std::move(to)),
          options(std::move(o)),
          loop_(loop),
          clock_(clock),
          timer_(loop.context()) {}

    core::Result<> prepare_tls() {
        if (address.kind != ServiceAddress::Kind::tls) {
            return {};
        }
        COURSESELECT_TRY(tls_, make_tls_client_context(options.tls_ca_file));
        return {};
    }

    void submit(Exchange& exchange) {
        ++stats.requests;
        if (is_closed_) {
            return finish(exchange, closed_error());
        }
        if (!give_to_idle(exchange)) {
            if (slots_.size() < options.connections_max) {
                open_for(exchange);
            } else if (waiting_.size() < options.waiting_max) {
                waiting_.push_back(&exchange);
            } else {
                return finish(exchange, core::Error(core::Errc::resource_exhausted, "pool_full",
                                                    "too many requests wait for a connection"));
            }
        }
        run_timer();
    }

    void close() {
        is_closed_ = true;
        timer_.cancel();
        auto slots = std::exchange(slots_, {});
        idle_.clear();
        const auto waiting = std::exchange(waiting_, {});
        for (const auto& slot : slots) {
            slot->connection->close();
        }
        for (const auto& slot : slots) {
            if (slot->exchange != nullptr) {
                finish(*slot->exchange, closed_error());
            }
        }
        for (Exchange* exchange : waiting) {
            finish(*exchange, closed_error());
        }
    }

    [[nodiscard]] Stats counted() const {
        Stats now = stats;
        now.connections = slots_.size();
        now.idle = idle_.size();
        now.waiting = waiting_.size();
        return now;
    }

    [[nodiscard]] core::MonoTime mono_now() const { return clock_.mono_now(); }

    const ServiceAddress address;
    const PooledClientOptions options;
    Stats stats;

  private:
    /// A connection and the request it carries, if any.
    struct Slot {
        std::shared_ptr<ClientConnection> connection;
        Exchange* exchange = nullptr;
        core::MonoTime idle_since;
        core::MonoTime connect_by;
        bool is_reused = false;
    };
    using SlotPointer = std::shared_ptr<Slot>;

    static core::Error closed_error() {
        return {core::Errc::cancelled, "client_closed", "the client was closed"};
    }
    static void finish(Exchange& exchange, ClientResult result) {
        exchange.done.set(std::move(result));
    }

    bool give_to_idle(Exchange& exchange) {
        while (!idle_.empty()) {
            const SlotPointer slot = idle_.back();
            idle_.pop_back();
            if (!slot->connection->is_stale()) {
                slot->is_reused = true;
                start(slot, exchange);
                return true;
            }
            drop(slot);
        }
        return false;
    }

    void open_for(Exchange& exchange) {
        ++stats.connects;
        auto slot = std::make_shared<Slot>();
        slot->connection = std::make_shared<ClientConnection>(
            loop_, address,
            ResponseLimits{.header_bytes_max = options.header_bytes_max,
                           .header_count_max = options.header_count_max,
                           .body_bytes_max = options.body_bytes_max},
            tls_.get(), options.tls_verify);
        slot->connect_by = clock_.mono_now() + exchange.connect_timeout;
        slots_.push_back(slot);
        start(slot, exchange);
    }

    void start(const SlotPointer& slot, Exchange& exchange) {
        slot->exchange = &exchange;
        slot->connection->exchange(
            exchange.bytes, exchange.method,
            [core = weak_from_this(), slot](ExchangeEnd how, const std::string& problem) {
                if (const auto alive = core.lock()) {
                    alive->on_end(slot, how, problem);
                }
            });
    }

    void on_end(const SlotPointer& slot, ExchangeEnd how, const std::string& problem) {
        Exchange& exchange = *std::exchange(slot->exchange, nullptr);
        if (how == ExchangeEnd::answered) {
            ClientResponse response = slot->connection->parser().take();
            release(slot);
            return finish(exchange, std::move(response));
        }
        drop(slot);
        const bool may_repeat = slot->is_reused && !exchange.is_repeated &&
                                (how == ExchangeEnd::not_connected ||
                                 (how == ExchangeEnd::lost_unread && is_safe(exchange.method)));
        if (may_repeat) {
            exchange.is_repeated = true;
            ++stats.repeats;
            return open_for(exchange);
        }
        serve_waiting();
        const bool unsent = how == ExchangeEnd::not_connected;
        finish(exchange, core::Error(unsent ? core::Errc::unavailable : core::Errc::outcome_unknown,
                                     unsent ? "not_connected" : "connection_lost",
                                     fmt::format("{}: {}", address.to_string(), problem)));
    }

    /// The connection is free: the first who waits gets it.
    void release(const SlotPointer& slot) {
        if (!slot->connection->may_reuse()) {
            drop(slot);
            return serve_waiting();
        }
        if (!waiting_.empty()) {
            Exchange* next = waiting_.front();
            waiting_.pop_front();
            slot->is_reused = true;
            return start(slot, *next);
        }
        slot->idle_since = clock_.mono_now();
        idle_.push_back(slot);
    }

    void serve_waiting() {
        if (!waiting_.empty() && slots_.size() < options.connections_max) {
            Exchange* next = waiting_.front();
            waiting_.pop_front();
            open_for(*next);
        }
    }

    void drop(const SlotPointer& slot) {
        slot->connection->close();
        slots_.erase(std::remove(slots_.begin(), slots_.end(), slot), slots_.end());
        idle_.erase(std::remove(idle_.begin(), idle_.end(), slot), idle_.end());
    }

    void run_timer() {
        if (is_timing_ || is_closed_) {
            return;
        }
        is_timing_ = true;
        timer_.expires_after(options.tick);
        timer_.async_wait([core = weak_from_this()](const asio::error_code& error) {
            const auto alive = core.lock();
            if (!error && alive) {
                alive->is_timing_ = false;
                alive->on_tick();
            }
        });
    }

    void on_tick() {
        const core::MonoTime now = clock_.mono_now();
        std::vector<std::pair<Exchange*, core::Error>> late;
        for (const SlotPointer& slot : std::vector<SlotPointer>(slots_)) {
            if (slot->exchange == nullptr) {
                if (now - slot->idle_since > options.idle_timeout) {
                    drop(slot);
                }
                continue;
            }
            const bool is_unsent = slot->connection->is_connecting();
            const bool is_over = now >= slot->exchange->deadline;
            if (is_over || (is_unsent && now >= slot->connect_by)) {
                drop(slot);
                Exchange& exchange = *std::exchange(slot->exchange, nullptr);
                late.emplace_back(&exchange,
                                  is_over ? timeout_error(exchange, is_unsent) : connect_error());
            }
        }
        for (auto at = waiting_.begin(); at != waiting_.end();) {
            if (now >= (*at)->deadline) {
                late.emplace_back(*at, timeout_error(**at, true));
                at = waiting_.erase(at);
            } else {
                ++at;
            }
        }
        for (std::size_t i = 0; i < late.size(); ++i) {
            serve_waiting();
        }
        if (!slots_.empty() || !waiting_.empty()) {
            run_timer();
        }
        for (auto& [exchange, error] : late) {
            finish(*exchange, std::move(error));
        }
    }

    [[nodiscard]] core::Error timeout_error(const Exchange& exchange, bool is_unsent) const {
        const bool had_no_effect = is_unsent || is_safe(exchange.method);
        return {had_no_effect ? core::Errc::deadline_exceeded : core::Errc::outcome_unknown,
                "timeout", address.to_string() + " did not answer in time"};
    }
    [[nodiscard]] core::Error connect_error() const {
        return {core::Errc::unavailable, "connect_timeout",
                address.to_string() + " did not accept the connection in time"};
    }

    async::EventLoop& loop_;
    const core::Clock& clock_;
    asio::steady_timer timer_;
    TlsClientContext tls_;
    std::vector<SlotPointer> slots_;  // every connection, oldest first
    std::vector<SlotPointer> idle_;   // of these the unused ones, last used last
    std::deque<Exchange*> waiting_;
    bool is_timing_ = false;
    bool is_closed_ = false;
};

PooledClient::PooledClient(std::shared_ptr<Core> core) : core_(std::move(core)) {}
PooledClient::~PooledClient() { core_->close(); }

core::Result<std::unique_ptr<PooledClient>> PooledClient::open(async::EventLoop& loop,
                                                               const core::Clock& clock,
                                                               ServiceAddress address,
                                                               PooledClientOptions options) {
    auto core = std::make_shared<Core>(loop, clock, std::move(address), std::move(options));
    COURSESELECT_TRY_OK(core->prepare_tls());
    return std::unique_ptr<PooledClient>(new PooledClient(std::move(core)));
}

async::Task<ClientResult> PooledClient::send(ClientRequest request,
                                             std::chrono::milliseconds timeout) {
    const SendLimits limits{.timeout = timeout};
    auto result = co_await send_borrowed(request, limits);
    co_return result;
}

async::Task<ClientResult> PooledClient::send_borrowed(const ClientRequest& request,
                                                      SendLimits limits) {
    const auto fine = check_request(request);
    if (!fine) {
        co_return core::Error(fine.error());
    }
    const std::shared_ptr<Core> core = core_;
    const ServiceAddress& to = core->address;
    Exchange exchange;
    exchange.bytes =
        std::make_shared<const std::string>(write_request(request, to.base_path, to.authority()));
    exchange.method = request.method;
    exchange.deadline = core->mono_now() + limits.timeout;
    exchange.connect_timeout = std::min(core->options.connect_timeout, limits.connect_timeout);
    core->submit(exchange);
    async::Completion<ClientResult>& done = exchange.done;
    auto result = co_await done;
    co_return result;
}

const ServiceAddress& PooledClient::address() const { return core_->address; }
PooledClient::Stats PooledClient::stats() const { return core_->counted(); }

}  // namespace courseselect::net::http
