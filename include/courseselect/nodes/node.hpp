#pragma once
/// What a service is to whoever runs it.

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/crypto/random.hpp"
#include "courseselect/net/http/handler.hpp"

namespace courseselect::api {
class Service;
}
namespace courseselect::net::http {
class Client;
class Upgrader;
}  // namespace courseselect::net::http

namespace courseselect::nodes {

class MeasuredClient;
struct NodeParts;
struct Settings;

/// What every node needs from the program around it. All outlive the node.
struct Runtime {
    async::EventLoop& loop;
    const core::Clock& clock;
    crypto::RandomSource& random;
};

/// One service as an object. Several may live in one process and on one loop; then they reach each
/// other through `net::http::LocalClient` on `handler()`.
/// Thread-safety: the runtime's loop.
class Node {
  public:
    virtual ~Node() = default;

    /// The service's name in `/health` ("data_node").
    [[nodiscard]] virtual std::string_view name() const = 0;
    /// What answers its requests. Valid for the node's life; serve it after `start()` succeeded.
    [[nodiscard]] virtual net::http::Handler& handler() = 0;
    /// The same with its routes and metrics.
    [[nodiscard]] virtual api::Service& service() = 0;
    /// Loads state and starts background work.
    [[nodiscard]] virtual async::Task<core::Result<>> start() = 0;
    /// Ends background work and flushes what was accepted. The listeners are closed by then.
    [[nodiscard]] virtual async::Task<> stop() = 0;

    /// The settings of the whole system are known, or have changed.
    virtual void apply(const Settings&) {}
    /// The program is about to stop: ends what only waits, so that its callers are answered and the
    /// listeners can close. Nothing is flushed yet, and requests may still come.
    virtual void drain() {}
    /// How many outboxes the node has, and the clients of the realtime server that tell it what is
    /// in them, one each; before `start()`. A node that is given none tells nobody.
    [[nodiscard]] virtual std::size_t outboxes() const { return 0; }
    virtual void report_to(std::vector<std::unique_ptr<net::http::Client>> realtime);
    /// What takes connections over that leave HTTP; null: none may.
    [[nodiscard]] virtual net::http::Upgrader* upgrader() { return nullptr; }
    /// What of this node `/health` and `/metrics` look at; asked anew each time.
    [[nodiscard]] virtual NodeParts parts();

    /// The clients of other nodes, owned by this one, for whoever assembled it to say.
    void set_upstreams(std::vector<MeasuredClient*> clients) { upstreams_ = std::move(clients); }
    [[nodiscard]] const std::vector<MeasuredClient*>& upstreams() const { return upstreams_; }

  private:
    std::vector<MeasuredClient*> upstreams_;
};

}  // namespace courseselect::nodes
