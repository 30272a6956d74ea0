#pragma once
/// An auth node on a fresh database, without sockets, beside a data node that can be told how to
/// behave.

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "courseselect/async/task_group.hpp"
#include "courseselect/auth/totp.hpp"
#include "courseselect/crypto/random.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/net/http/client.hpp"
#include "courseselect/nodes/auth/auth_node.hpp"
#include "courseselect/nodes/auth/auth_state.hpp"
#include "courseselect/storage/database.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

namespace courseselect::test {

enum class DataMode { works, away, refuses };

/// What the data node knows, and how it answers.
struct DataWorld {
    DataMode mode = DataMode::works;
    std::map<std::string, std::map<std::int64_t, std::string>> names;  ///< by kind and id
    std::map<std::string, std::vector<std::string>> tags;              ///< by student
    std::map<std::string, std::int64_t> next_id{{"student", 1}, {"teacher", 1}};
    int profiles_asked = 0;
    std::int64_t block = 64;
    net::http::Client* real = nullptr;  ///< answers instead, unless the data node is away

    [[nodiscard]] bool knows(const std::string& kind, const std::string& name) const {
        const auto found = names.find(kind);
        return found != names.end() &&
               std::any_of(found->second.begin(), found->second.end(),
                           [&](const auto& entry) { return entry.second == name; });
    }
};

class FakeDataNode final : public net::http::Client {
  public:
    explicit FakeDataNode(DataWorld& world) : world_(world) {}
    async::Task<core::Result<net::http::ClientResponse>> send(
        net::http::ClientRequest request, std::chrono::milliseconds timeout) override {
        if (world_.real != nullptr && world_.mode != DataMode::away) {
            return world_.real->send(std::move(request), timeout);
        }
        return made_up(*this, std::move(request));
    }

  private:
    static async::Task<core::Result<net::http::ClientResponse>> made_up(
        FakeDataNode& self, net::http::ClientRequest request) {
        co_return self.answer(request);
    }
    core::Result<net::http::ClientResponse> answer(const net::http::ClientRequest& request) {
        if (world_.mode == DataMode::away) {
            return core::Error(core::Errc::unavailable, "away");
        }
        const std::string kind =
            request.target.find("student") != std::string::npos ? "student" : "teacher";
        net::http::ClientResponse response;
        response.status = 200;
        if (request.target.starts_with("/internal/ids")) {
            std::int64_t& next = world_.next_id[kind];
            response.body = json::make_object("first", next, "count", world_.block);
            next += world_.block;
        } else if (request.target.starts_with("/internal/events")) {
            response.body = R"({"events":[],"last":0})";
        } else if (request.target.starts_with("/get/")) {
            const auto id = std::stoll(request.target.substr(request.target.find('=') + 1));
            response.body = json::make_object(kind + "_name", world_.names[kind][id]);
        } else {
            add(kind, *json::Value::parse(request.body), response);
        }
        return response;
    }
    void add(const std::string& kind, const json::Value& profile,
             net::http::ClientResponse& response) {
        ++world_.profiles_asked;
        const std::string label = kind == "student" ? "Student" : "Teacher";
        const std::string name = profile[kind + "_name"].string().value_or("");
        const std::int64_t id = profile[kind + "_id"].integer().value_or(0);
        response.status = 400;
        if (world_.names[kind].contains(id)) {
            response.body = json::make_object("detail", label + " with this ID already exists");
        } else if (world_.mode == DataMode::refuses || world_.knows(kind, name)) {
            response.body = json::make_object("detail", label + " with this name already exists");
        } else {
            world_.names[kind][id] = name;
            for (const json::Value& tag : profile["student_tags"].items()) {
                world_.tags[name].push_back(tag.string().value_or(""));
            }
            response.status = 201;
        }
    }

