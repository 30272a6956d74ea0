#include "courseselect/metrics/process.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <ctime>

#include "support/prometheus_text.hpp"

using namespace courseselect;

namespace {

test::PrometheusText process_now() {
    metrics::Scrape scrape;
    metrics::collect_process(scrape);
    return test::PrometheusText(scrape.text());
}

}  // namespace

TEST_SUITE("metrics/process") {
    TEST_CASE("the standard names are there with true values") {
        const auto text = process_now();
        CHECK(text.type("process_cpu_seconds_total") == "counter");
        CHECK(text.at("process_cpu_seconds_total") > 0);
        CHECK(text.at("process_resident_memory_bytes") > 1e6);
        CHECK(text.at("process_virtual_memory_bytes") >= text.at("process_resident_memory_bytes"));
        CHECK(text.at("process_threads") >= 1);
        CHECK(text.at("process_open_fds") >= 3);
        CHECK(text.at("process_max_fds") >= text.at("process_open_fds"));
        const double age =
            static_cast<double>(std::time(nullptr)) - text.at("process_start_time_seconds");
        CHECK(age > -2);  // the kernel rounds the time it started
        CHECK(age < 3'600);
    }

    TEST_CASE("an opened descriptor is counted") {
        const double before = process_now().at("process_open_fds");
        const int descriptor = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        REQUIRE(descriptor >= 0);
        CHECK(process_now().at("process_open_fds") == before + 1);
        ::close(descriptor);
        CHECK(process_now().at("process_open_fds") == before);
    }
}
