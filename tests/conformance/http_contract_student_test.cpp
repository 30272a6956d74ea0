// Contract §5, row by row.

#include "conformance/http_contract.hpp"

using namespace courseselect;
using test::Method;

namespace {

const std::vector<test::DeclaredRoute> student_routes{
    {Method::get, "/health", api::Access::open},
    {Method::post, "/student/courses/available", api::Access::student},
    {Method::get, "/student/courses/selected", api::Access::student},
    {Method::post, "/student/course/select", api::Access::student},
    {Method::post, "/student/course/deselect", api::Access::student},
    {Method::post, "/student/course/detail", api::Access::student},
    {Method::get, "/student/schedule", api::Access::student},
    {Method::get, "/student/stats", api::Access::student},
    {Method::get, "/student/queue/status", api::Access::student},
    {Method::post, "/student/course/check", api::Access::student},
    {Method::post, "/student/course/review", api::Access::student},
    {Method::get, "/student/course/reviews", api::Access::student},
    {Method::get, "/student/videos", api::Access::student},
    {Method::get, "/student/video/messages", api::Access::student},
    {Method::get, "/student/quizzes", api::Access::student},
    {Method::get, "/student/quiz", api::Access::student},
    {Method::post, "/student/quiz/submit", api::Access::student},
    {Method::get, "/student/quiz/attempts", api::Access::student},
};

const std::string available_shape =
    "{courses:[" + test::course_shape + "],total:int,page:int,page_size:int}";
const std::string detail_shape = "{" + test::course_members + ",is_selected:bool}";
const std::string check_shape =
    "{can_select:bool,conflicts:[{type:str,message:str,course_id~:int,course_name~:str}]}";
const std::string entry_shape =
    "{course_id:int,course_name:str,course_time_start:int?,course_time_end:int?,"
    "course_time_begin:int?,course_time_end_legacy:int?,course_location:str,"
    "course_schedule:{*:[int]}?}";

std::string receipt_shape(const std::string& message) {
    return "{success:bool,message:\"" + message + "\",task_id:str,position:int,estimated_time:int}";
}
std::string course_body(std::int64_t id) { return json::make_object("course_id", id); }

/// Who asks is student 1, "alice".
class StudentAsks {
  public:
    StudentAsks() { nodes.add_student("alice", R"(,"student_tags":["physics"])"); }

    void walk(const std::vector<test::Exchange>& rows) {
        test::walk(nodes, *nodes.student, {{"Authorization", "bearer " + nodes.token(1)}}, rows);
    }
    /// Selects and waits for the decision.
    void take(std::int64_t course) {
        CHECK(nodes.wait(1, nodes.select(1, course)).body["status"].string() == "completed");
    }
    json::Value check(std::int64_t course) {
        return nodes.as(1, Method::post, "/student/course/check", course_body(course)).body;
    }

    test::ThreeNodes nodes;
};

}  // namespace

