#include "courseselect/nodes/student/submitter.hpp"

#include <utility>

#include "courseselect/json/reader.hpp"
#include "courseselect/json/writer.hpp"

namespace courseselect::nodes::student {

Submitter::Submitter(Runtime runtime, net::http::Client& queue_node, std::string internal_token,
                     SubmitterOptions options)
    : queue_node_(queue_node),
      internal_token_(std::move(internal_token)),
      options_(options),
      batcher_(runtime.loop, options.batches, [this](std::vector<wire::QueueSubmission> batch) {
          return send(std::move(batch));
      }) {}

async::Task<core::Result<std::vector<wire::QueueOutcome>>> Submitter::send(
    std::vector<wire::QueueSubmission> submissions) {
    const std::size_t count = submissions.size();
    wire::QueueSubmissionBatch batch;
    batch.tasks = std::move(submissions);
    net::http::ClientRequest request;
    request.method = net::http::Method::post;
    request.target = "/internal/queue/submit";
    request.headers.push_back({"Internal-Token", internal_token_});
    request.body = json::to_text(batch);
    const auto response = co_await queue_node_.send(std::move(request), options_.call_timeout);
    if (!response) {
        co_return core::Error(core::Errc::unavailable, response.error().to_string());
    }
    if (response->status != 200) {
        co_return core::Error(core::Errc::unavailable,
                              "the queue node answered " + std::to_string(response->status));
    }
    auto answer = json::parse<wire::QueueOutcomeBatch>(response->body);
    if (!answer || answer->results.size() != count) {
        co_return core::Error(core::Errc::unavailable, "the queue node's answer is malformed");
    }
    co_return std::move(answer->results);
}

}  // namespace courseselect::nodes::student
