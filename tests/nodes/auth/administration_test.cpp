#include "courseselect/nodes/auth/administration.hpp"

#include <doctest/doctest.h>

#include <set>

#include "fixture.hpp"

using namespace courseselect;
using test::AuthFixture;

namespace {

core::Result<> first_start(AuthFixture& fixture, AuthFixture::Options options,
                           const std::string& file = "other.db") {
    options.database.path = fixture.dir.file(file);
    options.jwt_secret = core::Secret("0123456789abcdef0123456789abcdef");
    auto opened = nodes::accounts::AuthNode::open(
        {fixture.loop, fixture.clock, fixture.random}, std::move(options),
        std::make_unique<test::FakeDataNode>(fixture.data));
    if (!opened) {
        return opened.error();
    }
    struct Start {
        static async::Task<> run(nodes::Node& node, core::Result<>& result) {
            result = co_await node.start();
            co_await node.stop();
        }
    };
    core::Result<> result;
    test::run(fixture.loop, Start::run(**opened, result));
    return result;
}

}  // namespace

TEST_SUITE("nodes/auth/administration") {
    TEST_CASE("one code is answered alone, several as a list") {
        AuthFixture auth;
        const std::string admin = auth.admin();
        const auto one = auth.post("/generate/registration-code",
                                   R"({"user_type":"teacher","code_tags":["a"]})", admin);
        CHECK(one.status == 200);
        CHECK(one.body.members().size() == 5);
        CHECK(one.text("code").size() == 32);
        CHECK(one.text("user_type") == "teacher");
        CHECK(one.text("expires_at") == "2023-11-21T22:13:20.000000Z");
        CHECK(one.body["code_tags"][0].string() == "a");
        CHECK(one.body["max_uses"].integer() == 1);
        const auto three = auth.post(
            "/generate/registration-code",
            R"({"user_type":"student","count":3,"max_uses":4,"expires_days":365})", admin);
        CHECK(three.body.members().size() == 2);
        CHECK(three.body["count"].integer() == 3);
        std::set<std::string> codes;
        for (const auto& code : three.body["codes"].items()) {
            codes.insert(code["code"].string().value_or(""));
            CHECK(code["code_tags"].size() == 0);
            CHECK(code["max_uses"].integer() == 4);
        }
        CHECK(codes.size() == 3);
    }

    TEST_CASE("an administrator makes another, who can log in") {
        AuthFixture auth;
        const auto made =
            auth.post("/add/admin", R"({"username":"root","password":"secret1"})", auth.admin());
        CHECK(made.status == 200);
        CHECK(made.body["success"].boolean() == true);
        CHECK(made.text("message") == "Admin created successfully");
        const auto in = auth.post("/login/admin", R"({"username":"root","password":"secret1"})");
        CHECK(in.status == 200);
        CHECK(auth.get("/get/user", in.text("access_token")).body["admin_id"].integer() == 2);
    }

    TEST_CASE("an administrator who was deactivated can do nothing with the token of before") {
        AuthFixture auth;
        const auto admin = auth.admin();
        auth.set_active("admin", false);
        const auto codes =
            auth.post("/generate/registration-code", R"({"user_type":"student"})", admin);
        CHECK(codes.status == 404);
        CHECK(codes.detail() == "Admin not found");
        const auto add =
            auth.post("/add/admin", R"({"username":"root","password":"secret1"})", admin);
        CHECK(add.status == 404);
        CHECK(auth.count("SELECT count(*) FROM users") == 1);
        CHECK(auth.get("/get/user", admin).status == 401);
    }

    TEST_CASE("the first administrators are made once and asked to change their passwords") {
        AuthFixture auth([](AuthFixture::Options& options) {
            options.super_admin_password = core::Secret("super123");
        });
        auth.reopen();
        CHECK(auth.count("SELECT count(*) FROM users WHERE kind = 'admin'") == 2);
        const auto in =
            auth.post("/login/admin", R"({"username":"super_admin","password":"super123"})");
        const auto seen = auth.get("/get/user", in.text("access_token"));
        CHECK(seen.body["must_change_password"].boolean() == true);
    }

    TEST_CASE("a database made in development opens to nobody in production") {
        AuthFixture auth;
        const std::string body = R"({"username":"admin","password":"admin123"})";
        CHECK(auth.post("/login/admin", body).status == 200);
        auth.close();
        AuthFixture::Options options;
        options.bcrypt_cost = 10;
        const auto started = first_start(auth, options, "auth_data.db");
        REQUIRE_FALSE(started.has_value());
        CHECK(started.error().reason() == "documented_password");
        CHECK(started.error().detail().find("admin") != std::string::npos);
    }

    TEST_CASE("outside development the documented passwords and a cheap hash are refused") {
        AuthFixture fixture;
        AuthFixture::Options options;
        options.bcrypt_cost = 10;
        options.admin_password = core::Secret("admin123");
        CHECK(first_start(fixture, options).error().reason() == "admin_password");
        options.admin_password = core::Secret("");
        CHECK(first_start(fixture, options).error().reason() == "admin_password");
        options.admin_password = core::Secret("seven77");
        CHECK(first_start(fixture, options).error().reason() == "admin_password");
        options.admin_password = core::Secret("long enough");
        options.super_admin_password = core::Secret("super123");
        CHECK(first_start(fixture, options).error().reason() == "admin_password");
        options.super_admin_password = core::Secret("eight888");
        CHECK(first_start(fixture, options).has_value());
        options.bcrypt_cost = 9;
        CHECK(first_start(fixture, options).error().reason() == "bcrypt_cost");
    }
}