TEST_SUITE("conformance/http_contract/student") {
    TEST_CASE("routes, methods, slashes, preflights, tokens and roles") {
        test::ThreeNodes nodes;
        test::check_declared(nodes.student->service(), student_routes);
        test::check_transport(nodes, *nodes.student, student_routes);
        for (const auto kind : {auth::UserKind::teacher, auth::UserKind::admin}) {
            test::check_bearer_gate(nodes, *nodes.student, student_routes, kind,
                                    "Student access required");
        }
        test::walk(
            nodes, *nodes.student, {},
            {{Method::get, "/health", "", 200, "{status:\"healthy\",service:\"student_node\"}"}});
    }

    TEST_CASE("answers and refusals") {
        StudentAsks student;
        student.nodes.add_course("Algebra", 1);
        student.nodes.add_course("Full", 1);
        const auto bob = student.nodes.add_student("bob");
        student.nodes.inside(*student.nodes.data, Method::post, "/select/course",
                             json::make_object("student_id", bob, "course_id", 2));
        const std::string available = "/student/courses/available";
        student.walk({
            {Method::post, available, "{}", 200, available_shape},
            {Method::post, available, "", 200, available_shape},
            {Method::post, available, R"({"course_type":"elective","page":"2","page_size":1000})",
             200, available_shape},
            {Method::post, available + "?course_type=elective&page=1&page_size=5", "", 200,
             available_shape},
            {Method::post, available, R"({"course_type":null,"page":null,"page_size":null})", 200,
             available_shape},
            {Method::post, available + "?page=0", R"({"page_size":1001})", 422,
             "query.page,body.page_size"},
            {Method::post, available, "course_type=elective", 422, "body.0"},
            {Method::get, "/student/courses/selected", "", 200,
             "{courses:[" + test::course_shape + "],total_credit:float}"},
            {Method::post, "/student/course/select", course_body(99), 404, "Course not found"},
            {Method::post, "/student/course/select", course_body(2), 400, "Course is full"},
            {Method::post, "/student/course/select", R"({"course_id":"1","more":1})", 200,
             receipt_shape("Course selection submitted to queue")},
            {Method::post, "/student/course/select", course_body(0), 422, "body.course_id"},
            {Method::post, "/student/course/select", "{}", 422, "body.course_id"},
            {Method::post, "/student/course/deselect", course_body(1), 200,
             receipt_shape("Course deselection submitted to queue")},
            {Method::post, "/student/course/deselect", "", 422, "body"},
            {Method::post, "/student/course/detail", course_body(1), 200, detail_shape},
            {Method::post, "/student/course/detail", "{}", 400, "course_id is required"},
            {Method::post, "/student/course/detail", course_body(99), 404, "Course not found"},
            {Method::post, "/student/course/detail", "", 422, "body"},
            {Method::post, "/student/course/detail", "course_id=1", 422, "body.0"},
            {Method::get, "/student/schedule", "", 200, "{schedule:{*:[" + entry_shape + "]}}"},
            {Method::get, "/student/stats", "", 200,
             "{total_courses:int,total_credit:float,courses_by_type:{*:int},"
             "credit_by_type:{*:float}}"},
            {Method::get, "/student/queue/status", "", 422, "query.task_id"},
            {Method::get, "/student/queue/status?task_id=a%26student_id%3D2", "", 404,
             "Task not found"},
            {Method::post, "/student/course/check", course_body(1), 200, check_shape},
            {Method::post, "/student/course/check", "{}", 400, "course_id is required"},
            {Method::post, "/student/course/check", "x", 422, "body.0"},
        });
    }

    TEST_CASE("available courses: tags and activity before counting, then the page") {
        StudentAsks student;
        student.nodes.add_course("Mechanics", 1, R"(,"course_tags":["physics"])");
        student.nodes.add_course("Optics", 1, R"(,"course_tags":["physics","honours"])");
        student.nodes.add_course("Algebra", 1);
        const auto closed = student.nodes.add_course("Closed", 1);
        student.nodes.inside(*student.nodes.data, Method::put, "/courses/" + std::to_string(closed),
                             R"({"is_active":false})");
        const auto ask = [&](const std::string& query, const std::string& body) {
            return student.nodes.as(1, Method::post, "/student/courses/available" + query, body)
                .body;
        };
        const auto all = ask("", "");
        CHECK(all["total"].integer() == 2);
        CHECK(all["page"].integer() == 1);
        CHECK(all["page_size"].integer() == 20);
        CHECK(ask("", R"({"course_type":""})")["total"].integer() == 2);
        CHECK(ask("", R"({"course_type":"required"})")["total"].integer() == 0);
        CHECK(ask("?course_type=required", "{}")["total"].integer() == 0);
        const auto second = ask("?page_size=1", R"({"page":2})");
        CHECK(second["total"].integer() == 2);
        CHECK(second["courses"].size() == 1);
        CHECK(second["courses"][0]["course_name"].string() == "Algebra");
    }

    TEST_CASE("the schedule has all seven days; a course without a day is on Monday") {
        StudentAsks student;
        student.take(student.nodes.add_course(
            "Twice", 1, R"(,"course_schedule":{"wednesday":[1],"sunday":[]})"));
        student.take(student.nodes.add_course("Hours", 1,
                                              R"(,"course_time_begin":800,"course_time_end":950)"));
        const auto week = student.nodes.as(1, Method::get, "/student/schedule").body["schedule"];
        std::string days;
        for (const auto& [day, entries] : week.members()) {
            days += day + ":";
            for (const json::Value& entry : entries.items()) {
                days += entry["course_name"].string().value_or("");
            }
            days += " ";
        }
        CHECK(days == "1:Hours 2: 3:Twice 4: 5: 6: 7:Twice ");
        const json::Value hours = week["1"][0];
        CHECK(hours["course_time_begin"].integer() == 800);
        CHECK(hours["course_time_start"].integer() == 800);
        CHECK(hours["course_time_end"].integer() == 950);
        CHECK(hours["course_time_end_legacy"].integer() == 950);
        CHECK(hours["course_schedule"].is_null());
    }

    TEST_CASE("a check names not_found, course_full, already_selected and time_conflict") {
        StudentAsks student;
        const std::string monday = R"(,"course_schedule":{"monday":[1,2]})";
        const auto mine = student.nodes.add_course("Mine", 1, monday);
        const auto clash =
            student.nodes.add_course("Clash", 1, R"(,"course_schedule":{"monday":[2]})");
        const auto apart =
            student.nodes.add_course("Apart", 1, R"(,"course_schedule":{"tuesday":[2]})");
        student.take(mine);
        const auto conflict_types = [&](std::int64_t course) {
            const auto answer = student.check(course);
            std::string types = answer["can_select"].boolean() == true ? "yes" : "no";
            for (const json::Value& conflict : answer["conflicts"].items()) {
                types += " " + conflict["type"].string().value_or("");
            }
            return types;
        };
        CHECK(conflict_types(99) == "no not_found");
        CHECK(conflict_types(apart) == "yes");
        CHECK(conflict_types(clash) == "no time_conflict");
        CHECK(conflict_types(mine) == "no course_full already_selected");  // never its own clash
        const auto other = student.check(clash)["conflicts"][0];
        CHECK(other["course_id"].integer() == mine);
        CHECK(other["course_name"].string() == "Mine");
    }

    TEST_CASE("a course that is deleted or filled this instant is refused at once") {
        StudentAsks student;
        const auto gone = student.nodes.add_course("Gone", 1);
        const auto full = student.nodes.add_course("Full", 1);
        const auto bob = student.nodes.add_student("bob");
        student.nodes.as(1, Method::post, "/student/courses/available", "");
        student.nodes.inside(*student.nodes.data, Method::delete_,
                             "/courses/" + std::to_string(gone));
        student.nodes.inside(*student.nodes.data, Method::post, "/select/course",
                             json::make_object("student_id", bob, "course_id", full));
        const auto until = [&](std::int64_t course) {
            test::Answer answer = student.nodes.select(1, course);
            while (answer.status == 200) {  // at most as long as a copy may be old
                answer = student.nodes.select(1, course);
            }
            return answer.detail();
        };
        CHECK(until(gone) == "Course not found");
        CHECK(until(full) == "Course is full");
        const nodes::student::StudentNodeOptions defaults;
        CHECK(defaults.snapshot_age <= std::chrono::milliseconds(20));
    }

    TEST_CASE("a task is shown to its student only; refusals of other nodes are passed on") {
        StudentAsks student;
        const auto course = student.nodes.add_course("Algebra", 1);
        const auto receipt = student.nodes.select(1, course);
        const std::string target =
            "/student/queue/status?task_id=" + receipt.body["task_id"].string().value_or("");
        const auto own = student.nodes.as(1, Method::get, target + "&wait=20");
        CHECK(own.body["status"].string() == "completed");
        test::check_answer(student.nodes.as(2, Method::get, target),
                           {Method::get, target, "", 404, "Task not found"});
        // A token of a student the data node does not know: its 404 is passed on.
        test::check_answer(student.nodes.as(9, Method::get, "/student/stats"),
                           {Method::get, "/student/stats", "", 404, "Student not found"});
        student.nodes.data_away = true;
        student.nodes.queue_away = true;
        const std::string away = "Service communication error";
        student.walk({{Method::get, "/student/stats", "", 503, away},
                      {Method::get, "/student/schedule", "", 503, away},
                      {Method::get, "/student/courses/selected", "", 503, away},
                      {Method::post, "/student/courses/available", "", 503, away},
                      {Method::post, "/student/course/detail", course_body(1), 503, away},
                      {Method::post, "/student/course/check", course_body(1), 503, away},
                      {Method::post, "/student/course/select", course_body(1), 503, away},
                      {Method::post, "/student/course/deselect", course_body(1), 503, away},
                      {Method::get, target, "", 503, away}});
    }

    TEST_CASE("the queue's limit reaches the student as 429 with its text and Retry-After") {
        nodes::queue::QueueNodeOptions options;
        options.student_limit =
            ratelimit::LimiterOptions{.bucket = {.capacity = 1, .refill_per_second = 0.1}};
        test::ThreeNodes nodes(std::move(options));
        nodes.add_student("alice");
        const auto course = nodes.add_course("Algebra", 5);
        CHECK(nodes.select(1, course).status == 200);
        test::check_rate_limited(nodes.select(1, course), 10);
    }
}
