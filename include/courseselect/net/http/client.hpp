#pragma once
/// How one service calls another, whatever lies between them.

#include <chrono>

#include "courseselect/async/task.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/net/http/message.hpp"

namespace courseselect::net::http {

/// One service, reachable over a pool of connections or in the same process.
/// Thread-safety: the loop it was built on.
class Client {
  public:
    virtual ~Client() = default;

    /// Sends a request and waits for the whole answer, whatever its status.
    /// Errors: unavailable (no connection; the request was not sent), outcome_unknown (after the
    /// request was sent the connection was lost, the answer was malformed or did not come in
    /// `timeout`: it may have been carried out), deadline_exceeded (the time is over and it had no
    /// effect: it was not sent, or it is GET or HEAD), resource_exhausted (more requests waiting
    /// than the pool allows), invalid_argument (a request that no client sends).
    /// Safe requests (GET, HEAD) that were sent on a reused connection which turns out to be
    /// closed are repeated once on a new one.
    [[nodiscard]] virtual async::Task<core::Result<ClientResponse>> send(
        ClientRequest request, std::chrono::milliseconds timeout) = 0;
};

}  // namespace courseselect::net::http
