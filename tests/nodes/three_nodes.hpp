#pragma once
/// Data, queue and student node in one process, connected in memory.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "courseselect/auth/jwt.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/crypto/random.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/net/http/local_client.hpp"
#include "courseselect/nodes/data/data_node.hpp"
#include "courseselect/nodes/queue/queue_node.hpp"
#include "courseselect/nodes/student/student_node.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

namespace courseselect::test {

inline const core::Secret test_jwt_secret{"0123456789abcdef0123456789abcdef"};
inline const core::Secret test_internal_token{"internal-token-of-the-tests"};

/// What a node answered.
struct Answer {
    int status = 0;
    std::vector<net::http::Header> headers;
    std::string text;
    json::Value body;
    [[nodiscard]] std::string detail() const { return body["detail"].string().value_or(""); }
};

/// A client that can be switched off, as if the node behind it were away.
class Switch final : public net::http::Client {
  public:
    Switch(net::http::Handler& handler, const bool& is_away) : local_(handler), is_away_(is_away) {}
    async::Task<core::Result<net::http::ClientResponse>> send(
        net::http::ClientRequest request, std::chrono::milliseconds timeout) override {
        if (is_away_) {
            return refuse();
        }
        return local_.send(std::move(request), timeout);
    }

  private:
    static async::Task<core::Result<net::http::ClientResponse>> refuse() {
        co_return core::Error(core::Errc::unavailable, "switched off");
    }
    net::http::LocalClient local_;
    const bool& is_away_;
};

class ThreeNodes {
  public:
    explicit ThreeNodes(nodes::queue::QueueNodeOptions queue_options = {},
                        nodes::student::StudentNodeOptions student_options = {}) {
        const nodes::Runtime runtime{loop, clock, random};
        data = std::make_unique<nodes::data::DataNode>(
            runtime,
            nodes::data::DataNodeOptions{.database = {.path = dir.file("data.db")},
                                         .service = {.internal_token = test_internal_token}});
        queue_options.database.path = dir.file("queue.db");
        queue_options.service.internal_token = test_internal_token;
        queue = std::make_unique<nodes::queue::QueueNode>(
            runtime, std::move(queue_options),
            std::make_unique<Switch>(data->handler(), data_away));
        auto verifier = auth::JwtVerifier::hs256(test_jwt_secret);
        student_options.service.internal_token = test_internal_token;
        student = std::make_unique<nodes::student::StudentNode>(
            runtime, std::move(student_options),
            std::make_unique<api::JwtAuthenticator>(*std::move(verifier), clock),
            std::make_unique<Switch>(data->handler(), data_away),
            std::make_unique<Switch>(queue->handler(), queue_away));
        for (nodes::Node* node : all()) {
            start(*node);
        }
    }
    ~ThreeNodes() {
        data_away = false;
        queue_away = false;
        const auto nodes = all();
        for (auto at = nodes.rbegin(); at != nodes.rend(); ++at) {
            test::run(loop, (*at)->stop());
        }
    }

    [[nodiscard]] std::string token(std::int64_t id, auth::UserKind kind = auth::UserKind::student,
                                    auth::TokenType type = auth::TokenType::access) {
        const auto signer = auth::JwtSigner::hs256(test_jwt_secret);
        auth::Claims claims;
        claims.principal = {kind, id, "user" + std::to_string(id)};
        claims.type = type;
        claims.expires_at =
            std::chrono::floor<std::chrono::seconds>(clock.wall_now()) + std::chrono::hours{1};
        return *signer->sign(claims);
    }

    [[nodiscard]] std::string refresh_token(std::int64_t id) {
        return token(id, auth::UserKind::student, auth::TokenType::refresh);
    }

    Answer call(net::http::Handler& handler, net::http::Method method, std::string target,
                std::string body, std::vector<net::http::Header> headers) {
        std::optional<Answer> answer;
        net::http::ClientRequest request{.method = method,
                                         .target = std::move(target),
                                         .headers = std::move(headers),
                                         .body = std::move(body)};
        test::run(loop, keep(handler, std::move(request), answer));
        return *std::move(answer);
    }
    /// As another node would call.
    Answer inside(nodes::Node& node, net::http::Method method, std::string target,
                  std::string body = {}) {
        return call(node.handler(), method, std::move(target), std::move(body),
                    {{"Internal-Token", std::string(test_internal_token.reveal())}});
    }
    /// As that student.
    Answer as(std::int64_t id, net::http::Method method, std::string target,
              std::string body = {}) {
        return call(student->handler(), method, std::move(target), std::move(body),
                    {{"Authorization", "Bearer " + token(id)}});
    }
    Answer select(std::int64_t id, std::int64_t course) {
        return as(id, net::http::Method::post, "/student/course/select",
                  json::make_object("course_id", course));
    }
    /// Waits for the end of a task of that student.
    Answer wait(std::int64_t id, const Answer& receipt) {
        return as(id, net::http::Method::get,
                  "/student/queue/status?wait=20&task_id=" +
                      receipt.body["task_id"].string().value_or("none"));
    }

    std::int64_t add_course(const std::string& name, int capacity, std::string more = "") {
        const std::string body =
            R"({"course_name":")" + name +
            R"(","course_credit":1.5,"course_type":"elective","course_teacher_id":1,)"
            R"("course_location":"A1","course_capacity":)" +
            std::to_string(capacity) + more + "}";
        const Answer made = inside(*data, net::http::Method::post, "/add/course", body);
        return made.body["course_id"].integer().value_or(0);
    }
    std::int64_t add_student(const std::string& name, std::string more = "") {
        const Answer made = inside(*data, net::http::Method::post, "/add/student",
                                   R"({"student_name":")" + name + "\"" + more + "}");
        return made.body["student_id"].integer().value_or(0);
    }

    [[nodiscard]] std::vector<nodes::Node*> all() {
        return {data.get(), queue.get(), student.get()};
    }

    async::EventLoop loop;
    core::SystemClock clock;
    crypto::SystemRandomSource random;
    TempDir dir;
    bool data_away = false;
    bool queue_away = false;
    std::unique_ptr<nodes::data::DataNode> data;
    std::unique_ptr<nodes::queue::QueueNode> queue;
    std::unique_ptr<nodes::student::StudentNode> student;

  private:
    void start(nodes::Node& node) {
        std::string problem = "did not finish";
        test::run(loop, started(node, problem));
        if (!problem.empty()) {
            throw std::runtime_error(problem);
        }
    }
    static async::Task<> started(nodes::Node& node, std::string& problem) {
        const auto result = co_await node.start();
        problem = result ? "" : result.error().to_string();
    }
    static async::Task<> keep(net::http::Handler& handler, net::http::ClientRequest request,
                              std::optional<Answer>& answer) {
        net::http::LocalClient client(handler);
        auto response = co_await client.send(std::move(request), std::chrono::seconds(30));
        answer.emplace();
        if (response) {
            answer->status = response->status;
            answer->headers = response->headers;
            answer->text = response->body;
            const auto parsed = json::Value::parse(answer->text);
            if (parsed) {
                answer->body = *parsed;
            }
        }
    }
};

}  // namespace courseselect::test
