// Contract §1 where it is the same in every node: faults, leniency, order of checks, limits.

#include "conformance/http_contract.hpp"

using namespace courseselect;
using test::Method;

namespace {

/// One bad member of `/add/course`, and how it is reported.
struct Fault {
    std::string member;
    std::string type;
    std::string message;
    std::string context;  ///< JSON text; empty: no ctx
};

std::string course_with(const std::string& member) {
    return R"({"course_name":"Algebra","course_credit":2.5,"course_type":"elective",)"
           R"("course_teacher_id":1,"course_location":"A1","course_capacity":2,)" +
           member + "}";
}

/// A request whose sender's address is `peer`.
test::Answer from(test::ThreeNodes& nodes, nodes::Node& node, const std::string& peer,
                  const std::vector<net::http::HeaderView>& headers, std::string_view target) {
    net::http::Request request;
    request.method = Method::get;
    request.target = request.path = target;
    request.headers = headers;
    request.peer.address = peer;
    test::Answer answer;
    const auto ask = [](net::http::Handler& handler, const net::http::Request& sent,
                        test::Answer& out) -> async::Task<> {
        const auto response = co_await handler.handle(sent);
        out.status = response.status;
        out.headers = response.headers;
        out.text = response.body;
        const auto parsed = json::Value::parse(out.text);
        if (parsed) {
            out.body = *parsed;
        }
    };
    test::run(nodes.loop, ask(node.handler(), request, answer));
    return answer;
}

/// A student node that lets an address ask twice, and believes one proxy.
test::ThreeNodes& limited(std::optional<test::ThreeNodes>& nodes) {
    nodes::student::StudentNodeOptions options;
    options.service.bearer_limit =
        ratelimit::LimiterOptions{.bucket = {.capacity = 2, .refill_per_second = 0.1}};
    options.service.addresses.trusted_proxies = *ratelimit::parse_networks("10.0.0.1");
    nodes.emplace(nodes::queue::QueueNodeOptions{}, std::move(options));
    return *nodes;
}

}  // namespace

