#include "courseselect/nodes/teacher/teacher_node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "courseselect/core/uuid.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/net/http/url.hpp"
#include "courseselect/nodes/health.hpp"
#include "courseselect/nodes/teacher/course_file.hpp"
#include "courseselect/nodes/teacher/teacher_classroom.hpp"
#include "courseselect/nodes/upstream.hpp"
#include "courseselect/nodes/wire/directory.hpp"

namespace courseselect::nodes::teacher {
namespace {

constexpr int course_page_size = 1000;

core::Error bad_request(const char* detail) { return {core::Errc::invalid_argument, detail}; }

core::Error not_authorized(const std::string& action) {
    return {core::Errc::permission_denied, fmt::format("Not authorized to {} this course", action)};
}

bool is_admin(const api::Context& context) { return context.who().kind == auth::UserKind::admin; }

std::string course_target(std::string_view path, core::CourseId course) {
    return fmt::format("{}?course_id={}", path, course.value());
}

/// Fields of a course; others would be ignored by the data node anyway.
bool is_field_name(std::string_view name) {
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

/// The item with that teacher; what is not an object stays, for the data node to report.
json::Raw with_teacher(json::Raw item, std::int64_t teacher) {
    const auto value = json::Value::parse(item.text);
    if (!value || !value->is_object()) {
        return item;
    }
    json::Raw out;
    out.text.clear();
    {
        json::ObjectWriter object(out.text);  // closes the object when it goes
        for (const auto& [name, member] : value->members()) {
            if (is_field_name(name) && name != "course_teacher_id") {
                object.add_raw(name, member.text());
            }
        }
        object.add("course_teacher_id", teacher);
    }
    return out;
}

}  // namespace

TeacherNode::TeacherNode(Runtime runtime, TeacherNodeOptions options,
                         std::unique_ptr<const api::Authenticator> authenticator,
                         std::unique_ptr<net::http::Client> data_node,
                         std::unique_ptr<net::http::Client> auth_node)
    : runtime_(runtime),
      options_(std::move(options)),
      authenticator_(std::move(authenticator)),
      data_node_(std::move(data_node)),
      auth_node_(std::move(auth_node)),
      internal_token_(options_.service.internal_token.reveal()),
      classroom_(*data_node_, internal_token_, options_.call_timeout),
      service_(runtime.clock, options_.service, authenticator_.get()) {
    add_health(service_, *this);
    add_read_routes();
    add_course_routes();
    add_student_routes();
    add_classroom_routes(service_, classroom_);
}

TeacherNode::~TeacherNode() = default;

async::Task<core::Result<>> TeacherNode::start() { co_return core::Result<>(); }

async::Task<> TeacherNode::stop() { co_return; }

template <class Answer>
async::Task<core::Result<Answer>> TeacherNode::ask(net::http::Client& node,
                                                   const api::Context& context,
                                                   std::string target) {
    return get_json<Answer>(node, std::move(target), internal_token_, context.identity(),
                            options_.call_timeout);
}

template <class Answer>
async::Task<core::Result<Answer>> TeacherNode::tell(net::http::Client& node,
                                                    const api::Context& context, std::string target,
                                                    std::string body) {
    return post_json<Answer>(node, std::move(target), std::move(body), internal_token_,
                             context.identity(), options_.call_timeout);
}

async::Task<core::Result<wire::Course>> TeacherNode::own_course(api::Context& context,
                                                                core::CourseId course,
                                                                std::string action) {
    COURSESELECT_CO_TRY(
        auto found,
        co_await ask<wire::Course>(*data_node_, context, course_target("/get/course", course)));
    if (!is_admin(context) && found.course_teacher_id != context.who().id) {
        co_return not_authorized(action);
    }
    co_return found;
}

async::Task<core::Result<wire::CoursePage>> TeacherNode::courses(api::Context& context) {
    wire::CoursePage all;
    for (int page = 1;; ++page) {
        net::http::Query query;
        if (!is_admin(context)) {
            query.add("teacher_id", context.who().id);
        }
        query.add("page", std::int64_t{page});
        query.add("page_size", std::int64_t{course_page_size});
        COURSESELECT_CO_TRY(auto part, co_await ask<wire::CoursePage>(
                                           *data_node_, context, "/get/courses" + query.str()));
        const bool is_last = part.courses.size() < std::size_t{course_page_size};
        std::move(part.courses.begin(), part.courses.end(), std::back_inserter(all.courses));
        if (is_last) {
            break;
        }
    }
    all.total = static_cast<std::int64_t>(all.courses.size());
    co_return all;
}

async::Task<core::Result<wire::TeacherStats>> TeacherNode::stats(api::Context& context) {
    COURSESELECT_CO_TRY(const auto own, co_await courses(context));
    wire::TeacherStats answer;
    answer.total_courses = own.total;
    for (const wire::Course& course : own.courses) {
        answer.total_students += course.course_selected;
        ++answer.courses_by_type[course.course_type];
    }
    co_return answer;
}

async::Task<core::Result<wire::TaughtCourse>> TeacherNode::detail(api::Context& context,
                                                                  core::CourseId course) {
    COURSESELECT_CO_TRY(auto found, co_await own_course(context, course, "view"));
    COURSESELECT_CO_TRY(auto members,
                        co_await ask<wire::CourseStudents>(
                            *data_node_, context, course_target("/get/course/students", course)));
    wire::TaughtCourse answer{{std::move(found)}, std::move(members.students)};
    co_return answer;
}

async::Task<core::Result<wire::CourseCreated>> TeacherNode::create(api::Context& context,
                                                                   wire::CourseDraft draft) {
    if (!is_admin(context)) {
        draft.course_teacher_id = context.who().id;
    } else if (draft.course_teacher_id == 0) {
        co_return bad_request("course_teacher_id is required");
    }
    COURSESELECT_CO_TRY(
        const auto made,
        co_await tell<wire::Course>(*data_node_, context, "/add/course", json::to_text(draft)));
    co_return wire::CourseCreated{.course_id = made.course_id,
                                  .message = "Course created successfully"};
}

async::Task<core::Result<wire::CourseImport>> TeacherNode::import_courses(
    api::Context& context, std::vector<json::Raw> items) {
    if (!is_admin(context)) {
        for (json::Raw& item : items) {
            item = with_teacher(std::move(item), context.who().id);
        }
    }
    co_return co_await tell<wire::CourseImport>(*data_node_, context, "/bulk/import/courses",
                                                json::to_text(items));
}

async::Task<core::Result<wire::CourseImport>> TeacherNode::import_file(api::Context& context,
                                                                       api::Upload upload) {
    COURSESELECT_CO_TRY(auto items, read_course_file(upload.content));
    co_return co_await import_courses(context, std::move(items));
}

async::Task<core::Result<wire::Done>> TeacherNode::update(api::Context& context,
                                                          core::CourseId course,
                                                          wire::CourseUpdate changes) {
    COURSESELECT_CO_TRY_OK(co_await own_course(context, course, "update"));
    const auto& teacher = changes.course_teacher_id;
    if (!is_admin(context) && teacher.has_value() && *teacher != context.who().id) {
        co_return not_authorized("update");  // courses are not given away
    }
    COURSESELECT_CO_TRY_OK(co_await tell<wire::Course>(
        *data_node_, context, course_target("/update/course", course), json::to_text(changes)));
    co_return wire::Done{.message = "Course updated successfully"};
}

async::Task<core::Result<wire::Done>> TeacherNode::remove_course(api::Context& context,
                                                                 core::CourseId course) {
    COURSESELECT_CO_TRY_OK(co_await own_course(context, course, "delete"));
    co_return co_await tell<wire::Done>(*data_node_, context,
                                        course_target("/delete/course", course), std::string());
}

async::Task<core::Result<wire::CourseStudents>> TeacherNode::course_students(
    api::Context& context, core::CourseId course) {
    COURSESELECT_CO_TRY_OK(co_await own_course(context, course, "view"));
    co_return co_await ask<wire::CourseStudents>(*data_node_, context,
                                                 course_target("/get/course/students", course));
}

async::Task<core::Result<wire::StudentPage>> TeacherNode::students(api::Context& context,
                                                                   wire::StudentPageQuery page) {
    net::http::Query query;
    query.add("user_type", std::string_view("student"));
    query.add("page", std::int64_t{page.page});
    query.add("page_size", std::int64_t{page.page_size});
    // Reading the answer as `StudentPage` is what keeps everything else of an account here.
    co_return co_await ask<wire::StudentPage>(*auth_node_, context, "/admin/users" + query.str());
}

async::Task<core::Result<wire::Done>> TeacherNode::remove_student(api::Context& context,
                                                                  wire::Selection selection) {
    COURSESELECT_CO_TRY_OK(co_await own_course(context, selection.course_id, "modify"));
    COURSESELECT_CO_TRY_OK(co_await tell<wire::Done>(*data_node_, context, "/deselect/course",
                                                     json::to_text(selection)));
    co_return wire::Done{.message = "Student removed from course successfully"};
}

async::Task<core::Result<wire::StudentsAdded>> TeacherNode::add_students(
    api::Context& context, wire::StudentsToAdd students) {
    if (!students.course_id || !students.student_ids || students.student_ids->empty()) {
        co_return bad_request("course_id and student_ids are required");
    }
    COURSESELECT_CO_TRY_OK(co_await own_course(context, *students.course_id, "modify"));
    std::vector<Candidate> candidates;
    candidates.reserve(students.student_ids->size());
    for (const core::StudentId student : *students.student_ids) {
        candidates.push_back({fmt::format("Student {}", student.value()), student});
    }
    wire::StudentsAdded answer;
    co_return co_await take_seats(context, *students.course_id, std::move(candidates),
                                  std::move(answer));
}

async::Task<core::Result<wire::StudentsAdded>> TeacherNode::add_named(api::Context& context,
                                                                      wire::UsernamesToAdd names) {
    if (!names.course_id || !names.usernames || names.usernames->empty()) {
        co_return bad_request("course_id and usernames are required");
    }
    COURSESELECT_CO_TRY_OK(co_await own_course(context, *names.course_id, "modify"));
    wire::UserLookup lookup;
    lookup.usernames = *std::move(names.usernames);
    COURSESELECT_CO_TRY(const auto found,
                        co_await tell<wire::FoundUsers>(
                            *auth_node_, context, "/internal/users/lookup", json::to_text(lookup)));
    wire::StudentsAdded answer;
    std::vector<Candidate> candidates;
    for (const wire::FoundUser& user : found.users) {
        if (!user.user_id) {
            answer.errors.push_back(user.username + ": User not found");
        } else if (user.user_type != "student") {
            answer.errors.push_back(user.username + ": User is not a student");
        } else {
            candidates.push_back({user.username, core::StudentId(*user.user_id)});
        }
    }
    co_return co_await take_seats(context, *names.course_id, std::move(candidates),
                                  std::move(answer));
}

async::Task<core::Result<wire::StudentsAdded>> TeacherNode::take_seats(
    api::Context& context, core::CourseId course, std::vector<Candidate> candidates,
    wire::StudentsAdded answer) {
    wire::DecisionBatch batch;
    batch.tasks.reserve(candidates.size());
    for (const Candidate& candidate : candidates) {
        const auto id = core::make_uuid_v4(runtime_.random.array<16>());
        batch.tasks.push_back({.task_id = core::format_uuid(id),
                               .student_id = candidate.student,
                               .course_id = course,
                               .task_type = "select"});
    }
    wire::DecisionBatchAnswer decided;
    if (!batch.tasks.empty()) {
        COURSESELECT_CO_TRY(decided,
                            co_await tell<wire::DecisionBatchAnswer>(
                                *data_node_, context, "/internal/decisions", json::to_text(batch)));
    }
    if (decided.decisions.size() != candidates.size()) {
        co_return core::Error(core::Errc::unavailable, "decisions are missing in an answer");
    }
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const wire::Decision& decision = decided.decisions[i];
        if (decision.accepted) {
            ++answer.success_count;
        } else {
            answer.errors.push_back(candidates[i].label + ": " + decision.message);
        }
    }
    answer.message = fmt::format("Added {} students successfully", answer.success_count);
    co_return answer;
}

}  // namespace courseselect::nodes::teacher
