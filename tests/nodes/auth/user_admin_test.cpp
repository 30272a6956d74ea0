#include "courseselect/nodes/auth/user_admin.hpp"

#include <doctest/doctest.h>

#include <set>

#include "admin_world.hpp"

using namespace courseselect;
using test::AdminWorld;
using test::AuthAnswer;
using test::AuthCall;
using test::check_refusals;
using test::member_names;

namespace {

constexpr auto admin_get = net::http::Method::get;

AuthAnswer add_user(AdminWorld& world, const std::string& name, const std::string& kind,
                    const std::string& password = "") {
    return world.post("/admin/user/add",
                      json::make_object("username", name, "user_type", kind, "password", password),
                      world.boss);
}

/// The names of a listing, in order.
std::string listed(const AuthAnswer& answer) {
    std::string names;
    for (const json::Value& user : answer.body["users"].items()) {
        names += user["username"].string().value_or("?") + " ";
    }
    return names;
}

}  // namespace

TEST_SUITE("nodes/auth/user_admin") {
    TEST_CASE("the list shows whoever there is, newest first, and no secret") {
        AdminWorld world;
        const auto all = world.get("/admin/users", world.boss);
        CHECK(all.status == 200);
        CHECK(member_names(all.body) == "users total page page_size");
        CHECK(listed(all) == "curie ada admin ");
        CHECK(all.body["total"].integer() == 3);
        CHECK(all.body["page"].integer() == 1);
        CHECK(all.body["page_size"].integer() == 20);
        const json::Value ada = all.body["users"][1];
        CHECK(member_names(ada) ==
              "user_id username name email user_type is_active has_2fa totp_secret student_tags "
              "created_at updated_at");
        CHECK(ada["name"].string() == "ada");  // no other is known
        CHECK(ada["email"].is_null());
        CHECK(ada["has_2fa"].boolean() == true);
        CHECK(ada["totp_secret"].string() == "enabled");
        CHECK(all.body.text().find(world.ada.totp_secret.reveal()) == std::string::npos);
        const json::Value curie = all.body["users"][0];
        CHECK(member_names(curie) ==
              "user_id username name email user_type is_active has_2fa totp_secret created_at "
              "updated_at");
        CHECK(curie["totp_secret"].is_null());
        CHECK(curie["has_2fa"].boolean() == false);
    }

    TEST_CASE("the list is filtered, searched and paged") {
        AdminWorld world;
        add_user(world, "al_ice", "student");
        add_user(world, "alXice", "student");
        const auto ask = [&](const std::string& query) {
            return world.get("/admin/users?" + query, world.boss);
        };
        CHECK(listed(ask("user_type=student")) == "alXice al_ice ada ");
        CHECK(listed(ask("user_type=teacher")) == "curie ");
        CHECK(listed(ask("user_type=admin")) == "admin ");
        CHECK(ask("user_type=").body["total"].integer() == 5);
        CHECK(listed(ask("search=L_I")) == "al_ice ");
        CHECK(ask("search=%25").body["total"].integer() == 0);
        CHECK(ask("search=").body["total"].integer() == 5);
        CHECK(listed(ask("search=ad&user_type=student")) == "ada ");
        const auto second = ask("page=2&page_size=2");
        CHECK(second.body["users"].size() == 2);
        CHECK(second.body["total"].integer() == 5);
        CHECK(second.body["page"].integer() == 2);
        CHECK(ask("page=4&page_size=2").body["users"].size() == 0);
        for (const char* bad : {"page=0", "page_size=0", "page_size=1001", "user_type=robot"}) {
            CAPTURE(bad);
            CHECK(ask(bad).status == 422);
        }
        check_admin_only(world, {.method = admin_get, .path = "/admin/users"}, true);
    }

    TEST_CASE("tags of a page come from the data node; while it is away the page does not lie") {
        AdminWorld world;
        world.post("/admin/student/update-tags", R"({"student_id":1,"student_tags":["b","a"]})",
                   world.boss);
        const auto page = world.call({.method = admin_get,
                                      .path = "/admin/users?user_type=student",
                                      .internal_token = world.internal_token});
        CHECK(page.body["users"][0]["student_tags"].text() == R"(["b","a"])");
        world.data.mode = test::DataMode::away;
        const auto away = world.get("/admin/users", world.boss);
        CHECK(away.status == 503);
        CHECK(away.detail() == "Service communication error");
        CHECK(world.get("/admin/users?user_type=teacher", world.boss).status == 200);
    }

    TEST_CASE("one user is found by name") {
        AdminWorld world;
        world.post("/admin/user/add",
                   R"({"username":"bob","user_type":"student","name":"Bob B","email":"b@x.org"})",
                   world.boss);
        const auto bob = world.get("/admin/user?username=BOB", world.boss);
        CHECK(bob.status == 200);
        CHECK(member_names(bob.body) ==
              "user_id username name user_type is_active email phone group has_2fa "
              "created_at updated_at");
        CHECK(bob.text("name") == "Bob B");
        CHECK(bob.text("email") == "b@x.org");
        CHECK(bob.text("user_type") == "student");
        CHECK(bob.body["is_active"].boolean() == true);
        const auto ada = world.get("/admin/user?username=ada", world.boss);
        CHECK(ada.text("name") == "ada");
        CHECK(ada.body["email"].is_null());
        check_refusals(
            world,
            {{"nobody",
              {.method = admin_get, .path = "/admin/user?username=nobody", .token = world.boss},
              404,
              "User not found"}});
        CHECK(world.get("/admin/user", world.boss).status == 422);
        check_admin_only(world, {.method = admin_get, .path = "/admin/user?username=ada"}, true);
    }

    TEST_CASE("users of every kind are made; a made password is told once, a chosen one never") {
        AdminWorld world;
        const auto made = add_user(world, "bob", "student");
        CHECK(made.status == 200);
        CHECK(member_names(made.body) == "success message username password user_type");
        CHECK(made.text("message") == "User created successfully");
        CHECK(made.text("password").size() == 12);
        CHECK(made.text("user_type") == "student");
        CHECK(world.audited("add_user") == "ok");
        CHECK(world.login("bob", made.text("password")).status == 200);
        CHECK(world.get_data("/get/student?student_id=" + std::to_string(world.id_of("bob")))
                  .text("student_name") == "bob");
        CHECK(world.count("SELECT count(*) FROM profile_outbox") == 0);
        const auto chosen = add_user(world, "noether", "teacher", "chosen-1");
        CHECK(chosen.text("password").empty());
        CHECK(world.login("noether", "chosen-1").status == 200);
        CHECK(world.get_data("/get/teacher?teacher_id=" + std::to_string(world.id_of("noether")))
                  .status == 200);
        CHECK(add_user(world, "root", "admin", "chosen-1").status == 200);
        CHECK(world.post("/login/admin", R"({"username":"root","password":"chosen-1"})").status ==
              200);
    }

    TEST_CASE("adding a user refuses with the contract's texts") {
        AdminWorld world;
        add_user(world, "bob", "student");
        world.post("/admin/user/add",
                   R"({"username":"eve","user_type":"student","email":"e@x.org"})", world.boss);
        const auto add = [&](const std::string& body) {
            return AuthCall{.path = "/admin/user/add", .body = body, .token = world.boss};
        };
        const std::string needed = "Username and user_type required";
        const std::string rule =
            "Username must have 3 to 100 characters: letters, digits, '_', '.' or '-'";
        const std::string hundred(100, 'a');
        check_refusals(
            world,
            {{"no body", add(""), 400, needed},
             {"no name", add(R"({"user_type":"student"})"), 400, needed},
             {"empty name", add(R"({"username":"","user_type":"student"})"), 400, needed},
             {"no type", add(R"({"username":"bob2"})"), 400, needed},
             {"null", add(R"({"username":"bob2","user_type":null})"), 400, needed},
             {"type", add(R"({"username":"bob2","user_type":"robot"})"), 400, "Invalid user type"},
             {"short name", add(R"({"username":"ab","user_type":"student"})"), 400, rule},
             {"long name",
              add(json::make_object("username", hundred + "a", "user_type", "student")), 400, rule},
             {"blank", add(R"({"username":"a b c","user_type":"student"})"), 400, rule},
             {"short password",
              add(R"({"username":"bob2","user_type":"student","password":"12345"})"), 400,
              "Password must be at least 6 characters"},
             {"taken", add(R"({"username":"BOB","user_type":"teacher"})"), 400,
              "User already exists"},
             {"taken by a user", add(R"({"username":"bob","user_type":"admin"})"), 400,
              "User already exists"},
             {"taken by an admin", add(R"({"username":"admin","user_type":"admin"})"), 400,
              "Admin already exists"},
             {"address", add(R"({"username":"bob2","user_type":"student","email":"E@x.org"})"), 400,
              "Email already exists"}});
        CHECK(world.audited("add_user") == "email_taken");
        CHECK(world.call(add(json::make_object("username", hundred, "user_type", "student")))
                  .status == 200);
        check_admin_only(world, add(R"({"username":"bob3","user_type":"student"})"));
    }

    TEST_CASE("a profile that the data node refuses undoes the account") {
        AdminWorld world;
        CHECK(world
                  .ask_data(net::http::Method::post, "/add/student",
                            R"({"student_name":"bob","student_id":900000})")
                  .status == 201);
        const auto refused = add_user(world, "bob", "student");
        CHECK(refused.status == 500);
        CHECK(refused.detail() == "Internal Server Error");
        CHECK(world.audited("add_user_undone") == "profile_refused");
        CHECK(world.get("/admin/user?username=bob", world.boss).status == 404);
    }

    TEST_CASE("a user can be added while the data node is away; the profile follows") {
        AdminWorld world;
        world.data.mode = test::DataMode::away;
        CHECK(add_user(world, "bob", "student").status == 200);
        world.data.mode = test::DataMode::works;
        test::run(world.loop, world.node->deliver_profiles());
        CHECK(world.count("SELECT count(*) FROM profile_outbox") == 0);
        CHECK(world.get_data("/get/student?student_id=" + std::to_string(world.id_of("bob")))
                  .status == 200);
    }

    TEST_CASE("somebody's 2FA is turned off, which ends their sessions") {
        AdminWorld world;
        const auto done = world.post("/admin/user/reset-2fa", R"({"username":"ada"})", world.boss);
        CHECK(done.status == 200);
        CHECK(member_names(done.body) == "success message");
        CHECK(done.text("message") == "2FA reset successfully");
        CHECK(world.audited("reset_user_2fa") == "ok");
        world.check_ended("student:1", world.ada.refresh_token, world.ada_access);
        const std::string refresh = world.login("ada").text("refresh_token");
        CHECK(world.get("/check/2fa-status", refresh).body["has_2fa"].boolean() == false);
        CHECK(world.post("/admin/user/reset-2fa", R"({"username":"curie"})", world.boss).status ==
              200);
        const auto reset = [&](const std::string& body) {
            return AuthCall{.path = "/admin/user/reset-2fa", .body = body, .token = world.boss};
        };
        check_refusals(
            world,
            {{"no body", reset(""), 400, "Username required"},
             {"empty", reset(R"({"username":""})"), 400, "Username required"},
             {"an admin", reset(R"({"username":"admin"})"), 400, "Only students can have 2FA"},
             {"nobody", reset(R"({"username":"nobody"})"), 404, "User not found"}});
        world.ada_access = "";
        world.ada.totp_secret =
            core::Secret(world.post("/setup/2fa/v1", "", refresh).text("totp_secret"));
    }

    TEST_CASE("whoever is kept out is out at once, and comes back with a new login") {
        AdminWorld world;
        const auto toggle = [&](const std::string& body) {
            return world.post("/admin/user/toggle-status", body, world.boss);
        };
        const auto off = toggle(R"({"user_id":1,"is_active":false})");
        CHECK(off.status == 200);
        CHECK(member_names(off.body) == "success message");
        CHECK(off.text("message") == "Student deactivated successfully");
        CHECK(world.audited("deactivate_user") == "ok");
        world.check_ended("student:1", world.ada.refresh_token, world.ada_access);
        CHECK(world.login("ada").detail() == "Account is inactive");
        CHECK(toggle(R"({"user_id":1,"is_active":true,"user_type":"student"})").text("message") ==
              "Student activated successfully");
        CHECK(world.audited("activate_user") == "ok");
        CHECK_FALSE(world.access(world.ada).empty());
        CHECK(toggle(R"({"user_id":1,"is_active":false,"user_type":"teacher"})").text("message") ==
              "Teacher deactivated successfully");
        CHECK(world.get("/user/2fa/status", world.teacher_access).status == 401);
    }

    TEST_CASE("without a kind students come first, then teachers") {
        AdminWorld world;
        world.post("/admin/user/delete", R"({"user_id":1,"user_type":"student"})", world.boss);
        CHECK(
            world
                .post("/admin/user/toggle-status", R"({"user_id":1,"is_active":false})", world.boss)
                .text("message") == "Teacher deactivated successfully");
    }

    TEST_CASE("switching refuses with the contract's texts") {
        AdminWorld world;
        const auto toggle = [&](const std::string& body) {
            return AuthCall{.path = "/admin/user/toggle-status", .body = body, .token = world.boss};
        };
        const std::string needed = "user_id and is_active required";
        check_refusals(
            world,
            {{"no body", toggle(""), 400, needed},
             {"no id", toggle(R"({"is_active":true})"), 400, needed},
             {"no status", toggle(R"({"user_id":1})"), 400, needed},
             {"an admin", toggle(R"({"user_id":1,"is_active":false,"user_type":"admin"})"), 400,
              "Toggling admin status is not supported"},
             {"a robot", toggle(R"({"user_id":1,"is_active":false,"user_type":"robot"})"), 400,
              "Invalid user type"},
             {"nobody", toggle(R"({"user_id":99,"is_active":false})"), 404, "User not found"},
             {"no student", toggle(R"({"user_id":99,"is_active":false,"user_type":"student"})"),
              404, "Student not found"},
             {"no teacher", toggle(R"({"user_id":99,"is_active":false,"user_type":"teacher"})"),
              404, "Teacher not found"}});
        CHECK(world.call(toggle(R"({"user_id":"x","is_active":false})")).status == 422);
        check_admin_only(world, toggle(R"({"user_id":1,"is_active":true})"));
    }

    TEST_CASE("another password ends every session of its owner, who is asked to change it") {
        AdminWorld world;
        const auto done = world.post("/admin/user/reset-password",
                                     R"({"username":"ada","user_type":"student"})", world.boss);
        CHECK(done.status == 200);
        CHECK(member_names(done.body) == "success message new_password username");
        CHECK(done.text("message") == "Password reset successfully");
        CHECK(done.text("username") == "ada");
        CHECK(done.text("new_password").size() == 12);
        CHECK(world.audited("reset_password") == "ok");
        world.check_ended("student:1", world.ada.refresh_token, world.ada_access);
        CHECK(world.login("ada").status == 401);
        const std::string access = world.access(world.ada, done.text("new_password"));
        CHECK(world.get("/get/user", access).body["must_change_password"].boolean() == true);
        const auto chosen = world.post(
            "/admin/user/reset-password",
            R"({"username":"admin","user_type":"admin","new_password":"chosen1"})", world.boss);
        CHECK(chosen.text("new_password") == "chosen1");
        CHECK(world.get("/admin/users", world.boss).status == 401);
    }

    TEST_CASE("resetting a password refuses with the contract's texts") {
        AdminWorld world;
        const auto reset = [&](const std::string& body) {
            return AuthCall{
                .path = "/admin/user/reset-password", .body = body, .token = world.boss};
        };
        const std::string needed = "username and user_type required";
        check_refusals(
            world,
            {{"no body", reset(""), 400, needed},
             {"no name", reset(R"({"user_type":"student"})"), 400, needed},
             {"no type", reset(R"({"username":"ada"})"), 400, needed},
             {"type", reset(R"({"username":"ada","user_type":"robot"})"), 400, "Invalid user type"},
             {"short", reset(R"({"username":"ada","user_type":"student","new_password":"12345"})"),
              400, "Password must be at least 6 characters"},
             {"other kind", reset(R"({"username":"ada","user_type":"teacher"})"), 404,
              "User not found"},
             {"nobody", reset(R"({"username":"nobody","user_type":"student"})"), 404,
              "User not found"}});
        CHECK(world.login("ada").status == 200);
        check_admin_only(world, reset(R"({"username":"curie","user_type":"teacher"})"));
        check_admin_only(world, {.path = "/admin/user/reset-2fa", .body = R"({"username":"x"})"});
    }

    TEST_CASE("made passwords are twelve letters and digits, and never the same") {
        crypto::SeededRandomSource random(7);
        std::set<std::string> made;
        for (int i = 0; i < 200; ++i) {
            const core::Secret secret = nodes::accounts::make_password(random);
            const std::string password(secret.reveal());
            CHECK(password.size() == 12);
            for (const char c : password) {
                CHECK(std::isalnum(static_cast<unsigned char>(c)) != 0);
            }
            made.insert(password);
        }
        CHECK(made.size() == 200);
    }
}
