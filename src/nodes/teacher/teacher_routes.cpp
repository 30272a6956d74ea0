// The teacher node's routes: what is served where. All are for teachers and admins.

#include "courseselect/nodes/teacher/teacher_node.hpp"

namespace courseselect::nodes::teacher {
namespace {

constexpr const char* unknown_course = "Course not found";

auto taught(net::http::Method method, std::string_view path) {
    return api::route(method, path).access(api::Access::teacher);
}
auto teacher_get(std::string_view path) { return taught(net::http::Method::get, path); }
auto teacher_post(std::string_view path) { return taught(net::http::Method::post, path); }

}  // namespace

void TeacherNode::add_read_routes() {
    service_.add(teacher_get("/teacher/courses")
                     .summary("All courses of the teacher; an admin sees every course.")
                     .tag("courses"),
                 [this](api::Context& context) { return courses(context); });
    service_.add(
        teacher_get("/teacher/stats").summary("The teacher's courses in figures.").tag("courses"),
        [this](api::Context& context) { return stats(context); });
    service_.add(teacher_post("/teacher/course/detail")
                     .summary("A course and who is in it.")
                     .tag("courses")
                     .query<wire::CourseRef>()
                     .error(403, "Not authorized to view this course")
                     .error(404, unknown_course),
                 [this](api::Context& context, wire::CourseRef course) {
                     return detail(context, course.course_id);
                 });
    service_.add(teacher_get("/teacher/course/students")
                     .summary("Who is in a course.")
                     .tag("students")
                     .query<wire::CourseRef>()
                     .error(403, "Not authorized to view this course")
                     .error(404, unknown_course),
                 [this](api::Context& context, wire::CourseRef course) {
                     return course_students(context, course.course_id);
                 });
    service_.add(teacher_get("/teacher/students")
                     .summary("Names of all students, a page at a time.")
                     .tag("students")
                     .query<wire::StudentPageQuery>(),
                 [this](api::Context& context, wire::StudentPageQuery page) {
                     return students(context, page);
                 });
}

void TeacherNode::add_course_routes() {
    service_.add(teacher_post("/teacher/course/create")
                     .summary("Create a course.")
                     .description("It is the caller's course; an admin says whose it is.")
                     .tag("courses")
                     .body<wire::CourseDraft>()
                     .error(400, "course_teacher_id is required"),
                 [this](api::Context& context, wire::CourseDraft draft) {
                     return create(context, std::move(draft));
                 });
    service_.add(teacher_post("/teacher/courses/bulk-import")
                     .summary("Create many courses; each item is judged on its own.")
                     .tag("courses")
                     .body<std::vector<json::Raw>>()
                     .example_body(wire::course_import_example),
                 [this](api::Context& context, std::vector<json::Raw> items) {
                     return import_courses(context, std::move(items));
                 });
    service_.add(
        teacher_post("/teacher/courses/import")
            .summary("Create the courses of a CSV file; each line is judged on its own.")
            .description("Columns are called as the fields of a course. Tags are apart by "
                         "`;`, a schedule is like `monday:1-2,5;friday:3`. At most 1000 "
                         "lines.")
            .tag("courses")
            .upload("file", "text/csv", "The first line names the columns.")
            .example_body(R"({"file":"course_name,course_credit,course_type,course_location,)"
                          R"(course_capacity\nOptics,2.5,elective,B2,40\n"})")
            .error(400, "line 1: the file has no column course_name"),
        [this](api::Context& context, api::Upload upload) {
            return import_file(context, std::move(upload));
        });
    service_.add(taught(net::http::Method::put, "/teacher/course/update")
                     .summary("Change a course; only an admin can give it to another teacher.")
                     .tag("courses")
                     .query<wire::CourseRef>()
                     .body<wire::CourseUpdate>()
                     .error(400, "Capacity is below the number of selected students")
                     .error(403, "Not authorized to update this course")
                     .error(404, unknown_course),
                 [this](api::Context& context, wire::CourseRef course, wire::CourseUpdate changes) {
                     return update(context, course.course_id, std::move(changes));
                 });
    service_.add(taught(net::http::Method::delete_, "/teacher/course/delete")
                     .summary("Delete a course and take it from its students.")
                     .tag("courses")
                     .query<wire::CourseRef>()
                     .error(403, "Not authorized to delete this course")
                     .error(404, unknown_course),
                 [this](api::Context& context, wire::CourseRef course) {
                     return remove_course(context, course.course_id);
                 });
}

void TeacherNode::add_student_routes() {
    service_.add(teacher_post("/teacher/student/remove")
                     .summary("Take a student out of a course.")
                     .tag("students")
                     .query<wire::Selection>()
                     .example_query(R"({"student_id":1,"course_id":2})")
                     .error(400, "Student has not selected this course")
                     .error(403, "Not authorized to modify this course")
                     .error(404, unknown_course),
                 [this](api::Context& context, wire::Selection selection) {
                     return remove_student(context, selection);
                 });
    service_.add(teacher_post("/teacher/course/add-students")
                     .summary("Give students seats, by id.")
                     .tag("students")
                     .body<wire::StudentsToAdd>()
                     .error(400, "course_id and student_ids are required")
                     .error(403, "Not authorized to modify this course")
                     .error(404, unknown_course),
                 [this](api::Context& context, wire::StudentsToAdd students) {
                     return add_students(context, std::move(students));
                 });
    service_.add(teacher_post("/teacher/course/bulk-add-students")
                     .summary("Give students seats, by name.")
                     .tag("students")
                     .body<wire::UsernamesToAdd>()
                     .error(400, "course_id and usernames are required")
                     .error(403, "Not authorized to modify this course")
                     .error(404, unknown_course),
                 [this](api::Context& context, wire::UsernamesToAdd names) {
                     return add_named(context, std::move(names));
                 });
}

}  // namespace courseselect::nodes::teacher
