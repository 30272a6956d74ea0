#include "courseselect/nodes/auth/account_remover.hpp"

#include <doctest/doctest.h>

#include "admin_world.hpp"

using namespace courseselect;
using test::AdminWorld;
using test::AuthCall;
using test::check_refusals;
using test::DataMode;
using test::member_names;

namespace {

const std::string ada_goes = R"({"user_id":1,"user_type":"student"})";
const std::string curie_goes = R"({"user_id":1,"user_type":"teacher"})";

void deliver(AdminWorld& world) {
    world.clock.advance(std::chrono::hours(1));
    test::run(world.loop, world.node->deliver_profiles());
    world.boss = world.admin();
}

}  // namespace

TEST_SUITE("nodes/auth/account_remover") {
    TEST_CASE("a deleted student is gone from both nodes, the seats are free, the name too") {
        AdminWorld world;
        const auto course = world.make_course("Algebra", 0, 1);
        const std::string seat = json::make_object("student_id", 1, "course_id", course);
        CHECK(world.ask_data(net::http::Method::post, "/select/course", seat).status == 200);
        const auto done = world.post("/admin/user/delete", ada_goes, world.boss);
        CHECK(done.status == 200);
        CHECK(member_names(done.body) == "success message");
        CHECK(done.text("message") == "User deleted successfully");
        CHECK(world.audited("delete_user") == "ok");
        CHECK(world.audited("delete_profile") == "ok");
        world.check_ended("student:1", world.ada.refresh_token, world.ada_access);
        CHECK(world.login("ada").status == 401);
        CHECK(world.get_data("/get/student?student_id=1").status == 404);
        const auto after = world.get_data("/get/course?course_id=" + std::to_string(course));
        CHECK(after.body["course_selected"].integer() == 0);
        CHECK(world.count("SELECT count(*) FROM profile_removals") == 0);
        world.student("ada");
    }

    TEST_CASE("while the data node is away a student goes here, and there when it is back") {
        AdminWorld world;
        world.data.mode = DataMode::away;
        CHECK(world.post("/admin/user/delete", ada_goes, world.boss).status == 200);
        CHECK(world.count("SELECT count(*) FROM users WHERE username = 'ada'") == 0);
        CHECK(world.count("SELECT count(*) FROM profile_removals WHERE is_decided = 1") == 1);
        deliver(world);
        CHECK(world.count("SELECT attempts FROM profile_removals") == 1);
        world.data.mode = DataMode::works;
        world.reopen();  // what is noted outlives the process
        deliver(world);
        CHECK(world.count("SELECT count(*) FROM profile_removals") == 0);
        CHECK(world.get_data("/get/student?student_id=1").status == 404);
    }

    TEST_CASE("a teacher with courses stays, with the data node's words, and loses no session") {
        AdminWorld world;
        const auto course = world.make_course("Algebra", 1);
        check_refusals(world,
                       {{"has courses",
                         {.path = "/admin/user/delete", .body = curie_goes, .token = world.boss},
                         400,
                         "Cannot delete teacher with assigned courses"}});
        CHECK(world.count("SELECT count(*) FROM profile_removals") == 0);
        CHECK(world.get("/user/2fa/status", world.teacher_access).status == 200);
        world.post("/admin/course/delete", json::make_object("course_id", course), world.boss);
        CHECK(world.post("/admin/user/delete", curie_goes, world.boss).status == 200);
        CHECK(world.get_data("/get/teacher?teacher_id=1").status == 404);
        CHECK(world.get("/user/2fa/status", world.teacher_access).status == 404);
        CHECK(world.count("SELECT count(*) FROM revocations WHERE key = 'teacher:1'") >= 1);
    }

    TEST_CASE("a teacher waits for the data node; a crash in between is made up for") {
        AdminWorld world;
        world.data.mode = DataMode::away;
        const auto away = world.post("/admin/user/delete", curie_goes, world.boss);
        CHECK(away.status == 503);
        CHECK(away.detail() == "Service communication error");
        CHECK(world.count("SELECT count(*) FROM users WHERE username = 'curie'") == 1);
        world.data.mode = DataMode::works;
        // The data node had done it, and the answer was lost.
        CHECK(world.ask_data(net::http::Method::post, "/delete/teacher?teacher_id=1").status ==
              200);
        deliver(world);
        CHECK(world.count("SELECT count(*) FROM users WHERE username = 'curie'") == 0);
        CHECK(world.count("SELECT count(*) FROM profile_removals") == 0);
    }

    TEST_CASE("a teacher whom the data node keeps in the end stays here as well") {
        AdminWorld world;
        world.make_course("Algebra", 1);
        world.data.mode = DataMode::away;
        CHECK(world.post("/admin/user/delete", curie_goes, world.boss).status == 503);
        world.data.mode = DataMode::works;
        deliver(world);
        CHECK(world.count("SELECT count(*) FROM users WHERE username = 'curie'") == 1);
        CHECK(world.count("SELECT count(*) FROM profile_removals") == 0);
    }

    TEST_CASE("an administrator may go, even oneself, but not the last one who can log in") {
        AdminWorld world;
        const auto remove = [&](int id) {
            return AuthCall{.path = "/admin/user/delete",
                            .body = json::make_object("user_id", id, "user_type", "admin"),
                            .token = world.boss};
        };
        check_refusals(world, {{"the last", remove(1), 400, "At least one admin must remain"}});
        CHECK(world.audited("delete_user") == "last_admin");
        world.post("/add/admin", R"({"username":"root","password":"secret1"})", world.boss);
        world.set_active("root", false);
        check_refusals(world, {{"the last", remove(1), 400, "At least one admin must remain"}});
        world.set_active("root", true);
        CHECK(world.call(remove(1)).status == 200);
        check_refusals(world, {{"oneself", remove(2), 404, "Admin not found"}});
        CHECK(world.post("/login/admin", R"({"username":"root","password":"secret1"})").status ==
              200);
    }

    TEST_CASE("deleting refuses with the contract's texts") {
        AdminWorld world;
        const auto remove = [&](const std::string& body) {
            return AuthCall{.path = "/admin/user/delete", .body = body, .token = world.boss};
        };
        const std::string needed = "user_id and user_type required";
        check_refusals(
            world,
            {{"no body", remove(""), 400, needed},
             {"no type", remove(R"({"user_id":1})"), 400, needed},
             {"empty type", remove(R"({"user_id":1,"user_type":""})"), 400, needed},
             {"no id", remove(R"({"user_type":"student"})"), 400, needed},
             {"type", remove(R"({"user_id":1,"user_type":"robot"})"), 400, "Invalid user type"},
             {"student", remove(R"({"user_id":99,"user_type":"student"})"), 404,
              "Student not found"},
             {"teacher", remove(R"({"user_id":99,"user_type":"teacher"})"), 404,
              "Teacher not found"},
             {"admin", remove(R"({"user_id":99,"user_type":"admin"})"), 404, "Admin not found"}});
        check_admin_only(world, remove(R"({"user_id":99,"user_type":"student"})"));
    }
}
