// Contract §2 and the data node's part of §7, row by row.

#include "conformance/http_contract.hpp"

using namespace courseselect;
using test::Exchange;
using test::Method;

namespace {

const std::vector<test::DeclaredRoute> data_routes{
    {Method::get, "/health", api::Access::open},
    {Method::post, "/add/course", api::Access::internal},
    {Method::get, "/courses", api::Access::internal},
    {Method::get, "/get/course", api::Access::internal},
    {Method::get, "/get/courses", api::Access::internal},
    {Method::post, "/update/course", api::Access::internal},
    {Method::post, "/delete/course", api::Access::internal},
    {Method::post, "/bulk/import/courses", api::Access::internal},
    {Method::get, "/get/course/students", api::Access::internal},
    {Method::post, "/add/student", api::Access::internal},
    {Method::post, "/update/student", api::Access::internal},
    {Method::post, "/delete/student", api::Access::internal},
    {Method::get, "/get/student", api::Access::internal},
    {Method::post, "/add/teacher", api::Access::internal},
    {Method::post, "/update/teacher", api::Access::internal},
    {Method::post, "/delete/teacher", api::Access::internal},
    {Method::get, "/get/teacher", api::Access::internal},
    {Method::post, "/select/course", api::Access::internal},
    {Method::post, "/deselect/course", api::Access::internal},
    {Method::get, "/tags/available", api::Access::internal},
    {Method::post, "/tags/add", api::Access::internal},
    {Method::post, "/tags/sync", api::Access::internal},
    {Method::get, "/courses/schedule-config", api::Access::open},
    {Method::put, "/courses/{id}", api::Access::internal},
    {Method::delete_, "/courses/{id}", api::Access::internal},
    {Method::get, "/students", api::Access::internal},
    {Method::get, "/teachers", api::Access::internal},
    {Method::delete_, "/students/{id}", api::Access::internal},
    {Method::delete_, "/teachers/{id}", api::Access::internal},
};

const std::string page_shape = "{courses:[" + test::course_shape + "],total:int}";
const std::string person_shape = "{id:int,username:str,name:str,email:str?}";

/// A course body with `name`, and more members in front.
std::string course_of_one(const std::string& name, const std::string& more = "") {
    return "{" + more + R"("course_name":")" + name +
           R"(","course_credit":2.5,"course_type":"elective","course_teacher_id":1,)"
           R"("course_location":"A1","course_capacity":2})";
}

std::string selection(int student, int wanted) {
    return json::make_object("student_id", student, "course_id", wanted);
}

void walk(test::ThreeNodes& nodes, const std::vector<Exchange>& rows) {
    test::walk(nodes, *nodes.data, test::internal_headers(), rows);
}

}  // namespace

