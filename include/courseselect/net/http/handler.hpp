#pragma once
/// The seam between transports and what answers requests.

#include "courseselect/async/task.hpp"
#include "courseselect/net/http/message.hpp"

namespace courseselect::net::http {

/// Answers requests. `request` outlives the returned task. A handler that never suspends answers
/// inline, within the read that brought the request.
/// Thread-safety: the loop it was built on.
class Handler {
  public:
    virtual ~Handler() = default;
    [[nodiscard]] virtual async::Task<Response> handle(const Request& request) = 0;
};

}  // namespace courseselect::net::http
