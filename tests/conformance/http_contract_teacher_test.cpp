// Contract §4, row by row.

#include "conformance/http_contract.hpp"

using namespace courseselect;
using test::Method;

namespace {

const std::vector<test::DeclaredRoute> teacher_routes{
    {Method::get, "/health", api::Access::open},
    {Method::get, "/teacher/courses", api::Access::teacher},
    {Method::post, "/teacher/course/detail", api::Access::teacher},
    {Method::post, "/teacher/course/create", api::Access::teacher},
    {Method::post, "/teacher/courses/bulk-import", api::Access::teacher},
    {Method::post, "/teacher/courses/import", api::Access::teacher},
    {Method::put, "/teacher/course/update", api::Access::teacher},
    {Method::delete_, "/teacher/course/delete", api::Access::teacher},
    {Method::post, "/teacher/student/remove", api::Access::teacher},
    {Method::get, "/teacher/course/students", api::Access::teacher},
    {Method::get, "/teacher/students", api::Access::teacher},
    {Method::post, "/teacher/course/add-students", api::Access::teacher},
    {Method::post, "/teacher/course/bulk-add-students", api::Access::teacher},
    {Method::get, "/teacher/stats", api::Access::teacher},
    {Method::get, "/teacher/course/reviews", api::Access::teacher},
    {Method::get, "/teacher/videos", api::Access::teacher},
    {Method::post, "/teacher/video/create", api::Access::teacher},
    {Method::put, "/teacher/video/update", api::Access::teacher},
    {Method::delete_, "/teacher/video/delete", api::Access::teacher},
    {Method::get, "/teacher/video/progress", api::Access::teacher},
    {Method::get, "/teacher/quizzes", api::Access::teacher},
    {Method::post, "/teacher/quiz/create", api::Access::teacher},
    {Method::put, "/teacher/quiz/update", api::Access::teacher},
    {Method::delete_, "/teacher/quiz/delete", api::Access::teacher},
    {Method::get, "/teacher/quiz/attempts", api::Access::teacher},
};

const std::string taught_shape =
    "{" + test::course_members + ",students:[{student_id:int,name:str,user_id:int,username:str}]}";
const std::string created_shape =
    "{success:bool,course_id:int,message:\"Course created successfully\"}";
std::string added_shape(int count) {
    return "{success:bool,message:\"Added " + std::to_string(count) +
           " students successfully\",success_count:int,errors:[str]}";
}

/// A course body; `teacher` is a member with a comma behind it, or nothing.
std::string draft_of(const std::string& name, const std::string& teacher = "") {
    return "{" + teacher + R"("course_name":")" + name +
           R"(","course_credit":2,"course_type":"elective","course_location":"A1",)"
           R"("course_capacity":2})";
}

/// Who asks is teacher 1, unless a token for somebody else is given.
void walk(test::TeacherNodes& nodes, const std::vector<test::Exchange>& rows,
          auth::UserKind kind = auth::UserKind::teacher, std::int64_t id = 1) {
    test::walk(nodes.base, *nodes.node, {{"Authorization", "Bearer " + nodes.base.token(id, kind)}},
               rows);
}

}  // namespace

