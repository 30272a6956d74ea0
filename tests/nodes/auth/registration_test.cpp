#include "courseselect/nodes/auth/registration.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "fixture.hpp"

using namespace courseselect;
using test::AuthAnswer;
using test::AuthCall;
using test::AuthFixture;

namespace {

std::ptrdiff_t with_status(const std::vector<AuthAnswer>& answers, int status) {
    return std::count_if(answers.begin(), answers.end(),
                         [status](const AuthAnswer& answer) { return answer.status == status; });
}

std::vector<AuthCall> registrations(int number, const std::string& code) {
    std::vector<AuthCall> calls;
    for (int i = 0; i < number; ++i) {
        calls.push_back(
            {.path = "/register/v1",
             .body = AuthFixture::registration("student" + std::to_string(i), "student", code)});
    }
    return calls;
}

}  // namespace

TEST_SUITE("nodes/auth/registration") {
    TEST_CASE("a student gets a secret and a refresh token, field by field") {
        AuthFixture auth;
        const auto made =
            auth.post("/register/v1", auth.registration("alice", "student", auth.code()));
        CHECK(made.status == 200);
        CHECK(made.body.members().size() == 5);
        CHECK(made.text("totp_secret").size() == 32);
        CHECK(made.text("totp_uri") == "otpauth://totp/Course%20Selection:alice?secret=" +
                                           made.text("totp_secret") + "&issuer=Course%20Selection");
        CHECK_FALSE(made.text("refresh_token").empty());
        CHECK(made.body["expires_in"].integer() == 604800);
        CHECK_FALSE(made.text("message").empty());
        const test::Enrolled alice{"alice", core::Secret(made.text("totp_secret")),
                                   made.text("refresh_token")};
        const auto done = auth.post("/register/v2", auth.totp(alice), alice.refresh_token);
        CHECK(done.status == 200);
        CHECK(done.body.members().size() == 3);
        CHECK(done.text("token_type") == "bearer");
        CHECK(done.body["expires_in"].integer() == 1800);
        const auto seen = auth.get("/get/user", done.text("access_token"));
        CHECK(seen.body["has_2fa"].boolean() == true);
    }

    TEST_CASE("a teacher gets nulls for the secret, and any six digits will do") {
        AuthFixture auth;
        const auto made =
            auth.post("/register/v1", auth.registration("tina", "teacher", auth.code("teacher")));
        CHECK(made.status == 200);
        CHECK(made.body["totp_secret"].is_null());
        CHECK(made.body["totp_uri"].is_null());
        const auto done =
            auth.post("/register/v2", R"({"totp_code":"000000"})", made.text("refresh_token"));
        CHECK(done.status == 200);
        CHECK(done.body["expires_in"].integer() == 7200);
    }

    TEST_CASE("name and address are kept with the account, and an address belongs to one") {
        AuthFixture auth;
        const std::string boss = auth.admin();
        const std::string code = auth.code("student", 3);
        const auto body = [&](const char* username, const char* email) {
            return json::make_object("username", username, "password", test::good_password,
                                     "user_type", "student", "registration_code", code, "name",
                                     "Ada Lovelace", "email", email);
        };
        CHECK(auth.post("/register/v1", body("ada", "ada@example.org")).status == 200);
        const auto seen = auth.get("/admin/user?username=ada", boss);
        CHECK(seen.text("name") == "Ada Lovelace");
        CHECK(seen.text("email") == "ada@example.org");
        const auto taken = auth.post("/register/v1", body("bob", "ADA@example.org"));
        CHECK(taken.status == 400);
        CHECK(taken.detail() == "Email already exists");
        CHECK(auth.post("/register/v1", body("bob", "no address")).status == 422);
        CHECK(auth.post("/register/v1", body("bob", "bob@example.org")).status == 200);
    }

    TEST_CASE("an administrator imports while registration is closed, and no try is counted") {
        AuthFixture auth([](AuthFixture::Options& options) {
            options.settings.security.student_registration_enabled = false;
            options.guesses.address.bucket = {.capacity = 3, .refill_per_second = 0.001};
        });
        const std::string boss = auth.admin();
        const std::string code = auth.code("student", 10);
        CHECK(auth.post("/register/v1", auth.registration("closed", "student", code)).status ==
              403);
        for (int i = 0; i < 5; ++i) {
            const auto body = auth.registration("import" + std::to_string(i), "student", code);
            CHECK(auth.post("/register/v1", body, boss).status == 200);
        }
        CHECK(auth.post("/register/v1", auth.registration("closed", "student", code), "rubbish")
                  .status == 403);
    }

    TEST_CASE("a full lane of imports holds up nobody who registers") {
        AuthFixture auth([](AuthFixture::Options& options) {
            options.hashing.import = {.threads = 1, .queued_max = 0, .niceness = 19};
        });
        const std::string boss = auth.admin();
        const std::string code = auth.code("student", 3);
        const auto refused =
            auth.post("/register/v1", auth.registration("later", "student", code), boss);
        CHECK(refused.status == 503);
        CHECK(auth.post("/register/v1", auth.registration("now", "student", code)).status == 200);
    }

    TEST_CASE("the profile reaches the data node with the account's id and the code's tags") {
        AuthFixture auth;
        const auto code =
            auth.post("/generate/registration-code",
                      R"({"user_type":"student","code_tags":["cs","year 1"]})", auth.admin());
        auth.post("/register/v1", auth.registration("alice", "student", code.text("code")));
        CHECK(auth.data.knows("student", "alice"));
        CHECK(auth.data.tags["alice"] == std::vector<std::string>{"cs", "year 1"});
        const auto id = auth.count("SELECT id FROM users WHERE username = 'alice'");
        CHECK(auth.data.names["student"][id] == "alice");
    }

    TEST_CASE("a single-use code makes one account, however many ask for it at once") {
        AuthFixture auth;
        const auto answers = auth.all(registrations(12, auth.code()));
        CHECK(with_status(answers, 200) == 1);
        CHECK(with_status(answers, 400) == 11);
        for (const AuthAnswer& answer : answers) {
            CHECK((answer.status == 200 ||
                   answer.detail() == "Invalid or expired registration code"));
        }
        CHECK(auth.count("SELECT count(*) FROM users WHERE kind = 'student'") == 1);
        CHECK(auth.data.names["student"].size() == 1);
    }

    TEST_CASE("a code with max_uses 5 makes exactly five accounts") {
        AuthFixture auth;
        const auto answers = auth.all(registrations(12, auth.code("student", 5)));
        CHECK(with_status(answers, 200) == 5);
        CHECK(auth.count("SELECT uses FROM registration_codes") == 5);
        CHECK(auth.count("SELECT count(*) FROM users WHERE kind = 'student'") == 5);
    }

    TEST_CASE("a code dies at the second it expires") {
        AuthFixture auth;
        const std::string first = auth.code(), second = auth.code();
        auth.clock.advance(std::chrono::hours(24 * 7) - std::chrono::microseconds(1));
        const auto in_time = auth.post("/register/v1", auth.registration("ann", "student", first));
        CHECK(in_time.status == 200);
        auth.clock.advance(std::chrono::microseconds(1));
        const auto late = auth.post("/register/v1", auth.registration("ben", "student", second));
        CHECK(late.detail() == "Invalid or expired registration code");
    }

    TEST_CASE("one name at once by many registrations makes one account and uses one code") {
        AuthFixture auth;
        const std::string code = auth.code("student", 9);
        const std::vector<AuthCall> same(
            8, {.path = "/register/v1", .body = auth.registration("alice", "student", code)});
        const auto answers = auth.all(same);
        CHECK(with_status(answers, 200) == 1);
        CHECK(auth.count("SELECT uses FROM registration_codes") == 1);
    }

    TEST_CASE("names are unique over all kinds, whatever their case") {
        AuthFixture auth;
        auth.enrol("alice");
        for (const char* name : {"Alice", "ALICE", "admin", "ADMIN"}) {
            const auto refused =
                auth.post("/register/v1", auth.registration(name, "teacher", auth.code("teacher")));
            CHECK(refused.detail() == "Username already exists");
        }
    }

    TEST_CASE("wrong codes and taken names cost no hash") {
        AuthFixture auth;
        const std::string code = auth.code();
        auth.enrol("alice");
        const auto before = auth.node->state().passwords.computations();
        auth.post("/register/v1", auth.registration("bob", "student", "nonsense"));
        auth.post("/register/v1", auth.registration("alice", "student", code));
        CHECK(auth.node->state().passwords.computations() == before);
    }

    TEST_CASE("a password beyond bcrypt's 72 bytes is compared whole") {
        AuthFixture auth;
        const std::string password(100, 'p');
        const std::string body =
            json::make_object("username", "alice", "password", password, "user_type", "student",
                              "registration_code", auth.code());
        CHECK(auth.post("/register/v1", body).status == 200);
        CHECK(auth.login("alice", password).status == 200);
        CHECK(auth.login("alice", std::string(99, 'p')).status == 401);
        CHECK(auth.login("alice", std::string(72, 'p')).status == 401);
    }
}
