/// The real programs, started, stopped, killed and restarted.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "courseselect/json/value.hpp"
#include "courseselect/net/http/blocking_client.hpp"
#include "rush/databases.hpp"
#include "rush/fleet.hpp"
#include "rush/selection_requests.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;

namespace {

const std::vector<std::string> trio = {"data", "queue", "student"};
const std::vector<std::string> all_five = {"data", "auth", "queue", "teacher", "student"};

bench::FleetOptions fleet_options(const test::TempDir& directory) {
    return {.programs = COURSESELECT_PROGRAMS, .directory = directory.path() / "run"};
}

net::http::ServiceAddress address_of(const bench::Fleet& fleet, const std::string& name) {
    return {.host = "127.0.0.1", .port = fleet.port(name)};
}

net::http::ClientResponse call(const net::http::ServiceAddress& address,
                               net::http::ClientRequest request) {
    auto client = net::http::BlockingClient::open({address});
    REQUIRE(client);
    auto answer = (*client)->send(std::move(request), std::chrono::seconds{30});
    REQUIRE(answer);
    return *std::move(answer);
}

net::http::ClientResponse get(const net::http::ServiceAddress& address, std::string target,
                              std::vector<net::http::Header> headers) {
    return call(address, {.target = std::move(target), .headers = std::move(headers)});
}

/// Selects the only course through the student node and waits for the decision's status.
std::string select_and_wait(const bench::Fleet& fleet, core::StudentId student,
                            core::CourseId course) {
    const std::string token =
        bench::sign_student_tokens({student}, core::Secret(fleet.options().jwt_secret)).front();
    const net::http::Header authorization{"Authorization", "Bearer " + token};
    const auto submitted = call(address_of(fleet, "student"),
                                {.method = net::http::Method::post,
                                 .target = "/student/course/select",
                                 .headers = {authorization},
                                 .body = fmt::format(R"({{"course_id":{}}})", course.value())});
    REQUIRE(submitted.status == 200);
    const std::string id(bench::text_member(submitted.body, "task_id"));
    const auto status = get(address_of(fleet, "student"),
                            "/student/queue/status?wait=20&task_id=" + id, {authorization});
    REQUIRE(status.status == 200);
    return std::string(bench::text_member(status.body, "status"));
}

bench::Workload small_term() {
    return bench::make_workload({.students = 3, .courses = 2, .requests = 1});
}

void check_selection_works(bench::FleetOptions options) {
    bench::Fleet fleet(std::move(options));
    const auto ids = bench::make_term_database(fleet.database("data"), small_term(), 3);
    for (const std::string& name : trio) {
        fleet.start(name);
    }
    CHECK(select_and_wait(fleet, ids.students[0], ids.courses[0]) == "completed");
    for (const std::string& name : trio) {
        CHECK(fleet.stop(name) == 0);
    }
}

}  // namespace

