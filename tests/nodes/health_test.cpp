#include "courseselect/nodes/health.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "courseselect/nodes/measured_client.hpp"
#include "courseselect/nodes/parts.hpp"
#include "nodes/three_nodes.hpp"
#include "support/prometheus_text.hpp"

using namespace courseselect;
using net::http::Method;
using test::Answer;
using test::PrometheusText;

namespace {

/// The three nodes with their upstreams told, as the assembly does, and measured clients to probe.
class Watched : public test::ThreeNodes {
  public:
    Watched() {
        for (nodes::Node* node :
             {static_cast<nodes::Node*>(queue.get()), static_cast<nodes::Node*>(student.get())}) {
            clients_.push_back(std::make_unique<nodes::MeasuredClient>(
                std::make_unique<test::Switch>(data->handler(), data_away), "data_node", clock));
            node->set_upstreams({clients_.back().get()});
        }
    }
    Answer outside(nodes::Node& node, const std::string& target,
                   std::vector<net::http::Header> headers = {}) {
        return call(node.handler(), Method::get, target, {}, std::move(headers));
    }
    PrometheusText scrape(nodes::Node& node) {
        return PrometheusText(outside(node, "/metrics").text);
    }

  private:
    std::vector<std::unique_ptr<nodes::MeasuredClient>> clients_;
};

}  // namespace

TEST_SUITE("nodes/health") {
    TEST_CASE_FIXTURE(Watched, "everybody gets the two fields of the contract and no more") {
        for (nodes::Node* node : all()) {
            const std::string plain =
                R"({"status":"healthy","service":")" + std::string(node->name()) + "\"}";
            CHECK(outside(*node, "/health").text == plain);
            CHECK(outside(*node, "/health", {{"Internal-Token", "wrong"}}).text == plain);
            CHECK(outside(*node, "/health", {{"Authorization", "Bearer x"}}).text == plain);
        }
        CHECK(outside(*student, "/health", {{"Authorization", "Bearer " + token(1)}}).text ==
              R"({"status":"healthy","service":"student_node"})");
    }

    TEST_CASE_FIXTURE(Watched, "another node gets the details with true values") {
        const Answer answer = inside(*data, Method::get, "/health");
        CHECK(answer.body["status"].string() == "healthy");
        CHECK(answer.body["dependencies"].size() == 0);
        const json::Value& details = answer.body["details"];
        CHECK(details["ready"].boolean() == true);
        CHECK(details["database_queue"]["queue_size"].integer() == 0);
        CHECK(details["database_queue"]["worker_alive"].boolean() == true);
        CHECK(details["database_queue"]["queue_enabled"].boolean() == true);
        CHECK(details["database_queue"]["pending_results"].integer() == 0);
        CHECK(
            inside(*queue, Method::get, "/health").body["details"]["tasks"]["pending"].integer() ==
            0);
        CHECK(inside(*student, Method::get, "/health").text.find("database_queue") ==
              std::string::npos);
    }

    TEST_CASE_FIXTURE(Watched, "an administrator gets them too") {
        const Answer answer = outside(
            *student, "/health", {{"Authorization", "Bearer " + token(1, auth::UserKind::admin)}});
        CHECK(answer.body["details"]["ready"].boolean() == true);
    }

    TEST_CASE_FIXTURE(Watched, "a dependency that is away is told, and that it came back") {
        CHECK(inside(*queue, Method::get, "/health").body["dependencies"][0]["status"].string() ==
              "healthy");
        data_away = true;
        const Answer away = inside(*queue, Method::get, "/health");
        CHECK(away.body["status"].string() == "degraded");
        CHECK(away.body["dependencies"][0]["name"].string() == "data_node");
        CHECK(away.body["dependencies"][0]["status"].string() == "unreachable");
        CHECK(outside(*queue, "/health/ready").status == 200);  // it keeps what it is given
        CHECK(outside(*queue, "/health").text == R"({"status":"healthy","service":"queue_node"})");
        data_away = false;
        CHECK(inside(*queue, Method::get, "/health").body["status"].string() == "healthy");
    }

    TEST_CASE("a node is ready from the end of its start to its stop, and alive all the time") {
        test::ThreeNodes around;
        const test::TempDir directory;
        nodes::data::DataNode node({around.loop, around.clock, around.random},
                                   {.database = {.path = directory.file("data.db")}});
        const auto status = [&](const char* target) {
            return around.call(node.handler(), Method::get, target, {}, {}).status;
        };
        CHECK(status("/health") == 200);
        CHECK(status("/health/ready") == 503);
        test::run(around.loop, [](nodes::Node& n) -> async::Task<> {
            const auto started = co_await n.start();
            CHECK(started);
        }(node));
        CHECK(status("/health/ready") == 200);
        test::run(around.loop, node.stop());
        CHECK(status("/health/ready") == 503);
        CHECK(status("/health") == 200);
    }
}

TEST_SUITE("nodes: metrics") {
    TEST_CASE_FIXTURE(Watched, "a selection moves the counters of all three nodes") {
        const auto ada = add_student("ada");
        const auto course = add_course("analysis", 1);
        const double groups = scrape(*data).at("courseselect_write_queue_group_size_count");
        CHECK(wait(ada, select(ada, course)).body["status"].string() == "completed");
        CHECK(wait(ada, as(ada, Method::post, "/student/course/select",
                           R"({"course_id":)" + std::to_string(course) + "}"))
                  .status != 0);

        const PrometheusText of_data = scrape(*data);
        CHECK(of_data.at("courseselect_ledger_decisions_total{outcome=\"accepted\"}") == 1);
        CHECK(of_data.at("courseselect_ledger_batch_size_count") >= 1);
        CHECK(of_data.at("courseselect_write_queue_group_size_count") > groups);
        CHECK(of_data.at("courseselect_write_queue_commit_duration_seconds_sum") > 0);
        CHECK(of_data.at("courseselect_write_queue_worker_alive") == 1);
        CHECK(of_data.find("courseselect_reader_pool_waiting") == 0);
        CHECK(of_data.at("courseselect_ready") == 1);

        const PrometheusText of_queue = scrape(*queue);
        CHECK(of_queue.at("courseselect_dispatcher_batches_total{result=\"decided\"}") >= 1);
        CHECK(of_queue.at("courseselect_dispatcher_batch_size_count") >= 1);
        CHECK(of_queue.at("courseselect_dispatcher_decision_duration_seconds_sum") > 0);
        CHECK(of_queue.at("courseselect_queue_tasks{state=\"completed_today\"}") >= 1);
        CHECK(of_queue.find("courseselect_queue_tasks{state=\"pending\"}") == 0);

        CHECK(
            scrape(*student).at("courseselect_http_requests_total{route=\"/student/course/select\""
                                ",method=\"POST\",class=\"2xx\"}") >= 1);
    }

    TEST_CASE_FIXTURE(Watched, "no metric of any node has an id, a path or a secret in it") {
        const auto ada = add_student("ada_lovelace");
        const auto course = add_course("analysis_of_engines", 1);
        wait(ada, select(ada, course));
        for (nodes::Node* node : all()) {
            const std::string text = outside(*node, "/metrics").text;
            CHECK_NOTHROW(PrometheusText{text});
            for (const char* secret :
                 {"ada_lovelace", "analysis_of_engines", "task_id", "internal-token", "eyJ"}) {
                CHECK(text.find(secret) == std::string::npos);
            }
        }
    }
}