TEST_SUITE("conformance/http_contract/data") {
    TEST_CASE("routes, methods, slashes, preflights and the internal token") {
        test::ThreeNodes nodes;
        test::check_declared(nodes.data->service(), data_routes);
        test::check_transport(nodes, *nodes.data, data_routes);
        test::check_internal_gate(nodes, *nodes.data, data_routes);
        test::walk(
            nodes, *nodes.data, {},
            {{Method::get, "/health", "", 200, "{status:\"healthy\",service:\"data_node\"}"}});
    }

    TEST_CASE("courses: answers and refusals") {
        test::ThreeNodes nodes;
        walk(
            nodes,
            {
                {Method::get, "/courses", "", 200, "[" + test::course_shape + "]"},
                {Method::post, "/add/course", course_of_one("Algebra"), 201, test::course_shape},
                {Method::post, "/add/course",
                 course_of_one("Biology",
                               R"("course_time_begin":800,"course_time_end":950,)"
                               R"("course_schedule":{"monday":[1,13],"sunday":[]},)"
                               R"("course_tags":["b","a"],"course_notes":"n","course_cost":3,)"),
                 201, test::course_shape},
                {Method::get, "/courses", "", 200, "[" + test::course_shape + "]"},
                {Method::get, "/courses?limit=1", "", 200, "[" + test::course_shape + "]"},
                {Method::get, "/get/course?course_id=1", "", 200, test::course_shape},
                {Method::get, "/get/course?course_id=99", "", 404, "Course not found"},
                {Method::get, "/get/course?course_id=0", "", 422, "query.course_id"},
                {Method::get, "/get/course?course_id=x", "", 422, "query.course_id"},
                {Method::get, "/get/course", "", 422, "query.course_id"},
                {Method::get, "/get/courses", "", 200, page_shape},
                {Method::get, "/get/courses?teacher_id=1&course_type=elective&search=a&page=2", "",
                 200, page_shape},
                {Method::get, "/get/courses?teacher_id=&course_type=&search=", "", 200, page_shape},
                {Method::get, "/get/courses?page=0&page_size=0", "", 422,
                 "query.page,query.page_size"},
                {Method::get, "/get/courses?page=-1&page_size=1001", "", 422,
                 "query.page,query.page_size"},
                {Method::get, "/get/courses?page_size=1000", "", 200, page_shape},
                {Method::post, "/update/course?course_id=1", R"({"course_name":"Algebra 1"})", 200,
                 test::course_shape},
                {Method::post, "/update/course?course_id=1", "{}", 200, test::course_shape},
                {Method::post, "/update/course?course_id=99", "{}", 404, "Course not found"},
                {Method::post, "/update/course", "[]", 422, "query.course_id,body"},
                {Method::post, "/update/course?course_id=1", "", 422, "body"},
                {Method::put, "/courses/1", R"({"is_active":false})", 200, test::course_shape},
                {Method::put, "/courses/99", "{}", 404, "Course not found"},
                {Method::put, "/courses/x", "{}", 422, "path.id"},
                {Method::get, "/get/course/students?course_id=1", "", 200, test::members_shape},
                {Method::get, "/get/course/students?course_id=99", "", 404, "Course not found"},
                {Method::post, "/delete/course?course_id=1", "", 200,
                 test::done_shape("Course deleted successfully")},
                {Method::post, "/delete/course?course_id=1", "", 404, "Course not found"},
                {Method::delete_, "/courses/2", "", 200,
                 test::done_shape("Course deleted successfully")},
                {Method::delete_, "/courses/2", "", 404, "Course not found"},
            });
    }

    TEST_CASE("CourseCreate and CourseUpdate: every bound, and null") {
        test::ThreeNodes nodes;
        const auto with = [](const std::string& member) {
            return course_of_one("Algebra", member + ",");
        };
        const std::string text200(200, 'x');
        walk(
            nodes,
            {
                {Method::post, "/add/course", "{}", 422,
                 "body.course_name,body.course_credit,body.course_type,body.course_location,"
                 "body.course_capacity,body.course_teacher_id"},
                {Method::post, "/add/course", course_of_one(text200), 201, test::course_shape},
                {Method::post, "/add/course", course_of_one(text200 + "x"), 422,
                 "body.course_name"},
                {Method::post, "/add/course", course_of_one(""), 422, "body.course_name"},
                {Method::post, "/update/course?course_id=1",
                 R"({"course_name":null,"course_credit":null,"course_type":null,)"
                 R"("course_teacher_id":null,"course_location":null,"course_capacity":null,)"
                 R"("course_tags":null,"course_notes":null,"course_cost":null,"is_active":null,)"
                 R"("course_time_begin":null,"course_time_end":null,"course_schedule":null})",
                 200, test::course_shape},
                {Method::post, "/update/course?course_id=1",
                 R"({"course_name":"","course_credit":-0.5,"course_type":"","course_teacher_id":0,)"
                 R"("course_location":"","course_capacity":0,"course_notes":17,"course_cost":-1,)"
                 R"("is_active":"maybe"})",
                 422,
                 "body.course_name,body.course_credit,body.course_type,body.course_teacher_id,"
                 "body.course_location,body.course_capacity,body.course_notes,body.course_cost,"
                 "body.is_active"},
                {Method::post, "/update/course?course_id=1",
                 R"({"course_type":")" + std::string(51, 'x') + R"(","course_location":")" +
                     std::string(101, 'x') + R"(","course_notes":")" + std::string(501, 'x') +
                     R"("})",
                 422, "body.course_type,body.course_location,body.course_notes"},
                {Method::post, "/update/course?course_id=1",
                 R"({"course_type":")" + std::string(50, 'x') + R"(","course_location":")" +
                     std::string(100, 'x') + R"(","course_notes":")" + std::string(500, 'x') +
                     R"("})",
                 200, test::course_shape},
                {Method::post, "/add/course", with(R"("course_schedule":{"monday":[0,14]})"), 422,
                 "body.course_schedule.monday.0,body.course_schedule.monday.1"},
                {Method::post, "/add/course", with(R"("course_schedule":{"Monday":[1]})"), 422,
                 "body.course_schedule.Monday.[key]"},
                {Method::post, "/add/course", with(R"("course_tags":"a")"), 422,
                 "body.course_tags"},
                {Method::post, "/add/course", with(R"("course_tags":["a",1])"), 422,
                 "body.course_tags.1"},
            });
    }

    TEST_CASE("a bulk import judges each item on its own") {
        test::ThreeNodes nodes;
        nodes.add_course("Algebra", 2);
        const std::string unassigned =
            R"({"course_name":"Chemistry","course_credit":1,"course_type":"t",)"
            R"("course_location":"A1","course_capacity":2,"course_schedule":{"friday":[3]}})";
        const std::string bad_time =
            course_of_one("Drama", R"("course_time_begin":900,"course_time_end":800,)");
        const std::string items = "[" + course_of_one("Algebra") + ",17," + unassigned + "," +
                                  bad_time + "," + course_of_one("Drama") +
                                  R"(,{"course_name":"Empty"}])";
        walk(nodes, {{Method::post, "/bulk/import/courses", items, 200, test::import_shape},
                     {Method::post, "/bulk/import/courses", "[]", 200, test::import_shape},
                     {Method::post, "/bulk/import/courses", "{}", 422, "body"}});
        const auto again = nodes.inside(*nodes.data, Method::post, "/bulk/import/courses", items);
        CHECK(again.body["imported_count"].integer() == 0);
        CHECK(again.body["error_count"].integer() == 6);
        const auto& errors = again.body["errors"];
        CHECK(errors[0]["error"].string() == "Course with this name already exists");
        CHECK(errors[1]["index"].integer() == 1);
        CHECK(errors[1]["course_name"].string() == "");
        CHECK(errors[5]["course_name"].string() == "Empty");
        const auto all = nodes.inside(*nodes.data, Method::get, "/courses");
        REQUIRE(all.body.size() == 3);  // the item that failed left its name to the next one
        CHECK(all.body[1]["course_teacher_id"].integer() == 0);
        CHECK(all.body[1]["course_schedule"]["friday"][0].integer() == 3);
        CHECK(all.body[1]["course_weekdays"][0].integer() == 5);
        CHECK(all.body[2]["course_name"].string() == "Drama");
    }

    TEST_CASE("students and teachers: answers and refusals") {
        test::ThreeNodes nodes;
        walk(nodes,
             {
                 {Method::post, "/add/student", R"({"student_name":"alice","student_tags":["a"]})",
                  201, test::student_shape},
                 {Method::post, "/add/student", R"({"student_name":"bob","student_id":null})", 201,
                  test::student_shape},
                 {Method::post, "/add/student", R"({"student_name":"carol","student_id":"7"})", 201,
                  test::student_shape},
                 {Method::post, "/add/student", R"({"student_name":"dave","student_id":7})", 400,
                  "Student with this ID already exists"},
                 {Method::post, "/add/student", R"({"student_name":"alice"})", 400,
                  "Student with this name already exists"},
                 {Method::post, "/add/student", R"({"student_name":"","student_id":0})", 422,
                  "body.student_name,body.student_id"},
                 {Method::post, "/add/student",
                  R"({"student_name":"x","student_id":9007199254740992})", 422, "body.student_id"},
                 {Method::post, "/add/student",
                  R"({"student_name":")" + std::string(101, 'x') + R"(","student_tags":"a"})", 422,
                  "body.student_name,body.student_tags"},
                 {Method::get, "/get/student?student_id=1", "", 200, test::student_shape},
                 {Method::get, "/get/student?student_id=99", "", 404, "Student not found"},
                 {Method::get, "/students", "", 200, "[" + person_shape + "]"},
                 {Method::get, "/students?limit=0", "", 422, "query.limit"},
                 {Method::post,
                  "/update/student?student_id=1&student_name=al&student_tags=a&"
                  "student_tags=b%20c",
                  "", 200, test::student_shape},
                 {Method::post, "/update/student", R"({"student_id":1,"student_tags":[]})", 200,
                  test::student_shape},
                 {Method::post, "/update/student?student_id=1&student_name=bob", "", 400,
                  "Student with this name already exists"},
                 {Method::post, "/update/student?student_id=99", "", 404, "Student not found"},
                 {Method::post, "/update/student", "", 422, "query.student_id"},
                 {Method::delete_, "/students/2", "", 200,
                  test::done_shape("Student deleted successfully")},
                 {Method::delete_, "/students/2", "", 404, "Student not found"},
                 {Method::post, "/delete/student?student_id=1", "", 200,
                  test::done_shape("Student deleted successfully")},
                 {Method::post, "/delete/student?student_id=1", "", 404, "Student not found"},
                 {Method::post, "/add/teacher", R"({"teacher_name":"curie"})", 201,
                  test::teacher_shape},
                 {Method::post, "/add/teacher", R"({"teacher_name":"noether","teacher_id":1})", 400,
                  "Teacher with this ID already exists"},
                 {Method::post, "/add/teacher", R"({"teacher_name":"curie"})", 400,
                  "Teacher with this name already exists"},
                 {Method::post, "/add/teacher", R"({"teacher_name":"noether","teacher_id":2})", 201,
                  test::teacher_shape},
                 {Method::post, "/add/teacher", "{}", 422, "body.teacher_name"},
                 {Method::get, "/get/teacher?teacher_id=1", "", 200, test::teacher_shape},
                 {Method::get, "/get/teacher?teacher_id=99", "", 404, "Teacher not found"},
                 {Method::get, "/teachers", "", 200, "[" + person_shape + "]"},
                 {Method::post, "/update/teacher?teacher_id=1&teacher_name=marie", "", 200,
                  test::teacher_shape},
                 {Method::post, "/update/teacher?teacher_id=99&teacher_name=x", "", 404,
                  "Teacher not found"},
                 {Method::post, "/update/teacher?teacher_id=1", "", 422, "query.teacher_name"},
                 {Method::post, "/add/course", course_of_one("Algebra"), 201, test::course_shape},
                 {Method::post, "/delete/teacher?teacher_id=1", "", 400,
                  "Cannot delete teacher with assigned courses"},
                 {Method::delete_, "/teachers/1", "", 400,
                  "Cannot delete teacher with assigned courses"},
                 {Method::post, "/delete/teacher?teacher_id=2", "", 200,
                  test::done_shape("Teacher deleted successfully")},
                 {Method::delete_, "/teachers/2", "", 404, "Teacher not found"},
             });
    }

    TEST_CASE("ids: a chosen one is never handed out again, and none is too large to go on") {
        test::ThreeNodes nodes;
        walk(nodes, {{Method::post, "/add/student",
                      R"({"student_name":"last","student_id":9007199254740991})", 201,
                      test::student_shape},
                     {Method::post, "/add/student", R"({"student_name":"next"})", 201,
                      test::student_shape}});
        const auto all = nodes.inside(*nodes.data, Method::get, "/students");
        CHECK(all.body[1]["id"].integer() == 9007199254740992);
        CHECK(all.body[1]["username"].string() == "next");
    }

    TEST_CASE("selection: the first error that applies, then both sides together") {
        test::ThreeNodes nodes;
        nodes.add_student("alice");
        nodes.add_student("bob");
        nodes.add_course("Algebra", 1);
        const std::string select = "/select/course";
        const std::string deselect = "/deselect/course";
        walk(nodes, {
                        {Method::post, select, selection(99, 99), 404, "Student not found"},
                        {Method::post, select, selection(1, 99), 404, "Course not found"},
                        {Method::post, deselect, selection(1, 1), 400,
                         "Student has not selected this course"},
                        {Method::post, select, selection(1, 1), 200,
                         test::done_shape("Course selected successfully")},
                        {Method::post, select, selection(1, 1), 400, "Course is full"},
                        {Method::post, select, selection(2, 1), 400, "Course is full"},
                        {Method::post, "/update/course?course_id=1", R"({"course_capacity":3})",
                         200, test::course_shape},
                        {Method::post, select, selection(1, 1), 400,
                         "Student already selected this course"},
                        {Method::post, select, R"({"student_id":"2","course_id":1.0,"more":true})",
                         200, test::done_shape("Course selected successfully")},
                        {Method::post, "/update/course?course_id=1", R"({"course_capacity":1})",
                         400, "Capacity is below the number of selected students"},
                        {Method::post, "/update/course?course_id=1", R"({"course_capacity":2})",
                         200, test::course_shape},
                        {Method::post, select, R"({"student_id":0,"course_id":1.5})", 422,
                         "body.student_id,body.course_id"},
                        {Method::post, select, "{", 422, "body.1"},
                        {Method::post, deselect, selection(2, 1), 200,
                         test::done_shape("Course deselected successfully")},
                        {Method::post, deselect, selection(99, 1), 404, "Student not found"},
                        {Method::post, deselect, selection(1, 99), 404, "Course not found"},
                    });
        const auto seen = nodes.inside(*nodes.data, Method::get, "/get/course?course_id=1");
        CHECK(seen.body["course_selected"].integer() == 1);
        CHECK(seen.body["course_selected_count"].integer() == 1);
        CHECK(seen.body["course_left"].integer() == 1);
    }

    TEST_CASE("tags: the pair is unique, the list is sorted, sync finds all, an update clears") {
        test::ThreeNodes nodes;
        const std::string list = "{tags:[{tag_name:str,tag_type:str,usage_count:int}]}";
        const std::string bad_kind = "tag_type must be 'user' or 'course'";
        walk(nodes, {
                        {Method::get, "/tags/available", "", 200, list},
                        {Method::post, "/tags/add?tag_name=b&tag_type=user", "", 200,
                         test::done_shape("Tag added successfully")},
                        {Method::post, "/tags/add?tag_name=b&tag_type=course", "", 200,
                         test::done_shape("Tag added successfully")},
                        {Method::post, "/tags/add?tag_name=b&tag_type=user", "", 200,
                         test::done_shape("Tag usage count incremented")},
                        {Method::post, "/tags/add?tag_name=b&tag_type=other", "", 400, bad_kind},
                        {Method::post, "/tags/add", "", 422, "query.tag_name,query.tag_type"},
                        {Method::post, "/tags/sync", "", 200,
                         "{success:bool,message:\"Tags synced successfully\",course_tags_count:int,"
                         "user_tags_count:int}"},
                    });
        const auto alice = nodes.add_student("alice", R"(,"student_tags":["a","c"])");
        nodes.add_course("Algebra", 1, R"(,"course_tags":["a"])");
        const auto synced = nodes.inside(*nodes.data, Method::post, "/tags/sync");
        CHECK(synced.body["user_tags_count"].integer() == 2);
        CHECK(synced.body["course_tags_count"].integer() == 1);
        const auto names = [&](const std::string& kind) {
            std::string found;
            const auto tags =
                nodes.inside(*nodes.data, Method::get, "/tags/available?tag_type=" + kind);
            for (const json::Value& tag : tags.body["tags"].items()) {
                found += tag["tag_name"].string().value_or("") + tag["usage_count"].text() + " ";
            }
            return found;
        };
        CHECK(names("user") == "b2 a1 c1 ");  // most used first, then by name
        CHECK(names("course") == "a1 b1 ");
        CHECK(names("") == "b2 a1 a1 b1 c1 ");
        const std::string update = "/update/student?student_id=" + std::to_string(alice);
        nodes.inside(*nodes.data, Method::post, update + "&student_tags=d&student_tags=a");
        CHECK(names("user") == "b2 a1 c1 d1 ");
        const auto cleared =
            nodes.inside(*nodes.data, Method::post, update, R"({"student_tags":[]})");
        CHECK(cleared.body["student_tags"].size() == 0);
    }

    TEST_CASE("search takes % and _ literally, in name, location and notes, whatever the case") {
        test::ThreeNodes nodes;
        nodes.add_course("100% Algebra", 1);
        nodes.add_course("Biology_2", 1, R"(,"course_notes":"Lab coat")");
        const auto found = [&](const std::string& text) {
            const auto page = nodes.inside(*nodes.data, Method::get, "/get/courses?search=" + text);
            return page.body["total"].integer().value_or(-1);
        };
        CHECK(found("%25") == 1);
        CHECK(found("_") == 1);
        CHECK(found("a%25a") == 0);
        CHECK(found("LAB") == 1);
        CHECK(found("a1") == 2);  // where both are held
        CHECK(found("") == 2);
    }

    TEST_CASE("deleting takes a course from its teacher and students, a student from courses") {
        test::ThreeNodes nodes;
        nodes.inside(*nodes.data, Method::post, "/add/teacher", R"({"teacher_name":"curie"})");
        const auto first = nodes.add_course("Algebra", 5);
        const auto second = nodes.add_course("Biology", 5);
        const auto alice = nodes.add_student("alice");
        for (const std::int64_t id : {first, second}) {
            nodes.inside(*nodes.data, Method::post, "/select/course",
                         json::make_object("student_id", alice, "course_id", id));
        }
        const auto get = [&](const std::string& target) {
            return nodes.inside(*nodes.data, Method::get, target).body;
        };
        CHECK(get("/get/teacher?teacher_id=1")["teacher_courses"].text() == "[1,2]");
        nodes.inside(*nodes.data, Method::delete_, "/courses/1");
        CHECK(get("/get/teacher?teacher_id=1")["teacher_courses"].text() == "[2]");
        CHECK(get("/get/student?student_id=1")["student_courses"].text() == "[2]");
        nodes.inside(*nodes.data, Method::post, "/add/teacher", R"({"teacher_name":"noether"})");
        const auto moved =
            nodes.inside(*nodes.data, Method::put, "/courses/2", R"({"course_teacher_id":2})");
        CHECK(moved.body["teacher_name"].string() == "noether");
        CHECK(get("/get/teacher?teacher_id=1")["teacher_courses"].text() == "[]");
        CHECK(get("/get/teacher?teacher_id=2")["teacher_courses"].text() == "[2]");
        nodes.inside(*nodes.data, Method::delete_, "/students/1");
        CHECK(get("/get/course?course_id=2")["course_selected"].integer() == 0);
        CHECK(get("/get/course/students?course_id=2")["total"].integer() == 0);
    }
}
