#pragma once
/// A client that is counted and whose calls can be found in the logs of both sides.

#include <array>
#include <chrono>
#include <memory>
#include <string>

#include "courseselect/api/trace.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/metrics/counter.hpp"
#include "courseselect/metrics/histogram.hpp"
#include "courseselect/metrics/registry.hpp"
#include "courseselect/net/http/client.hpp"

namespace courseselect::nodes {

/// What `/health` tells of another node.
struct ProbeOutcome {
    bool is_healthy = false;
    std::chrono::nanoseconds duration{0};
};

/// Passes every call on to another client and counts it by result. A call without `X-Request-Id` or
/// `traceparent` (work that no single request asked for, such as a batch) gets one of its own.
/// Ownership: owns the client, borrows the clock. Thread-safety: the client's loop.
class MeasuredClient final : public net::http::Client {
  public:
    /// `name` is the called service's in `/health` ("data_node").
    MeasuredClient(std::unique_ptr<net::http::Client> client, std::string name,
                   const core::Clock& clock);

    [[nodiscard]] async::Task<core::Result<net::http::ClientResponse>> send(
        net::http::ClientRequest request, std::chrono::milliseconds timeout) override;

    /// Asks the other node's `/health`, now.
    [[nodiscard]] async::Task<ProbeOutcome> probe(std::chrono::milliseconds timeout);

    [[nodiscard]] const std::string& name() const { return name_; }
    void collect(metrics::Scrape& scrape) const;

  private:
    /// By class of the status, or by why there is none.
    enum class Outcome : std::uint8_t {
        success,
        redirection,
        refused,
        failed,
        unavailable,
        timeout,
        unknown,
        rejected,
    };
    static constexpr std::size_t outcome_count = 8;
    static Outcome outcome_of(const core::Result<net::http::ClientResponse>& answer);
    void identify(net::http::ClientRequest& request);

    std::unique_ptr<net::http::Client> client_;
    std::string name_;
    const core::Clock& clock_;
    api::TraceIds ids_;
    std::array<metrics::Counter, outcome_count> outcomes_;
    metrics::Histogram durations_{metrics::durations};
    std::size_t in_flight_ = 0;
};

}  // namespace courseselect::nodes
