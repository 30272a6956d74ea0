#pragma once
/// The wire contract as tables: what is sent, and exactly what must come back.

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conformance/answer_shape.hpp"
#include "nodes/teacher/fixture.hpp"

namespace courseselect::test {

using net::http::Header;
using net::http::Method;
using Headers = std::vector<Header>;

/// One row. `expect` is, by status: 200 and 201 the answer's shape; 422 the places of all faults in
/// order ("header.Internal-Token,body.course_name"); anything else the text of `detail`.
struct Exchange {
    Method method;
    std::string target;
    std::string body;
    int status;
    std::string expect;
};

/// One route that must be there, and who may call it.
struct DeclaredRoute {
    Method method;
    std::string path;
    api::Access access;
};

inline Headers internal_headers() {
    return {{"Internal-Token", std::string(test_internal_token.reveal())}};
}

inline std::string header_of(const Answer& answer, std::string_view name) {
    for (const Header& field : answer.headers) {
        if (net::http::same_field_name(field.name, name)) {
            return field.value;
        }
    }
    return "";
}

/// "body.3.course_name,query.page"; text when `detail` is no list.
inline std::string places_of_faults(const Answer& answer) {
    std::string places;
    for (const json::Value& fault : answer.body["detail"].items()) {
        std::string place;
        for (const json::Value& step : fault["loc"].items()) {
            place += (place.empty() ? "" : ".") + step.string().value_or(step.text());
        }
        places += (places.empty() ? "" : ",") + place;
    }
    return places;
}

/// Checks one answer against its row.
inline void check_answer(const Answer& answer, const Exchange& row) {
    CAPTURE(net::http::method_name(row.method));
    CAPTURE(row.target);
    CAPTURE(row.body);
    CAPTURE(answer.text);
    CHECK(answer.status == row.status);
    CHECK(header_of(answer, "Content-Type") == "application/json");
    if (row.status == 200 || row.status == 201) {
        CHECK(AnswerShape::fault(answer.body, row.expect) == "");
    } else if (row.status == 422) {
        CHECK(places_of_faults(answer) == row.expect);
        const std::string faults = "{detail:[{type:str,loc:[any],msg:str,input:any,ctx~:any}]}";
        CHECK(AnswerShape::fault(answer.body, faults) == "");
    } else {
        CHECK(AnswerShape::fault(answer.body, "{detail:str}") == "");
        CHECK(answer.detail() == row.expect);
    }
    CHECK((header_of(answer, "WWW-Authenticate") == "Bearer") == (row.status == 401));
    CHECK((header_of(answer, "Retry-After") != "") == (row.status == 429));
}

/// A refusal by a limit (contract §1.5): whole seconds, rounded down in the text and up in the
/// header, so that who waits as long as the header says is not refused again.
inline void check_rate_limited(const Answer& answer, int seconds_max) {
    constexpr std::string_view start = "Rate limit exceeded. Please wait ";
    constexpr std::string_view end = " seconds.";
    const std::string text = answer.detail();
    CAPTURE(text);
    REQUIRE(text.starts_with(start));
    REQUIRE(text.ends_with(end));
    const int told = std::stoi(text.substr(start.size(), text.size() - start.size() - end.size()));
    const int retry_after = std::stoi(header_of(answer, "Retry-After"));
    CHECK(answer.status == 429);
    CHECK(told >= 0);
    CHECK(retry_after >= 1);
    CHECK(retry_after <= seconds_max);
    CHECK((retry_after == told || retry_after == told + 1));
}

/// Sends every row with the same headers, in order.
inline void walk(ThreeNodes& nodes, nodes::Node& node, const Headers& headers,
                 const std::vector<Exchange>& rows) {
    for (const Exchange& row : rows) {
        check_answer(nodes.call(node.handler(), row.method, row.target, row.body, headers), row);
    }
}

/// A call of the route itself, with 1 for what stands in braces.
inline std::string callable(std::string path) {
    const std::size_t open = path.find('{');
    if (open != std::string::npos) {
        path.replace(open, path.find('}') - open + 1, "1");
    }
    return path;
}

/// The node declares these routes and, apart from ways between nodes and for operators, no others.
inline void check_declared(const api::Service& service, const std::vector<DeclaredRoute>& wanted) {
    std::set<std::string> missing;
    for (const DeclaredRoute& route : wanted) {
        missing.insert(std::string(net::http::method_name(route.method)) + " " + route.path + " " +
                       std::string(api::access_name(route.access)));
    }
    for (const api::RouteInfo* route : service.routes()) {
        const bool for_operators = route->path == "/metrics" || route->path == "/health/ready";
        if (route->is_hidden || for_operators || route->path.starts_with("/internal/")) {
            continue;
        }
        const std::string found = std::string(net::http::method_name(route->method)) + " " +
                                  route->path + " " + std::string(api::access_name(route->access));
        CAPTURE(found);
        CHECK(missing.erase(found) == 1);
    }
    CHECK(missing == std::set<std::string>());
}

/// What holds on every route: methods, slashes, HEAD, preflights (contract §1.1).
inline void check_transport(ThreeNodes& nodes, nodes::Node& node,
                            const std::vector<DeclaredRoute>& routes) {
    for (const DeclaredRoute& route : routes) {
        const std::string target = callable(route.path);
        CAPTURE(target);
        const auto other = nodes.call(node.handler(), Method::patch, target, "", {});
        CHECK(other.status == 405);
        CHECK(other.detail() == "Method Not Allowed");
        const std::string method(net::http::method_name(route.method));
        CHECK(header_of(other, "Allow").find(method) != std::string::npos);
        const auto slash = nodes.call(node.handler(), route.method, target + "/?a=b", "", {});
        CHECK(slash.status == 307);
        CHECK(header_of(slash, "Location") == target + "?a=b");
        const auto preflight = nodes.call(node.handler(), Method::options, target, "",
                                          {{"Origin", "http://web.example"},
                                           {"Access-Control-Request-Method", method},
                                           {"Access-Control-Request-Headers", "authorization"}});
        CHECK(preflight.status == 200);
        CHECK(preflight.text == "OK");
        CHECK(header_of(preflight, "Access-Control-Allow-Methods") ==
              "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
        CHECK(header_of(preflight, "Access-Control-Max-Age") == "600");
        CHECK(header_of(preflight, "Access-Control-Allow-Headers") == "authorization");
        if (route.method == Method::get && route.access == api::Access::open) {
            const auto head = nodes.call(node.handler(), Method::head, target, "", {});
            CHECK(head.status == 200);
            CHECK(head.text == "");
        }
    }
    check_answer(nodes.call(node.handler(), Method::get, "/no/such/path", "", {}),
                 {Method::get, "/no/such/path", "", 404, "Not Found"});
}

/// Missing and wrong tokens, and what is looked at before them (contract §1.2, §1.4).
inline void check_internal_gate(ThreeNodes& nodes, nodes::Node& node,
                                const std::vector<DeclaredRoute>& routes) {
    for (const DeclaredRoute& route : routes) {
        if (route.access != api::Access::internal) {
            continue;
        }
        const std::string target = callable(route.path);
        CAPTURE(target);
        const auto nobody = nodes.call(node.handler(), route.method, target, "{}", {});
        CHECK(nobody.status == 422);
        CHECK(places_of_faults(nobody).starts_with("header.Internal-Token"));
        const auto wrong = nodes.call(node.handler(), route.method, target, "{}",
                                      {{"Internal-Token", "Bearer nonsense"}});
        check_answer(wrong, {route.method, target, "{}", 403, "Invalid internal token"});
    }
}

/// The same for bearer tokens. `role_text` is what a token of `wrong_kind` is answered.
inline void check_bearer_gate(ThreeNodes& nodes, nodes::Node& node,
                              const std::vector<DeclaredRoute>& routes, auth::UserKind wrong_kind,
                              const std::string& role_text) {
    for (const DeclaredRoute& route : routes) {
        if (!api::takes_bearer(route.access)) {
            continue;
        }
        const std::string target = callable(route.path);
        // What takes a file is asked with a form: bad syntax would be told before anything else.
        const bool takes_file = target.ends_with("/import");
        const std::string body = takes_file
                                     ? "--b\r\nContent-Disposition: form-data; name=\"file\"; "
                                       "filename=\"c.csv\"\r\n\r\na\r\n--b--\r\n"
                                     : "{}";
        const auto call = [&](Headers headers) {
            if (takes_file) {
                headers.push_back({"Content-Type", "multipart/form-data; boundary=b"});
            }
            return nodes.call(node.handler(), route.method, target, body, headers);
        };
        const auto with = [&](const std::string& authorization) {
            return call({{"Authorization", authorization}});
        };
        const auto nobody = call({});
        CAPTURE(target);
        CHECK(nobody.status == 422);
        CHECK(places_of_faults(nobody).starts_with("header.authorization"));
        const auto expect = [&](const Answer& answer, int status, const std::string& text) {
            check_answer(answer, {route.method, target, "{}", status, text});
        };
        expect(with("Bearer nonsense"), 401, "Invalid authentication credentials");
        expect(with("Basic YTpi"), 401, "Invalid authentication credentials");
        expect(with("Bearer " + nodes.refresh_token(1)), 401, "Invalid token type");
        expect(with("Bearer " + nodes.token(1, wrong_kind)), 403, role_text);
    }
}

}  // namespace courseselect::test
