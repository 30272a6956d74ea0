#include "courseselect/nodes/auth/auth_node.hpp"

#include <doctest/doctest.h>

#include <functional>

#include "courseselect/auth/totp.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/json/writer.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;

namespace {

enum class DataMode { works, away, refuses };

class FakeDataNode final : public net::http::Client {
  public:
    explicit FakeDataNode(const DataMode& mode) : mode_(mode) {}
    async::Task<core::Result<net::http::ClientResponse>> send(net::http::ClientRequest request,
                                                              std::chrono::milliseconds) override {
        if (mode_ == DataMode::away) {
            co_return core::Error(core::Errc::unavailable, "away");
        }
        net::http::ClientResponse response;
        response.status = 200;
        if (request.target.starts_with("/internal/ids")) {
            response.body = json::make_object("first", next_, "count", 64);
            next_ += 64;
        } else if (mode_ == DataMode::refuses) {
            response.status = 400;
            response.body = json::make_object("detail", "Student with this name already exists");
        } else {
            response.status = 201;
        }
        co_return response;
    }

  private:
    const DataMode& mode_;
    std::int64_t next_ = 1;
};

struct AuthFixture {
    AuthFixture() {
        nodes::accounts::AuthNodeOptions options;
        options.database.path = dir.file("auth_data.db");
        options.jwt_secret = core::Secret("0123456789abcdef0123456789abcdef");
        options.bcrypt_cost = 4;
        options.dev = true;
        options.admin_password = core::Secret("admin123");
        auto opened = nodes::accounts::AuthNode::open({loop, clock, random}, std::move(options),
                                                      std::make_unique<FakeDataNode>(mode));
        REQUIRE(opened.has_value());
        node = *std::move(opened);
        test::run(loop, start(*node));
    }
    ~AuthFixture() { test::run(loop, node->stop()); }

    static async::Task<> start(nodes::Node& node) {
        const auto started = co_await node.start();
        CHECK(started.has_value());
    }
    static async::Task<> keep(net::http::Handler& handler, const net::http::Request& request,
                              net::http::Response& out) {
        out = co_await handler.handle(request);
    }
    json::Value post(std::string path, std::string body, std::string token = {}) {
        const std::string header = "Bearer " + token;
        const net::http::HeaderView fields[] = {{"Authorization", header}};
        net::http::Request request;
        request.method = net::http::Method::post;
        request.target = request.path = path;
        request.body = body;
        request.peer.address = "192.0.2.1";
        if (!token.empty()) {
            request.headers = fields;
        }
        net::http::Response response;
        test::run(loop, keep(node->handler(), request, response));
        status = response.status;
        return *json::Value::parse(response.body);
    }
    static std::string text(const json::Value& value, const char* name) {
        return value[name].string().value_or("");
    }
    std::string admin() {
        return text(post("/login/admin", R"({"username":"admin","password":"admin123"})"),
                    "access_token");
    }
    std::string code() {
        return text(post("/generate/registration-code", R"({"user_type":"student"})", admin()),
                    "code");
    }
    json::Value enrol(const std::string& name, const std::string& with) {
        return post("/register/v1",
                    json::make_object("username", name, "password", "secret1", "user_type",
                                      "student", "registration_code", with));
    }

    async::EventLoop loop;
    core::ManualClock clock;
    crypto::SystemRandomSource random;
    test::TempDir dir;
    DataMode mode = DataMode::works;
    std::unique_ptr<nodes::accounts::AuthNode> node;
    int status = 0;
};

}  // namespace

TEST_SUITE("nodes/auth/auth_node") {
    TEST_CASE("a student registers, confirms 2FA and logs in; codes of both kinds serve once") {
        AuthFixture auth;
        const std::string code = auth.code();
        const auto made = auth.enrol("alice", code);
        REQUIRE(auth.status == 200);
        const core::Secret secret(auth.text(made, "totp_secret"));
        const auto totp = [&] {
            return json::make_object(
                "totp_code", *courseselect::auth::totp_code(
                                 secret, courseselect::auth::totp_step(auth.clock.wall_now())));
        };
        const std::string first = auth.text(made, "refresh_token");
        auth.post("/login/v2", totp(), first);
        CHECK(auth.status == 403);
        auth.post("/auth/refresh", json::make_object("refresh_token", first));
        CHECK(auth.status == 401);
        auth.post("/register/v2", totp(), first);
        CHECK(auth.status == 200);
        const auto login = auth.post("/login/v1", R"({"username":"ALICE","password":"secret1"})");
        const std::string token = auth.text(login, "refresh_token");
        auth.post("/login/v2", totp(), token);
        CHECK(auth.status == 200);
        CHECK(auth.text(auth.post("/login/v2", totp(), token), "detail") == "Invalid 2FA code");
        CHECK(auth.text(auth.enrol("bob", code), "detail") ==
              "Invalid or expired registration code");
        const auto next = auth.post("/auth/refresh", json::make_object("refresh_token", token));
        CHECK(auth.status == 200);
        auth.post("/auth/refresh", json::make_object("refresh_token", token));
        CHECK(auth.status == 401);
        auth.post("/auth/refresh",
                  json::make_object("refresh_token", auth.text(next, "refresh_token")));
        CHECK(auth.status == 401);
    }

    TEST_CASE("a refused profile undoes the registration, an absent data node does not") {
        AuthFixture auth;
        const std::string code = auth.code();
        auth.mode = DataMode::refuses;
        auth.enrol("alice", code);
        CHECK(auth.status == 500);
        auth.mode = DataMode::away;
        auth.enrol("alice", code);
        CHECK(auth.status == 200);
        auth.mode = DataMode::works;
        test::run(auth.loop, auth.node->deliver_profiles());
    }

    TEST_CASE("wrong passwords and unknown users get one answer") {
        AuthFixture auth;
        for (const char* body : {R"({"username":"admin","password":"wrong"})",
                                 R"({"username":"nobody","password":"wrong"})"}) {
            CHECK(auth.text(auth.post("/login/admin", body), "detail") == "Invalid credentials");
            CHECK(auth.status == 401);
        }
        auth.post("/login/v1", R"({"username":"admin","password":"admin123"})");
        CHECK(auth.status == 401);
    }
}
