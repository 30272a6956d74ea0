#include "courseselect/nodes/auth/user_search.hpp"

#include <doctest/doctest.h>

#include "user_world.hpp"

using namespace courseselect;
using test::AuthAnswer;
using test::member_names;
using test::UserWorld;

namespace {

struct SearchedWorld : UserWorld {
    SearchedWorld() {
        for (const char* name : {"zoe", "zora", "mazo"}) {
            join(name);
        }
        set_active("mazo", false);
    }
    AuthAnswer search(const std::string& body, const std::string& token) {
        return post("/users/search", body, token);
    }
    static std::string names_in(const AuthAnswer& answer) {
        std::string names = std::to_string(answer.body["total"].integer().value_or(-1)) + ":";
        for (const json::Value& user : answer.body["users"].items()) {
            names += " " + user["username"].string().value_or("?");
        }
        return names;
    }
    /// ada has a seat in a course of curie's.
    void seat_ada() {
        const auto course = make_course("Physics", id_of("curie"));
        const auto seated =
            ask_data(net::http::Method::post, "/select/course",
                     json::make_object("student_id", id_of("ada"), "course_id", course));
        REQUIRE(seated.status == 200);
    }
};

}  // namespace

TEST_SUITE("nodes/auth/user_search") {
    TEST_CASE("administrators find everybody, field by field, in pages") {
        SearchedWorld world;
        const auto all = world.search("{}", world.boss);
        CHECK(all.status == 200);
        CHECK(member_names(all.body) == "users total page page_size");
        CHECK(member_names(all.body["users"][0]) ==
              "_id email username status created_at updated_at");
        CHECK(world.names_in(all) == "6: admin ada curie zoe zora mazo");
        CHECK(all.body["page"].integer() == 1);
        CHECK(all.body["page_size"].integer() == 20);
        const auto page = world.search(R"({"page":2,"page_size":4})", world.boss);
        CHECK(world.names_in(page) == "6: zora mazo");
        CHECK(page.body["page"].integer() == 2);
        CHECK(page.body["page_size"].integer() == 4);
    }

    TEST_CASE("parts, addresses and statuses are found, alone and together") {
        SearchedWorld world;
        const auto found = [&](const std::string& body) {
            return world.names_in(world.search(body, world.boss));
        };
        CHECK(found(R"({"username":"zo"})") == "2: zoe zora");
        CHECK(found(R"({"username":"AZO"})") == "1: mazo");
        CHECK(found(R"({"email":"@example.org"})") == "3: zoe zora mazo");
        CHECK(found(R"({"email":"example","status":"active"})") == "2: zoe zora");
        CHECK(found(R"({"status":"inactive"})") == "1: mazo");
        CHECK(found(R"({"username":"\" OR \""})") == "0:");
    }

    TEST_CASE("teachers find their own students, and nobody else") {
        SearchedWorld world;
        CHECK(world.names_in(world.search("{}", world.teacher_access)) == "0:");
        world.seat_ada();
        CHECK(world.names_in(world.search("{}", world.teacher_access)) == "0:");  // remembered
        world.clock.advance(nodes::accounts::UserSearch::own_students_lifetime);
        CHECK(world.names_in(world.search("{}", world.teacher_access)) == "1: ada");
        CHECK(world.names_in(world.search(R"({"username":"ad"})", world.teacher_access)) ==
              "1: ada");
        CHECK(world.names_in(world.search(R"({"username":"zoe"})", world.teacher_access)) == "0:");
        CHECK(world.names_in(world.search(R"({"page":2})", world.teacher_access)) == "1:");
    }

    TEST_CASE("while the data node is away teachers are refused and administrators are not") {
        SearchedWorld world;
        world.data.mode = test::DataMode::away;
        const auto refused = world.search("{}", world.teacher_access);
        CHECK(refused.status == 503);
        CHECK(refused.body["success"].boolean() == false);
        CHECK_FALSE(refused.text("request_id").empty());
        CHECK(world.search("{}", world.boss).status == 200);
    }

    TEST_CASE("others are refused, and what is wrong is named") {
        SearchedWorld world;
        const auto zoe = world.joined("yan");
        const auto call = [](const std::string& token) {
            return test::AuthCall{.path = "/users/search", .body = "{}", .token = token};
        };
        check_user_refusals(
            world, {{"nobody", call(""), 401, "Authorization required"},
                    {"nonsense", call("x"), 401, "Invalid token"},
                    {"student", call(zoe.access), 403, "Teacher or admin access required"}});
        const auto bad =
            world.search(R"({"username":5,"status":"gone","page":0,"page_size":101})", world.boss);
        CHECK(bad.status == 400);
        CHECK(world.fields_of(bad) == "username status page page_size");
        CHECK(world.search(R"({"page_size":100})", world.boss).status == 200);
    }
}
