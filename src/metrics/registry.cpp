#include "courseselect/metrics/registry.hpp"

#include <prometheus/check_names.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>
#include <sstream>

#include "courseselect/core/check.hpp"

namespace courseselect::metrics {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

struct Scrape::State {
    std::vector<MetricFamily> families;  // in the order of their first appearance

    ClientMetric& add(std::string_view name, std::string_view help, MetricType type,
                      Labels labels) {
        auto family = std::find_if(families.begin(), families.end(),
                                   [name](const MetricFamily& f) { return f.name == name; });
        if (family == families.end()) {
            const std::string owned(name);
            COURSESELECT_CHECK(prometheus::CheckMetricName(owned) && !help.empty());
            families.push_back({owned, std::string(help), type, {}});
            family = families.end() - 1;
        }
        COURSESELECT_CHECK(family->type == type);
        ClientMetric& metric = family->metric.emplace_back();
        for (const auto& [label, value] : labels) {
            metric.label.push_back({std::string(label), std::string(value)});
            COURSESELECT_CHECK(prometheus::CheckLabelName(metric.label.back().name));
        }
        return metric;
    }
};

Scrape::Scrape() : state_(std::make_unique<State>()) {}
Scrape::~Scrape() = default;

void Scrape::counter(std::string_view name, std::string_view help, double value, Labels labels) {
    COURSESELECT_CHECK(name.ends_with("_total"));
    state_->add(name, help, MetricType::Counter, labels).counter.value = value;
}

void Scrape::gauge(std::string_view name, std::string_view help, double value, Labels labels) {
    state_->add(name, help, MetricType::Gauge, labels).gauge.value = value;
}

void Scrape::histogram(std::string_view name, std::string_view help, const Histogram& value,
                       Labels labels) {
    auto& shown = state_->add(name, help, MetricType::Histogram, labels).histogram;
    const Buckets& buckets = value.buckets();
    // The count is that of the buckets read here: another thread may be observing.
    for (std::size_t at = 0; at <= buckets.bounds.size(); ++at) {
        shown.sample_count += value.in_bucket(at);
        const double bound = at < buckets.bounds.size()
                                 ? static_cast<double>(buckets.bounds[at]) * buckets.unit
                                 : std::numeric_limits<double>::infinity();
        shown.bucket.push_back({shown.sample_count, bound});
    }
    shown.sample_sum = value.sum();
}

std::string Scrape::text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, state_->families);
    return std::move(out).str();
}

std::string Registry::text() const {
    Scrape scrape;
    for (const Collector& collect : collectors_) {
        collect(scrape);
    }
    return scrape.text();
}

}  // namespace courseselect::metrics