    DataWorld& world_;
};

/// A request to the node, and what came of it.
struct AuthCall {
    net::http::Method method = net::http::Method::post;
    std::string path;
    std::string body;
    std::string token;
    std::string address = "192.0.2.1";
    std::string internal_token{};
    std::string content_type{};
};
struct AuthAnswer {
    int status = 0;
    json::Value body;
    std::string raw_body;
    std::vector<net::http::Header> headers;

    [[nodiscard]] std::string text(const char* name) const {
        return body[name].string().value_or("");
    }
    [[nodiscard]] std::string detail() const { return text("detail"); }
    [[nodiscard]] std::string header(std::string_view name) const {
        for (const net::http::Header& field : headers) {
            if (field.name == name) {
                return field.value;
            }
        }
        return "";
    }
};

/// What a client keeps after registering.
struct Enrolled {
    std::string name;
    core::Secret totp_secret;
    std::string refresh_token;
};

inline const std::string good_password = "secret1";

class AuthFixture {
  public:
    using Options = nodes::accounts::AuthNodeOptions;

    explicit AuthFixture(std::function<void(Options&)> tweak = {}) : tweak_(std::move(tweak)) {
        open();
    }
    ~AuthFixture() { close(); }

    void open() {
        Options options;
        options.database.path = dir.file("auth_data.db");
        options.storage.durability = storage::Durability::off;
        options.storage.faults = &faults;
        options.jwt_secret = core::Secret("0123456789abcdef0123456789abcdef");
        options.bcrypt_cost = 4;
        options.dev = true;
        options.admin_password = core::Secret("admin123");
        options.profiles.poll = std::chrono::hours(1);  // tests deliver when they say so
        options.purge.every = std::chrono::hours(1);
        options.notifications.poll = std::chrono::hours(1);
        options.notifications.courier.poll = std::chrono::hours(1);
        options.settings.security.session_idle_seconds = 30 * 24 * 3600;
        if (tweak_) {
            tweak_(options);
        }
        auto opened = nodes::accounts::AuthNode::open({loop, clock, random}, std::move(options),
                                                      std::make_unique<FakeDataNode>(data));
        if (!opened) {
            throw std::runtime_error(opened.error().to_string());
        }
        node = *std::move(opened);
        test::run(loop, start(*node));
    }
    void close() {
        if (node) {
            test::run(loop, node->stop());
            node.reset();
        }
    }
    void reopen() {
        close();
        open();
    }

    AuthAnswer call(const AuthCall& call) { return all({call}).front(); }
    /// All at once: none waits for another's answer.
    std::vector<AuthAnswer> all(const std::vector<AuthCall>& calls) {
        std::vector<AuthAnswer> answers(calls.size());
        test::run(loop, run_all(*this, calls, answers));
        return answers;
    }
    AuthAnswer post(std::string path, std::string body = "", std::string token = "") {
        return call({.path = std::move(path), .body = std::move(body), .token = std::move(token)});
    }
    AuthAnswer get(std::string path, std::string token = "") {
        return call(
            {.method = net::http::Method::get, .path = std::move(path), .token = std::move(token)});
    }

