#pragma once
/// What a service is to whoever runs it.

#include <string_view>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/crypto/random.hpp"
#include "courseselect/net/http/handler.hpp"

namespace courseselect::nodes {

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
    /// Loads state and starts background work.
    [[nodiscard]] virtual async::Task<core::Result<>> start() = 0;
    /// Ends background work and flushes what was accepted. The listeners are closed by then.
    [[nodiscard]] virtual async::Task<> stop() = 0;
};

}  // namespace courseselect::nodes
