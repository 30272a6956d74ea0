/// The real programs under their operator's hands: signals, metrics, identities, configuration.

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "courseselect/net/http/blocking_client.hpp"
#include "rush/databases.hpp"
#include "rush/fleet.hpp"
#include "rush/selection_requests.hpp"
#include "support/prometheus_text.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;
using net::http::ClientResponse;
using net::http::Header;
using test::PrometheusText;

namespace {

const std::vector<std::string> operated = {"data", "queue", "student"};

using Settings = std::map<std::string, std::string>;

/// Three programs and a term with three students and two courses.
class Operation {
  public:
    explicit Operation(Settings environment = {})
        : fleet({.programs = COURSESELECT_PROGRAMS,
                 .directory = directory.path() / "run",
                 .environment = std::move(environment)}),
          ids(bench::make_term_database(
              fleet.database("data"),
              bench::make_workload({.students = 3, .courses = 2, .requests = 1}), 3)),
          authorization_{"Authorization", "Bearer " + bench::sign_student_tokens(
                                                          {ids.students[0]},
                                                          core::Secret(fleet.options().jwt_secret))
                                                          .front()} {}

    void start_all() {
        for (const std::string& name : operated) {
            fleet.start(name);
        }
    }
    ClientResponse ask(const std::string& name, net::http::ClientRequest request) {
        auto client = net::http::BlockingClient::open(
            {net::http::ServiceAddress{.host = "127.0.0.1", .port = fleet.port(name)}});
        if (!client) {
            throw std::runtime_error(client.error().to_string());
        }
        auto answer = (*client)->send(std::move(request), std::chrono::seconds{60});
        if (!answer) {
            throw std::runtime_error(answer.error().to_string());
        }
        return *std::move(answer);
    }
    PrometheusText scrape(const std::string& name) {
        return PrometheusText(ask(name, {.target = "/metrics"}).body);
    }
    /// Submits a selection of the first course; returns the task's id.
    std::string select() {
        const auto submitted =
            ask("student", {.method = net::http::Method::post,
                            .target = "/student/course/select",
                            .headers = {authorization_},
                            .body = fmt::format(R"({{"course_id":{}}})", ids.courses[0].value())});
        REQUIRE(submitted.status == 200);
        return std::string(bench::text_member(submitted.body, "task_id"));
    }
    /// Asks how a task stands, on a thread of its own: it waits up to 25 s for its end.
    std::future<ClientResponse> poll(const std::string& task) {
        return std::async(std::launch::async, [this, task] {
            return ask("student", {.target = "/student/queue/status?wait=25&task_id=" + task,
                                   .headers = {authorization_}});
        });
    }
    [[nodiscard]] const Header& authorization() const { return authorization_; }
    [[nodiscard]] std::string log_of(const std::string& name) const {
        std::ifstream file(fleet.options().directory / (name + ".log"));
        return std::string{std::istreambuf_iterator<char>(file), {}};
    }

    test::TempDir directory;
    bench::Fleet fleet;
    bench::TermIds ids;

  private:
    Header authorization_;
};

/// Looks again and again, at most 30 s.
bool becomes_true(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) {
            return false;
        }
        std::this_thread::yield();
    }
    return true;
}

}  // namespace

