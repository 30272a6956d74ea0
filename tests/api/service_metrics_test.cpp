#include <doctest/doctest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <string>

#include "courseselect/core/log.hpp"
#include "support.hpp"
#include "support/prometheus_text.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;
using net::http::Response;
using test::get;
using test::PrometheusText;

namespace {

async::Task<Response> take_a_while(core::ManualClock& clock, int status) {
    clock.advance(std::chrono::milliseconds{40});
    Response response;
    response.status = status;
    co_return response;
}

async::Task<core::Result<test::SeatAnswer>> find_course(test::CoursePath path) {
    if (path.id.value() != 1) {
        co_return core::Error(core::Errc::not_found, "Course not found");
    }
    co_return test::SeatAnswer{};
}

async::Task<Response> tell_privilege(const api::Service& service, const api::Context& context) {
    Response response;
    response.body = service.is_privileged(context) ? "yes" : "no";
    co_return response;
}

async::Task<Response> look_at(api::Service& service, std::string& text) {
    text = service.metrics().text();
    co_return Response{};
}

class Watched : public test::ServiceFixture {
  public:
    explicit Watched(api::ServiceOptions options = {}) : ServiceFixture(std::move(options)) {
        service.add(api::get("/slow"), [this](api::Context&) { return take_a_while(clock, 200); });
        service.add(api::get("/courses/{id}").path<test::CoursePath>(),
                    [](api::Context&, test::CoursePath path) { return find_course(path); });
    }
    PrometheusText scrape() { return PrometheusText(service.metrics().text()); }
};

const std::string requests = "courseselect_http_requests_total";

std::string requests_of(const std::string& route, const std::string& status_class) {
    return requests + "{route=\"" + route + "\",method=\"GET\",class=\"" + status_class + "\"}";
}

}  // namespace

TEST_SUITE("api/service: metrics") {
    TEST_CASE_FIXTURE(Watched, "requests count under their route's template, never their path") {
        CHECK(scrape().find(requests_of("/courses/{id}", "2xx")) == 0);
        for (const char* path : {"/courses/1", "/courses/2", "/courses/3", "/courses/x"}) {
            static_cast<void>(get(path).to(service));
        }
        const std::string text = service.metrics().text();
        const PrometheusText after(text);
        CHECK(after.at(requests_of("/courses/{id}", "2xx")) == 1);
        CHECK(after.at(requests_of("/courses/{id}", "4xx")) == 3);
        CHECK(text.find("/courses/2") == std::string::npos);
    }

    TEST_CASE_FIXTURE(Watched, "what has no route counts together, however many paths are tried") {
        static_cast<void>(get("/courses/1").to(service));
        const std::size_t before = scrape().size();
        for (int i = 0; i < 50; ++i) {
            static_cast<void>(get("/secret/" + std::to_string(i)).to(service));
        }
        const PrometheusText after = scrape();
        CHECK(after.at(requests + "{route=\"(none)\",method=\"(any)\",class=\"4xx\"}") == 50);
        CHECK(after.size() < before + 30);  // one more counter, one more histogram
    }

    TEST_CASE_FIXTURE(Watched, "durations are those of the clock, in seconds") {
        static_cast<void>(get("/slow").to(service));
        static_cast<void>(get("/slow").to(service));
        const PrometheusText text = scrape();
        const std::string name = "courseselect_http_request_duration_seconds";
        const std::string labels = "{route=\"/slow\",method=\"GET\"";
        CHECK(text.type(name) == "histogram");
        CHECK(text.at(name + "_count" + labels + "}") == 2);
        CHECK(text.at(name + "_sum" + labels + "}") == doctest::Approx(0.08));
        CHECK(text.at(name + "_bucket" + labels + ",le=\"0.025\"}") == 0);
        CHECK(text.at(name + "_bucket" + labels + ",le=\"0.05\"}") == 2);
    }

    TEST_CASE_FIXTURE(Watched, "a status outside 100 to 599 counts as other") {
        service.add(api::get("/odd"), [this](api::Context&) { return take_a_while(clock, 999); });
        static_cast<void>(get("/odd").to(service));
        CHECK(scrape().at(requests_of("/odd", "other")) == 1);
    }

    TEST_CASE_FIXTURE(Watched, "what is under way is shown, and gone afterwards") {
        std::string during;
        service.add(api::get("/look"),
                    [this, &during](api::Context&) { return look_at(service, during); });
        static_cast<void>(get("/look").to(service));
        CHECK(PrometheusText(during).at("courseselect_http_requests_in_flight") == 1);
        CHECK(scrape().find("courseselect_http_requests_in_flight") == 0);
    }

    TEST_CASE_FIXTURE(Watched, "an exception counts as 5xx and ends what is under way") {
        service.add(api::get("/throw"), [](api::Context&) -> async::Task<Response> { throw 1; });
        static_cast<void>(get("/throw").to(service));
        CHECK(scrape().at(requests_of("/throw", "5xx")) == 1);
        CHECK(scrape().at("courseselect_http_requests_in_flight") == 0);
    }

    TEST_CASE_FIXTURE(Watched, "build, log and process are there") {
        const PrometheusText text = scrape();
        CHECK(text.sum("courseselect_build_info") == 1);
        CHECK(text.find("courseselect_log_lines_dropped_total").has_value());
        CHECK(text.at("process_resident_memory_bytes") > 0);
    }

    TEST_CASE_FIXTURE(Watched, "the owner's collectors are shown too") {
        service.metrics().add(
            [](metrics::Scrape& scrape) { scrape.gauge("courseselect_answer", "It.", 42); });
        CHECK(PrometheusText(get("/metrics").from("127.0.0.1").to(service).body)
                  .at("courseselect_answer") == 42);
    }
}

