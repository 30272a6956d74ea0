#include "courseselect/nodes/student/student_node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "courseselect/net/http/url.hpp"
#include "courseselect/nodes/health.hpp"
#include "courseselect/nodes/student/student_classroom.hpp"
#include "courseselect/nodes/upstream.hpp"

namespace courseselect::nodes::student {
namespace {

core::Error no_course() { return {core::Errc::not_found, "Course not found"}; }
core::Error course_required() { return {core::Errc::invalid_argument, "course_id is required"}; }

bool has_all_tags(const std::vector<std::string>& have, const std::vector<std::string>& wanted) {
    return std::all_of(wanted.begin(), wanted.end(), [&have](const std::string& tag) {
        return std::find(have.begin(), have.end(), tag) != have.end();
    });
}

wire::ScheduleEntry schedule_entry(const wire::Course& course) {
    return {.course_id = course.course_id,
            .course_name = course.course_name,
            .course_time_start = course.course_time_start,
            .course_time_end = course.course_time_end,
            .course_time_begin = course.course_time_begin,
            .course_time_end_legacy = course.course_time_end_legacy,
            .course_location = course.course_location,
            .course_schedule = course.course_schedule};
}

/// The student's answer to a queue outcome.
net::http::Response receipt(const wire::QueueOutcome& outcome, std::string message) {
    if (outcome.status != 200) {
        net::http::Response refused = api::error_response(outcome.status, outcome.detail);
        if (outcome.retry_after) {
            refused.headers.push_back({"Retry-After", std::to_string(*outcome.retry_after)});
        }
        return refused;
    }
    net::http::Response accepted;
    accepted.body = json::to_text(wire::SelectionReceipt{.message = std::move(message),
                                                         .task_id = outcome.task_id,
                                                         .position = outcome.position,
                                                         .estimated_time = outcome.estimated_time});
    return accepted;
}

/// The names clients know for the ledger's reasons.
std::vector<wire::SelectionObstacle> obstacles(const wire::SelectionCheck& check) {
    std::vector<wire::SelectionObstacle> found;
    for (const wire::Reason& reason : check.reasons) {
        if (reason.code == "time_conflict") {
            for (const wire::ConflictingCourse& other : check.time_conflicts) {
                found.push_back({.type = reason.code,
                                 .message = "Time conflict with " + other.course_name,
                                 .course_id = other.course_id,
                                 .course_name = other.course_name});
            }
            continue;
        }
        const bool missing =
            reason.code == "course_not_found" || reason.code == "student_not_found";
        found.push_back({.type = missing ? "not_found" : reason.code, .message = reason.message});
    }
    return found;
}

}  // namespace

StudentNode::StudentNode(Runtime runtime, StudentNodeOptions options,
                         std::unique_ptr<const api::Authenticator> authenticator,
                         std::unique_ptr<net::http::Client> data_node,
                         std::unique_ptr<net::http::Client> queue_node)
    : runtime_(runtime),
      options_(std::move(options)),
      authenticator_(std::move(authenticator)),
      data_node_(std::move(data_node)),
      queue_node_(std::move(queue_node)),
      internal_token_(options_.service.internal_token.reveal()),
      snapshot_(runtime, *data_node_, internal_token_),
      submitter_(runtime, *queue_node_, internal_token_, options_.submitter),
      classroom_(*data_node_, internal_token_, options_.call_timeout),
      service_(runtime.clock, options_.service, authenticator_.get()) {
    add_health(service_, *this);
    add_read_routes();
    add_selection_routes();
    add_classroom_routes(service_, classroom_);
}

StudentNode::~StudentNode() = default;

async::Task<core::Result<>> StudentNode::start() { co_return core::Result<>(); }

async::Task<> StudentNode::stop() { co_await submitter_.stop(); }

async::Task<core::Result<>> StudentNode::refresh(std::chrono::milliseconds age) {
    if (snapshot_.is_younger_than(age)) {
        co_return core::Result<>();
    }
    auto refreshed = co_await snapshot_.refresh(age);
    if (!refreshed && snapshot_.is_loaded()) {
        co_return core::Result<>();  // an older copy serves until the data node is back
    }
    co_return refreshed;
}

async::Task<core::Result<>> StudentNode::check_available(core::CourseId id) {
    const auto refreshed = co_await refresh(options_.snapshot_age);
    if (!refreshed) {
        co_return core::Result<>();  // the queue keeps it until the data node can decide
    }
    const wire::Course* course = snapshot_.find(id);
    if (course == nullptr) {  // it may have been made this instant
        const auto again = co_await refresh(std::chrono::milliseconds(0));
        if (!again) {
            co_return core::Result<>();
        }
        course = snapshot_.find(id);
    }
    if (course == nullptr) {
        co_return no_course();
    }
    if (course->course_left <= 0) {
        co_return core::Error(core::Errc::failed_precondition, "Course is full");
    }
    co_return core::Result<>();
}

void StudentNode::apply(const Settings& settings) { priorities_ = settings.queue; }

async::Task<net::http::Response> StudentNode::submit(api::Context& context, core::CourseId course,
                                                     std::string task_type) {
    const bool selects = task_type == "select";
    const auto key = context.request.header("Idempotency-Key");
    // With a key this may be a repetition of a request that was stored before the course was full.
    if (selects && !key) {
        const auto available = co_await check_available(course);
        if (!available) {
            co_return api::error_response(available.error());
        }
    }
    wire::QueueSubmission submission{
        .student_id = core::StudentId(context.who().id),
        .course_id = course,
        .task_type = std::move(task_type),
        .priority = selects ? priorities_.select_priority : priorities_.deselect_priority,
        .client_address = context.client_address()};
    if (key) {
        if (key->empty() || key->size() > 128) {
            co_return api::error_response(400, "Idempotency-Key must have 1 to 128 characters");
        }
        submission.client_ref = std::string(*key);
    }
    const auto outcome = co_await submitter_.submit(std::move(submission));
    if (!outcome) {
        co_return api::error_response(outcome.error());
    }
    co_return receipt(*outcome, selects ? "Course selection submitted to queue"
                                        : "Course deselection submitted to queue");
}

async::Task<core::Result<wire::CheckAnswer>> StudentNode::check(api::Context& context,
                                                                wire::MaybeCourse course) {
    if (!course.course_id) {
        co_return course_required();
    }
    const wire::Selection selection{.student_id = core::StudentId(context.who().id),
                                    .course_id = *course.course_id};
    COURSESELECT_CO_TRY(const auto checked,
                        co_await post_json<wire::SelectionCheck>(
                            *data_node_, "/internal/check", json::to_text(selection),
                            internal_token_, context.identity(), options_.call_timeout));
    wire::CheckAnswer answer;
    answer.can_select = checked.can_select;
    answer.conflicts = obstacles(checked);
    co_return answer;
}

async::Task<core::Result<wire::TaskStatus>> StudentNode::task_status(api::Context& context,
                                                                     wire::OwnTaskQuery query) {
    net::http::Query target;
    target.add("task_id", std::string_view(query.task_id));
    target.add("student_id", context.who().id);
    target.add("wait", query.wait);
    co_return co_await get_json<wire::TaskStatus>(*queue_node_, "/queue/status" + target.str(),
                                                  internal_token_, context.identity(),
                                                  options_.call_timeout);
}

async::Task<core::Result<wire::Student>> StudentNode::caller(api::Context& context) {
    co_return co_await get_json<wire::Student>(
        *data_node_, fmt::format("/get/student?student_id={}", context.who().id), internal_token_,
        context.identity(), options_.call_timeout);
}

async::Task<core::Result<std::vector<wire::Course>>> StudentNode::courses_of_caller(
    api::Context& context) {
    COURSESELECT_CO_TRY(const auto student, co_await caller(context));
    COURSESELECT_CO_TRY_OK(co_await refresh(options_.snapshot_age));
    const auto& have = student.student_courses;
    const bool knows_all = std::all_of(have.begin(), have.end(), [this](core::CourseId id) {
        return snapshot_.find(id) != nullptr;
    });
    if (!knows_all) {  // a course younger than the copy
        COURSESELECT_CO_TRY_OK(co_await refresh(std::chrono::milliseconds(0)));
    }
    std::vector<wire::Course> courses;
    for (const core::CourseId id : have) {
        if (const wire::Course* course = snapshot_.find(id)) {
            courses.push_back(*course);
        }
    }
    co_return courses;
}

async::Task<core::Result<wire::AvailableCourses>> StudentNode::available(
    api::Context& context, wire::AvailableFilter query, wire::AvailableFilter body) {
    const int page = body.page.value_or(query.page.value_or(1));
    const int page_size = body.page_size.value_or(query.page_size.value_or(20));
    // A client's "all types" is an empty text.
    const bool in_body = body.course_type && !body.course_type->empty();
    const auto type = in_body ? body.course_type : query.course_type;
    COURSESELECT_CO_TRY(const auto student, co_await caller(context));
    COURSESELECT_CO_TRY_OK(co_await refresh(options_.snapshot_age));
    wire::AvailableCourses answer{.page = page, .page_size = page_size};
    const std::int64_t first = std::int64_t{page - 1} * page_size;
    for (const auto& [id, course] : snapshot_.courses()) {
        const bool wanted = course.is_active && (!type || course.course_type == *type) &&
                            has_all_tags(student.student_tags, course.course_tags);
        if (!wanted) {
            continue;
        }
        if (answer.total >= first && answer.total < first + page_size) {
            answer.courses.push_back(course);
        }
        ++answer.total;
    }
    co_return answer;
}

async::Task<core::Result<wire::SelectedCourses>> StudentNode::selected(api::Context& context) {
    COURSESELECT_CO_TRY(auto courses, co_await courses_of_caller(context));
    wire::SelectedCourses answer;
    for (const wire::Course& course : courses) {
        answer.total_credit += course.course_credit;
    }
    answer.courses = std::move(courses);
    co_return answer;
}

async::Task<core::Result<wire::CourseDetail>> StudentNode::detail(api::Context& context,
                                                                  wire::MaybeCourse course) {
    if (!course.course_id) {
        co_return course_required();
    }
    COURSESELECT_CO_TRY(
        auto found,
        co_await get_json<wire::Course>(
            *data_node_, fmt::format("/get/course?course_id={}", course.course_id->value()),
            internal_token_, context.identity(), options_.call_timeout));
    COURSESELECT_CO_TRY(const auto student, co_await caller(context));
    const auto& have = student.student_courses;
    wire::CourseDetail answer{{std::move(found)},
                              std::find(have.begin(), have.end(), *course.course_id) != have.end()};
    co_return answer;
}

async::Task<core::Result<wire::WeekSchedule>> StudentNode::schedule(api::Context& context) {
    COURSESELECT_CO_TRY(const auto courses, co_await courses_of_caller(context));
    wire::WeekSchedule answer;
    for (int day = 1; day <= 7; ++day) {
        answer.schedule[std::to_string(day)];
    }
    for (const wire::Course& course : courses) {
        const std::vector<int> monday{1};
        const auto& days = course.course_weekdays.empty() ? monday : course.course_weekdays;
        for (const int day : days) {
            answer.schedule[std::to_string(day)].push_back(schedule_entry(course));
        }
    }
    co_return answer;
}

async::Task<core::Result<wire::StudentStats>> StudentNode::stats(api::Context& context) {
    COURSESELECT_CO_TRY(const auto courses, co_await courses_of_caller(context));
    wire::StudentStats answer;
    for (const wire::Course& course : courses) {
        ++answer.total_courses;
        answer.total_credit += course.course_credit;
        ++answer.courses_by_type[course.course_type];
        answer.credit_by_type[course.course_type] += course.course_credit;
    }
    co_return answer;
}

void StudentNode::add_selection_routes() {
    const auto post = [](std::string_view path) {
        return api::post(path).access(api::Access::student).tag("selection");
    };
    service_.add(post("/student/course/select")
                     .summary("Ask for a seat.")
                     .description("Answered when the request is stored; 200 means queued, not "
                                  "selected. An Idempotency-Key header makes repeating safe.")
                     .body<wire::CourseRef>()
                     .error(404, "Course not found")
                     .error(400, "Course is full"),
                 [this](api::Context& context, wire::CourseRef course) {
                     return submit(context, course.course_id, "select");
                 });
    service_.add(post("/student/course/deselect")
                     .summary("Give a seat back.")
                     .body<wire::CourseRef>()
                     .example_body(R"({"course_id":2})"),
                 [this](api::Context& context, wire::CourseRef course) {
                     return submit(context, course.course_id, "deselect");
                 });
    service_.add(
        post("/student/course/check")
            .summary("What stands between the student and a course.")
            .body<wire::MaybeCourse>()
            .error(400, "course_id is required"),
        [this](api::Context& context, wire::MaybeCourse course) { return check(context, course); });
    service_.add(api::get("/student/queue/status")
                     .summary("Where one of the student's tasks stands; may wait for its end.")
                     .tag("selection")
                     .access(api::Access::student)
                     .query<wire::OwnTaskQuery>()
                     .error(404, "Task not found"),
                 [this](api::Context& context, wire::OwnTaskQuery query) {
                     return task_status(context, std::move(query));
                 });
}

void StudentNode::add_read_routes() {
    const auto get = [](std::string_view path) {
        return api::get(path).access(api::Access::student).tag("courses");
    };
    service_.add(
        api::post("/student/courses/available")
            .summary("Active courses whose tags the student has.")
            .tag("courses")
            .access(api::Access::student)
            .query<wire::AvailableFilter>()
            .optional_body<wire::AvailableFilter>(),
        [this](api::Context& context, wire::AvailableFilter query, wire::AvailableFilter body) {
            return available(context, std::move(query), std::move(body));
        });
    service_.add(get("/student/courses/selected").summary("The student's courses."),
                 [this](api::Context& context) { return selected(context); });
    service_.add(api::post("/student/course/detail")
                     .summary("One course, and whether the student has it.")
                     .tag("courses")
                     .access(api::Access::student)
                     .body<wire::MaybeCourse>()
                     .error(400, "course_id is required")
                     .error(404, "Course not found"),
                 [this](api::Context& context, wire::MaybeCourse course) {
                     return detail(context, course);
                 });
    service_.add(get("/student/schedule").summary("The student's week."),
                 [this](api::Context& context) { return schedule(context); });
    service_.add(get("/student/stats").summary("The student's courses in figures."),
                 [this](api::Context& context) { return stats(context); });
}

}  // namespace courseselect::nodes::student
