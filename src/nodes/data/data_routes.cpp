// The data node's routes: what is served where, and who may call it.

#include <limits>

#include "courseselect/nodes/data/data_node.hpp"

namespace courseselect::nodes::data {
namespace {

using api::Access;
using api::Context;
using domain::RequestKind;

constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();

constexpr const char* course_missing_text = "Course not found";
constexpr const char* student_missing_text = "Student not found";
constexpr const char* teacher_missing_text = "Teacher not found";

auto internal_get(std::string_view path) { return api::get(path).access(Access::internal); }
auto internal_post(std::string_view path) { return api::post(path).access(Access::internal); }
auto internal_delete(std::string_view path) { return api::delete_(path).access(Access::internal); }

async::Task<core::Result<wire::ScheduleConfig>> schedule_config() {
    wire::ScheduleConfig config;
    int number = 0;
    for (const char* const day :
         {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}) {
        config.weekdays.push_back({++number, day});
    }
    for (int period = 1; period <= wire::period_max; ++period) {
        config.periods.push_back(period);
    }
    co_return config;
}

}  // namespace

void DataNode::add_course_routes() {
    service_.add(internal_post("/add/course")
                     .summary("Create a course.")
                     .tag("courses")
                     .status(201)
                     .body<wire::CourseCreate>(),
                 [this](Context&, wire::CourseCreate course) {
                     return editor_->add_course(std::move(course));
                 });
    service_.add(internal_get("/courses")
                     .summary("All courses, by id.")
                     .tag("courses")
                     .query<wire::CourseLimit>(),
                 [this](Context&, wire::CourseLimit query) {
                     return list_courses(query.limit.value_or(unlimited));
                 });
    service_.add(
        internal_get("/get/course")
            .summary("One course.")
            .tag("courses")
            .query<wire::CourseRef>()
            .error(404, course_missing_text),
        [this](Context&, wire::CourseRef course) { return find_course(course.course_id); });
    service_.add(
        internal_get("/get/courses")
            .summary("Courses that match, a page at a time.")
            .tag("courses")
            .query<wire::CourseFilter>(),
        [this](Context&, wire::CourseFilter filter) { return filter_courses(std::move(filter)); });
    service_.add(internal_post("/update/course")
                     .summary("Change a course.")
                     .tag("courses")
                     .query<wire::CourseRef>()
                     .body<wire::CourseUpdate>()
                     .error(404, course_missing_text)
                     .error(400, "Capacity is below the number of selected students"),
                 [this](Context&, wire::CourseRef course, wire::CourseUpdate update) {
                     return editor_->update_course(course.course_id, std::move(update));
                 });
    service_.add(internal_post("/delete/course")
                     .summary("Delete a course and take it from its students.")
                     .tag("courses")
                     .query<wire::CourseRef>()
                     .error(404, course_missing_text),
                 [this](Context&, wire::CourseRef course) {
                     return editor_->delete_course(course.course_id);
                 });
    service_.add(internal_post("/bulk/import/courses")
                     .summary("Create many courses; each item is judged on its own.")
                     .tag("courses")
                     .body<std::vector<json::Raw>>()
                     .example_body(wire::course_import_example),
                 [this](Context&, std::vector<json::Raw> items) {
                     return editor_->import_courses(std::move(items));
                 });
    service_.add(
        internal_get("/get/course/students")
            .summary("Who has selected a course.")
            .tag("courses")
            .query<wire::CourseRef>()
            .error(404, course_missing_text),
        [this](Context&, wire::CourseRef course) { return course_students(course.course_id); });
}

void DataNode::add_student_routes() {
    service_.add(internal_post("/add/student")
                     .summary("Create a student's profile.")
                     .tag("people")
                     .status(201)
                     .body<wire::StudentCreate>()
                     .error(400, "Student with this ID already exists")
                     .error(400, "Student with this name already exists"),
                 [this](Context&, wire::StudentCreate student) {
                     return editor_->add_student(std::move(student));
                 });
    service_.add(internal_post("/update/student")
                     .summary("Change a student's name or tags.")
                     .description("In the query, or in a body with the same names; the body wins.")
                     .tag("people")
                     .query<wire::StudentUpdate>()
                     .optional_body<wire::StudentUpdate>()
                     .example_body(R"({"student_tags":["year1"]})")
                     .error(400, "Student with this name already exists")
                     .error(404, student_missing_text),
                 [this](Context&, wire::StudentUpdate query, wire::StudentUpdate body) {
                     return update_student(std::move(query), std::move(body));
                 });
    service_.add(internal_post("/delete/student")
                     .summary("Delete a student and free the seats.")
                     .tag("people")
                     .query<wire::StudentRef>()
                     .error(404, student_missing_text),
                 [this](Context&, wire::StudentRef student) {
                     return editor_->delete_student(student.student_id);
                 });
    service_.add(
        internal_get("/get/student")
            .summary("A student with tags and courses.")
            .tag("people")
            .query<wire::StudentRef>()
            .error(404, student_missing_text),
        [this](Context&, wire::StudentRef student) { return find_student(student.student_id); });
}

void DataNode::add_teacher_routes() {
    service_.add(internal_post("/add/teacher")
                     .summary("Create a teacher's profile.")
                     .tag("people")
                     .status(201)
                     .body<wire::TeacherCreate>()
                     .error(400, "Teacher with this ID already exists")
                     .error(400, "Teacher with this name already exists"),
                 [this](Context&, wire::TeacherCreate teacher) {
                     return editor_->add_teacher(std::move(teacher));
                 });
    service_.add(internal_post("/update/teacher")
                     .summary("Change a teacher's name.")
                     .tag("people")
                     .query<wire::TeacherUpdate>()
                     .error(400, "Teacher with this name already exists")
                     .error(404, teacher_missing_text),
                 [this](Context&, wire::TeacherUpdate update) {
                     return editor_->update_teacher(update.teacher_id,
                                                    std::move(update.teacher_name));
                 });
    service_.add(internal_post("/delete/teacher")
                     .summary("Delete a teacher without courses.")
                     .tag("people")
                     .query<wire::TeacherRef>()
                     .example_query(R"({"teacher_id":2})")
                     .error(404, teacher_missing_text)
                     .error(400, "Cannot delete teacher with assigned courses"),
                 [this](Context&, wire::TeacherRef teacher) {
                     return editor_->delete_teacher(teacher.teacher_id);
                 });
    service_.add(
        internal_get("/get/teacher")
            .summary("A teacher with courses.")
            .tag("people")
            .query<wire::TeacherRef>()
            .error(404, teacher_missing_text),
        [this](Context&, wire::TeacherRef teacher) { return find_teacher(teacher.teacher_id); });
}

void DataNode::add_tag_routes() {
    service_.add(internal_get("/tags/available")
                     .summary("Tags on offer, most used first.")
                     .tag("tags")
                     .query<wire::TagFilter>(),
                 [this](Context&, wire::TagFilter filter) {
                     return editor_->tags(filter.tag_type.value_or(""));
                 });
    service_.add(internal_post("/tags/add")
                     .summary("Offer a tag, or count its use.")
                     .tag("tags")
                     .query<wire::TagAdd>()
                     .error(400, "tag_type must be 'user' or 'course'"),
                 [this](Context&, wire::TagAdd tag) { return editor_->add_tag(std::move(tag)); });
    service_.add(internal_post("/tags/sync")
                     .summary("Offer every tag found on courses and students.")
                     .tag("tags"),
                 [this](Context&) { return editor_->sync_tags(); });
}

void DataNode::add_selection_routes() {
    service_.add(internal_post("/select/course")
                     .summary("Take a seat.")
                     .tag("selection")
                     .body<wire::Selection>()
                     .error(404, student_missing_text)
                     .error(404, course_missing_text)
                     .error(400, "Course is full")
                     .error(400, "Student already selected this course"),
                 [this](Context&, wire::Selection selection) {
                     return select_one(selection, RequestKind::select);
                 });
    service_.add(internal_post("/deselect/course")
                     .summary("Give a seat back.")
                     .tag("selection")
                     .body<wire::Selection>()
                     .example_body(R"({"student_id":1,"course_id":2})")
                     .error(404, student_missing_text)
                     .error(404, course_missing_text)
                     .error(400, "Student has not selected this course"),
                 [this](Context&, wire::Selection selection) {
                     return select_one(selection, RequestKind::deselect);
                 });
}

void DataNode::add_resource_routes() {
    service_.add(api::get("/courses/schedule-config")
                     .summary("The days and periods of a timetable, for everybody.")
                     .tag("courses"),
                 [](Context&) { return schedule_config(); });
    service_.add(api::put("/courses/{id}")
                     .summary("Change a course.")
                     .tag("courses")
                     .access(Access::internal)
                     .path<wire::CoursePath>()
                     .body<wire::CourseUpdate>()
                     .error(404, course_missing_text)
                     .error(400, "Capacity is below the number of selected students"),
                 [this](Context&, wire::CoursePath course, wire::CourseUpdate update) {
                     return editor_->update_course(course.id, std::move(update));
                 });
    service_.add(
        internal_delete("/courses/{id}")
            .summary("Delete a course and take it from its students.")
            .tag("courses")
            .path<wire::CoursePath>()
            .error(404, course_missing_text),
        [this](Context&, wire::CoursePath course) { return editor_->delete_course(course.id); });
    service_.add(internal_get("/students")
                     .summary("All students, by id.")
                     .tag("people")
                     .query<wire::PeopleLimit>(),
                 [this](Context&, wire::PeopleLimit query) {
                     return list_students(query.limit.value_or(unlimited));
                 });
    service_.add(internal_get("/teachers")
                     .summary("All teachers, by id.")
                     .tag("people")
                     .query<wire::PeopleLimit>(),
                 [this](Context&, wire::PeopleLimit query) {
                     return list_teachers(query.limit.value_or(unlimited));
                 });
    service_.add(internal_delete("/students/{id}")
                     .summary("Delete a student and free the seats.")
                     .tag("people")
                     .path<wire::StudentPath>()
                     .error(404, student_missing_text),
                 [this](Context&, wire::StudentPath student) {
                     return editor_->delete_student(student.id);
                 });
    service_.add(internal_delete("/teachers/{id}")
                     .summary("Delete a teacher without courses.")
                     .tag("people")
                     .path<wire::TeacherPath>()
                     .error(404, teacher_missing_text)
                     .error(400, "Cannot delete teacher with assigned courses"),
                 [this](Context&, wire::TeacherPath teacher) {
                     return editor_->delete_teacher(teacher.id);
                 });
}

void DataNode::add_internal_routes() {
    service_.add(internal_post("/internal/decisions")
                     .summary("Decide a batch of tasks, in order, each id once.")
                     .tag("internal")
                     .body<wire::DecisionBatch>(),
                 [this](Context&, wire::DecisionBatch batch) { return decide(std::move(batch)); });
    service_.add(internal_post("/internal/check")
                     .summary("What a selection would be answered now, without making it.")
                     .tag("internal")
                     .body<wire::Selection>(),
                 [this](Context&, wire::Selection selection) { return check(selection); });
    service_.add(
        internal_get("/internal/teacher/students")
            .summary("Who has a seat in a course of this teacher's.")
            .tag("internal")
            .query<wire::TeacherRef>(),
        [this](Context&, wire::TeacherRef teacher) { return own_students(teacher.teacher_id); });
    service_.add(internal_get("/internal/catalogue")
                     .summary("All courses, or those whose seats changed.")
                     .tag("internal")
                     .query<wire::CatalogueQuery>(),
                 [this](Context&, wire::CatalogueQuery query) { return catalogue(query); });
    service_.add(internal_get("/internal/events")
                     .summary("Decisions after a sequence number, in order of commit.")
                     .tag("internal")
                     .query<wire::EventQuery>(),
                 [this](Context&, wire::EventQuery query) { return events(query); });
    service_.add(internal_post("/internal/ids")
                     .summary("Reserve ids that nobody else gets.")
                     .tag("internal")
                     .query<wire::IdRequest>(),
                 [this](Context&, wire::IdRequest request) {
                     return editor_->reserve_ids(std::move(request));
                 });
    add_batch_routes();
}

void DataNode::add_batch_routes() {
    service_.add(internal_post("/internal/students/lookup")
                     .summary("The tags of many students.")
                     .tag("internal")
                     .body<wire::StudentLookup>(),
                 [this](Context&, wire::StudentLookup lookup) {
                     return editor_->tags_of(std::move(lookup));
                 });
    service_.add(internal_post("/internal/students/tags")
                     .summary("Add tags to those that many students have.")
                     .tag("internal")
                     .body<wire::StudentTagsList>(),
                 [this](Context&, wire::StudentTagsList more) {
                     return editor_->merge_student_tags(std::move(more));
                 });
    service_.add(internal_post("/internal/courses/assign-teacher")
                     .summary("Give many courses to a teacher.")
                     .tag("internal")
                     .body<wire::TeacherAssignment>()
                     .error(404, teacher_missing_text),
                 [this](Context&, wire::TeacherAssignment assignment) {
                     return editor_->assign_teacher(std::move(assignment));
                 });
}

}  // namespace courseselect::nodes::data
