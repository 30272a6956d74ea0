// Who may call what, and in which order a request is checked (contract §1.2, §1.4, §1.5).

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "support.hpp"

using namespace courseselect;
using api::Access;
using net::http::Method;
using net::http::Response;
using test::get;
using test::post;

namespace {

constexpr const char* good_wish = R"({"course_id":1})";

std::string who_text(const api::Context& context) {
    if (context.is_internal) {
        return "a node";
    }
    if (!context.principal) {
        return "nobody";
    }
    return std::string(auth::user_kind_name(context.who().kind)) + " with " +
           std::string(context.token);
}

/// One POST route for each kind of access, named after it, with query and body.
struct Doors : test::ServiceFixture {
    explicit Doors(api::ServiceOptions service_options = {})
        : test::ServiceFixture(std::move(service_options)) {
        for (const Access access :
             {Access::open, Access::internal, Access::student, Access::teacher, Access::admin,
              Access::bearer, Access::refresh, Access::admin_or_internal}) {
            service.add(api::post("/" + std::string(api::access_name(access)))
                            .access(access)
                            .query<test::PageQuery>()
                            .body<test::SeatWish>(),
                        [](api::Context& context, const test::PageQuery&, const test::SeatWish&) {
                            return test::said(who_text(context));
                        });
        }
    }

    static std::string outcome(const Response& response) {
        if (response.status == 200) {
            return test::json_of(response)["message"].string().value_or("?");
        }
        return std::to_string(response.status) + " " +
               (response.status == 422 ? test::faults_of(response) : test::detail_of(response));
    }
    std::string with_token(const std::string& door, const std::string& token) {
        return outcome(post("/" + door, good_wish).bearer(token).to(service));
    }
};

struct LimitedDoors : Doors {
    static api::ServiceOptions limited() {
        api::ServiceOptions service_options;
        service_options.bearer_limit = ratelimit::LimiterOptions{};
        service_options.bearer_limit->bucket = {.capacity = 2, .refill_per_second = 0.25};
        service_options.addresses.trusted_proxies.push_back(
            *ratelimit::IpNetwork::parse("10.0.0.0/8"));
        return service_options;
    }
    LimitedDoors() : Doors(limited()) {}
};

}  // namespace

TEST_SUITE("api/service: who may call") {
    TEST_CASE_FIXTURE(Doors, "an open route asks nothing") {
        CHECK(outcome(post("/open", good_wish).to(service)) == "nobody");
        CHECK(outcome(post("/open", good_wish).bearer("junk").to(service)) == "nobody");
    }

    TEST_CASE_FIXTURE(Doors, "an internal route wants the token of the nodes") {
        CHECK(outcome(post("/internal", good_wish).internal().to(service)) == "a node");
        CHECK(outcome(post("/internal", good_wish).to(service)) ==
              "422 header.Internal-Token missing");
        for (const char* wrong : {"", "swordfis", "swordfish2", "Swordfish", "Bearer swordfish"}) {
            CAPTURE(wrong);
            const Response response =
                post("/internal", good_wish).header("internal-token", wrong).to(service);
            CHECK(outcome(response) == "403 Invalid internal token");
        }
    }

    TEST_CASE("without a configured token nothing passes as internal") {
        core::ManualClock clock;
        api::Service service(clock, {});
        service.add(api::get("/x").access(Access::internal),
                    [](api::Context&) { return test::said("in"); });
        CHECK(get("/x").header("Internal-Token", "").to(service).status == 403);
        CHECK(get("/x").header("Internal-Token", "x").to(service).status == 403);
    }

    TEST_CASE_FIXTURE(Doors, "each role passes its own doors only") {
        CHECK(with_token("student", "student") == "student with student");
        CHECK(with_token("student", "teacher") == "403 Student access required");
        CHECK(with_token("student", "admin") == "403 Student access required");
        CHECK(with_token("teacher", "student") == "403 Teacher or admin access required");
        CHECK(with_token("teacher", "teacher") == "teacher with teacher");
        CHECK(with_token("teacher", "admin") == "admin with admin");
        CHECK(with_token("admin", "student") == "403 Admin access required");
        CHECK(with_token("admin", "teacher") == "403 Admin access required");
        CHECK(with_token("admin", "admin") == "admin with admin");
        CHECK(with_token("bearer", "student") == "student with student");
        CHECK(with_token("bearer", "admin") == "admin with admin");
    }

    TEST_CASE_FIXTURE(Doors, "access and refresh tokens are not exchangeable") {
        CHECK(with_token("refresh", "refresh") == "student with refresh");
        CHECK(with_token("refresh", "student") == "401 Invalid token type");
        CHECK(with_token("bearer", "refresh") == "401 Invalid token type");
    }

    TEST_CASE_FIXTURE(Doors, "a token that is not good is 401 and names the scheme") {
        for (const char* value : {"Bearer junk", "junk", "Basic YTpi", "Bearer", "Bearer ", ""}) {
            CAPTURE(value);
            const Response response =
                post("/bearer", good_wish).header("Authorization", value).to(service);
            CHECK(response.status == 401);
            CHECK(test::header_of(response, "WWW-Authenticate") == "Bearer");
        }
        CHECK(outcome(post("/bearer", good_wish).header("Authorization", "junk").to(service)) ==
              "401 Invalid authentication credentials");
        CHECK(
            outcome(
                post("/bearer", good_wish).header("authorization", "bearer student").to(service)) ==
            "student with student");
    }

    TEST_CASE_FIXTURE(Doors, "a missing Authorization header is a fault, not a 401") {
        for (const char* door : {"/student", "/teacher", "/admin", "/bearer", "/refresh"}) {
            CAPTURE(door);
            CHECK(outcome(post(door, good_wish).to(service)) == "422 header.authorization missing");
        }
    }

    TEST_CASE_FIXTURE(Doors, "admin or internal: either will do") {
        const std::string door = "/admin_or_internal";
        CHECK(outcome(post(door, good_wish).internal().to(service)) == "a node");
        CHECK(outcome(post(door, good_wish).internal().bearer("junk").to(service)) == "a node");
        CHECK(outcome(post(door, good_wish).bearer("admin").to(service)) == "admin with admin");
        CHECK(outcome(post(door, good_wish).bearer("teacher").to(service)) ==
              "403 Admin access required");
        CHECK(outcome(post(door, good_wish).bearer("junk").to(service)) == "401 Invalid token");
        CHECK(outcome(post(door, good_wish).to(service)) == "401 Authorization required");
        CHECK(outcome(post(door, good_wish).header("Internal-Token", "no").to(service)) ==
              "401 Authorization required");
    }
}

