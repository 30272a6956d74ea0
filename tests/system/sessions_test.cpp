/// Sessions across the real programs: what ends one is known on every node at once.

#include <doctest/doctest.h>

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "courseselect/auth/jwt.hpp"
#include "courseselect/crypto/signature.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/net/http/blocking_client.hpp"
#include "rush/fleet.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;
using net::http::Method;

namespace {

const std::string password = "correct horse";

struct Said {
    int status = 0;
    json::Value body;

    [[nodiscard]] std::string text(const char* name) const {
        return body[name].string().value_or("");
    }
};

/// Tokens of one login.
struct Tokens {
    std::string access, refresh;
};

/// The five programs with an administrator, a teacher and a student, both made by the
/// administrator.
class SignedInSchool {
  public:
    /// With `key`, a PEM, tokens are signed with it instead of a shared secret.
    explicit SignedInSchool(const core::Secret& key = {}) : fleet_(options(key)) {
        for (const char* name : {"data", "auth", "queue", "teacher", "student"}) {
            fleet_.start(name);
        }
        admin = post("auth", "/login/admin", R"({"username":"admin","password":"admin123"})")
                    .text("access_token");
        add_user("curie", "teacher");
    }

    Said ask(const std::string& node, Method method, const std::string& target,
             const std::string& body, const std::string& token) {
        auto client = net::http::BlockingClient::open(
            {net::http::ServiceAddress{.host = "127.0.0.1", .port = fleet_.port(node)}});
        net::http::ClientRequest request{.method = method, .target = target, .body = body};
        if (!token.empty()) {
            request.headers.push_back({"Authorization", "Bearer " + token});
        }
        const auto answer = (*client)->send(std::move(request), std::chrono::seconds{30});
        if (!answer) {
            throw std::runtime_error(answer.error().to_string());
        }
        Said said{answer->status, {}};
        if (const auto parsed = json::Value::parse(answer->body)) {
            said.body = *parsed;
        }
        return said;
    }
    Said post(const std::string& node, const std::string& target, const std::string& body,
              const std::string& token = "") {
        return ask(node, Method::post, target, body, token);
    }
    void add_user(const std::string& name, const std::string& kind) {
        const auto made = post(
            "auth", "/admin/user/add",
            json::make_object("username", name, "user_type", kind, "password", password), admin);
        REQUIRE(made.status == 200);
    }
    Tokens log_in(const std::string& name) {
        const auto in =
            post("auth", "/auth/login", json::make_object("username", name, "password", password));
        REQUIRE(in.status == 200);
        return {in.body["data"]["access_token"].string().value_or(""),
                in.body["data"]["refresh_token"].string().value_or("")};
    }
    int teacher_node(const std::string& token) {
        return ask("teacher", Method::get, "/teacher/courses", "", token).status;
    }
    /// The student node knows the token and turns a teacher away, or does not know it.
    int student_node(const std::string& token) {
        return ask("student", Method::get, "/student/schedule", "", token).status;
    }
    int auth_node(const std::string& token) {
        return ask("auth", Method::get, "/get/user", "", token).status;
    }
    /// Asks until every node refuses the token, for at most ten seconds. The auth node may say that
    /// there is no such user any more.
    bool dies_everywhere(const std::string& token) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
        const auto is_dead = [&] {
            return teacher_node(token) == 401 && student_node(token) == 401 &&
                   auth_node(token) >= 400;
        };
        while (!is_dead()) {
            if (std::chrono::steady_clock::now() > deadline) {
                return false;
            }
        }
        return true;
    }
    void check_alive(const std::string& token) {
        CHECK(teacher_node(token) == 200);
        CHECK(student_node(token) == 403);
        CHECK(auth_node(token) == 200);
    }

    void set_active(bool is_active) {
        const std::string body =
            json::make_object("user_id", 1, "is_active", is_active, "user_type", "teacher");
        CHECK(post("auth", "/admin/user/toggle-status", body, admin).status == 200);
    }

    std::string admin;

  private:
    [[nodiscard]] bench::FleetOptions options(const core::Secret& key) const {
        bench::FleetOptions options{
            .programs = COURSESELECT_PROGRAMS,
            .directory = directory_.path() / "run",
            .environment = {{"COURSESELECT_DEV", "true"}, {"BCRYPT_COST", "4"}}};
        if (!key.empty()) {
            const std::string file = directory_.file("key.pem");
            std::ofstream(file) << key.reveal();
            options.environment["JWT_PRIVATE_KEY_FILE"] = file;
        }
        return options;
    }

