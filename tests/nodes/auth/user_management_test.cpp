#include "courseselect/nodes/auth/user_management.hpp"

#include <doctest/doctest.h>

#include <set>

#include "user_world.hpp"

using namespace courseselect;
using test::UserWorld;

TEST_SUITE("nodes/auth/user_management") {
    TEST_CASE("every path of the contract is there and words its errors in its style") {
        UserWorld world;
        std::set<std::string> wanted{
            "POST /users",       "GET /users/{user_id}", "PUT /auth/{user_id}",
            "POST /auth/login",  "POST /users/search",   "DELETE /auth/{user_id}",
            "POST /auth/logout", "POST /auth/register",  "GET /auth/me",
            "GET /auth/test",    "GET /audit",           "POST /admin/wallets/{user_id}/entries"};
        for (const api::RouteInfo* route : world.node->service().routes()) {
            const std::string name =
                std::string(net::http::method_name(route->method)) + " " + route->path;
            if (wanted.erase(name) == 1) {
                CAPTURE(name);
                CHECK(route->error_style == api::ErrorStyle::success_flag);
            }
            if (name == "POST /auth/refresh") {
                CHECK(route->error_style == api::ErrorStyle::success_flag_with_body);
            }
        }
        CHECK(wanted.empty());
    }

    TEST_CASE("when the database is away every path says so with a request id, and no more") {
        UserWorld world;
        const auto zoe = world.joined("zoe");
        world.faults.commit = 1;
        const auto out = world.post("/auth/logout", "", zoe.access);
        CHECK(out.status == 503);
        CHECK(out.body["success"].boolean() == false);
        CHECK_FALSE(out.text("request_id").empty());
        CHECK(out.text("error").find("injected") == std::string::npos);
        CHECK(world.post("/auth/logout", "", zoe.access).status == 200);
    }
}
