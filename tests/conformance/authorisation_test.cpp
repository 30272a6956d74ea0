// Who may call what: every route of every node, as everybody, against one table in this directory.
// What is sent is the documented example of the route, so the same walk shows that each works.

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "conformance/demo_term.hpp"
#include "conformance/documented_request.hpp"
#include "courseselect/api/service.hpp"
#include "courseselect/auth/jwt.hpp"

using namespace courseselect;
using net::http::Method;
using nodes::Service;
using test::DemoTerm;
using test::DocumentedRequest;
using test::LiveValues;
using test::TermPerson;

namespace {

/// A column of the table.
struct Caller {
    std::string name;
    const TermPerson* person = nullptr;  ///< whose tokens
    std::string internal_token{};
    std::string access_token{};
    std::string refresh_token{};

    [[nodiscard]] std::vector<net::http::Header> headers(const std::string& access) const {
        std::vector<net::http::Header> headers;
        if (!internal_token.empty()) {
            headers.push_back({"Internal-Token", internal_token});
        }
        const std::string& token = access == "refresh" ? refresh_token : access_token;
        if (!token.empty()) {
            headers.push_back({"Authorization", "Bearer " + token});
        }
        return headers;
    }
};

/// A token of alice's that was good until a minute ago.
std::string expired_token(auth::TokenType type) {
    const core::Secret secret{std::string(test::term_jwt_secret)};
    const auto now = std::chrono::floor<std::chrono::seconds>(core::SystemClock().wall_now());
    auth::Claims claims;
    claims.principal = {auth::UserKind::student, 1, "alice"};
    claims.type = type;
    claims.issued_at = now - std::chrono::hours{1};
    claims.expires_at = now - std::chrono::minutes{1};
    return auth::JwtSigner::hs256(secret)->sign(claims).value();
}

Caller holder(std::string name, const TermPerson& person) {
    return {.name = std::move(name),
            .person = &person,
            .access_token = person.access_token,
            .refresh_token = person.refresh_token};
}

/// In the order of the table's columns.
std::vector<Caller> callers_of(const DemoTerm& term) {
    const std::string internal(test::term_internal_token);
    return {{.name = "nobody"},
            {.name = "expired",
             .access_token = expired_token(auth::TokenType::access),
             .refresh_token = expired_token(auth::TokenType::refresh)},
            {.name = "wrong-type",
             .access_token = term.alice.refresh_token,
             .refresh_token = term.alice.access_token},
            {.name = "newcomer", .person = &term.emmy, .refresh_token = term.emmy.refresh_token},
            holder("student", term.alice),
            holder("other-student", term.bob),
            holder("teacher", term.curie),
            holder("other-teacher", term.noether),
            holder("admin", term.admin),
            {.name = "internal", .internal_token = internal},
            {.name = "wrong-internal", .internal_token = internal + "x"}};
}

LiveValues target_values(const DemoTerm& term) {
    return {{"user_id", term.alice_id}, {"task_id", term.task_id}, {"reset_code", term.reset_code}};
}
/// Codes are the caller's own where the token says who that is; else they are alice's.
LiveValues body_values(const DemoTerm& term, const Caller& caller, const std::string& access) {
    const bool is_own = access != "open" && caller.person != nullptr;
    const bool has_secret = is_own && !caller.person->totp_secret.empty();
    const TermPerson& coder = has_secret ? *caller.person : term.alice;
    return {{"totp_code", coder.totp_code()},
            {"totp_secret", std::string(coder.totp_secret.reveal())},
            {"refresh_token", term.alice.refresh_token},
            {"registration_code", term.registration_code},
            {"reset_code", term.reset_code}};
}

/// Rows by "auth POST /login/v1"; "*" stands for every node.
using Table = std::map<std::string, std::vector<std::string>>;

Table read_table() {
    std::ifstream file(COURSESELECT_AUTHORISATION_TABLE);
    REQUIRE_MESSAGE(file.is_open(), COURSESELECT_AUTHORISATION_TABLE);
    Table table;
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string node, method, path;
        if (!(words >> node >> method >> path) || node == "#") {
            continue;
        }
        auto& row = table[node + " " + method + " " + path];
        CHECK_MESSAGE(row.empty(), line);
        for (std::string cell; words >> cell;) {
            row.push_back(cell);
        }
    }
    return table;
}

