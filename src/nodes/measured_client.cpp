#include "courseselect/nodes/measured_client.hpp"

#include <utility>

#include "courseselect/core/log.hpp"

namespace courseselect::nodes {
namespace {

constexpr std::string_view outcome_names[] = {"2xx",         "3xx",     "4xx",     "5xx",
                                              "unavailable", "timeout", "unknown", "rejected"};

bool has_field(const net::http::ClientRequest& request, std::string_view name) {
    for (const net::http::Header& field : request.headers) {
        if (net::http::same_field_name(field.name, name)) {
            return true;
        }
    }
    return false;
}

}  // namespace

MeasuredClient::MeasuredClient(std::unique_ptr<net::http::Client> client, std::string name,
                               const core::Clock& clock)
    : client_(std::move(client)), name_(std::move(name)), clock_(clock) {}

void MeasuredClient::identify(net::http::ClientRequest& request) {
    const bool has_id = has_field(request, "X-Request-Id");
    const bool has_trace = has_field(request, "traceparent");
    if (has_id && has_trace) {
        return;
    }
    api::RequestIdentity own = ids_.identity();
    core::log::debug("upstream_call",
                     {{"target", name_}, {"request_id", own.request_id}, {"path", request.target}});
    if (!has_trace) {
        request.headers.push_back({"traceparent", own.trace.traceparent()});
    }
    if (!has_id) {
        request.headers.push_back({"X-Request-Id", std::move(own.request_id)});
    }
}

MeasuredClient::Outcome MeasuredClient::outcome_of(
    const core::Result<net::http::ClientResponse>& answer) {
    if (answer) {
        return answer->status < 300   ? Outcome::success
               : answer->status < 400 ? Outcome::redirection
               : answer->status < 500 ? Outcome::refused
                                      : Outcome::failed;
    }
    switch (answer.error().code()) {
        case core::Errc::unavailable:
        case core::Errc::cancelled: return Outcome::unavailable;
        case core::Errc::deadline_exceeded: return Outcome::timeout;
        case core::Errc::outcome_unknown: return Outcome::unknown;
        default: return Outcome::rejected;
    }
}

async::Task<core::Result<net::http::ClientResponse>> MeasuredClient::send(
    net::http::ClientRequest request, std::chrono::milliseconds timeout) {
    identify(request);
    const core::MonoTime started = clock_.mono_now();
    ++in_flight_;
    auto answer = co_await client_->send(std::move(request), timeout);
    --in_flight_;
    outcomes_[static_cast<std::size_t>(outcome_of(answer))].add();
    durations_.observe(clock_.mono_now() - started);
    co_return answer;
}

async::Task<ProbeOutcome> MeasuredClient::probe(std::chrono::milliseconds timeout) {
    net::http::ClientRequest request;
    request.target = "/health";
    const core::MonoTime started = clock_.mono_now();
    const auto answer = co_await send(std::move(request), timeout);
    ProbeOutcome outcome;
    outcome.is_healthy = answer && answer->status == 200;
    outcome.duration = clock_.mono_now() - started;
    co_return outcome;
}

void MeasuredClient::collect(metrics::Scrape& scrape) const {
    for (std::size_t i = 0; i < outcome_count; ++i) {
        scrape.counter("courseselect_upstream_calls_total",
                       "Calls of other nodes, by class of the status or why there is none.",
                       outcomes_[i], {{"target", name_}, {"result", outcome_names[i]}});
    }
    scrape.histogram("courseselect_upstream_call_duration_seconds",
                     "Time from a call of another node to its answer or failure.", durations_,
                     {{"target", name_}});
    scrape.gauge("courseselect_upstream_calls_in_flight", "Calls of other nodes under way.",
                 static_cast<double>(in_flight_), {{"target", name_}});
}

}  // namespace courseselect::nodes