TEST_SUITE("conformance/http_contract/conventions") {
    TEST_CASE("every kind of fault has the contract's type, text and bounds") {
        test::ThreeNodes nodes;
        const std::vector<Fault> faults{
            {R"("course_name":17)", "string_type", "Input should be a valid string", ""},
            {R"("course_capacity":[])", "int_type", "Input should be a valid integer", ""},
            {R"("course_credit":{})", "float_type", "Input should be a valid number", ""},
            {R"("course_tags":{})", "list_type", "Input should be a valid list", ""},
            {R"("course_schedule":[])", "dict_type", "Input should be a valid dictionary", ""},
            {R"("course_capacity":"x")", "int_parsing",
             "Input should be a valid integer, unable to parse string as an integer", ""},
            {R"("course_credit":"x")", "float_parsing",
             "Input should be a valid number, unable to parse string as a number", ""},
            {R"("course_capacity":1.5)", "int_from_float",
             "Input should be a valid integer, got a number with a fractional part", ""},
            {R"("course_name":"")", "string_too_short", "String should have at least 1 character",
             R"({"min_length":1})"},
            {R"("course_type":")" + std::string(51, 'x') + '"', "string_too_long",
             "String should have at most 50 characters", R"({"max_length":50})"},
            {R"("course_capacity":0)", "greater_than_equal",
             "Input should be greater than or equal to 1", R"({"ge":1})"},
            {R"("course_schedule":{"monday":[14]})", "less_than_equal",
             "Input should be less than or equal to 13", R"({"le":13})"},
        };
        for (const Fault& fault : faults) {
            const auto answer =
                nodes.inside(*nodes.data, Method::post, "/add/course", course_with(fault.member));
            CAPTURE(fault.member);
            CAPTURE(answer.text);
            CHECK(answer.status == 422);
            const json::Value told = answer.body["detail"][0];
            CHECK(told["type"].string() == fault.type);
            CHECK(told["msg"].string() == fault.message);
            CHECK(told["input"].exists());
            CHECK((told["ctx"].exists() ? told["ctx"].text() : "") == fault.context);
        }
        const auto missing =
            nodes.inside(*nodes.data, Method::post, "/add/student", R"({"student_tags":["a"]})");
        CHECK(missing.body["detail"].text() ==
              R"([{"type":"missing","loc":["body","student_name"],"msg":"Field required",)"
              R"("input":{"student_tags":["a"]}}])");
        const auto broken = nodes.inside(*nodes.data, Method::post, "/add/student", "{\"a\":");
        CHECK(broken.body["detail"][0]["type"].string() == "json_invalid");
        CHECK(broken.body["detail"][0]["msg"].string() == "JSON decode error");
        CHECK(broken.body["detail"][0]["ctx"]["error"].string().has_value());
        const auto scalar = nodes.inside(*nodes.data, Method::post, "/add/student", "17");
        CHECK(scalar.body["detail"][0]["type"].string() == "model_attributes_type");
        CHECK(scalar.body["detail"][0]["msg"].string() ==
              "Input should be a valid dictionary or object to extract fields from");
    }

    TEST_CASE("numeric strings and integral floats are numbers, numbers are no strings") {
        test::ThreeNodes nodes;
        const auto made = nodes.inside(
            *nodes.data, Method::post, "/add/course",
            course_with(R"("course_capacity":"30","course_credit":"1.5","course_cost":2.0,)"
                        R"("is_active":"yes","unknown":{"a":[1]})"));
        CHECK(made.status == 201);
        CHECK(made.body["course_capacity"].integer() == 30);
        CHECK(made.body["course_credit"].number() == 1.5);
        CHECK(made.body["course_cost"].integer() == 2);
        const auto update = nodes.inside(*nodes.data, Method::post, "/update/course?course_id=1",
                                         R"({"is_active":"false"})");
        CHECK(update.body["is_active"].boolean() == false);
    }

    TEST_CASE("order of checks: syntax of the body, token, fields, state") {
        test::ThreeNodes nodes;
        const auto with = [&](const std::string& token, const std::string& body) {
            test::Headers headers;
            if (!token.empty()) {
                headers.push_back({"internal-token", token});
            }
            return nodes.call(nodes.data->handler(), Method::post, "/update/course?course_id=x",
                              body, headers);
        };
        const std::string good(test::test_internal_token.reveal());
        CHECK(test::places_of_faults(with("", "{")) == "body.1");
        CHECK(test::places_of_faults(with("wrong", "{")) == "body.1");
        CHECK(with("wrong", "[]").detail() == "Invalid internal token");
        CHECK(with("Bearer " + good, "[]").status == 403);
        CHECK(test::places_of_faults(with("", "[]")) ==
              "header.Internal-Token,query.course_id,body");
        CHECK(test::places_of_faults(with(good, "[]")) == "query.course_id,body");
    }

    TEST_CASE("over the limit: 429 before the token is looked at, by address") {
        std::optional<test::ThreeNodes> made;
        test::ThreeNodes& nodes = limited(made);
        const std::vector<net::http::HeaderView> bad{{"Authorization", "Bearer nonsense"}};
        const auto ask = [&](const std::string& peer) {
            return from(nodes, *nodes.student, peer, bad, "/student/stats");
        };
        CHECK(ask("192.0.2.1").status == 401);
        CHECK(ask("192.0.2.1").status == 401);
        test::check_rate_limited(ask("192.0.2.1"), 10);
        CHECK(ask("192.0.2.2").status == 401);
        CHECK(from(nodes, *nodes.student, "192.0.2.1", {}, "/health").status == 200);
    }

    TEST_CASE("forwarded addresses are believed from configured proxies only") {
        std::optional<test::ThreeNodes> made;
        test::ThreeNodes& nodes = limited(made);
        const auto ask = [&](const std::string& peer, const std::string& header,
                             const std::string& value) {
            const std::vector<net::http::HeaderView> headers{{"Authorization", "Bearer nonsense"},
                                                             {header, value}};
            return from(nodes, *nodes.student, peer, headers, "/student/stats").status;
        };
        for (int client = 1; client <= 5; ++client) {
            const std::string address = "198.51.100." + std::to_string(client);
            CHECK(ask("10.0.0.1", "X-Forwarded-For", address + ", 10.9.9.9") == 401);
            CHECK(ask("10.0.0.1", "X-Real-IP", address) == 401);  // the same client, its second
            CHECK(ask("10.0.0.1", "x-forwarded-for", address) == 429);
            const int expected = client <= 2 ? 401 : 429;  // one client under five names
            CHECK(ask("192.0.2.1", "X-Forwarded-For", address) == expected);
        }
    }

    TEST_CASE("origins: only configured ones may call from a browser") {
        nodes::student::StudentNodeOptions options;
        options.service.cors_origins = {"http://web.example"};
        test::ThreeNodes nodes({}, std::move(options));
        const auto ask = [&](const std::string& origin) {
            return nodes.call(nodes.student->handler(), Method::get, "/health", "",
                              {{"Origin", origin}});
        };
        CHECK(test::header_of(ask("http://web.example"), "Access-Control-Allow-Origin") ==
              "http://web.example");
        CHECK(test::header_of(ask("http://evil.example"), "Access-Control-Allow-Origin") == "");
    }

    TEST_CASE("pages: from 1, and 1 to 1000 a page, wherever there are pages") {
        test::TeacherNodes nodes;
        const auto expect = [&](const test::Answer& answer, bool taken) {
            CHECK(answer.status == (taken ? 200 : 422));
        };
        const std::vector<std::pair<std::string, bool>> pages{{"page=1&page_size=1", true},
                                                              {"page=99&page_size=1000", true},
                                                              {"page=0", false},
                                                              {"page=-1", false},
                                                              {"page_size=0", false},
                                                              {"page_size=1001", false},
                                                              {"page=x", false},
                                                              {"page=99999999999", false}};
        nodes.base.add_student("alice");
        for (const auto& [query, taken] : pages) {
            CAPTURE(query);
            expect(nodes.base.inside(*nodes.base.data, Method::get, "/get/courses?" + query),
                   taken);
            expect(nodes.base.as(1, Method::post, "/student/courses/available?" + query), taken);
            expect(nodes.teacher(Method::get, "/teacher/students?" + query), taken);
        }
    }
}
