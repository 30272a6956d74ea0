#include "courseselect/nodes/teacher/teacher_node.hpp"

#include <doctest/doctest.h>

#include "nodes/teacher/fixture.hpp"

using namespace courseselect;
using net::http::Method;

namespace {

const std::string draft = R"("course_credit":2,"course_type":"elective",)"
                          R"("course_location":"A1","course_capacity":3)";

std::string at(const std::string& path, std::int64_t course) {
    return path + "?course_id=" + std::to_string(course);
}

}  // namespace

TEST_SUITE("nodes/teacher/teacher_node") {
    TEST_CASE("a course is created, listed, shown, changed and deleted by its teacher") {
        test::TeacherNodes nodes;
        const auto made =
            nodes.teacher(Method::post, "/teacher/course/create",
                          R"({"course_name":"Algebra","course_teacher_id":0,)" + draft + "}");
        REQUIRE(made.status == 200);
        CHECK(made.body["message"].string() == "Course created successfully");
        const auto course = made.body["course_id"].integer().value_or(0);
        const auto list = nodes.teacher(Method::get, "/teacher/courses");
        CHECK(list.body["total"].integer() == 1);
        CHECK(list.body["courses"][0]["course_teacher_id"].integer() == 1);
        CHECK(nodes.other(Method::get, "/teacher/courses").body["total"].integer() == 0);
        CHECK(nodes.admin(Method::get, "/teacher/courses").body["total"].integer() == 1);
        const auto changed = nodes.teacher(Method::put, at("/teacher/course/update", course),
                                           R"({"course_name":"Algebra 2","course_teacher_id":1})");
        CHECK(changed.body["message"].string() == "Course updated successfully");
        const auto shown = nodes.teacher(Method::post, at("/teacher/course/detail", course));
        CHECK(shown.body["course_name"].string() == "Algebra 2");
        CHECK(shown.body["course_capacity"].integer() == 3);
        CHECK(shown.body["students"].is_array());
        const auto gone = nodes.teacher(Method::delete_, at("/teacher/course/delete", course));
        CHECK(gone.body["message"].string() == "Course deleted successfully");
        CHECK(nodes.teacher(Method::post, at("/teacher/course/detail", course)).status == 404);
    }

    TEST_CASE("an admin names the teacher; an import belongs to its teacher") {
        test::TeacherNodes nodes;
        const auto nobody = nodes.admin(Method::post, "/teacher/course/create",
                                        R"({"course_name":"Algebra",)" + draft + "}");
        CHECK(nobody.status == 400);
        CHECK(nobody.detail() == "course_teacher_id is required");
        const auto named =
            nodes.admin(Method::post, "/teacher/course/create",
                        R"({"course_name":"Algebra","course_teacher_id":2,)" + draft + "}");
        CHECK(named.status == 200);
        const auto imported = nodes.teacher(Method::post, "/teacher/courses/bulk-import",
                                            R"([{"course_name":"Biology","course_teacher_id":2,)" +
                                                draft + R"(},{"course_name":"Algebra",)" + draft +
                                                R"(},17,{"course_name":"Nothing"}])");
        CHECK(imported.body["imported_count"].integer() == 1);
        CHECK(imported.body["error_count"].integer() == 3);
        CHECK(imported.body["errors"][0]["error"].string() ==
              "Course with this name already exists");
        const auto own = nodes.teacher(Method::get, "/teacher/courses");
        CHECK(own.body["courses"][0]["course_name"].string() == "Biology");
        CHECK(nodes.other(Method::get, "/teacher/courses").body["total"].integer() == 1);
    }

    TEST_CASE("a file of courses is imported like a list of them") {
        test::TeacherNodes nodes;
        const auto upload = [&](const std::string& csv) {
            const std::string form =
                "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"c.csv\"\r\n"
                "\r\n" +
                csv + "\r\n--b--\r\n";
            return nodes.base.call(
                nodes.node->handler(), Method::post, "/teacher/courses/import", form,
                {{"Authorization", "Bearer " + nodes.base.token(1, auth::UserKind::teacher)},
                 {"Content-Type", "multipart/form-data; boundary=b"}});
        };
        const auto done = upload(
            "course_name,course_credit,course_type,course_location,course_capacity,course_tags,"
            "course_schedule,course_teacher_id\n"
            "Algebra,2.5,elective,Hall,30,year1;honours,\"monday:1-2\",2\n"
            "Broken,x,elective,Hall,0,,,\n");
        CHECK(done.status == 200);
        CHECK(done.body["imported_count"].integer() == 1);
        CHECK(done.body["error_count"].integer() == 1);
        CHECK(done.body["errors"][0]["index"].integer() == 1);
        const auto own = nodes.teacher(Method::get, "/teacher/courses").body["courses"][0];
        CHECK(own["course_name"].string() == "Algebra");
        CHECK(own["course_capacity"].integer() == 30);
        CHECK(own["course_tags"].size() == 2);
        CHECK(own["course_schedule"]["monday"].size() == 2);
        CHECK(own["course_teacher_id"].integer() == 1);  // whatever the file says
        const auto wrong = upload("name\nAlgebra\n");
        CHECK(wrong.status == 400);
        CHECK(wrong.detail() == "line 1: the file has no column course_name");
        CHECK(nodes.teacher(Method::post, "/teacher/courses/import", "{}").status == 422);
    }

    TEST_CASE("nobody acts on another teacher's course, and unknown courses are 404") {
        test::TeacherNodes nodes;
        const auto course = nodes.base.add_course("Algebra", 3);
        const auto add = [](std::int64_t id) {
            return R"({"course_id":)" + std::to_string(id) + R"(,"student_ids":[1]})";
        };
        const auto bulk = [](std::int64_t id) {
            return R"({"course_id":)" + std::to_string(id) + R"(,"usernames":["alice"]})";
        };
        const auto check = [&](std::int64_t id, int status, auto text_of) {
            const auto expect = [&](const test::Answer& answer, const char* action) {
                CHECK(answer.status == status);
                CHECK(answer.detail() == text_of(action));
            };
            expect(nodes.other(Method::post, at("/teacher/course/detail", id)), "view");
            expect(nodes.other(Method::get, at("/teacher/course/students", id)), "view");
            expect(nodes.other(Method::put, at("/teacher/course/update", id), "{}"), "update");
            expect(nodes.other(Method::delete_, at("/teacher/course/delete", id)), "delete");
            expect(nodes.other(Method::post, at("/teacher/student/remove", id) + "&student_id=1"),
                   "modify");
            expect(nodes.other(Method::post, "/teacher/course/add-students", add(id)), "modify");
            expect(nodes.other(Method::post, "/teacher/course/bulk-add-students", bulk(id)),
                   "modify");
        };
        check(course, 403, [](const std::string& action) {
            return "Not authorized to " + action + " this course";
        });
        check(4711, 404, [](const std::string&) { return std::string("Course not found"); });
        const auto given = nodes.teacher(Method::put, at("/teacher/course/update", course),
                                         R"({"course_teacher_id":2})");
        CHECK(given.status == 403);
        const auto moved = nodes.admin(Method::put, at("/teacher/course/update", course),
                                       R"({"course_teacher_id":2})");
        CHECK(moved.status == 200);
        CHECK(nodes.other(Method::post, at("/teacher/course/detail", course)).status == 200);
    }

    TEST_CASE("students are added by id, listed, counted and removed") {
        test::TeacherNodes nodes;
        const auto course = nodes.base.add_course("Algebra", 2);
        const auto alice = nodes.base.add_student("alice");
        REQUIRE(alice == 1);
        const auto id = std::to_string(course);
        const auto added = nodes.teacher(Method::post, "/teacher/course/add-students",
                                         R"({"course_id":)" + id + R"(,"student_ids":[1,77,1]})");
        CHECK(added.body["message"].string() == "Added 1 students successfully");
        CHECK(added.body["success_count"].integer() == 1);
        CHECK(added.body["errors"].size() == 2);
        CHECK(added.body["errors"][0].string() == "Student 77: Student not found");
        const auto members = nodes.teacher(Method::get, at("/teacher/course/students", course));
        CHECK(members.body["total"].integer() == 1);
        CHECK(members.body["students"][0]["username"].string() == "alice");
        const auto stats = nodes.teacher(Method::get, "/teacher/stats");
        CHECK(stats.body["total_courses"].integer() == 1);
        CHECK(stats.body["total_students"].integer() == 1);
        CHECK(stats.body["courses_by_type"]["elective"].integer() == 1);
        const auto small = nodes.teacher(Method::put, at("/teacher/course/update", course),
                                         R"({"course_capacity":0})");
        CHECK(small.status == 422);
        const std::string remove = at("/teacher/student/remove", course) + "&student_id=1";
        CHECK(nodes.teacher(Method::post, remove).body["message"].string() ==
              "Student removed from course successfully");
        const auto again = nodes.teacher(Method::post, remove);
        CHECK(again.status == 400);
        CHECK(again.detail() == "Student has not selected this course");
    }

    TEST_CASE("students are added by name") {
        test::TeacherNodes nodes;
        const auto course = nodes.base.add_course("Algebra", 2);
        nodes.base.add_student("alice");
        const auto body = R"({"course_id":)" + std::to_string(course) +
                          R"(,"usernames":["nobody&x=1","curie","alice"]})";
        const auto added = nodes.teacher(Method::post, "/teacher/course/bulk-add-students", body);
        CHECK(added.body["success_count"].integer() == 1);
        CHECK(nodes.auth.calls == 1);  // for all names together
        CHECK(nodes.auth.last_target == "/internal/users/lookup");
        REQUIRE(added.body["errors"].size() == 2);
        CHECK(added.body["errors"][0].string() == "nobody&x=1: User not found");
        CHECK(added.body["errors"][1].string() == "curie: User is not a student");
        const auto again = nodes.teacher(Method::post, "/teacher/course/bulk-add-students", body);
        CHECK(again.body["errors"][2].string() == "alice: Student already selected this course");
        nodes.auth_away = true;
        const auto away = nodes.teacher(Method::post, "/teacher/course/bulk-add-students", body);
        CHECK(away.status == 503);
        CHECK(away.detail() == "Service communication error");
    }

    TEST_CASE("what is missing in a request to add students is a 400, too many are a 422") {
        test::TeacherNodes nodes;
        const auto post = [&](const char* path, const std::string& body) {
            return nodes.teacher(Method::post, path, body);
        };
        const char* by_id = "/teacher/course/add-students";
        const char* by_name = "/teacher/course/bulk-add-students";
        for (const char* body : {"{}", R"({"course_id":1})", R"({"course_id":1,"student_ids":[]})",
                                 R"({"course_id":1,"student_ids":null})"}) {
            CHECK(post(by_id, body).status == 400);
            CHECK(post(by_id, body).detail() == "course_id and student_ids are required");
        }
        CHECK(post(by_name, R"({"usernames":["alice"]})").detail() ==
              "course_id and usernames are required");
        const auto many = [](int count) {
            std::string body = R"({"course_id":1,"student_ids":[1)";
            for (int i = 1; i < count; ++i) {
                body += ",1";
            }
            return body + "]}";
        };
        CHECK(post(by_id, many(1000)).status == 404);  // read, and then there is no course 1
        CHECK(post(by_id, many(1001)).status == 422);
    }

    TEST_CASE("of accounts only number and name are shown") {
        test::TeacherNodes nodes;
        const auto page = nodes.teacher(Method::get, "/teacher/students");
        CHECK(page.status == 200);
        CHECK(page.body["users"][0].members().size() == 3);
        CHECK(page.body["users"][0]["username"].string() == "alice");
        CHECK(page.text.find("SECRET") == std::string::npos);
        CHECK(nodes.auth.last_target == "/admin/users?user_type=student&page=1&page_size=1000");
        CHECK(nodes.auth.last_token == test::test_internal_token.reveal());
        CHECK(nodes.teacher(Method::get, "/teacher/students?page_size=1001").status == 422);
    }

    TEST_CASE("students stay out, limits come before tokens, absent nodes are 503") {
        test::TeacherNodes nodes(
            ratelimit::LimiterOptions{.bucket = {.capacity = 3, .refill_per_second = 0.001}});
        const auto student = nodes.as(auth::UserKind::student, 1, Method::get, "/teacher/courses");
        CHECK(student.status == 403);
        CHECK(student.detail() == "Teacher or admin access required");
        nodes.base.data_away = true;
        const auto away = nodes.teacher(Method::get, "/teacher/courses");
        CHECK(away.status == 503);
        CHECK(away.detail() == "Service communication error");
        const std::vector<net::http::Header> bad{{"Authorization", "Bearer nonsense"}};
        const auto call = [&] {
            return nodes.base.call(nodes.node->handler(), Method::get, "/teacher/stats", "", bad);
        };
        CHECK(call().status == 401);
        CHECK(call().status == 429);
        const auto health = nodes.base.call(nodes.node->handler(), Method::get, "/health", "", {});
        CHECK(health.body["service"].string() == "teacher_node");
    }
}
