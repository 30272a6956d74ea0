#include "courseselect/nodes/measured_client.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nodes/three_nodes.hpp"
#include "support/prometheus_text.hpp"

using namespace courseselect;
using net::http::ClientRequest;
using net::http::ClientResponse;
using net::http::Method;
using test::PrometheusText;

namespace {

using Seen = std::vector<ClientRequest>;

std::string field_of(const ClientRequest& request, std::string_view name) {
    std::string all;
    for (const net::http::Header& field : request.headers) {
        if (net::http::same_field_name(field.name, name)) {
            all.append(all.empty() ? "" : ", ").append(field.value);
        }
    }
    return all;
}

/// Notes what goes to a handler, or answers as it is told without one.
class Recorder final : public net::http::Client {
  public:
    Recorder(Seen& seen, net::http::Handler* handler = nullptr) : seen_(seen) {
        if (handler != nullptr) {
            local_.emplace(*handler);
        }
    }
    async::Task<core::Result<ClientResponse>> send(ClientRequest request,
                                                   std::chrono::milliseconds timeout) override {
        seen_.push_back(request);
        return local_ ? local_->send(std::move(request), timeout) : answer(*this);
    }

    core::Result<ClientResponse> next{ClientResponse{.status = 200}};

  private:
    static async::Task<core::Result<ClientResponse>> answer(Recorder& self) { co_return self.next; }
    Seen& seen_;
    std::optional<net::http::LocalClient> local_;
};

class Measured {
  public:
    Measured() {
        auto recorder = std::make_unique<Recorder>(seen);
        inner = recorder.get();
        client = std::make_unique<nodes::MeasuredClient>(std::move(recorder), "data_node", clock);
    }
    void send(ClientRequest request) { test::run(loop, ignore(*client, std::move(request))); }
    PrometheusText scrape() {
        metrics::Scrape text;
        client->collect(text);
        return PrometheusText(text.text());
    }

    async::EventLoop loop;
    core::SystemClock clock;
    Seen seen;
    Recorder* inner = nullptr;
    std::unique_ptr<nodes::MeasuredClient> client;

  private:
    static async::Task<> ignore(nodes::MeasuredClient& client, ClientRequest request) {
        const auto answer = co_await client.send(std::move(request), std::chrono::seconds(1));
        static_cast<void>(answer);
    }
};

std::string calls(const std::string& result) {
    return "courseselect_upstream_calls_total{target=\"data_node\",result=\"" + result + "\"}";
}

}  // namespace

TEST_SUITE("nodes/measured_client") {
    TEST_CASE_FIXTURE(Measured, "calls count by what became of them") {
        CHECK(scrape().find(calls("2xx")) == 0);
        for (const int status : {200, 204, 304, 404, 409, 503}) {
            inner->next = ClientResponse{.status = status};
            send({});
        }
        for (const core::Errc why :
             {core::Errc::unavailable, core::Errc::deadline_exceeded, core::Errc::outcome_unknown,
              core::Errc::resource_exhausted, core::Errc::invalid_argument}) {
            inner->next = core::Error(why, "for the test");
            send({});
        }
        const PrometheusText text = scrape();
        CHECK(text.at(calls("2xx")) == 2);
        CHECK(text.at(calls("3xx")) == 1);
        CHECK(text.at(calls("4xx")) == 2);
        CHECK(text.at(calls("5xx")) == 1);
        CHECK(text.at(calls("unavailable")) == 1);
        CHECK(text.at(calls("timeout")) == 1);
        CHECK(text.at(calls("unknown")) == 1);
        CHECK(text.at(calls("rejected")) == 2);
        CHECK(text.at("courseselect_upstream_call_duration_seconds_count{target=\"data_node\"}") ==
              11);
        CHECK(text.at("courseselect_upstream_calls_in_flight{target=\"data_node\"}") == 0);
    }

    TEST_CASE_FIXTURE(Measured, "ids that come with a call are left alone") {
        ClientRequest request;
        request.headers = {{"x-request-id", "abc"}, {"traceparent", "given"}};
        send(std::move(request));
        CHECK(field_of(seen[0], "X-Request-Id") == "abc");
        CHECK(field_of(seen[0], "traceparent") == "given");
    }

    TEST_CASE_FIXTURE(Measured, "a call without them gets ids of its own, each time others") {
        send({});
        send({});
        const auto first = api::TraceContext::parse(field_of(seen[0], "traceparent"));
        const auto second = api::TraceContext::parse(field_of(seen[1], "traceparent"));
        REQUIRE(first);
        REQUIRE(second);
        CHECK(first->trace_id() != second->trace_id());
        CHECK(field_of(seen[0], "X-Request-Id") == first->trace_id());
        CHECK(api::is_valid_request_id(field_of(seen[0], "X-Request-Id")));
    }
}

TEST_SUITE("nodes: ids across nodes") {
    TEST_CASE("a request keeps its id and trace at the next node, in a span of its own") {
        test::ThreeNodes three;
        Seen to_data;
        Seen to_queue;
        auto verifier = auth::JwtVerifier::hs256(test::test_jwt_secret);
        nodes::student::StudentNodeOptions options;
        options.service.internal_token = test::test_internal_token;
        nodes::student::StudentNode student(
            {three.loop, three.clock, three.random}, std::move(options),
            std::make_unique<api::JwtAuthenticator>(*std::move(verifier), three.clock),
            std::make_unique<Recorder>(to_data, &three.data->handler()),
            std::make_unique<nodes::MeasuredClient>(
                std::make_unique<Recorder>(to_queue, &three.queue->handler()), "queue_node",
                three.clock));
        const auto ada = three.add_student("ada");
        const auto course = three.add_course("analysis", 3);
        const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        const std::vector<net::http::Header> headers = {
            {"Authorization", "Bearer " + three.token(ada)},
            {"X-Request-Id", "from-the-browser"},
            {"traceparent", "00-" + trace + "-00f067aa0ba902b7-01"}};

        const auto stats =
            three.call(student.handler(), Method::get, "/student/stats", {}, headers);
        REQUIRE(stats.status == 200);
        REQUIRE_FALSE(to_data.empty());
        CHECK(field_of(to_data[0], "X-Request-Id") == "from-the-browser");
        const auto passed = api::TraceContext::parse(field_of(to_data[0], "traceparent"));
        REQUIRE(passed);
        CHECK(passed->trace_id() == trace);
        CHECK(passed->parent != 0x00f067aa0ba902b7U);
        CHECK(passed->sampled);

        // A submission travels with others in one call, which has an identity of its own.
        const auto selected = three.call(student.handler(), Method::post, "/student/course/select",
                                         json::make_object("course_id", course), headers);
        CHECK(selected.status == 200);
        REQUIRE_FALSE(to_queue.empty());
        CHECK(api::TraceContext::parse(field_of(to_queue[0], "traceparent")));
        CHECK(api::is_valid_request_id(field_of(to_queue[0], "X-Request-Id")));
        test::run(three.loop, student.stop());
    }
}