    std::string admin() {
        return post("/login/admin", R"({"username":"admin","password":"admin123"})")
            .text("access_token");
    }
    std::string code(const std::string& kind = "student", int max_uses = 1) {
        const std::string body = json::make_object("user_type", kind, "max_uses", max_uses);
        return post("/generate/registration-code", body, admin()).text("code");
    }
    static std::string registration(const std::string& name, const std::string& kind,
                                    const std::string& code) {
        return json::make_object("username", name, "password", good_password, "user_type", kind,
                                 "registration_code", code);
    }
    /// Registered, without the second step.
    Enrolled enrol(const std::string& name, const std::string& kind = "student") {
        const auto made = post("/register/v1", registration(name, kind, code(kind)));
        CHECK(made.status == 200);
        return {name, core::Secret(made.text("totp_secret")), made.text("refresh_token")};
    }
    /// A student whose 2FA is on.
    Enrolled student(const std::string& name) {
        Enrolled made = enrol(name);
        CHECK(post("/register/v2", totp(made), made.refresh_token).status == 200);
        return made;
    }
    AuthAnswer login(const std::string& name, const std::string& password = good_password) {
        return post("/login/v1", json::make_object("username", name, "password", password));
    }
    /// The code an app shows `steps` half minutes from now.
    [[nodiscard]] std::string digits(const Enrolled& who, int steps = 0) const {
        return auth::totp_code(who.totp_secret, auth::totp_step(clock.wall_now()) + steps).value();
    }
    [[nodiscard]] std::string totp(const Enrolled& who, int steps = 0) const {
        return json::make_object("totp_code", digits(who, steps));
    }
    /// Six digits that are none of the three codes good now.
    [[nodiscard]] std::string wrong_totp(const Enrolled& who) const {
        for (int number = 100'000;; ++number) {
            const std::string code = std::to_string(number);
            if (code != digits(who, -1) && code != digits(who) && code != digits(who, 1)) {
                return json::make_object("totp_code", code);
            }
        }
    }

    [[nodiscard]] std::int64_t count(std::string_view sql) {
        auto database = storage::Database::open({.path = dir.file("auth_data.db")},
                                                {.read_only = true, .check_after_crash = false});
        auto reader = (*database)->connect_reader();
        const auto number = [](const storage::Row& row) { return row.get<std::int64_t>(0); };
        return (*reader)->one(sql, number).value().value();
    }
    void set_active(const std::string& name, bool is_active) {
        auto change = [name, is_active](storage::Connection& connection) -> core::Result<> {
            COURSESELECT_TRY(const auto user, repo::find_user(connection, name));
            return repo::set_active(connection, user->key, is_active, user->updated_at);
        };
        test::run(loop, written(node->state().writes->run(std::move(change))));
    }

    async::EventLoop loop;
    core::ManualClock clock;
    crypto::SystemRandomSource random;
    test::TempDir dir;
    DataWorld data;
    storage::Faults faults;
    std::unique_ptr<nodes::accounts::AuthNode> node;

  private:
    static async::Task<> start(nodes::Node& node) {
        const auto started = co_await node.start();
        CHECK(started.has_value());
    }
    static async::Task<> written(async::Task<core::Result<>> write) {
        const auto done = co_await std::move(write);
        CHECK(done.has_value());
    }
    static async::Task<> run_all(AuthFixture& self, const std::vector<AuthCall>& calls,
                                 std::vector<AuthAnswer>& answers) {
        async::TaskGroup group(self.loop);
        for (std::size_t i = 0; i < calls.size(); ++i) {
            group.spawn(run_one(self, calls[i], answers[i]));
        }
        co_await group.join();
    }
    static async::Task<> run_one(AuthFixture& self, const AuthCall& call, AuthAnswer& answer) {
        const std::string bearer = "Bearer " + call.token;
        std::vector<net::http::HeaderView> fields;
        if (!call.token.empty()) {
            fields.push_back({"Authorization", bearer});
        }
        if (!call.content_type.empty()) {
            fields.push_back({"Content-Type", call.content_type});
        }
        if (!call.internal_token.empty()) {
            fields.push_back({"Internal-Token", call.internal_token});
        }
        const std::size_t question = std::min(call.path.find('?'), call.path.size());
        net::http::Request request;
        request.method = call.method;
        request.target = call.path;
        request.path = std::string_view(call.path).substr(0, question);
        request.query =
            std::string_view(call.path).substr(std::min(question + 1, call.path.size()));
        request.body = call.body;
        request.peer.address = call.address;
        request.headers = fields;
        net::http::Response response = co_await self.node->handler().handle(request);
        answer.status = response.status;
        answer.headers = std::move(response.headers);
        auto body = json::Value::parse(response.body);
        if (body) {
            answer.body = *std::move(body);
        }
        answer.raw_body = std::move(response.body);
    }

    std::function<void(Options&)> tweak_;
};

}  // namespace courseselect::test
