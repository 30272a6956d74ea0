#pragma once
/// Hands submissions to the queue node, many in one call.

#include <chrono>
#include <string>
#include <vector>

#include "courseselect/async/batcher.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/net/http/client.hpp"
#include "courseselect/nodes/node.hpp"
#include "courseselect/nodes/wire/selection.hpp"

namespace courseselect::nodes::student {

struct SubmitterOptions {
    async::BatcherOptions batches{.batch_max = 500, .in_flight_max = 1, .waiting_max = 20'000};
    std::chrono::milliseconds call_timeout{30'000};
};

/// Everything that arrives while a call is under way goes into the next one; the queue commits a
/// batch at once, so this costs a submission no time and saves it its share of a call. One call at
/// a time keeps the order of arrival.
/// Thread-safety: the runtime's loop.
class Submitter {
  public:
    Submitter(Runtime runtime, net::http::Client& queue_node, std::string internal_token,
              SubmitterOptions options = {});

    /// The queue's answer for this submission, refusals included.
    /// Errors: unavailable (the queue does not answer; a client that sent an idempotency key may
    /// simply ask again), resource_exhausted (too many wait).
    [[nodiscard]] async::Task<core::Result<wire::QueueOutcome>> submit(
        wire::QueueSubmission submission) {
        return batcher_.submit(std::move(submission));
    }
    /// Sends what waits; refuses what comes later.
    [[nodiscard]] async::Task<> stop() { return batcher_.stop(); }

  private:
    [[nodiscard]] async::Task<core::Result<std::vector<wire::QueueOutcome>>> send(
        std::vector<wire::QueueSubmission> submissions);

    net::http::Client& queue_node_;
    std::string internal_token_;
    SubmitterOptions options_;
    async::Batcher<wire::QueueSubmission, wire::QueueOutcome> batcher_;
};

}  // namespace courseselect::nodes::student
