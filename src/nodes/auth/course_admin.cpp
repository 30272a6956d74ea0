#include "courseselect/nodes/auth/course_admin.hpp"

#include <fmt/format.h>

#include <utility>

#include "courseselect/json/writer.hpp"
#include "courseselect/net/http/url.hpp"
#include "courseselect/nodes/auth/steps.hpp"

namespace courseselect::nodes::accounts {
namespace {

using core::Errc;

constexpr const char* course_id_required = "course_id is required";
constexpr const char* assignment_required = "course_ids and teacher_id are required";
constexpr const char* course_unknown = "Course not found";

}  // namespace

void CourseAdmin::add_routes(api::Service& service) {
    service.add(api::get("/admin/courses")
                    .summary("Courses that match, a page at a time.")
                    .tag("courses")
                    .access(api::Access::admin)
                    .query<wire::AdminCourseQuery>(),
                [this](api::Context& context, wire::AdminCourseQuery query) {
                    return list(context, std::move(query));
                });
    service.add(api::post("/admin/course/update")
                    .summary("Change a course.")
                    .tag("courses")
                    .access(api::Access::admin)
                    .optional_body<wire::AdminCourseUpdate>()
                    .error(400, course_id_required)
                    .error(400, "Capacity is below the number of selected students")
                    .error(404, course_unknown),
                [this](api::Context& context, wire::AdminCourseUpdate body) {
                    return update(context, std::move(body));
                });
    service.add(
        api::post("/admin/course/delete")
            .summary("Delete a course and take it from its students.")
            .tag("courses")
            .access(api::Access::admin)
            .optional_body<wire::AdminCourseRef>()
            .error(400, course_id_required)
            .error(404, course_unknown),
        [this](api::Context& context, wire::AdminCourseRef body) { return remove(context, body); });
    service.add(api::post("/admin/courses/bulk-import")
                    .summary("Create many courses; each item is judged on its own.")
                    .tag("courses")
                    .access(api::Access::admin)
                    .body<std::vector<json::Raw>>()
                    .example_body(wire::course_import_example),
                [this](api::Context& context, std::vector<json::Raw> items) {
                    return import(context, std::move(items));
                });
    service.add(api::post("/admin/courses/batch-assign-teacher")
                    .summary("Give many courses to a teacher.")
                    .tag("courses")
                    .access(api::Access::admin)
                    .optional_body<wire::AdminTeacherAssignment>()
                    .error(400, assignment_required)
                    .error(404, "Teacher not found"),
                [this](api::Context& context, wire::AdminTeacherAssignment body) {
                    return assign(context, std::move(body));
                });
}

async::Task<core::Result<wire::CoursePage>> CourseAdmin::list(api::Context& context,
                                                              wire::AdminCourseQuery query) {
    COURSESELECT_CO_TRY_OK(co_await require_admin(state_, context));
    net::http::Query passed;
    passed.add("page", std::int64_t{query.page});
    passed.add("page_size", std::int64_t{query.page_size});
    passed.add("search", query.search);
    passed.add("course_type", query.course_type);
    auto page = co_await data_.ask<wire::CoursePage>(context, "/get/courses" + passed.str());
    co_return page;
}

async::Task<core::Result<wire::Course>> CourseAdmin::update(api::Context& context,
                                                            wire::AdminCourseUpdate body) {
    if (!body.course_id) {
        co_return core::Error(Errc::invalid_argument, course_id_required);
    }
    COURSESELECT_CO_TRY_OK(co_await require_admin(state_, context));
    const std::int64_t id = body.course_id->value();
    const wire::CourseUpdate& changes = body;
    std::string target = fmt::format("/update/course?course_id={}", id);
    auto course =
        co_await data_.tell<wire::Course>(context, std::move(target), json::to_text(changes));
    std::string what = fmt::format("course:{}", id);
    auto recorded =
        co_await record(state_, context, "update_course", std::move(what), std::move(course));
    co_return recorded;
}

async::Task<core::Result<wire::Done>> CourseAdmin::remove(api::Context& context,
                                                          wire::AdminCourseRef body) {
    if (!body.course_id) {
        co_return core::Error(Errc::invalid_argument, course_id_required);
    }
    COURSESELECT_CO_TRY_OK(co_await require_admin(state_, context));
    std::string target = fmt::format("/delete/course?course_id={}", body.course_id->value());
    auto done = co_await data_.tell<wire::Done>(context, std::move(target), std::string());
    std::string what = fmt::format("course:{}", body.course_id->value());
    auto recorded =
        co_await record(state_, context, "delete_course", std::move(what), std::move(done));
    co_return recorded;
}

async::Task<core::Result<wire::CourseImport>> CourseAdmin::import(api::Context& context,
                                                                  std::vector<json::Raw> items) {
    COURSESELECT_CO_TRY_OK(co_await require_admin(state_, context));
    auto done = co_await data_.tell<wire::CourseImport>(context.identity(), "/bulk/import/courses",
                                                        json::to_text(items), import_timeout);
    std::string what = fmt::format("{} courses", items.size());
    auto recorded =
        co_await record(state_, context, "import_courses", std::move(what), std::move(done));
    co_return recorded;
}

async::Task<core::Result<wire::TeacherAssigned>> CourseAdmin::assign(
    api::Context& context, wire::AdminTeacherAssignment body) {
    if (!body.course_ids || body.course_ids->empty() || !body.teacher_id) {
        co_return core::Error(Errc::invalid_argument, assignment_required);
    }
    COURSESELECT_CO_TRY_OK(co_await require_admin(state_, context));
    const wire::TeacherAssignment assignment{.course_ids = *std::move(body.course_ids),
                                             .teacher_id = *body.teacher_id};
    auto done = co_await data_.tell<wire::TeacherAssigned>(
        context, "/internal/courses/assign-teacher", json::to_text(assignment));
    std::string what = fmt::format("{} courses to teacher:{}", assignment.course_ids.size(),
                                   assignment.teacher_id.value());
    auto recorded =
        co_await record(state_, context, "assign_teacher", std::move(what), std::move(done));
    co_return recorded;
}

}  // namespace courseselect::nodes::accounts