TEST_SUITE("system/daemons") {
    TEST_CASE(
        "each daemon starts, answers /health, and ends with 0 on SIGTERM without its socket") {
        const test::TempDir directory;
        bench::Fleet fleet(fleet_options(directory));
        for (const std::string& name : all_five) {
            CAPTURE(name);
            fleet.start(name);
            const auto socket = fleet.options().directory / "sockets" / (name + "_node.sock");
            CHECK(std::filesystem::is_socket(socket));
            CHECK(fleet.stop(name) == 0);
            CHECK_FALSE(std::filesystem::exists(socket));
            CHECK_FALSE(fleet.is_running(name));
        }
    }

    TEST_CASE("a selection goes from the student node to the database over sockets") {
        const test::TempDir directory;
        check_selection_works(fleet_options(directory));
    }

    TEST_CASE("the same over TCP only") {
        const test::TempDir directory;
        auto options = fleet_options(directory);
        options.use_sockets = false;
        check_selection_works(std::move(options));
    }

    TEST_CASE("the same with the URL of one node naming its socket") {
        const test::TempDir directory;
        auto options = fleet_options(directory);
        options.environment["DATA_NODE_URL"] =
            "unix://" + (options.directory / "sockets" / "data_node.sock").string();
        check_selection_works(std::move(options));
    }

    TEST_CASE("the same without a socket file, which makes callers fall back to the URL") {
        const test::TempDir directory;
        bench::Fleet fleet(fleet_options(directory));
        const auto ids = bench::make_term_database(fleet.database("data"), small_term(), 3);
        for (const std::string& name : trio) {
            fleet.start(name);
            std::filesystem::remove(fleet.options().directory / "sockets" / (name + "_node.sock"));
        }
        CHECK(select_and_wait(fleet, ids.students[0], ids.courses[0]) == "completed");
    }

    TEST_CASE("what was decided is there after a restart and after kill -9") {
        const test::TempDir directory;
        bench::Fleet fleet(fleet_options(directory));
        const auto ids = bench::make_term_database(fleet.database("data"), small_term(), 3);
        for (const std::string& name : trio) {
            fleet.start(name);
        }
        CHECK(select_and_wait(fleet, ids.students[1], ids.courses[1]) == "completed");
        for (const bool gently : {true, false}) {
            for (const std::string& name : trio) {
                if (gently) {
                    CHECK(fleet.stop(name) == 0);
                } else {
                    fleet.kill(name);
                }
            }
            for (const std::string& name : trio) {
                fleet.start(name);
            }
            const auto student =
                get(address_of(fleet, "data"),
                    fmt::format("/get/student?student_id={}", ids.students[1].value()),
                    {{"Internal-Token", fleet.options().internal_token}});
            const auto body = json::Value::parse(student.body);
            REQUIRE(body);
            CHECK((*body)["student_courses"][0].integer() == ids.courses[1].value());
            CHECK(select_and_wait(fleet, ids.students[1], ids.courses[1]) == "failed");
        }
    }

    TEST_CASE("a second data node on the same database refuses to start") {
        const test::TempDir directory;
        bench::Fleet fleet(fleet_options(directory));
        fleet.start("data");
        const auto second = fleet.run("data", {"--port", "0"});
        CHECK(second.exit_code != 0);
        CHECK_FALSE(second.output.empty());
    }

    TEST_CASE("--check-config prints the configuration without secrets and starts nothing") {
        const test::TempDir directory;
        bench::Fleet fleet(fleet_options(directory));
        for (const std::string& name : all_five) {
            CAPTURE(name);
            const auto checked = fleet.run(name, {"--check-config"});
            CHECK(checked.exit_code == 0);
            CHECK(checked.output.find("PORT=") != std::string::npos);
            CHECK(checked.output.find(fleet.options().jwt_secret) == std::string::npos);
            CHECK(checked.output.find(fleet.options().internal_token) == std::string::npos);
            CHECK_FALSE(std::filesystem::exists(fleet.database(name)));
            CHECK_FALSE(std::filesystem::exists(directory.file("secrets.env")));
        }
    }

    TEST_CASE("--help and --version tell and end with 0") {
        const test::TempDir directory;
        bench::Fleet fleet(fleet_options(directory));
        for (const std::string& name : all_five) {
            CAPTURE(name);
            const auto help = fleet.run(name, {"--help"});
            CHECK(help.exit_code == 0);
            for (const char* flag :
                 {"--dev", "--no-rate-limit", "--check-config", "--host", "--port", "--version"}) {
                CAPTURE(flag);
                CHECK(help.output.find(flag) != std::string::npos);
            }
            const auto version = fleet.run(name, {"--version"});
            CHECK(version.exit_code == 0);
            CHECK(version.output.find("courseselect ") != std::string::npos);
        }
    }

    TEST_CASE("a wrong argument ends with 2, is named, and --help is offered") {
        const test::TempDir directory;
        bench::Fleet fleet(fleet_options(directory));
        for (const std::string& name : all_five) {
            CAPTURE(name);
            const auto unknown = fleet.run(name, {"--nonsense"});
            CHECK(unknown.exit_code == 2);
            CHECK(unknown.output.find("--nonsense") != std::string::npos);
            CHECK(unknown.output.find("--help") != std::string::npos);
            CHECK(fleet.run(name, {"--port"}).exit_code == 2);
            const auto port = fleet.run(name, {"--port", "99999"});
            CHECK(port.exit_code == 2);
            CHECK(port.output.find("PORT") != std::string::npos);
            CHECK_FALSE(std::filesystem::exists(fleet.database(name)));
        }
    }

    TEST_CASE("a configuration that cannot be used ends the start with 2 and names the setting") {
        const test::TempDir directory;
        auto options = fleet_options(directory);
        options.environment["DATABASE_URL"] = "oracle://nowhere";
        bench::Fleet fleet(std::move(options));
        const auto result = fleet.run("data", {});
        CHECK(result.exit_code == 2);
        CHECK(result.output.find("DATABASE_URL") != std::string::npos);
    }

    TEST_CASE("an idle daemon has less than 25 MB resident" *
              doctest::skip(COURSESELECT_SANITIZED)) {
        const test::TempDir directory;
        bench::Fleet fleet(fleet_options(directory));
        for (const std::string& name : all_five) {
            CAPTURE(name);
            fleet.start(name);
            CHECK(fleet.resident_kib(name) < 25 * 1024);
        }
    }
}
