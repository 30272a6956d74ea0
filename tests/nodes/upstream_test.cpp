#include "courseselect/nodes/upstream.hpp"

#include <doctest/doctest.h>

#include "courseselect/api/error.hpp"
#include "courseselect/nodes/wire/course.hpp"
#include "nodes/scripted_client.hpp"
#include "support/run.hpp"

using namespace courseselect;
using nodes::wire::Catalogue;

namespace {

struct UpstreamFixture {
    core::Result<Catalogue> ask(std::string body = {}) {
        core::Result<Catalogue> out = core::Error(core::Errc::internal, "open");
        test::run(loop, ask_node(*this, std::move(body), out));
        return out;
    }
    static async::Task<> ask_node(UpstreamFixture& self, std::string body,
                                  core::Result<Catalogue>& out) {
        api::RequestIdentity identity;
        identity.request_id = "request-1";
        constexpr std::chrono::seconds timeout{1};
        if (body.empty()) {
            out = co_await nodes::get_json<Catalogue>(self.node, "/internal/catalogue", "internal",
                                                      identity, timeout);
        } else {
            out = co_await nodes::post_json<Catalogue>(
                self.node, "/internal/catalogue", std::move(body), "internal", identity, timeout);
        }
    }

    async::EventLoop loop;
    test::ScriptedClient node;
};

constexpr const char* empty_catalogue =
    R"({"epoch":1,"structure":2,"version":3,"full":true,"courses":[]})";

}  // namespace

TEST_SUITE("nodes/upstream") {
    TEST_CASE_FIXTURE(UpstreamFixture, "a call carries the token and the request's identity") {
        node.answer(200, empty_catalogue);
        const auto got = ask();
        REQUIRE(got.has_value());
        CHECK(got->version == 3);
        CHECK(node.asked.at(0).method == net::http::Method::get);
        CHECK(node.field(0, "Internal-Token") == "internal");
        CHECK(node.field(0, "X-Request-Id") == "request-1");
        CHECK(node.field(0, "traceparent").starts_with("00-"));

        node.answer(201, empty_catalogue);
        CHECK(ask("{}").has_value());
        CHECK(node.asked.at(1).method == net::http::Method::post);
        CHECK(node.asked.at(1).body == "{}");
    }

    TEST_CASE_FIXTURE(UpstreamFixture, "refusals are passed on, faults are not told") {
        struct Row {
            int status;
            const char* body;
            core::Errc code;
            const char* detail;
        };
        const Row rows[] = {
            {404, R"({"detail":"Course not found"})", core::Errc::not_found, "Course not found"},
            {400, R"({"detail":"Course is full"})", core::Errc::invalid_argument, "Course is full"},
            {503, R"({"detail":"database at /var/x is down"})", core::Errc::unavailable,
             api::communication_error.data()},
            {500, "stack trace", core::Errc::unavailable, api::communication_error.data()},
            {301, "", core::Errc::unavailable, api::communication_error.data()},
        };
        for (const Row& row : rows) {
            CAPTURE(row.status);
            node.answer(row.status, row.body);
            const auto got = ask();
            REQUIRE_FALSE(got.has_value());
            CHECK(got.error().code() == row.code);
            CHECK(got.error().detail() == row.detail);
        }
    }

    TEST_CASE_FIXTURE(UpstreamFixture, "a node that is away or talks nonsense is an error") {
        CHECK(ask().error().code() == core::Errc::unavailable);
        node.fail(core::Errc::outcome_unknown);
        CHECK(ask().error().code() == core::Errc::unavailable);
        node.answer(200, "nonsense");
        CHECK_FALSE(ask().has_value());
    }
}
