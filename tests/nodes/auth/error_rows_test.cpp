// Every refusal of contract §3.1 and §3.3 as clients read it: status and text.

#include <doctest/doctest.h>

#include "fixture.hpp"

using namespace courseselect;
using test::AuthAnswer;
using test::AuthCall;
using test::AuthFixture;

namespace {

constexpr auto http_get = net::http::Method::get;
const std::string any_code = R"({"totp_code":"123456"})";

/// One of each kind of user, and the tokens they hold.
struct ErrorWorld : AuthFixture {
    ErrorWorld() {
        alice = student("alice");
        alice.refresh_token = login("alice").text("refresh_token");
        bob = enrol("bob");
        tina = enrol("tina", "teacher");
        ida = student("ida");
        ida.refresh_token = login("ida").text("refresh_token");
        set_active("ida", false);
        student_access = post("/login/v2", totp(alice), alice.refresh_token).text("access_token");
        admin_access = admin();
        admin_refresh = post("/login/admin", R"({"username":"admin","password":"admin123"})")
                            .text("refresh_token");
    }

    test::Enrolled alice, bob, tina, ida;
    std::string student_access, admin_access, admin_refresh;
};

struct ErrorRow {
    const char* what;
    AuthCall call;
    int status;
    std::string detail;
};

void check_rows(ErrorWorld& world, const std::vector<ErrorRow>& rows) {
    for (const ErrorRow& row : rows) {
        CAPTURE(row.what);
        CAPTURE(row.call.path);
        const AuthAnswer answer = world.call(row.call);
        CHECK(answer.status == row.status);
        CHECK(answer.detail() == row.detail);
        CHECK(answer.header("WWW-Authenticate") == (row.status == 401 ? "Bearer" : ""));
    }
}

std::string setup_body(const std::string& secret, const std::string& code) {
    return json::make_object("totp_secret", secret, "totp_code", code);
}

/// "body.username string_too_short" of the first fault.
std::string first_fault(const AuthAnswer& answer) {
    const json::Value fault = answer.body["detail"][0];
    return fault["loc"][0].string().value_or("") + "." + fault["loc"][1].string().value_or("") +
           " " + fault["type"].string().value_or("");
}

}  // namespace