TEST_SUITE("conformance/http_contract/teacher") {
    TEST_CASE("routes, methods, slashes, preflights, tokens and roles") {
        test::TeacherNodes nodes;
        test::check_declared(nodes.node->service(), teacher_routes);
        test::check_transport(nodes.base, *nodes.node, teacher_routes);
        test::check_bearer_gate(nodes.base, *nodes.node, teacher_routes, auth::UserKind::student,
                                "Teacher or admin access required");
        test::walk(
            nodes.base, *nodes.node, {},
            {{Method::get, "/health", "", 200, "{status:\"healthy\",service:\"teacher_node\"}"}});
    }

    TEST_CASE("answers and refusals on one's own courses") {
        test::TeacherNodes nodes;
        nodes.base.add_student("alice");
        nodes.base.add_student("bob");
        const std::string by_id = "/teacher/course/add-students";
        const std::string by_name = "/teacher/course/bulk-add-students";
        const std::string remove = "/teacher/student/remove?course_id=1&student_id=";
        walk(
            nodes,
            {
                {Method::post, "/teacher/course/create", draft_of("Algebra"), 200, created_shape},
                {Method::post, "/teacher/course/create",
                 draft_of("Biology", R"("course_teacher_id":0,)"), 200, created_shape},
                {Method::post, "/teacher/course/create",
                 draft_of("Chemistry", R"("course_teacher_id":9,)"), 200, created_shape},
                {Method::post, "/teacher/course/create", "{}", 422,
                 "body.course_name,body.course_credit,body.course_type,body.course_location,"
                 "body.course_capacity"},
                {Method::get, "/teacher/courses", "", 200,
                 "{courses:[" + test::course_shape + "],total:int}"},
                {Method::post, "/teacher/course/detail?course_id=1", "", 200, taught_shape},
                {Method::post, "/teacher/course/detail", "", 422, "query.course_id"},
                {Method::put, "/teacher/course/update?course_id=1",
                 R"({"course_name":"Algebra 1","course_teacher_id":1})", 200,
                 test::done_shape("Course updated successfully")},
                {Method::put, "/teacher/course/update?course_id=1", R"({"course_teacher_id":2})",
                 403, "Not authorized to update this course"},
                {Method::put, "/teacher/course/update?course_id=1", "", 422, "body"},
                {Method::post, "/teacher/courses/bulk-import",
                 "[" + draft_of("Drama", R"("course_teacher_id":9,)") + ",3," +
                     draft_of("Biology") + "]",
                 200, test::import_shape},
                {Method::post, "/teacher/courses/bulk-import", "{}", 422, "body"},
                {Method::post, by_id, R"({"course_id":1,"student_ids":[1,77]})", 200,
                 added_shape(1)},
                {Method::post, by_id, "{}", 400, "course_id and student_ids are required"},
                {Method::post, by_id, R"({"course_id":null,"student_ids":null})", 400,
                 "course_id and student_ids are required"},
                {Method::post, by_id, R"({"course_id":1,"student_ids":["x",0]})", 422,
                 "body.student_ids.0,body.student_ids.1"},
                {Method::post, by_name, R"({"course_id":2,"usernames":["alice","curie","x"]})", 200,
                 added_shape(1)},
                {Method::post, by_name, R"({"course_id":2,"usernames":null})", 400,
                 "course_id and usernames are required"},
                {Method::post, by_name, R"({"course_id":2,"usernames":[7]})", 422,
                 "body.usernames.0"},
                {Method::put, "/teacher/course/update?course_id=1", R"({"course_capacity":0})", 422,
                 "body.course_capacity"},
                {Method::get, "/teacher/course/students?course_id=1", "", 200, test::members_shape},
                {Method::post, remove + "1", "", 200,
                 test::done_shape("Student removed from course successfully")},
                {Method::post, remove + "1", "", 400, "Student has not selected this course"},
                {Method::post, remove + "99", "", 404, "Student not found"},
                {Method::post, "/teacher/student/remove", "", 422,
                 "query.student_id,query.course_id"},
                {Method::get, "/teacher/students", "", 200,
                 "{users:[{user_id:int,username:str,name:str}],total:int,page:int,page_size:int}"},
                {Method::get, "/teacher/stats", "", 200,
                 "{total_courses:int,total_students:int,courses_by_type:{*:int}}"},
                {Method::delete_, "/teacher/course/delete?course_id=1", "", 200,
                 test::done_shape("Course deleted successfully")},
                {Method::delete_, "/teacher/course/delete?course_id=1", "", 404,
                 "Course not found"},
            });
        const auto own = nodes.teacher(Method::get, "/teacher/courses");
        CHECK(own.body["total"].integer() == 3);  // all are the caller's, whatever they sent
        CHECK(nodes.as(auth::UserKind::teacher, 9, Method::get, "/teacher/courses")
                  .body["total"]
                  .integer() == 0);
    }

    TEST_CASE("others' courses are 403 and unknown ones 404, before anything else is looked at") {
        test::TeacherNodes nodes;
        nodes.base.add_course("Algebra", 2);  // teacher 1's
        const auto rows = [](const std::string& id, int status, const auto& text) {
            const std::string query = "?course_id=" + id;
            const std::string body = R"({"course_id":)" + id;
            return std::vector<test::Exchange>{
                {Method::post, "/teacher/course/detail" + query, "", status, text("view")},
                {Method::get, "/teacher/course/students" + query, "", status, text("view")},
                {Method::put, "/teacher/course/update" + query, "{}", status, text("update")},
                {Method::delete_, "/teacher/course/delete" + query, "", status, text("delete")},
                {Method::post, "/teacher/student/remove" + query + "&student_id=99", "", status,
                 text("modify")},
                {Method::post, "/teacher/course/add-students", body + R"(,"student_ids":[99]})",
                 status, text("modify")},
                {Method::post, "/teacher/course/bulk-add-students", body + R"(,"usernames":["x"]})",
                 status, text("modify")}};
        };
        const auto forbidden = [](const std::string& action) {
            return "Not authorized to " + action + " this course";
        };
        const auto unknown = [](const std::string&) { return std::string("Course not found"); };
        walk(nodes, rows("1", 403, forbidden), auth::UserKind::teacher, 2);
        walk(nodes, rows("99", 404, unknown), auth::UserKind::teacher, 2);
        walk(nodes, rows("99", 404, unknown), auth::UserKind::admin, 1);
        CHECK(nodes.auth.calls == 0);
    }

    TEST_CASE("an admin acts on all courses and says whose a new one is") {
        test::TeacherNodes nodes;
        nodes.base.add_course("Algebra", 2);
        walk(nodes,
             {{Method::post, "/teacher/course/create", draft_of("Biology"), 400,
               "course_teacher_id is required"},
              {Method::post, "/teacher/course/create",
               draft_of("Biology", R"("course_teacher_id":5,)"), 200, created_shape},
              {Method::post, "/teacher/course/detail?course_id=1", "", 200, taught_shape},
              {Method::put, "/teacher/course/update?course_id=1", R"({"course_teacher_id":7})", 200,
               test::done_shape("Course updated successfully")},
              {Method::delete_, "/teacher/course/delete?course_id=2", "", 200,
               test::done_shape("Course deleted successfully")}},
             auth::UserKind::admin);
    }

    TEST_CASE("all of a teacher's courses are listed and counted, however many") {
        test::TeacherNodes nodes;
        std::string items;
        for (int i = 0; i < 1001; ++i) {
            items += (i == 0 ? "[" : ",") + draft_of("C" + std::to_string(i));
        }
        const auto made = nodes.teacher(Method::post, "/teacher/courses/bulk-import", items + "]");
        CHECK(made.body["imported_count"].integer() == 1001);
        const auto all = nodes.teacher(Method::get, "/teacher/courses");
        CHECK(all.body["total"].integer() == 1001);
        CHECK(all.body["courses"].size() == 1001);
        const auto stats = nodes.teacher(Method::get, "/teacher/stats");
        CHECK(stats.body["total_courses"].integer() == 1001);
        CHECK(stats.body["courses_by_type"]["elective"].integer() == 1001);
    }

    TEST_CASE("refusals of the data node are passed on, its absence is 503") {
        test::TeacherNodes nodes;
        nodes.base.add_course("Algebra", 2);
        nodes.base.add_student("alice");
        nodes.base.add_student("bob");
        const std::string update = "/teacher/course/update?course_id=1";
        walk(nodes, {{Method::post, "/teacher/course/add-students",
                      R"({"course_id":1,"student_ids":[1,2]})", 200, added_shape(2)},
                     {Method::put, update, R"({"course_capacity":1})", 400,
                      "Capacity is below the number of selected students"}});
        nodes.base.data_away = true;
        const std::string away = "Service communication error";
        walk(nodes, {{Method::put, update, "{}", 503, away},
                     {Method::get, "/teacher/courses", "", 503, away},
                     {Method::get, "/teacher/stats", "", 503, away},
                     {Method::post, "/teacher/course/create", draft_of("Biology"), 503, away}});
        nodes.base.data_away = false;
        nodes.auth_away = true;
        walk(nodes, {{Method::get, "/teacher/students", "", 503, away},
                     {Method::post, "/teacher/course/bulk-add-students",
                      R"({"course_id":1,"usernames":["alice"]})", 503, away}});
    }
}
