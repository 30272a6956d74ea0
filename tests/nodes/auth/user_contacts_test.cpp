#include "courseselect/nodes/auth/user_contacts.hpp"

#include <doctest/doctest.h>

#include "admin_world.hpp"

using namespace courseselect;
using net::http::Method;
using test::AdminWorld;

namespace {

test::AuthAnswer set(AdminWorld& world, const std::string& body) {
    return world.post("/admin/user/contact", body, world.boss);
}

}  // namespace

TEST_SUITE("nodes/auth/user_contacts") {
    TEST_CASE("only administrators look and change") {
        AdminWorld world;
        check_admin_only(world, {.method = Method::get, .path = "/admin/user/1"});
        check_admin_only(world, {.path = "/admin/user/contact", .body = R"({"username":"ada"})"});
    }

    TEST_CASE("an account is found by kind and number; students when no kind is given") {
        AdminWorld world;
        const std::string path = "/admin/user/" + std::to_string(world.id_of("ada"));
        const auto ada = world.get(path, world.boss);
        CHECK(ada.status == 200);
        CHECK(test::member_names(ada.body) ==
              "user_id username name user_type is_active email phone group has_2fa created_at "
              "updated_at");
        CHECK(ada.text("username") == "ada");
        CHECK(ada.text("name") == "ada");
        CHECK(ada.body["has_2fa"].boolean() == true);
        CHECK(world.get(path + "?user_type=", world.boss).text("username") == "ada");
        CHECK(world.get("/admin/user/1?user_type=teacher", world.boss).text("username") == "curie");
        CHECK(world.get("/admin/user/1?user_type=admin", world.boss).text("username") == "admin");
        CHECK(world.get("/admin/user/99", world.boss).detail() == "Student not found");
        CHECK(world.get("/admin/user/99?user_type=teacher", world.boss).detail() ==
              "Teacher not found");
        CHECK(world.get("/admin/user/1?user_type=robot", world.boss).status == 422);
        CHECK(world.get("/admin/user/0", world.boss).status == 422);
        CHECK(world.get("/admin/user/ada", world.boss).status == 422);
    }

    TEST_CASE("what is given changes, null clears, the rest stays; the audit has it") {
        AdminWorld world;
        const auto made = set(world, R"({"username":"ada","name":"Ada L","email":"a@example.org",)"
                                     R"("phone":"+123456","group":"year1"})");
        CHECK(made.status == 200);
        CHECK(made.text("name") == "Ada L");
        CHECK(made.text("email") == "a@example.org");
        CHECK(made.text("phone") == "+123456");
        CHECK(made.text("group") == "year1");
        CHECK(world.audited("change_contact") == "ok");
        const auto cleared = set(world, R"({"username":"ada","phone":null})");
        CHECK_FALSE(cleared.body["phone"].string().has_value());
        CHECK(cleared.text("email") == "a@example.org");
        const auto seen = world.get("/admin/user?username=ada", world.boss);
        CHECK(seen.text("name") == "Ada L");
        CHECK(seen.text("group") == "year1");
    }

    TEST_CASE("refusals") {
        AdminWorld world;
        set(world, R"({"username":"ada","email":"a@example.org"})");
        check_refusals(world, {{"nobody",
                                {.path = "/admin/user/contact",
                                 .body = R"({"username":"nobody"})",
                                 .token = world.boss},
                                404,
                                "User not found"},
                               {"another user's address, whatever its case",
                                {.path = "/admin/user/contact",
                                 .body = R"({"username":"curie","email":"A@Example.org"})",
                                 .token = world.boss},
                                400,
                                "Email already exists"}});
        for (const char* body :
             {R"({"username":"ada","email":"nowhere"})", R"({"username":"ada","phone":"123456"})",
              R"({"username":"ada","phone":"+1234"})", R"({"username":"ada","name":""})", "{}"}) {
            CAPTURE(body);
            CHECK(set(world, body).status == 422);
        }
        CHECK(set(world, R"({"username":"ada","email":"A@EXAMPLE.org"})").status == 200);
    }
}
