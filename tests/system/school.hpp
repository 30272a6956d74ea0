#pragma once
/// All five daemons with an administrator, for tests through their public doors.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "courseselect/auth/totp.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/net/http/blocking_client.hpp"
#include "rush/fleet.hpp"
#include "support/temp_dir.hpp"

namespace courseselect::test {

struct Reply {
    int status = 0;
    json::Value body;
    std::string text;
};

class School {
  public:
    explicit School(std::map<std::string, std::string> environment = {})
        : fleet({.programs = COURSESELECT_PROGRAMS,
                 .directory = directory.path() / "run",
                 .environment = with_defaults(std::move(environment))}) {
        for (const char* name : {"data", "auth", "queue", "teacher", "student"}) {
            fleet.start(name);
        }
        boss = post("auth", "/login/admin", R"({"username":"admin","password":"admin123"})")
                   .body["access_token"]
                   .string()
                   .value_or("");
        REQUIRE_FALSE(boss.empty());
    }

    Reply call(const std::string& node, net::http::ClientRequest request) {
        auto client = net::http::BlockingClient::open(
            {net::http::ServiceAddress{.host = "127.0.0.1", .port = fleet.port(node)}});
        if (!client) {
            throw std::runtime_error(client.error().to_string());
        }
        const auto answer = (*client)->send(std::move(request), std::chrono::seconds{60});
        if (!answer) {
            throw std::runtime_error(answer.error().to_string());
        }
        Reply reply{.status = answer->status, .body = {}, .text = answer->body};
        auto parsed = json::Value::parse(answer->body);
        if (parsed) {
            reply.body = *std::move(parsed);
        }
        return reply;
    }
    Reply get(const std::string& node, std::string target, const std::string& token = "") {
        return call(node, {.target = std::move(target), .headers = bearer(token)});
    }
    Reply post(const std::string& node, std::string target, std::string body,
               const std::string& token = "") {
        return call(node, {.method = net::http::Method::post,
                           .target = std::move(target),
                           .headers = bearer(token),
                           .body = std::move(body)});
    }
    /// As another node.
    Reply inside(const std::string& node, std::string target, std::string body) {
        return call(node, {.method = net::http::Method::post,
                           .target = std::move(target),
                           .headers = {{"Internal-Token", fleet.options().internal_token}},
                           .body = std::move(body)});
    }
    /// Returns the new version.
    std::int64_t settings(std::string body) {
        const Reply changed = call("auth", {.method = net::http::Method::patch,
                                            .target = "/admin/system-settings",
                                            .headers = bearer(boss),
                                            .body = std::move(body)});
        CAPTURE(changed.text);
        REQUIRE(changed.status == 200);
        return changed.body["version"].integer().value_or(0);
    }
    /// Registers a student with 2FA; returns the access token.
    std::string enrol(const std::string& name) {
        const std::string code =
            post("auth", "/generate/registration-code", R"({"user_type":"student"})", boss)
                .body["code"]
                .string()
                .value_or("");
        const Reply made =
            post("auth", "/register/v1",
                 json::make_object("username", name, "password", "secret1", "user_type", "student",
                                   "registration_code", code));
        CAPTURE(made.text);
        REQUIRE(made.status == 200);
        const core::Secret secret(made.body["totp_secret"].string().value_or(""));
        const core::SystemClock clock;
        const std::string digits =
            auth::totp_code(secret, auth::totp_step(clock.wall_now())).value();
        const Reply in = post("auth", "/register/v2", json::make_object("totp_code", digits),
                              made.body["refresh_token"].string().value_or(""));
        CAPTURE(in.text);
        REQUIRE(in.status == 200);
        return in.body["access_token"].string().value_or("");
    }
    std::int64_t course(const std::string& name, const std::string& more = "") {
        const Reply made = inside(
            "data", "/add/course",
            fmt::format(R"({{"course_name":"{}","course_credit":1,"course_type":"elective",)"
                        R"("course_teacher_id":1,"course_location":"Hall","course_capacity":5{}}})",
                        name, more));
        REQUIRE(made.status == 201);
        return made.body["course_id"].integer().value_or(0);
    }
    /// Submits a selection; the answer of the student node.
    Reply submit(const std::string& token, std::int64_t course_id, const char* what = "select") {
        return post("student", fmt::format("/student/course/{}", what),
                    json::make_object("course_id", course_id), token);
    }
    /// Selects and waits: "completed", or why not.
    std::string select(const std::string& token, std::int64_t course_id,
                       const char* what = "select") {
        const Reply submitted = submit(token, course_id, what);
        if (submitted.status != 200) {
            return submitted.text;
        }
        const Reply done = get("student",
                               "/student/queue/status?wait=20&task_id=" +
                                   submitted.body["task_id"].string().value_or(""),
                               token);
        const std::string status = done.body["status"].string().value_or("?");
        return status == "failed" ? done.body["message"].string().value_or("?") : status;
    }
    /// Looks again and again, at most 30 s.
    static bool becomes_true(const std::function<bool()>& condition) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) {
                return false;
            }
            std::this_thread::yield();
        }
        return true;
    }

    test::TempDir directory;
    bench::Fleet fleet;
    std::string boss;  ///< access token of the administrator

  private:
    static std::map<std::string, std::string> with_defaults(
        std::map<std::string, std::string> environment) {
        environment.emplace("COURSESELECT_DEV", "true");
        environment.emplace("BCRYPT_COST", "4");
        environment.emplace("RATE_LIMITS", "false");
        return environment;
    }
    static std::vector<net::http::Header> bearer(const std::string& token) {
        if (token.empty()) {
            return {};
        }
        return {{"Authorization", "Bearer " + token}};
    }
};

}  // namespace courseselect::test
