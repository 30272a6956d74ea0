#pragma once
/// What is shown at `/metrics`: collectors, asked at each scrape, write into one `Scrape`.
///
///     registry.add([this](metrics::Scrape& scrape) {
///         scrape.counter("courseselect_decisions_total", "Decisions.", accepted_.value(),
///                        {{"outcome", "accepted"}});
///     });

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "courseselect/metrics/histogram.hpp"

namespace courseselect::metrics {

/// `name="value"`. Values come from small fixed sets (route templates, outcomes), never from a
/// request: each new combination is a time series that the observer keeps for weeks.
using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// One answer to a scraper, in the making. The same name may be written several times with
/// different labels; help and type are those of the first time.
/// Bugs that abort: a name or label that Prometheus refuses, a counter without `_total`, a name
/// used with two types.
class Scrape {
  public:
    Scrape();
    ~Scrape();
    Scrape(const Scrape&) = delete;
    Scrape& operator=(const Scrape&) = delete;

    /// `name` ends in `_total`; base units (`_seconds_total`, `_bytes_total`).
    void counter(std::string_view name, std::string_view help, double value, Labels labels = {});
    void counter(std::string_view name, std::string_view help, std::uint64_t value,
                 Labels labels = {}) {
        counter(name, help, static_cast<double>(value), labels);
    }
    void counter(std::string_view name, std::string_view help, const Counter& value,
                 Labels labels = {}) {
        counter(name, help, value.value(), labels);
    }
    void gauge(std::string_view name, std::string_view help, double value, Labels labels = {});
    void histogram(std::string_view name, std::string_view help, const Histogram& value,
                   Labels labels = {});

    /// The text exposition format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).
    [[nodiscard]] std::string text() const;
    static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Thread-safety: the thread of its owner; collectors run inside `text()`.
class Registry {
  public:
    using Collector = std::function<void(Scrape&)>;

    /// `collector` must be callable as long as `text()` is called.
    void add(Collector collector) { collectors_.push_back(std::move(collector)); }
    /// Everything now.
    [[nodiscard]] std::string text() const;

  private:
    std::vector<Collector> collectors_;
};

}  // namespace courseselect::metrics