TEST_SUITE("system/operation") {
    TEST_CASE("SIGTERM answers what is under way, keeps what was accepted, and ends with 0") {
        Operation operation;
        operation.fleet.start("queue");
        operation.fleet.start("student");
        const std::string task = operation.select();  // the data node is away: it stays pending
        auto polled = operation.poll(task);
        REQUIRE(becomes_true([&] {  // the poll, and the scrape itself
            return operation.scrape("queue").at("courseselect_http_requests_in_flight") >= 2;
        }));
        CHECK(operation.fleet.stop("queue") == 0);
        const ClientResponse answer = polled.get();
        CHECK(answer.status == 200);
        CHECK(bench::text_member(answer.body, "status") == "pending");
        CHECK(operation.fleet.stop("student") == 0);

        operation.start_all();
        CHECK(bench::text_member(operation.poll(task).get().body, "status") == "completed");
        for (const std::string& name : operated) {
            CHECK(operation.fleet.stop(name) == 0);
        }
    }

    TEST_CASE("SIGTERM to the node that waits for another lets the answer come first") {
        Operation operation;
        operation.fleet.start("queue");
        operation.fleet.start("student");
        const std::string task = operation.select();
        auto polled = operation.poll(task);
        REQUIRE(becomes_true([&] {
            return operation.scrape("queue").at("courseselect_http_requests_in_flight") >= 2;
        }));
        auto stopped = std::async(std::launch::async,
                                  [&operation] { return operation.fleet.stop("student"); });
        operation.fleet.start("data");  // now the task is decided
        CHECK(bench::text_member(polled.get().body, "status") == "completed");
        CHECK(stopped.get() == 0);
    }

    TEST_CASE("IO_THREADS serves one port with several threads, and a selection is what it was") {
        Operation operation(Settings{{"IO_THREADS", "3"}});
        operation.start_all();
        std::vector<std::thread> clients;
        std::atomic<int> answers{0};
        for (int i = 0; i < 12; ++i) {  // a connection each, dealt out to three threads
            clients.emplace_back([&] {
                answers += operation.ask("student", {.target = "/health"}).status == 200 ? 1 : 0;
            });
        }
        for (std::thread& client : clients) {
            client.join();
        }
        CHECK(answers == 12);
        const ClientResponse decided = operation.poll(operation.select()).get();
        CHECK(bench::text_member(decided.body, "status") == "completed");
        const auto threads = std::distance(std::filesystem::directory_iterator(fmt::format(
                                               "/proc/{}/task", operation.fleet.pid("student"))),
                                           std::filesystem::directory_iterator());
        CHECK(threads >= 3);
        CHECK(operation.fleet.stop("student") == 0);
    }

    TEST_CASE("SIGHUP reads the log's level again, and a bad one changes nothing") {
        Operation operation(
            Settings{{"LOG_LEVEL", ""}});  // empty counts as not set: the file decides
        const std::string file = (operation.fleet.options().directory / ".env").string();
        const auto set_level = [&file](const char* level) {
            std::ofstream(file) << "LOG_LEVEL=" << level << "\n";
        };
        set_level("info");
        operation.fleet.start("data");
        CHECK(operation.log_of("data").find("event=request_done") == std::string::npos);
        const auto hang_up_until = [&operation](const char* text) {
            ::kill(operation.fleet.pid("data"), SIGHUP);
            return becomes_true([&operation, text] {
                return operation.log_of("data").find(text) != std::string::npos;
            });
        };
        set_level("debug");
        CHECK(hang_up_until("event=log_level level=debug"));
        operation.ask("data", {.target = "/health", .headers = {{"X-Request-Id", "look-for-me"}}});
        CHECK(becomes_true([&operation] {
            return operation.log_of("data").find("request_id=look-for-me") != std::string::npos;
        }));
        set_level("deafening");
        CHECK(hang_up_until("event=log_level_not_reloaded"));
        CHECK(operation.ask("data", {.target = "/health"}).status == 200);
        CHECK(operation.fleet.stop("data") == 0);
    }

    TEST_CASE("one id and one trace are found in the logs of every node on the way") {
        Operation operation(Settings{{"LOG_LEVEL", "debug"}});
        operation.start_all();
        const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        const auto answer = operation.ask(
            "student", {.target = "/student/stats",
                        .headers = {operation.authorization(),
                                    {"X-Request-Id", "across"},
                                    {"traceparent", "00-" + trace + "-00f067aa0ba902b7-01"}}});
        CHECK(answer.status == 200);
        CHECK(answer.header("X-Request-Id") == "across");
        for (const char* name : {"student", "data"}) {
            CAPTURE(name);
            CHECK(becomes_true([&] {
                return operation.log_of(name).find("request_id=across trace_id=" + trace) !=
                       std::string::npos;
            }));
        }
        // A peer of a unix socket is known by its user and process.
        static_cast<void>(operation.select());
        CHECK(becomes_true([&] {
            const std::string wanted = fmt::format("peer=unix peer_uid={} peer_pid={}", ::getuid(),
                                                   operation.fleet.pid("student"));
            return operation.log_of("queue").find(wanted) != std::string::npos;
        }));
    }

    TEST_CASE("every node shows metrics that Prometheus reads, and they move") {
        Operation operation;
        operation.start_all();
        const double before = operation.scrape("data").sum("courseselect_ledger_decisions_total");
        const std::string task = operation.select();
        CHECK(bench::text_member(operation.poll(task).get().body, "status") == "completed");
        const PrometheusText data = operation.scrape("data");
        CHECK(data.sum("courseselect_ledger_decisions_total") == before + 1);
        CHECK(data.at("courseselect_http_connections") >= 1);
        CHECK(data.at("courseselect_http_connections_accepted_total") >= 2);
        CHECK(data.at("courseselect_ready") == 1);
        CHECK(operation.scrape("queue").at(
                  "courseselect_upstream_calls_total{target=\"data_node\",result=\"2xx\"}") >= 1);
        CHECK(operation.scrape("student").at(
                  "courseselect_upstream_calls_total{target=\"queue_node\",result=\"2xx\"}") >= 1);
        const auto health = operation.ask(
            "student", {.target = "/health",
                        .headers = {{"Internal-Token", operation.fleet.options().internal_token}}});
        CHECK(health.body.find(R"({"name":"data_node","status":"healthy")") != std::string::npos);
        CHECK(health.body.find(R"({"name":"queue_node","status":"healthy")") != std::string::npos);
    }

    TEST_CASE("sockets refuse other users where users are named, and TCP serves them") {
        Operation operation(Settings{{"SOCKET_PEER_UIDS", std::to_string(::getuid() + 1)}});
        operation.fleet.start("data");
        const auto socket = operation.fleet.options().directory / "sockets" / "data_node.sock";
        const auto address = net::http::ServiceAddress::parse("unix://" + socket.string());
        REQUIRE(address);
        auto client = net::http::BlockingClient::open({*address});
        REQUIRE(client);
        CHECK_FALSE((*client)->send({.target = "/health"}, std::chrono::seconds{30}));
        CHECK(operation.scrape("data").at("courseselect_http_connections_refused_total") >= 1);
        CHECK(becomes_true([&operation] {
            return operation.log_of("data").find("event=socket_peer_refused") != std::string::npos;
        }));
    }

    TEST_CASE("a socket file that nobody listens on is replaced, one in use is not taken") {
        Operation operation;
        operation.fleet.start("data");
        operation.fleet.kill("data");  // leaves its socket behind
        const auto socket = operation.fleet.options().directory / "sockets" / "data_node.sock";
        REQUIRE(std::filesystem::is_socket(socket));
        operation.fleet.start("data");
        const auto second =
            operation.fleet.run("data", {"--port", "0"});  // on the same socket and database
        CHECK(second.exit_code != 0);
        CHECK(operation.fleet.stop("data") == 0);
        CHECK_FALSE(std::filesystem::exists(socket));
    }

    TEST_CASE("settings come from both .env files, and --check-config says from which") {
        Operation operation(Settings{{"LOG_LEVEL", ""}});
        const auto root = operation.fleet.options().directory;
        std::filesystem::create_directories(root / "data_node");
        std::ofstream(root / ".env") << "LOG_LEVEL=error\nBCRYPT_COST=11\n"
                                        "ADMIN_PASSWORD=never-shown\n";
        std::ofstream(root / "data_node" / ".env") << "LOG_LEVEL=debug\n";
        const auto checked = operation.fleet.run("data", {"--check-config"});
        CHECK(checked.exit_code == 0);
        const auto line_of = [&checked](const std::string& name) {
            const std::size_t from = checked.output.find(name + "=");
            return from == std::string::npos
                       ? std::string()
                       : checked.output.substr(from, checked.output.find('\n', from) - from);
        };
        CHECK(line_of("LOG_LEVEL").find("debug") != std::string::npos);
        CHECK(line_of("LOG_LEVEL").find("data_node/.env") != std::string::npos);
        CHECK(line_of("BCRYPT_COST").find("11") != std::string::npos);
        CHECK(line_of("BCRYPT_COST").find(".env") != std::string::npos);
        CHECK(line_of("PORT").find("environment") != std::string::npos);
        CHECK(checked.output.find("never-shown") == std::string::npos);
    }
}
