#include "courseselect/nodes/auth/course_admin.hpp"

#include <doctest/doctest.h>

#include "admin_world.hpp"

using namespace courseselect;
using test::AdminWorld;
using test::AuthCall;
using test::check_refusals;
using test::DataMode;
using test::member_names;

namespace {

constexpr auto course_get = net::http::Method::get;

std::string course_names(const json::Value& courses) {
    std::string names;
    for (const json::Value& course : courses.items()) {
        names += course["course_name"].string().value_or("?") + " ";
    }
    return names;
}

}  // namespace

TEST_SUITE("nodes/auth/course_admin") {
    TEST_CASE("courses are listed, searched and paged; what is searched for stays a value") {
        AdminWorld world;
        world.make_course("Algebra");
        world.make_course("R&D page=2");
        const auto ask = [&](const std::string& query) {
            return world.get("/admin/courses" + query, world.boss);
        };
        const auto all = ask("");
        CHECK(all.status == 200);
        CHECK(member_names(all.body) == "courses total");
        CHECK(course_names(all.body["courses"]) == "Algebra R&D page=2 ");
        CHECK(member_names(all.body["courses"][0]) ==
              member_names(world.get_data("/get/course?course_id=1").body));
        CHECK(course_names(ask("?search=R%26D%20page%3D2").body["courses"]) == "R&D page=2 ");
        CHECK(ask("?search=&course_type=").body["total"].integer() == 2);
        CHECK(ask("?course_type=elective").body["total"].integer() == 2);
        CHECK(ask("?course_type=elective%26page%3D9").body["total"].integer() == 0);
        CHECK(course_names(ask("?page=2&page_size=1").body["courses"]) == "R&D page=2 ");
        CHECK(ask("?page=0").status == 422);
        CHECK(ask("?page_size=1001").status == 422);
        check_admin_only(world, {.method = course_get, .path = "/admin/courses"});
    }

    TEST_CASE("a course is changed; what the data node does not know is ignored") {
        AdminWorld world;
        const auto id = world.make_course("Algebra");
        const auto changed = world.post(
            "/admin/course/update",
            R"({"course_id":)" + std::to_string(id) +
                R"(,"course_name":"Analysis","begin_picker":{"a":1},"course_capacity":9})",
            world.boss);
        CHECK(changed.status == 200);
        CHECK(changed.text("course_name") == "Analysis");
        CHECK(changed.body["course_capacity"].integer() == 9);
        CHECK(changed.body["course_credit"].number() == 2);
        CHECK(world.audited("update_course") == "ok");
    }

    TEST_CASE("changing and deleting a course refuse with the contract's texts") {
        AdminWorld world;
        const auto id = std::to_string(world.make_course("Algebra", 0, 2));
        world.student("bob");
        for (const auto student : {world.id_of("ada"), world.id_of("bob")}) {
            const std::string seat = json::make_object("student_id", student, "course_id", 1);
            CHECK(world.ask_data(net::http::Method::post, "/select/course", seat).status == 200);
        }
        const auto update = [&](const std::string& body) {
            return AuthCall{.path = "/admin/course/update", .body = body, .token = world.boss};
        };
        const auto remove = [&](const std::string& body) {
            return AuthCall{.path = "/admin/course/delete", .body = body, .token = world.boss};
        };
        const std::string needed = "course_id is required";
        world.make_course("Physics", 0, 5);
        check_refusals(
            world,
            {{"no body", update(""), 400, needed},
             {"no course", update(R"({"course_name":"x"})"), 400, needed},
             {"unknown", update(R"({"course_id":99,"course_name":"x"})"), 404, "Course not found"},
             {"too small", update(R"({"course_id":1,"course_capacity":1})"), 400,
              "Capacity is below the number of selected students"},
             {"no body", remove(""), 400, needed},
             {"no course", remove("{}"), 400, needed},
             {"unknown", remove(R"({"course_id":99})"), 404, "Course not found"}});
        CHECK(world.audited("delete_course") == "upstream");
        CHECK(world.call(update(R"({"course_id":1,"course_capacity":0})")).status == 422);
        check_admin_only(world, update(R"({"course_id":1})"));
        check_admin_only(world, remove(R"({"course_id":99})"));
        const auto done = world.call(remove(R"({"course_id":)" + id + "}"));
        CHECK(member_names(done.body) == "success message");
        CHECK(done.text("message") == "Course deleted successfully");
        CHECK(world.audited("delete_course") == "ok");
        CHECK(world.get_data("/get/student?student_id=1").body["student_courses"].size() == 0);
        world.data.mode = DataMode::away;
        const std::string away = "Service communication error";
        check_refusals(world,
                       {{"away", update(R"({"course_id":2})"), 503, away},
                        {"away", remove(R"({"course_id":2})"), 503, away},
                        {"away",
                         {.method = course_get, .path = "/admin/courses", .token = world.boss},
                         503,
                         away}});
    }

    TEST_CASE("many courses are imported without a teacher, each judged on its own") {
        AdminWorld world;
        const std::string good =
            R"("course_credit":2,"course_type":"elective","course_location":"Hall",)"
            R"("course_capacity":5})";
        const auto done =
            world.post("/admin/courses/bulk-import",
                       R"([{"course_name":"Algebra",)" + good + R"(,{"course_name":"Algebra",)" +
                           good + R"(,{"course_name":"x"}])",
                       world.boss);
        CHECK(done.status == 200);
        CHECK(member_names(done.body) == "success imported_count error_count imported errors");
        CHECK(done.body["imported_count"].integer() == 1);
        CHECK(done.body["error_count"].integer() == 2);
        CHECK(done.body["errors"][0]["error"].string() == "Course with this name already exists");
        CHECK(world.audited("import_courses") == "ok");
        CHECK(world.post("/admin/courses/bulk-import", "{}", world.boss).status == 422);
        check_admin_only(world, {.path = "/admin/courses/bulk-import", .body = "[]"});
    }

    TEST_CASE("a teacher is given many courses at a time") {
        AdminWorld world;
        const auto algebra = world.make_course("Algebra");
        const auto physics = world.make_course("Physics", 7);
        const std::string ids =
            "[" + std::to_string(physics) + ",99," + std::to_string(algebra) + "]";
        const auto done = world.post("/admin/courses/batch-assign-teacher",
                                     R"({"course_ids":)" + ids + R"(,"teacher_id":1})", world.boss);
        CHECK(done.status == 200);
        CHECK(member_names(done.body) == "success updated_count error_count updated errors");
        CHECK(done.body["updated_count"].integer() == 2);
        CHECK(done.body["error_count"].integer() == 1);
        CHECK(done.body["updated"].text() ==
              "[" + std::to_string(physics) + "," + std::to_string(algebra) + "]");
        CHECK(done.body["errors"].text() == R"([{"course_id":99,"error":"Course not found"}])");
        CHECK(world.audited("assign_teacher") == "ok");
        CHECK(world.get_data("/get/teacher?teacher_id=1").body["teacher_courses"].size() == 2);
        const auto seen = world.get_data("/get/course?course_id=" + std::to_string(algebra));
        CHECK(seen.body["course_teacher_id"].integer() == 1);
        CHECK(seen.text("teacher_name") == "curie");
    }

    TEST_CASE("giving courses refuses with the contract's texts") {
        AdminWorld world;
        const auto assign = [&](const std::string& body) {
            return AuthCall{
                .path = "/admin/courses/batch-assign-teacher", .body = body, .token = world.boss};
        };
        const std::string needed = "course_ids and teacher_id are required";
        check_refusals(world,
                       {{"no body", assign(""), 400, needed},
                        {"no courses", assign(R"({"teacher_id":1})"), 400, needed},
                        {"empty", assign(R"({"course_ids":[],"teacher_id":1})"), 400, needed},
                        {"no teacher", assign(R"({"course_ids":[1]})"), 400, needed},
                        {"unknown", assign(R"({"course_ids":[1],"teacher_id":99})"), 404,
                         "Teacher not found"}});
        check_admin_only(world, assign(R"({"course_ids":[1],"teacher_id":1})"));
        std::string many = "[1";
        for (int i = 0; i < 1000; ++i) {
            many += ",1";
        }
        CHECK(world.call(assign(R"({"course_ids":)" + many + R"(],"teacher_id":1})")).status ==
              422);
        world.data.mode = DataMode::away;
        check_refusals(world, {{"away", assign(R"({"course_ids":[1],"teacher_id":1})"), 503,
                                "Service communication error"}});
    }
}
