#include "courseselect/nodes/auth/login.hpp"

#include <doctest/doctest.h>

#include <set>

#include "fixture.hpp"

using namespace courseselect;
using test::AuthCall;
using test::AuthFixture;

TEST_SUITE("nodes/auth/login") {
    TEST_CASE("both steps answer field by field") {
        AuthFixture auth;
        const auto alice = auth.student("alice");
        const auto first = auth.login("alice");
        CHECK(first.status == 200);
        CHECK(first.body.members().size() == 2);
        CHECK(first.body["expires_in"].integer() == 604800);
        const auto second = auth.post("/login/v2", auth.totp(alice), first.text("refresh_token"));
        CHECK(second.status == 200);
        CHECK(second.body.members().size() == 3);
        CHECK(second.text("token_type") == "bearer");
        CHECK(second.body["expires_in"].integer() == 1800);
        const auto seen = auth.get("/get/user", second.text("access_token"));
        CHECK(seen.text("username") == "alice");
    }

    TEST_CASE("the status after the first step says which page comes next; it is a GET") {
        AuthFixture auth;
        const auto alice = auth.student("alice");
        auth.enrol("tina", "teacher");
        const auto of = [&](const std::string& name) {
            return auth.get("/check/2fa-status", auth.login(name).text("refresh_token"));
        };
        const auto student = of("alice"), teacher = of("tina");
        CHECK(student.body.members().size() == 3);
        CHECK(student.body["has_2fa"].boolean() == true);
        CHECK(student.text("user_type") == "student");
        CHECK(student.text("username") == "alice");
        CHECK(teacher.body["has_2fa"].boolean() == false);
        CHECK(teacher.text("user_type") == "teacher");
        CHECK(auth.post("/check/2fa-status", "", alice.refresh_token).status == 405);
    }

    TEST_CASE("a teacher without 2FA logs in with an empty body, or none") {
        AuthFixture auth;
        auth.enrol("tina", "teacher");
        for (const char* body : {"", "{}"}) {
            const auto token = auth.login("tina").text("refresh_token");
            const auto done = auth.post("/login/no-2fa", body, token);
            CHECK(done.status == 200);
            CHECK(done.body["expires_in"].integer() == 7200);
        }
    }

    TEST_CASE("an administrator logs in in one step, several times in a second") {
        AuthFixture auth;
        const std::vector<AuthCall> same(
            8, {.path = "/login/admin", .body = R"({"username":"admin","password":"admin123"})"});
        std::set<std::string> tokens;
        for (const auto& answer : auth.all(same)) {
            CHECK(answer.status == 200);
            CHECK(answer.body.members().size() == 4);
            CHECK(answer.text("token_type") == "bearer");
            CHECK(answer.body["expires_in"].integer() == 28800);
            CHECK(auth.get("/get/user", answer.text("access_token")).status == 200);
            tokens.insert(answer.text("refresh_token"));
        }
        CHECK(tokens.size() == 8);
        CHECK(auth.count("SELECT count(*) FROM refresh_tokens WHERE kind = 'admin'") == 8);
    }

    TEST_CASE("logins of one student within a second all succeed, and the last session stays") {
        AuthFixture auth;
        auth.student("alice");
        const std::vector<AuthCall> same(
            8, {.path = "/login/v1", .body = R"({"username":"alice","password":"secret1"})"});
        std::set<std::string> tokens;
        int alive = 0;
        for (const auto& answer : auth.all(same)) {
            CHECK(answer.status == 200);
            tokens.insert(answer.text("refresh_token"));
        }
        for (const std::string& token : tokens) {
            alive += auth.get("/check/2fa-status", token).status == 200 ? 1 : 0;
        }
        CHECK(tokens.size() == 8);
        CHECK(alive == 1);
    }

    TEST_CASE("a login ends the user's earlier sessions") {
        AuthFixture auth;
        auth.enrol("tina", "teacher");
        const auto first = auth.login("tina").text("refresh_token");
        const auto second = auth.login("tina").text("refresh_token");
        CHECK(auth.post("/login/no-2fa", "", first).status == 401);
        CHECK(auth.post("/login/no-2fa", "", second).status == 200);
    }

    TEST_CASE("whoever is refused has cost one computation: unknown, wrong, of the other door") {
        AuthFixture auth;
        auth.student("alice");
        auth.student("ida");
        auth.set_active("ida", false);
        const auto cost = [&](const std::string& path, const std::string& name) {
            const auto before = auth.node->state().passwords.computations();
            auth.post(path, json::make_object("username", name, "password", "wrong"));
            return auth.node->state().passwords.computations() - before;
        };
        CHECK(cost("/login/v1", "alice") == 1);
        CHECK(cost("/login/v1", "nobody") == 1);
        CHECK(cost("/login/v1", "admin") == 1);
        CHECK(cost("/login/v1", "ida") == 1);
        CHECK(cost("/login/v1", "") == 1);
        CHECK(cost("/login/admin", "admin") == 1);
        CHECK(cost("/login/admin", "alice") == 1);
        CHECK(cost("/login/admin", "nobody") == 1);
    }

    TEST_CASE("names of any case log in; the answer has the registered spelling") {
        AuthFixture auth;
        auth.enrol("Tina", "teacher");
        const auto token = auth.login("tINA").text("refresh_token");
        CHECK(auth.get("/check/2fa-status", token).text("username") == "Tina");
    }

    TEST_CASE("a hash of lower cost is replaced at the next login") {
        int cost = 4;
        AuthFixture auth([&cost](AuthFixture::Options& options) { options.bcrypt_cost = cost; });
        auth.enrol("tina", "teacher");
        CHECK(auth.count("SELECT count(*) FROM users WHERE password_hash LIKE '$2b$04$%'") == 2);
        cost = 5;
        auth.reopen();
        CHECK(auth.login("tina").status == 200);
        auth.reopen();  // waits for the new hash
        CHECK(auth.count("SELECT count(*) FROM users WHERE password_hash LIKE '$2b$05$%'") == 1);
        CHECK(auth.login("tina").status == 200);
    }

    TEST_CASE("successes and failures are audited with who, whence and why") {
        AuthFixture auth;
        auth.enrol("tina", "teacher");
        auth.login("tina");
        auth.login("tina", "wrong");
        auth.login("nobody", "wrong");
        CHECK(auth.count("SELECT count(*) FROM audit WHERE action = 'login' AND outcome = 'ok' AND "
                         "actor = 'teacher:1' AND target = 'tina' AND address = '192.0.2.1'") == 1);
        CHECK(auth.count("SELECT count(*) FROM audit WHERE action = 'login' AND actor = '' AND "
                         "outcome = 'bad_credentials' AND request_id <> ''") == 2);
    }
}