/// Sends one request as everybody, each time to the term as it was at the beginning.
class Walk {
  public:
    Walk(const DemoTerm& term, Service service)
        : term_(term), service_(service), callers_(callers_of(term)), copy_(term.open()) {}

    [[nodiscard]] nodes::Node& node() { return (*copy_)->node(service_); }

    std::vector<int> statuses(const DocumentedRequest& request) {
        std::vector<int> found;
        for (const Caller& caller : callers_) {
            const int status =
                request.path == "/queue/cancel" ? cancel(request, caller) : send(request, caller);
            found.push_back(status);
            if (status < 300 && request.method != Method::get) {
                copy_ = term_.open();
            }
        }
        return found;
    }

  private:
    test::TermCall call_of(const DocumentedRequest& request, const Caller& caller,
                           const LiveValues& in_target) const {
        LiveValues in_body = body_values(term_, caller, request.access);
        if (request.path == "/register/teacher") {
            in_body["registration_code"] = term_.teacher_registration_code;
        }
        auto call = request.call(in_target, in_body);
        for (auto& header : caller.headers(request.path == "/logout" ? "bearer" : request.access)) {
            call.headers.push_back(std::move(header));
        }
        return call;
    }
    int send(const DocumentedRequest& request, const Caller& caller) {
        const auto call = call_of(request, caller, target_values(term_));
        return (*copy_)->call(service_, call).status;
    }
    /// Only a task that waits can be cancelled: one does, behind another that the silent data node
    /// is asked to decide.
    int cancel(const DocumentedRequest& request, const Caller& caller) {
        auto stuck = term_.open(false);
        const std::string first = R"({"student_id":1,"course_id":1,"task_type":"select"})";
        const std::string second = R"({"student_id":1,"course_id":2,"task_type":"deselect"})";
        const auto ahead =
            (*stuck)->post_inside(Service::queue, "/queue/submit", first).member("task_id");
        const auto status = [&] {
            return (*stuck)
                ->call(Service::queue,
                       {.target = "/queue/status?task_id=" + ahead,
                        .headers = {{"Internal-Token", std::string(test::term_internal_token)}}})
                .member("status");
        };
        while (status() == "pending") {
        }
        LiveValues in_target = target_values(term_);
        in_target["task_id"] =
            (*stuck)->post_inside(Service::queue, "/queue/submit", second).member("task_id");
        return (*stuck)->call(service_, call_of(request, caller, in_target)).status;
    }

    const DemoTerm& term_;
    Service service_;
    std::vector<Caller> callers_;
    std::unique_ptr<DemoTerm::Copy> copy_;
};

/// The documented operations, and the routes that the document does not show.
std::vector<DocumentedRequest> requests_of(nodes::Node& node) {
    const auto document = json::Value::parse(node.service().openapi());
    REQUIRE(document);
    auto requests = test::documented_requests(*document);
    for (const api::RouteInfo* route : node.service().routes()) {
        if (route->is_hidden) {
            requests.push_back({.method = route->method,
                                .path = route->path,
                                .access = std::string(api::access_name(route->access)),
                                .success_status = 200});
        }
    }
    CHECK(requests.size() == node.service().routes().size());
    return requests;
}

std::string row_text(const std::vector<int>& statuses) {
    std::string text;
    for (const int status : statuses) {
        text += (text.empty() ? "" : " ") + std::to_string(status);
    }
    return text;
}

std::string row_text(const std::vector<std::string>& cells) {
    std::string text;
    for (const std::string& cell : cells) {
        text += (text.empty() ? "" : " ") + cell;
    }
    return text;
}

/// What holds whatever the table says: nobody gets past a door without the right token.
void check_doors(const DocumentedRequest& request, const std::vector<int>& statuses) {
    const auto status = [&](std::size_t column) { return statuses[column]; };
    constexpr std::size_t nobody = 0, expired = 1, wrong_type = 2, internal = 9,
                          wrong_internal = 10;
    if (request.access == "open") {
        return;
    }
    for (const std::size_t column : {nobody, expired, wrong_type, wrong_internal}) {
        CHECK(status(column) >= 400);
        CHECK(status(column) < 500);
    }
    const bool takes_internal = request.access.find("internal") != std::string::npos;
    CHECK((status(internal) == request.success_status) == takes_internal);
    if (request.access != "internal") {
        CHECK(status(expired) == 401);
        CHECK(status(wrong_type) == 401);
    } else {
        CHECK(status(wrong_internal) == 403);
    }
}