    test::TempDir directory_;
    bench::Fleet fleet_;
};

/// A token for curie that is signed with the secret that the nodes would use without a key.
std::string token_of_the_secret() {
    auth::Claims claims;
    claims.principal = {auth::UserKind::teacher, 1, "curie"};
    claims.expires_at = std::chrono::sys_seconds(std::chrono::seconds{4'000'000'000});
    const core::Secret secret(bench::FleetOptions{}.jwt_secret);
    return auth::JwtSigner::hs256(secret)->sign(claims).value();
}

}  // namespace

TEST_SUITE("system/sessions") {
    TEST_CASE_FIXTURE(SignedInSchool,
                      "logout with the access token ends the session on every node") {
        const Tokens tokens = log_in("curie");
        check_alive(tokens.access);
        CHECK(post("auth", "/logout", "", tokens.access).status == 200);
        CHECK(dies_everywhere(tokens.access));
        const std::string refresh = json::make_object("refresh_token", tokens.refresh);
        CHECK(post("auth", "/auth/refresh", refresh).status == 401);
    }

    TEST_CASE_FIXTURE(SignedInSchool, "logout with the refresh token ends the access token too") {
        const Tokens tokens = log_in("curie");
        check_alive(tokens.access);
        CHECK(post("auth", "/logout", "", tokens.refresh).status == 200);
        CHECK(dies_everywhere(tokens.access));
        const Tokens again = log_in("curie");
        CHECK(post("auth", "/auth/logout", "", again.access).status == 200);
        CHECK(dies_everywhere(again.access));
    }

    TEST_CASE_FIXTURE(SignedInSchool,
                      "a refresh token used twice ends the session, whoever was first") {
        const Tokens tokens = log_in("curie");
        const std::string body = json::make_object("refresh_token", tokens.refresh);
        const auto next = post("auth", "/auth/refresh", body);
        REQUIRE(next.status == 200);
        check_alive(next.text("access_token"));
        CHECK(post("auth", "/auth/refresh", body).status == 401);
        CHECK(dies_everywhere(next.text("access_token")));
        const std::string newer = json::make_object("refresh_token", next.text("refresh_token"));
        CHECK(post("auth", "/auth/refresh", newer).status == 401);
    }

    TEST_CASE_FIXTURE(SignedInSchool, "a newer login ends the older, a new password both") {
        const Tokens older = log_in("curie");
        check_alive(older.access);
        const Tokens newer = log_in("curie");
        CHECK(dies_everywhere(older.access));
        check_alive(newer.access);
        const std::string change =
            json::make_object("old_password", password, "new_password", "battery staple");
        CHECK(post("auth", "/user/change-password", change, newer.access).status == 200);
        CHECK(dies_everywhere(newer.access));
    }

    TEST_CASE_FIXTURE(SignedInSchool,
                      "whoever an administrator keeps out or deletes is out everywhere") {
        const Tokens tokens = log_in("curie");
        check_alive(tokens.access);
        set_active(false);
        CHECK(dies_everywhere(tokens.access));
        set_active(true);
        CHECK(dies_everywhere(tokens.access));
        const Tokens next = log_in("curie");
        check_alive(next.access);
        const std::string teacher = R"({"user_id":1,"user_type":"teacher"})";
        CHECK(post("auth", "/admin/user/delete", teacher, admin).status == 200);
        CHECK(dies_everywhere(next.access));
    }

    TEST_CASE("with a key in a file all nodes take its tokens, and none of the shared secret's") {
        const auto key = crypto::PrivateKey::generate(crypto::KeyKind::ed25519).value();
        SignedInSchool school(key.to_pem());
        const std::string access = school.log_in("curie").access;
        school.check_alive(access);
        CHECK(auth::JwtVerifier::with_key(key.public_key())
                  .verify(access, core::SystemClock().wall_now()));
        CHECK(school.teacher_node(token_of_the_secret()) == 401);
        CHECK(school.student_node(token_of_the_secret()) == 401);
        CHECK(school.auth_node(token_of_the_secret()) == 401);
    }

    TEST_CASE_FIXTURE(SignedInSchool, "the same token is good where the secret is shared") {
        CHECK(teacher_node(token_of_the_secret()) == 200);
    }

    TEST_CASE_FIXTURE(SignedInSchool, "in development anybody may register, as the contract says") {
        CHECK(post("auth", "/auth/register",
                   R"({"email":"dora@example.org","username":"dora","password":"correct horse"})")
                  .status == 201);
    }
}
