#include "courseselect/api/trace.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "support.hpp"

using namespace courseselect;
using api::TraceContext;
using test::get;
using namespace std::string_literals;

namespace {

const std::string caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

async::Task<net::http::Response> tell_trace(const api::Context& context) {
    net::http::Response response;
    response.body = context.trace.traceparent();
    co_return response;
}

class Traced : public test::ServiceFixture {
  public:
    Traced() {
        service.add(api::get("/trace"), [](api::Context& context) { return tell_trace(context); });
    }
    std::string given(const std::string& traceparent) {
        return get("/trace").header("traceparent", traceparent).to(service).body;
    }
};

}  // namespace

TEST_SUITE("api/trace") {
    TEST_CASE("the example of the specification is read and written") {
        auto trace = TraceContext::parse(caller);
        REQUIRE(trace);
        CHECK(trace->trace_id() == "4bf92f3577b34da6a3ce929d0e0e4736");
        CHECK(trace->parent == 0x00f067aa0ba902b7U);
        CHECK(trace->span == 0);
        CHECK(trace->sampled);
        trace->span = 0xb7ad6b7169203331U;
        CHECK(trace->span_id() == "b7ad6b7169203331");
        CHECK(trace->traceparent() == "00-4bf92f3577b34da6a3ce929d0e0e4736-b7ad6b7169203331-01");
    }

    TEST_CASE("only the sampled flag is known") {
        CHECK_FALSE(TraceContext::parse(caller.substr(0, 53) + "00")->sampled);
        CHECK(TraceContext::parse(caller.substr(0, 53) + "ff")->sampled);
        CHECK_FALSE(TraceContext::parse(caller.substr(0, 53) + "fe")->sampled);
    }

    TEST_CASE("a later version may say more behind what we know") {
        CHECK(TraceContext::parse("01" + caller.substr(2)));
        CHECK(TraceContext::parse("cc" + caller.substr(2) + "-what-the-future-will-be-like"));
        CHECK_FALSE(TraceContext::parse("cc" + caller.substr(2) + ".what"));
        CHECK_FALSE(TraceContext::parse(caller + "-what"));
    }

    TEST_CASE("everything else is refused") {
        for (const std::string& bad :
             {std::string(), caller.substr(0, 54), caller + "0", "ff" + caller.substr(2),
              "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"s,
              "00-00000000000000000000000000000000-00f067aa0ba902b7-01"s,
              "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"s,
              "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01"s,
              "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x"s,
              "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"s,
              "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"s,
              "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01"s,
              "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7_01"s}) {
            CAPTURE(bad);
            CHECK_FALSE(TraceContext::parse(bad));
        }
    }

    TEST_CASE("ids are never zero and never twice") {
        api::TraceIds ids(1);
        std::set<std::uint64_t> spans;
        std::set<std::string> traces;
        for (int i = 0; i < 1'000; ++i) {
            const TraceContext trace = ids.begin();
            CHECK(trace.parent == 0);
            spans.insert(trace.span);
            traces.insert(trace.trace_id());
        }
        CHECK(spans.size() == 1'000);
        CHECK(spans.count(0) == 0);
        CHECK(traces.size() == 1'000);
        CHECK(api::TraceIds().begin().trace_id() != api::TraceIds().begin().trace_id());
        const auto identity = ids.identity();
        CHECK(identity.request_id == identity.trace.trace_id());
        CHECK(api::is_valid_request_id(identity.request_id));
    }

    TEST_CASE_FIXTURE(Traced, "a node joins the caller's trace with a span of its own") {
        const auto first = TraceContext::parse(given(caller));
        const auto second = TraceContext::parse(given(caller));
        REQUIRE(first);
        REQUIRE(second);
        CHECK(first->trace_id() == "4bf92f3577b34da6a3ce929d0e0e4736");
        CHECK(first->sampled);
        CHECK(first->parent != 0x00f067aa0ba902b7U);
        CHECK(first->parent != second->parent);
    }

    TEST_CASE_FIXTURE(Traced, "an invalid field, or two, begin a new trace") {
        for (const std::string& bad : {std::string("rubbish"), caller + "x", std::string()}) {
            CAPTURE(bad);
            const auto trace = TraceContext::parse(given(bad));
            REQUIRE(trace);
            CHECK(trace->trace_id() != "4bf92f3577b34da6a3ce929d0e0e4736");
            CHECK_FALSE(trace->sampled);
        }
        const auto response =
            get("/trace").header("traceparent", caller).header("Traceparent", caller).to(service);
        CHECK(TraceContext::parse(response.body)->trace_id() != "4bf92f3577b34da6a3ce929d0e0e4736");
    }
}