void check_node(const DemoTerm& term, Service service, const Table& table,
                std::set<std::string>& used) {
    Walk walk(term, service);
    const std::string node(nodes::service_name(service));
    for (const DocumentedRequest& request : requests_of(walk.node())) {
        const std::string row = node + " " + request.name();
        const std::string key = table.contains(row) ? row : "* " + request.name();
        CAPTURE(row);
        CHECK(request.takes_body == request.body.exists());
        const auto found = table.find(key);
        const std::string wanted = found == table.end() ? "no row" : row_text(found->second);
        const std::vector<int> statuses = walk.statuses(request);
        CHECK(row_text(statuses) == wanted);
        used.insert(key);
        check_doors(request, statuses);
        const bool works =
            std::find(statuses.begin(), statuses.end(), request.success_status) != statuses.end();
        CHECK_MESSAGE(works, "the documented example of ", row, " works for nobody");
    }
}

}  // namespace

TEST_SUITE("conformance/authorisation") {
    TEST_CASE("each route answers each caller as the table says, and its example works") {
        const DemoTerm term;
        const Table table = read_table();
        std::set<std::string> used;
        for (const Service service : nodes::all_services) {
            check_node(term, service, table, used);
        }
        for (const auto& [key, cells] : table) {
            CHECK_MESSAGE(used.contains(key), "no node has the route of this row: ", key);
        }
    }

    TEST_CASE("on the auth node tokens of a session that has ended open nothing") {
        const DemoTerm term;
        const auto copy = term.open();
        for (const TermPerson* person : {&term.admin, &term.alice, &term.curie}) {
            (*copy)->post(Service::auth, "/logout", "", person->access_token);
        }
        for (const DocumentedRequest& request : requests_of((*copy)->node(Service::auth))) {
            if (request.access == "open" || request.access == "internal") {
                continue;
            }
            const bool is_admins = request.access.starts_with("admin");
            const TermPerson& person = is_admins                     ? term.admin
                                       : request.access == "teacher" ? term.curie
                                                                     : term.alice;
            const Caller caller = holder("ended", person);
            auto call =
                request.call(target_values(term), body_values(term, caller, request.access));
            for (auto& header : caller.headers(request.access)) {
                call.headers.push_back(std::move(header));
            }
            CAPTURE(request.name());
            CHECK((*copy)->call(Service::auth, call).status == 401);
        }
    }

    TEST_CASE("who may not know it is told the same, whether something exists or not") {
        const DemoTerm term;
        const auto copy = term.open();
        const auto answer = [&](Service service, Method method, const std::string& target,
                                const std::string& body, const std::string& token) {
            test::TermCall call{.method = method, .target = target, .body = body};
            if (!token.empty()) {
                call.headers.push_back({"Authorization", "Bearer " + token});
            }
            const auto said = (*copy)->call(service, call);
            return std::to_string(said.status) + " " + said.text;
        };
        const auto as_bob = [&](Service service, Method method, const std::string& target,
                                const std::string& body = "") {
            return answer(service, method, target, body, term.bob.access_token);
        };
        const std::string nobody_id(24, '0');
        const std::string change = R"({"username":"mallory"})";
        CHECK(as_bob(Service::auth, Method::get, "/users/" + term.alice_id) ==
              as_bob(Service::auth, Method::get, "/users/" + nobody_id));
        CHECK(as_bob(Service::auth, Method::put, "/auth/" + term.alice_id, change) ==
              as_bob(Service::auth, Method::put, "/auth/" + nobody_id, change));
        CHECK(as_bob(Service::auth, Method::delete_, "/auth/" + term.alice_id) ==
              as_bob(Service::auth, Method::delete_, "/auth/" + nobody_id));
        const std::string status = "/student/queue/status?task_id=";
        CHECK(
            as_bob(Service::student, Method::get, status + term.task_id) ==
            as_bob(Service::student, Method::get, status + "0b0f6a4e-5a0d-4a6e-9a51-6f1c2b3d4e5f"));
        for (const char* path : {"/login/v1", "/login/admin", "/auth/login"}) {
            CAPTURE(path);
            const auto log_in = [&](const std::string& name) {
                return answer(Service::auth, Method::post, path,
                              R"({"username":")" + name + R"(","password":"not that one"})", "");
            };
            CHECK(log_in("alice") == log_in("nobody-has-this-name"));
            CHECK(log_in("admin") == log_in("nobody-has-this-name"));
        }
    }
}
