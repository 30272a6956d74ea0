#pragma once
/// A teacher node on a real data node, with a scripted auth node behind it.

#include <memory>
#include <optional>
#include <string>

#include "courseselect/nodes/teacher/teacher_node.hpp"
#include "nodes/three_nodes.hpp"

namespace courseselect::test {

/// Answers as the auth node would: "alice" is student 1, "curie" a teacher, nobody else is known.
class FakeAuthNode final : public net::http::Handler {
  public:
    async::Task<net::http::Response> handle(const net::http::Request& request) override {
        last_target = std::string(request.target);
        last_token = std::string(request.header("Internal-Token").value_or(""));
        net::http::Response response;
        if (last_target.starts_with("/admin/users?")) {
            response.body = R"({"users":[{"user_id":1,"username":"alice","user_type":"student",)"
                            R"("totp_secret":"SECRET","has_2fa":true}],)"
                            R"("total":1,"page":1,"page_size":1000})";
        } else {
            response.body = found(request.body);
        }
        ++calls;
        co_return response;
    }
    /// The answer to `/internal/users/lookup`.
    static std::string found(std::string_view body) {
        std::string users;
        const auto lookup = json::Value::parse(body);
        for (const json::Value& name : (*lookup)["usernames"].items()) {
            const bool known = name.string() == "alice" || name.string() == "curie";
            const std::string type = name.string() == "alice" ? "\"student\"" : "\"teacher\"";
            users += (users.empty() ? "" : ",") + (R"({"username":)" + name.text()) +
                     R"(,"user_id":)" + (known ? "1" : "null") + R"(,"user_type":)" +
                     (known ? type : "null") + "}";
        }
        return "{\"users\":[" + users + "]}";
    }
    std::string last_target;
    std::string last_token;
    int calls = 0;
};

/// A teacher node on a real data node.
class TeacherNodes {
  public:
    explicit TeacherNodes(std::optional<ratelimit::LimiterOptions> limit = std::nullopt) {
        nodes::teacher::TeacherNodeOptions options;
        options.service.internal_token = test_internal_token;
        options.service.bearer_limit = limit;
        auto verifier = auth::JwtVerifier::hs256(test_jwt_secret);
        const nodes::Runtime runtime{base.loop, base.clock, base.random};
        node = std::make_unique<nodes::teacher::TeacherNode>(
            runtime, std::move(options),
            std::make_unique<api::JwtAuthenticator>(*std::move(verifier), base.clock),
            std::make_unique<Switch>(base.data->handler(), base.data_away),
            std::make_unique<Switch>(auth, auth_away));
    }

    Answer as(auth::UserKind kind, std::int64_t id, net::http::Method method, std::string target,
              std::string body = {}) {
        return base.call(node->handler(), method, std::move(target), std::move(body),
                         {{"Authorization", "Bearer " + base.token(id, kind)}});
    }
    Answer teacher(net::http::Method method, std::string target, std::string body = {}) {
        return as(auth::UserKind::teacher, 1, method, std::move(target), std::move(body));
    }
    Answer other(net::http::Method method, std::string target, std::string body = {}) {
        return as(auth::UserKind::teacher, 2, method, std::move(target), std::move(body));
    }
    Answer admin(net::http::Method method, std::string target, std::string body = {}) {
        return as(auth::UserKind::admin, 1, method, std::move(target), std::move(body));
    }

    ThreeNodes base;
    FakeAuthNode auth;
    bool auth_away = false;
    std::unique_ptr<nodes::teacher::TeacherNode> node;
};

}  // namespace courseselect::test
