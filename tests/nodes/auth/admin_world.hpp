#pragma once
/// An auth node beside a real data node, with an administrator, a teacher and a student.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "courseselect/net/http/local_client.hpp"
#include "courseselect/net/http/url.hpp"
#include "courseselect/nodes/data/data_node.hpp"
#include "fixture.hpp"

namespace courseselect::test {

struct AdminWorld : AuthFixture {
    explicit AdminWorld(std::function<void(Options&)> tweak = {})
        : AuthFixture([this, tweak = std::move(tweak)](Options& options) {
              if (data.real == nullptr) {  // no ids from the made-up one: the real one has the same
                  data.mode = DataMode::away;
              }
              options.service.internal_token = core::Secret("internal-token-of-the-tests");
              if (tweak) {
                  tweak(options);
              }
          }) {
        data_node = std::make_unique<nodes::data::DataNode>(
            nodes::Runtime{loop, clock, random},
            nodes::data::DataNodeOptions{
                .database = {.path = dir.file("course_data.db")},
                .service = {.internal_token = core::Secret(internal_token)}});
        test::run(loop, begin(*data_node));
        local = std::make_unique<net::http::LocalClient>(data_node->handler());
        data.real = local.get();
        data.mode = DataMode::works;
        boss = admin();
        ada = student("ada");
        ada_access = access(ada);
        const Enrolled teacher = enrol("curie", "teacher");
        teacher_access = post("/register/v2", R"({"totp_code":"123456"})", teacher.refresh_token)
                             .text("access_token");
        CHECK_FALSE(teacher_access.empty());
    }
    ~AdminWorld() {
        close();
        data.real = nullptr;
        test::run(loop, data_node->stop());
    }

    /// Logs a student in, who has 2FA; half a minute passes so that codes differ.
    std::string access(Enrolled& who, const std::string& password = good_password) {
        clock.advance(std::chrono::seconds(30));
        who.refresh_token = login(who.name, password).text("refresh_token");
        const auto in = post("/login/v2", totp(who), who.refresh_token);
        CHECK(in.status == 200);
        return in.text("access_token");
    }
    [[nodiscard]] std::int64_t id_of(const std::string& name) {
        return get("/admin/user?username=" + name, boss).body["user_id"].integer().value_or(0);
    }
    /// What the data node says, as another node hears it.
    AuthAnswer ask_data(net::http::Method method, std::string target, std::string body = "") {
        AuthAnswer answer;
        test::run(loop, ask(*this, method, std::move(target), std::move(body), answer));
        return answer;
    }
    AuthAnswer get_data(std::string target) {
        return ask_data(net::http::Method::get, std::move(target));
    }
    std::int64_t make_course(const std::string& name, std::int64_t teacher = 0, int capacity = 5) {
        const std::string body = json::make_object(
            "course_name", name, "course_credit", 2, "course_type", "elective", "course_teacher_id",
            teacher, "course_location", "Hall", "course_capacity", capacity);
        const auto made =
            ask_data(net::http::Method::post, "/bulk/import/courses", "[" + body + "]");
        return made.body["imported"][0]["course_id"].integer().value_or(0);
    }
    /// "ok", or why not, of the last event of that kind.
    [[nodiscard]] std::string audited(const std::string& action) {
        return text("SELECT COALESCE((SELECT outcome FROM audit WHERE action = '" + action +
                    "' ORDER BY sequence DESC LIMIT 1), 'none')");
    }
    [[nodiscard]] std::string text(const std::string& sql) {
        auto database = storage::Database::open({.path = dir.file("auth_data.db")},
                                                {.read_only = true, .check_after_crash = false});
        auto reader = (*database)->connect_reader();
        const auto first = [](const storage::Row& row) { return row.get<std::string>(0); };
        return (*reader)->one(sql, first).value().value();
    }
    /// Every token of before is void, here and, as they are told, on the other nodes.
    void check_ended(const std::string& key, const std::string& refresh,
                     const std::string& access_token) {
        CAPTURE(key);
        CHECK(get("/check/2fa-status", refresh).status != 200);
        CHECK(get("/user/2fa/status", access_token).status != 200);
        CHECK(count("SELECT count(*) FROM revocations WHERE is_session = 0 AND key = '" + key +
                    "'") >= 1);
        const std::string owner = "kind = '" + key.substr(0, key.find(':')) +
                                  "' AND user_id = " + key.substr(key.find(':') + 1);
        CHECK(count("SELECT count(*) FROM sessions WHERE " + owner) == 0);
        CHECK(count("SELECT count(*) FROM refresh_tokens WHERE " + owner) == 0);
    }

    const std::string internal_token = "internal-token-of-the-tests";
    std::unique_ptr<nodes::data::DataNode> data_node;
    std::unique_ptr<net::http::LocalClient> local;
    std::string boss;  ///< access token of the administrator
    Enrolled ada;
    std::string ada_access, teacher_access;

  private:
    static async::Task<> begin(nodes::Node& node) {
        const auto started = co_await node.start();
        CHECK(started.has_value());
    }
    static async::Task<> ask(AdminWorld& self, net::http::Method method, std::string target,
                             std::string body, AuthAnswer& answer) {
        net::http::ClientRequest request;
        request.method = method;
        request.target = std::move(target);
        request.body = std::move(body);
        request.headers.push_back({"Internal-Token", self.internal_token});
        const auto response =
            co_await self.local->send(std::move(request), std::chrono::seconds(5));
        answer.status = response->status;
        auto parsed = json::Value::parse(response->body);
        if (parsed) {
            answer.body = *std::move(parsed);
        }
    }
};

/// "a b c": the names of an object's members, in order.
inline std::string member_names(const json::Value& object) {
    std::string names;
    for (const auto& [name, value] : object.members()) {
        names += (names.empty() ? "" : " ") + name;
    }
    return names;
}

/// One refusal: what is asked, and how it is answered.
struct RefusalRow {
    const char* what;
    AuthCall call;
    int status;
    std::string detail;
};
inline void check_refusals(AuthFixture& world, const std::vector<RefusalRow>& rows) {
    for (const RefusalRow& row : rows) {
        CAPTURE(row.what);
        CAPTURE(row.call.path);
        const AuthAnswer answer = world.call(row.call);
        CHECK(answer.status == row.status);
        CHECK(answer.detail() == row.detail);
        CHECK(answer.header("WWW-Authenticate") == (row.status == 401 ? "Bearer" : ""));
    }
}

/// Nobody but administrators (and nodes, where said) gets past the door of this path.
inline void check_admin_only(AdminWorld& world, AuthCall call, bool nodes_may = false) {
    CAPTURE(call.path);
    const auto with = [&](const std::string& token) {
        call.token = token;
        return world.call(call);
    };
    const AuthAnswer nobody = with("");
    CHECK(nobody.status == (nodes_may ? 401 : 422));
    CHECK(with("nonsense").status == 401);
    CHECK(with("nonsense").detail() == "Invalid token");
    CHECK(with(world.ada.refresh_token).status == 401);
    CHECK(with(world.ada_access).status == 403);
    CHECK(with(world.teacher_access).detail() == "Admin access required");
    call.internal_token = world.internal_token;
    const AuthAnswer node = with("");
    CHECK(nodes_may == (node.status != 401 && node.status != 403 && node.status != 422));
    if (nodes_may) {
        call.internal_token = "wrong";
        CHECK(with("").detail() == "Authorization required");
    }
}

}  // namespace courseselect::test
