#include "courseselect/nodes/auth/self_test.hpp"

#include <doctest/doctest.h>

#include "user_world.hpp"

using namespace courseselect;
using test::member_names;
using test::UserWorld;

TEST_SUITE("nodes/auth/self_test") {
    TEST_CASE("administrators see connections, queue and configuration, and no secret") {
        UserWorld world;
        const auto seen = world.get("/auth/test", world.boss);
        CHECK(seen.status == 200);
        CHECK(member_names(seen.body["data"]) == "database queue configuration");
        const json::Value database = seen.body["data"]["database"];
        CHECK(database["reader_answers"].boolean() == true);
        CHECK(database["writer_answers"].boolean() == true);
        CHECK(database["schema_version"].integer() >= 7);
        CHECK(member_names(seen.body["data"]["queue"]) ==
              "queue_size worker_alive queue_enabled pending_results");
        CHECK(seen.body["data"]["queue"]["worker_alive"].boolean() == true);
        const json::Value configuration = seen.body["data"]["configuration"];
        CHECK(configuration["jwt_secret"].string() == "********");
        CHECK(configuration["super_admin_password"].string() == "not set");
        CHECK(configuration["access_token_seconds"].string() == "1800");
        for (const std::string& secret :
             {std::string("0123456789abcdef"), std::string("admin123"), world.internal_token}) {
            CHECK(seen.body.text().find(secret) == std::string::npos);
        }
    }

    TEST_CASE("nobody else sees it") {
        UserWorld world;
        const auto call = [](const std::string& token) {
            return test::AuthCall{
                .method = net::http::Method::get, .path = "/auth/test", .token = token};
        };
        check_user_refusals(
            world, {{"nobody", call(""), 401, "Authorization required"},
                    {"student", call(world.ada_access), 403, "Admin access required"},
                    {"teacher", call(world.teacher_access), 403, "Admin access required"}});
    }

    TEST_CASE("in production the path does not exist, whoever asks") {
        test::AuthFixture node([](test::AuthFixture::Options& options) {
            options.dev = false;
            options.bcrypt_cost = 10;
            options.admin_password = core::Secret("a long password");
        });
        const auto admin =
            node.post("/login/admin", R"({"username":"admin","password":"a long password"})")
                .text("access_token");
        REQUIRE_FALSE(admin.empty());
        for (const std::string& token : {std::string(), std::string("nonsense"), admin}) {
            const auto answer = node.get("/auth/test", token);
            CHECK(answer.status == 404);
            CHECK(answer.text("error") == "Not Found");
        }
    }
}