TEST_SUITE("nodes/auth/errors") {
    TEST_CASE("registration and login refuse with the contract's statuses and texts") {
        ErrorWorld world;
        const std::string student_code = world.code("student", 9);
        const std::string teacher_code = world.code("teacher", 9);
        const std::string spent = world.code();
        world.post("/register/v1", world.registration("carol", "student", spent));
        const auto with = [&](const std::string& name, const std::string& code) {
            return world.registration(name, "student", code);
        };
        const std::string bare =
            R"({"username":"dave","password":"secret1","user_type":"student"})";
        check_rows(world,
                   {{"no code",
                     {.path = "/register/v1", .body = bare},
                     400,
                     "Registration code is required"},
                    {"empty code",
                     {.path = "/register/v1", .body = with("dave", "")},
                     400,
                     "Registration code is required"},
                    {"unknown code",
                     {.path = "/register/v1", .body = with("dave", "nonsense")},
                     400,
                     "Invalid or expired registration code"},
                    {"used code",
                     {.path = "/register/v1", .body = with("dave", spent)},
                     400,
                     "Invalid or expired registration code"},
                    {"used code comes before a taken name",
                     {.path = "/register/v1", .body = with("alice", spent)},
                     400,
                     "Invalid or expired registration code"},
                    {"code of the other kind, before a taken name",
                     {.path = "/register/v1", .body = with("alice", teacher_code)},
                     400,
                     "Registration code type mismatch"},
                    {"taken name",
                     {.path = "/register/v1", .body = with("alice", student_code)},
                     400,
                     "Username already exists"},
                    {"wrong password",
                     {.path = "/login/v1", .body = R"({"username":"alice","password":"wrong"})"},
                     401,
                     "Invalid credentials"},
                    {"unknown user",
                     {.path = "/login/v1", .body = R"({"username":"nobody","password":"wrong"})"},
                     401,
                     "Invalid credentials"},
                    {"inactive user, right password",
                     {.path = "/login/v1", .body = R"({"username":"ida","password":"secret1"})"},
                     403,
                     "Account is inactive"},
                    {"inactive user, wrong password",
                     {.path = "/login/v1", .body = R"({"username":"ida","password":"wrong"})"},
                     401,
                     "Invalid credentials"},
                    {"wrong password of an admin",
                     {.path = "/login/admin", .body = R"({"username":"admin","password":"wrong"})"},
                     401,
                     "Invalid credentials"}});
    }

    TEST_CASE("steps behind a refresh token refuse with the contract's statuses and texts") {
        ErrorWorld world;
        const std::string wrong = world.wrong_totp(world.alice);
        const std::string &alice = world.alice.refresh_token, &bob = world.bob.refresh_token,
                          &tina = world.tina.refresh_token;
        const std::string needs = "Students must set up 2FA before logging in";
        check_rows(
            world,
            {{"wrong code",
              {.path = "/register/v2", .body = world.wrong_totp(world.bob), .token = bob},
              400,
              "Invalid 2FA code"},
             {"wrong code",
              {.path = "/login/v2", .body = wrong, .token = alice},
              400,
              "Invalid 2FA code"},
             {"student without 2FA",
              {.path = "/login/v2", .body = any_code, .token = bob},
              403,
              needs},
             {"student without 2FA", {.path = "/login/no-2fa", .token = bob}, 403, needs},
             {"user with 2FA",
              {.path = "/login/no-2fa", .token = alice},
              400,
              "User has 2FA enabled, cannot use this endpoint"},
             {"teacher",
              {.path = "/setup/2fa/v1", .token = tina},
              400,
              "Only students can setup 2FA"},
             {"2FA is on",
              {.path = "/setup/2fa/v1", .token = alice},
              400,
              "User already has 2FA enabled"},
             {"nothing given",
              {.path = "/setup/2fa/v2", .body = "{}", .token = bob},
              400,
              "Missing totp_secret or totp_code"},
             {"empty code",
              {.path = "/setup/2fa/v2", .body = setup_body("SECRET", ""), .token = bob},
              400,
              "Missing totp_secret or totp_code"},
             {"empty secret",
              {.path = "/setup/2fa/v2", .body = setup_body("", "123456"), .token = bob},
              400,
              "Missing totp_secret or totp_code"},
             {"wrong code",
              {.path = "/setup/2fa/v2",
               .body = setup_body(std::string(world.bob.totp_secret.reveal()), "000000"),
               .token = bob},
              400,
              "Invalid 2FA code"},
             {"2FA is on",
              {.path = "/setup/2fa/v2", .body = setup_body("SECRET", "123456"), .token = alice},
              400,
              "User already has 2FA enabled"},
             {"wrong code",
              {.path = "/refresh", .body = wrong, .token = alice},
              400,
              "Invalid 2FA code"},
             {"no code can fit",
              {.path = "/refresh", .body = any_code, .token = bob},
              400,
              "Invalid 2FA code"}});
    }

    TEST_CASE("a bad refresh token is 401 on every path that takes one") {
        ErrorWorld world;
        const std::string revoked = world.alice.refresh_token;
        world.post("/logout", "", revoked);
        const std::vector<AuthCall> paths{
            {.path = "/register/v2", .body = any_code},
            {.path = "/login/v2", .body = any_code},
            {.path = "/login/no-2fa"},
            {.method = http_get, .path = "/check/2fa-status"},
            {.path = "/setup/2fa/v1"},
            {.path = "/setup/2fa/v2", .body = setup_body("SECRET", "123456")},
            {.path = "/refresh", .body = any_code}};
        for (AuthCall call : paths) {
            const std::string gone =
                call.path == "/refresh" ? "Token revoked or not found" : "Invalid refresh token";
            const auto with = [&call](const std::string& token) {
                call.token = token;
                return call;
            };
            check_rows(world, {{"no token at all", with("nonsense"), 401, "Invalid refresh token"},
                               {"an access token", with(world.student_access), 401,
                                "Invalid refresh token"},
                               {"a revoked token", with(revoked), 401, gone},
                               {"of an inactive user", with(world.ida.refresh_token), 403,
                                "Account is inactive"}});
            call.token.clear();
            CHECK(world.call(call).status == 422);
        }
        world.clock.advance(std::chrono::hours(24 * 8));
        for (AuthCall call : paths) {
            call.token = world.bob.refresh_token;
            check_rows(world, {{"an expired token", call, 401, "Invalid refresh token"}});
        }
    }

    TEST_CASE("a user who is gone is 404 behind a refresh token and behind an access token") {
        ErrorWorld world;
        auto remove = [](storage::Connection& connection) -> core::Result<> {
            COURSESELECT_TRY(const auto user, repo::find_user(connection, "alice"));
            COURSESELECT_TRY(const auto admin, repo::find_user(connection, "admin"));
            COURSESELECT_TRY_OK(repo::delete_user(connection, admin->key));
            return repo::delete_user(connection, user->key);
        };
        struct Run {
            static async::Task<> write(async::Task<core::Result<>> job) {
                const auto done = co_await std::move(job);
                CHECK(done.has_value());
            }
        };
        test::run(world.loop, Run::write(world.node->state().writes->run(std::move(remove))));
        const std::string& token = world.alice.refresh_token;
        check_rows(
            world,
            {{"", {.path = "/login/v2", .body = any_code, .token = token}, 404, "User not found"},
             {"", {.path = "/login/no-2fa", .token = token}, 404, "User not found"},
             {"", {.path = "/refresh", .body = any_code, .token = token}, 404, "User not found"},
             {"",
              {.method = http_get, .path = "/check/2fa-status", .token = token},
              404,
              "User not found"},
             {"",
              {.method = http_get, .path = "/get/user", .token = world.student_access},
              404,
              "User not found"},
             {"",
              {.path = "/generate/registration-code",
               .body = R"({"user_type":"student"})",
               .token = world.admin_access},
              404,
              "Admin not found"}});
    }

    TEST_CASE("administrators' paths tell bad tokens from other people's") {
        ErrorWorld world;
        const std::string codes = R"({"user_type":"student"})";
        const std::string eve = R"({"username":"eve","password":"secret1"})";
        const auto make = [&](const std::string& token) {
            return AuthCall{.path = "/generate/registration-code", .body = codes, .token = token};
        };
        const auto add = [&](const std::string& body, const std::string& token) {
            return AuthCall{.path = "/add/admin", .body = body, .token = token};
        };
        check_rows(
            world,
            {{"nonsense", make("nonsense"), 401, "Invalid token"},
             {"a refresh token", make(world.admin_refresh), 401, "Invalid token"},
             {"a student", make(world.student_access), 403, "Admin access required"},
             {"nonsense", add(eve, "nonsense"), 401, "Invalid token"},
             {"a student", add(eve, world.student_access), 403, "Admin access required"},
             {"exists", add(R"({"username":"ADMIN","password":"secret1"})", world.admin_access),
              400, "Admin already exists"},
             {"exists", add(R"({"username":"alice","password":"secret1"})", world.admin_access),
              400, "Username already exists"},
             {"nonsense",
              {.method = http_get, .path = "/get/user", .token = "nonsense"},
              401,
              "Invalid token"},
             {"a refresh token",
              {.method = http_get, .path = "/get/user", .token = world.alice.refresh_token},
              401,
              "Invalid token"},
             {"nonsense",
              {.path = "/auth/refresh?refresh_token=nonsense"},
              401,
              "Invalid refresh token"}});
    }

    TEST_CASE("validation names the field, in order, and never repeats a secret") {
        ErrorWorld world;
        const std::string &alice = world.alice.refresh_token, &admin = world.admin_access;
        const auto fault = [&](const AuthCall& call) {
            const AuthAnswer answer = world.call(call);
            CHECK(answer.status == 422);
            return first_fault(answer);
        };
        const auto registering = [&](const std::string& body) {
            return fault({.path = "/register/v1", .body = body});
        };
        CHECK(registering(R"({"username":"ab","password":"secret1","user_type":"student"})") ==
              "body.username string_too_short");
        CHECK(registering(R"({"username":"a b c","password":"secret1","user_type":"student"})") ==
              "body.username string_pattern_mismatch");
        CHECK(registering(R"({"username":"alice2","password":"short","user_type":"student"})") ==
              "body.password string_too_short");
        CHECK(registering(R"({"username":"alice2","password":"secret1","user_type":"admin"})")
                  .starts_with("body.user_type "));
        CHECK(registering(R"({"username":"alice2","password":123456,"user_type":"student"})") ==
              "body.password string_type");
        CHECK(registering("{").ends_with(" json_invalid"));
        const AuthAnswer all = world.post("/register/v1", R"({"password":"shrt!"})");
        CHECK(all.body["detail"].size() == 3);
        CHECK(all.body.text().find("shrt!") == std::string::npos);
        for (const char* path : {"/register/v2", "/login/v2", "/refresh"}) {
            for (const char* code : {R"({"totp_code":"12345"})", R"({"totp_code":"1234567"})",
                                     R"({"totp_code":"12345x"})"}) {
                CHECK(fault({.path = path, .body = code, .token = alice}) ==
                      "body.totp_code string_pattern_mismatch");
            }
            CHECK(fault({.path = path, .body = "{}", .token = alice}) == "body.totp_code missing");
        }
        CHECK(fault({.path = "/auth/refresh"}) == "query.refresh_token missing");
        CHECK(fault({.path = "/logout"}) == "header.authorization missing");
        const auto codes = [&](const std::string& rest) {
            return fault({.path = "/generate/registration-code",
                          .body = R"({"user_type":"student",)" + rest + "}",
                          .token = admin});
        };
        CHECK(codes(R"("expires_days":0)") == "body.expires_days greater_than_equal");
        CHECK(codes(R"("expires_days":366)") == "body.expires_days less_than_equal");
        CHECK(codes(R"("count":0)") == "body.count greater_than_equal");
        CHECK(codes(R"("count":101)") == "body.count less_than_equal");
        CHECK(codes(R"("max_uses":0)") == "body.max_uses greater_than_equal");
    }

    TEST_CASE("syntax is checked before the token, the token before the fields") {
        ErrorWorld world;
        CHECK(world.post("/register/v2", "{", "nonsense").status == 422);
        CHECK(world.post("/register/v2", "{}", "nonsense").status == 401);
        CHECK(world.post("/add/admin", "{}", world.student_access).status == 403);
        CHECK(world.post("/add/admin", "{}", world.admin_access).status == 422);
    }

    TEST_CASE("closed registration is refused before anything else is looked at") {
        AuthFixture auth([](AuthFixture::Options& options) {
            options.settings.security.student_registration_enabled = false;
            options.settings.security.teacher_registration_enabled = false;
        });
        for (const char* kind : {"student", "teacher"}) {
            const auto answer = auth.post("/register/v1", auth.registration("dave", kind, ""));
            CHECK(answer.status == 403);
            CHECK(answer.detail() == (kind == std::string("student") ? "Student" : "Teacher") +
                                         std::string(" registration is currently disabled"));
        }
    }
}