TEST_SUITE("api/service: who may read the metrics") {
    TEST_CASE_FIXTURE(Watched, "this machine may, without a token") {
        for (const char* address : {"127.0.0.1", "127.3.2.1", "::1", "local"}) {
            CAPTURE(address);
            const Response response = get("/metrics").from(address).to(service);
            CHECK(response.status == 200);
            CHECK(response.content_type == "text/plain; version=0.0.4; charset=utf-8");
            CHECK_NOTHROW(PrometheusText(response.body));
        }
        CHECK(get("/metrics").from("unix", true).to(service).status == 200);
    }

    TEST_CASE_FIXTURE(Watched, "others need the internal token") {
        CHECK(get("/metrics").from("192.0.2.1").to(service).status == 403);
        CHECK(get("/metrics").header("Internal-Token", "wrong").to(service).status == 403);
        CHECK(get("/metrics").header("Internal-Token", "swordfish").to(service).status == 200);
    }

    TEST_CASE_FIXTURE(Watched, "who comes through a proxy of this machine is not this machine") {
        for (const char* field : {"X-Forwarded-For", "X-Real-IP"}) {
            CAPTURE(field);
            CHECK(get("/metrics")
                      .header(field, "198.51.100.9")
                      .from("unix", true)
                      .to(service)
                      .status == 403);
        }
        CHECK(get("/metrics")
                  .header("Forwarded", "for=198.51.100.9")
                  .from("127.0.0.1")
                  .to(service)
                  .status == 403);
        CHECK(get("/metrics")
                  .header("X-Forwarded-For", "127.0.0.1")
                  .from("192.0.2.1")
                  .to(service)
                  .status == 403);  // a stranger's word
    }

    TEST_CASE("everybody may where it is configured so") {
        api::ServiceOptions options;
        options.metrics_open = true;
        Watched open(std::move(options));
        CHECK(get("/metrics").from("192.0.2.1").to(open.service).status == 200);
    }
}

TEST_SUITE("api/service: privileged callers of open routes") {
    TEST_CASE_FIXTURE(Watched, "nodes and administrators are, others are not refused") {
        service.add(api::get("/who"),
                    [this](api::Context& context) { return tell_privilege(service, context); });
        CHECK(get("/who").to(service).body == "no");
        CHECK(get("/who").header("Internal-Token", "swordfish").to(service).body == "yes");
        CHECK(get("/who").header("Internal-Token", "herring").to(service).body == "no");
        CHECK(get("/who").bearer("admin").to(service).body == "yes");
        CHECK(get("/who").bearer("student").to(service).body == "no");
        CHECK(get("/who").bearer("nonsense").to(service).body == "no");
        CHECK(get("/who").header("Authorization", "Basic x").to(service).body == "no");
    }
}

TEST_SUITE("api/service: log lines of a request") {
    TEST_CASE_FIXTURE(Watched, "each carries the request's id and its trace") {
        const test::TempDir directory;
        const std::string file = directory.file("log");
        service.add(api::get("/throw"), [](api::Context&) -> async::Task<Response> { throw 1; });
        {
            auto log = core::log::Session::open({.level = core::log::Level::debug, .file = file});
            REQUIRE(log);
            const Response response =
                get("/throw")
                    .header("X-Request-Id", "abc-1")
                    .header("traceparent",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
                    .to(service);
            CHECK(response.status == 500);
        }
        core::log::set_level(core::log::Level::info);
        std::ifstream in(file);
        int lines = 0;
        for (std::string line; std::getline(in, line); ++lines) {
            CAPTURE(line);
            CHECK(line.find("request_id=abc-1") != std::string::npos);
            CHECK(line.find("trace_id=4bf92f3577b34da6a3ce929d0e0e4736") != std::string::npos);
        }
        CHECK(lines == 3);  // handler_threw, request_failed, request_done
    }
}
