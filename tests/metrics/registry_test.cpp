#include "courseselect/metrics/registry.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "support/prometheus_text.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using test::PrometheusText;

TEST_SUITE("metrics/registry") {
    TEST_CASE("a scrape is written as Prometheus reads it") {
        metrics::Scrape scrape;
        scrape.counter("courseselect_answers_total", "Answers given.", std::uint64_t{3},
                       {{"route", "/courses/{id}"}, {"class", "2xx"}});
        scrape.gauge("courseselect_waiting", "Who waits.", 1.5);
        CHECK(scrape.text() ==
              "# HELP courseselect_answers_total Answers given.\n"
              "# TYPE courseselect_answers_total counter\n"
              "courseselect_answers_total{route=\"/courses/{id}\",class=\"2xx\"} 3\n"
              "# HELP courseselect_waiting Who waits.\n"
              "# TYPE courseselect_waiting gauge\n"
              "courseselect_waiting 1.5\n");
    }

    TEST_CASE("samples of one family stand together, whoever writes between them") {
        metrics::Scrape scrape;
        scrape.counter("a_total", "A.", std::uint64_t{1}, {{"of", "x"}});
        scrape.gauge("b", "B.", 2);
        scrape.counter("a_total", "Other words.", std::uint64_t{3}, {{"of", "y"}});
        const PrometheusText text(scrape.text());
        CHECK(text.sum("a_total") == 4);
        CHECK(text.at("b") == 2);
    }

    TEST_CASE("a histogram shows rising buckets, their sum and their count") {
        metrics::Histogram histogram(metrics::durations);
        histogram.observe(1ms);
        histogram.observe(40ms);
        histogram.observe(2min);
        metrics::Scrape scrape;
        scrape.histogram("wait_seconds", "How long.", histogram, {{"of", "x"}});
        const PrometheusText text(scrape.text());
        CHECK(text.type("wait_seconds") == "histogram");
        CHECK(text.at("wait_seconds_bucket{of=\"x\",le=\"0.0005\"}") == 0);
        CHECK(text.at("wait_seconds_bucket{of=\"x\",le=\"0.001\"}") == 1);
        CHECK(text.at("wait_seconds_bucket{of=\"x\",le=\"0.05\"}") == 2);
        CHECK(text.at("wait_seconds_bucket{of=\"x\",le=\"30\"}") == 2);
        CHECK(text.at("wait_seconds_bucket{of=\"x\",le=\"+Inf\"}") == 3);
        CHECK(text.at("wait_seconds_count{of=\"x\"}") == 3);
        CHECK(text.at("wait_seconds_sum{of=\"x\"}") == doctest::Approx(120.041));
    }

    TEST_CASE("label values are escaped") {
        metrics::Scrape scrape;
        scrape.gauge("up", "Up.", 1, {{"name", "a\"b\\c\nd"}});
        CHECK(PrometheusText(scrape.text()).find("up{name=\"a\\\"b\\\\c\\nd\"}") == 1);
    }

    TEST_CASE("collectors are asked at each scrape, in the order they were added") {
        metrics::Registry registry;
        metrics::Counter counter;
        registry.add([&counter](metrics::Scrape& scrape) {
            scrape.counter("seen_total", "Seen.", counter);
        });
        registry.add([](metrics::Scrape& scrape) { scrape.gauge("last", "Last.", 0); });
        CHECK(PrometheusText(registry.text()).at("seen_total") == 0);
        counter.add(7);
        const std::string text = registry.text();
        CHECK(PrometheusText(text).at("seen_total") == 7);
        CHECK(text.find("seen_total") < text.find("last"));
    }

    TEST_CASE("the reader of the tests refuses what Prometheus would") {
        const std::string head = "# HELP a_total A.\n# TYPE a_total counter\n";
        CHECK_NOTHROW(PrometheusText(head + "a_total{x=\"1\"} 1\n"));
        for (const char* bad :
             {"a_total 1", "a_total -1\n", "a_total one\n", "b_total 1\n", "a_total{x=1} 1\n",
              "a_total{x=\"1\",x=\"2\"} 1\n", "a_total 1\na_total 2\n", "a_total{x=\"\\q\"} 1\n",
              "# HELP a_total Again.\n# TYPE a_total counter\n", "a_total{9=\"1\"} 1\n"}) {
            CAPTURE(bad);
            CHECK_THROWS(PrometheusText(head + bad));
        }
        const std::string histogram = "# HELP h H.\n# TYPE h histogram\n";
        CHECK_NOTHROW(PrometheusText(
            histogram + "h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n"));
        CHECK_THROWS(PrometheusText(
            histogram + "h_bucket{le=\"1\"} 3\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n"));
        CHECK_THROWS(PrometheusText(histogram + "h_bucket{le=\"1\"} 1\nh_sum 3\nh_count 1\n"));
        CHECK_THROWS(PrometheusText("# HELP a A.\n# TYPE a counter\na 1\n"));
    }
}