TEST_SUITE("api/service: order of checks") {
    TEST_CASE_FIXTURE(Doors, "the body's syntax comes before the token") {
        for (const char* door : {"/internal", "/student", "/admin_or_internal"}) {
            CAPTURE(door);
            const Response response = post(door, "{").to(service);
            CHECK(response.status == 422);
            CHECK(test::faults_of(response).ends_with(" json_invalid"));
        }
        CHECK(post("/internal", "{").header("Internal-Token", "no").to(service).status == 422);
    }

    TEST_CASE_FIXTURE(Doors, "the token comes before the fields") {
        const Response internal =
            post("/internal?page=0", "{}").header("Internal-Token", "no").to(service);
        CHECK(outcome(internal) == "403 Invalid internal token");
        CHECK(outcome(post("/student?page=0", "{}").bearer("junk").to(service)) ==
              "401 Invalid token");
        CHECK(outcome(post("/student?page=0", "{}").bearer("teacher").to(service)) ==
              "403 Student access required");
    }

    TEST_CASE_FIXTURE(Doors, "all faults come in one list: header, query, body") {
        const std::string body = R"({"note":"far longer than twenty characters"})";
        CHECK(outcome(post("/internal?page=x", body).to(service)) ==
              "422 header.Internal-Token missing; query.page int_parsing; "
              "body.course_id missing; body.note string_too_long");
        CHECK(outcome(post("/student?page=1001", "[]").to(service)) ==
              "422 header.authorization missing; query.page less_than_equal; "
              "body model_attributes_type");
        CHECK(outcome(post("/internal?page=x", body).internal().to(service)) ==
              "422 query.page int_parsing; body.course_id missing; body.note string_too_long");
    }

    TEST_CASE_FIXTURE(Doors, "an unknown path or method is found before anything is checked") {
        CHECK(post("/unknown", "{").to(service).status == 404);
        CHECK(test::Call(Method::put, "/internal").body("{").to(service).status == 405);
    }
}

TEST_SUITE("api/service: rate limit") {
    TEST_CASE_FIXTURE(LimitedDoors, "comes before body and token, with the text of the contract") {
        CHECK(post("/student", "{").bearer("junk").to(service).status == 422);
        CHECK(post("/student", good_wish).bearer("junk").to(service).status == 401);
        for (const char* body : {"{", good_wish}) {
            const Response response = post("/student", body).bearer("student").to(service);
            CHECK(outcome(response) == "429 Rate limit exceeded. Please wait 4 seconds.");
            CHECK(test::header_of(response, "Retry-After") == "4");
        }
        clock.advance(std::chrono::milliseconds(3500));
        const Response soon = post("/student", good_wish).bearer("student").to(service);
        CHECK(outcome(soon) == "429 Rate limit exceeded. Please wait 0 seconds.");
        CHECK(test::header_of(soon, "Retry-After") == "1");
        clock.advance(std::chrono::milliseconds(500));
        CHECK(with_token("student", "student") == "student with student");
    }

    TEST_CASE_FIXTURE(LimitedDoors,
                      "each address has its own bucket, shared by all bearer routes") {
        const auto status = [this](const char* door, const char* address) {
            return post(door, good_wish).bearer("admin").from(address).to(service).status;
        };
        CHECK(status("/admin", "192.0.2.1") == 200);
        CHECK(status("/teacher", "192.0.2.1") == 200);
        CHECK(status("/bearer", "192.0.2.1") == 429);
        CHECK(status("/bearer", "192.0.2.2") == 200);
    }

    TEST_CASE_FIXTURE(LimitedDoors, "only a trusted proxy may name the client") {
        const auto status = [this](const char* peer, const char* forwarded) {
            return post("/student", good_wish)
                .bearer("student")
                .from(peer)
                .header("X-Forwarded-For", forwarded)
                .to(service)
                .status;
        };
        CHECK(status("203.0.113.1", "198.51.100.1") == 200);
        CHECK(status("203.0.113.1", "198.51.100.2") == 200);
        CHECK(status("203.0.113.1", "198.51.100.3") == 429);  // one stranger, many names
        CHECK(status("10.0.0.1", "198.51.100.1") == 200);
        CHECK(status("10.0.0.2", "198.51.100.1") == 200);
        CHECK(status("10.0.0.3", "198.51.100.1") == 429);  // one client, many proxies
        CHECK(status("10.0.0.3", "198.51.100.9") == 200);
    }

    TEST_CASE_FIXTURE(LimitedDoors,
                      "routes without bearer tokens and other nodes are not limited") {
        for (int i = 0; i < 5; ++i) {
            CHECK(outcome(post("/open", good_wish).to(service)) == "nobody");
            CHECK(outcome(post("/internal", good_wish).internal().to(service)) == "a node");
            CHECK(outcome(post("/admin_or_internal", good_wish).internal().to(service)) ==
                  "a node");
        }
    }
}
