#include "courseselect/nodes/auth/audit_log.hpp"

#include <doctest/doctest.h>

#include "user_world.hpp"

using namespace courseselect;
using test::member_names;
using test::UserWorld;

TEST_SUITE("nodes/auth/audit_log") {
    TEST_CASE("administrators read what happened, newest first, filtered and paged") {
        UserWorld world;
        const auto zoe = world.joined("zoe");
        world.log_in("zoe", "wrong");
        const auto logins = world.get("/audit?action=login&target=zoe", world.boss);
        CHECK(logins.status == 200);
        CHECK(member_names(logins.body) == "entries next_before");
        REQUIRE(logins.body["entries"].size() == 2);
        const json::Value last = logins.body["entries"][0];
        CHECK(member_names(last) ==
              "sequence time actor action target source_address request_id outcome");
        CHECK(last["outcome"].string() == "bad_credentials");
        CHECK(last["source_address"].string() == "192.0.2.1");
        CHECK(last["time"].string()->ends_with("Z"));
        CHECK(logins.body["next_before"].is_null());
        const auto first = world.get("/audit?page_size=1&action=login", world.boss);
        const auto before = std::to_string(first.body["next_before"].integer().value_or(0));
        const auto second =
            world.get("/audit?page_size=1&action=login&before=" + before, world.boss);
        CHECK(second.body["entries"][0]["outcome"].string() == "ok");
        const auto actor = "student:" + std::to_string(world.id_of("zoe"));
        CHECK(world.get("/audit?actor=" + actor, world.boss).body["entries"].size() == 2);
        CHECK(world.get("/audit?until=1980-01-01T00:00:00Z", world.boss).body["entries"].size() ==
              0);
        const auto all = world.get("/audit?since=1970-01-01T00:00:00Z", world.boss);
        CHECK(all.body["entries"].size() >= 5);
    }

    TEST_CASE("nobody else reads it, and what is wrong is named") {
        UserWorld world;
        const auto call = [](const std::string& token) {
            return test::AuthCall{
                .method = net::http::Method::get, .path = "/audit", .token = token};
        };
        check_user_refusals(
            world, {{"nobody", call(""), 401, "Authorization required"},
                    {"student", call(world.ada_access), 403, "Admin access required"},
                    {"teacher", call(world.teacher_access), 403, "Admin access required"}});
        const auto bad = world.get("/audit?since=yesterday&before=0&page_size=1001", world.boss);
        CHECK(bad.status == 400);
        CHECK(world.fields_of(bad) == "since before page_size");
    }

    TEST_CASE("an administrator whose session is over reads nothing") {
        UserWorld world;
        CHECK(world.post("/auth/logout", "", world.boss).status == 200);
        for (const char* path : {"/audit", "/auth/me", "/auth/test"}) {
            CHECK(world.get(path, world.boss).status == 401);
        }
        CHECK(world.post("/users/search", "{}", world.boss).status == 401);
    }
}
