#include <chrono>

#include "courseselect/api/service.hpp"
#include "courseselect/core/log.hpp"
#include "courseselect/metrics/process.hpp"

namespace courseselect::api {
namespace {

using net::http::Response;

constexpr std::string_view class_names[] = {"other", "1xx", "2xx", "3xx", "4xx", "5xx"};

void show_route(metrics::Scrape& scrape, std::string_view route, std::string_view method,
                const detail::RouteStatistics& statistics) {
    for (std::size_t i = 0; i < statistics.by_class.size(); ++i) {
        // A rate needs a first value, so every route shows that it has answered nothing yet.
        const bool is_usual = class_names[i] == "2xx";
        if (is_usual || statistics.by_class[i].value() > 0) {
            scrape.counter("courseselect_http_requests_total",
                           "Requests answered, by route template, method and class of the status.",
                           statistics.by_class[i],
                           {{"route", route}, {"method", method}, {"class", class_names[i]}});
        }
    }
    if (statistics.durations.count() > 0) {
        scrape.histogram("courseselect_http_request_duration_seconds",
                         "Time from the first check of a request to its answer.",
                         statistics.durations, {{"route", route}, {"method", method}});
    }
}

Response metrics_response(std::string text) {
    Response response;
    response.content_type = metrics::Scrape::content_type;
    response.headers.push_back({"Cache-Control", "no-store"});
    response.body = std::move(text);
    return response;
}

async::Task<Response> answer_metrics(const Context& context, const metrics::Registry& registry,
                                     bool open) {
    if (open || context.is_internal || context.is_from_here()) {
        co_return metrics_response(registry.text());
    }
    co_return error_response(403,
                             "Metrics are shown to this machine or with an Internal-Token; "
                             "METRICS_OPEN=true shows them to everybody");
}

}  // namespace

void Service::account(const Context& context, detail::RouteStatistics& statistics, int status,
                      core::MonoTime started) {
    const core::MonoTime ended = clock_.mono_now();
    const bool is_known = status >= 100 && status < 600;
    statistics.by_class[is_known ? static_cast<std::size_t>(status) / 100 : 0].add();
    statistics.durations.observe(ended - started);
    if (core::log::enabled(core::log::Level::debug)) {
        const net::http::Peer& peer = context.request.peer;
        core::log::debug("request_done",
                         {{"request_id", context.request_id},
                          {"trace_id", context.trace.trace_id()},
                          {"span_id", context.trace.span_id()},
                          {"method", net::http::method_name(context.request.method)},
                          {"path", context.request.path},
                          {"status", status},
                          {"duration_ms", ended - started},
                          {"peer", peer.address},
                          {"peer_uid", peer.uid},
                          {"peer_pid", peer.pid}});
    }
}

void Service::add_metrics() {
    metrics_.add([this](metrics::Scrape& scrape) { collect(scrape); });
    metrics_.add(metrics::collect_process);
    add(get("/metrics")
            .summary("Figures for Prometheus, in its text format.")
            .description("Shown to this machine, to other nodes (Internal-Token), or to "
                         "everybody where METRICS_OPEN is set.")
            .tag("operation")
            .error(403, "The caller is elsewhere and has no Internal-Token"),
        [this](Context& context) {
            return answer_metrics(context, metrics_, options_.metrics_open);
        });
}

void Service::collect(metrics::Scrape& scrape) const {
    scrape.gauge(
        "courseselect_build_info", "What is running; the value is always 1.", 1,
        {{"service", options_.title}, {"version", options_.version}, {"compiler", __VERSION__}});
    for (const auto& endpoint : endpoints_) {
        show_route(scrape, endpoint->info.path, net::http::method_name(endpoint->info.method),
                   endpoint->statistics);
    }
    show_route(scrape, "(none)", "(any)", unmatched_);
    show_route(scrape, "(preflight)", "OPTIONS", preflights_);
    scrape.gauge("courseselect_http_requests_in_flight", "Requests that have no answer yet.",
                 static_cast<double>(in_flight_));
    scrape.counter("courseselect_log_lines_dropped_total",
                   "Log lines dropped because their queue was full.",
                   static_cast<std::uint64_t>(core::log::dropped_lines()));
}

}  // namespace courseselect::api
