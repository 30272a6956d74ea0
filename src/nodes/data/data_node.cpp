#include "courseselect/nodes/data/data_node.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "courseselect/json/reader.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/nodes/data/mapping.hpp"
#include "courseselect/nodes/data/outboxes.hpp"
#include "courseselect/nodes/health.hpp"
#include "courseselect/nodes/parts.hpp"

namespace courseselect::nodes::data {
namespace {

core::Error no_course() { return {core::Errc::not_found, "Course not found"}; }

wire::Decision to_wire(const SelectionOutcome& outcome, domain::RequestKind kind) {
    wire::Decision decision{.task_id = core::format_uuid(outcome.id),
                            .accepted = outcome.accepted,
                            .reasons = data::to_wire(outcome.reasons)};
    if (outcome.accepted) {
        decision.code = "accepted";
        decision.message = kind == domain::RequestKind::select ? "Course selected successfully"
                                                               : "Course deselected successfully";
    } else {
        decision.code = outcome.reasons.front().code;
        decision.message = outcome.reasons.front().message;
    }
    return decision;
}

/// Decisions after a cursor, and how many there are in all.
struct DecisionsFound {
    std::vector<repo::DecisionRecord> records;
    std::int64_t last = 0;
};

/// What the student was told first of a refusal's stored reasons; empty: it was none.
std::string first_message(const std::string& reasons) {
    const auto read = json::parse<std::vector<wire::Reason>>(reasons);
    return read && !read->empty() ? read->front().message : std::string();
}

/// The tasks of a batch, or what is wrong with one of them.
core::Result<std::vector<SelectionTask>> tasks_from(const wire::DecisionBatch& batch) {
    std::vector<SelectionTask> tasks;
    tasks.reserve(batch.tasks.size());
    for (const wire::DecisionTask& task : batch.tasks) {
        const auto id = core::parse_uuid(task.task_id);
        if (!id) {
            return core::Error(core::Errc::invalid_argument,
                               "task_id '" + task.task_id + "' is not a UUID");
        }
        tasks.push_back({.id = *id,
                         .kind = task.task_type == "select" ? domain::RequestKind::select
                                                            : domain::RequestKind::deselect,
                         .student = task.student_id,
                         .course = task.course_id,
                         .redelivered = task.redelivered});
    }
    return tasks;
}

/// The first `limit` people by id. The only name the data node knows is the username.
template <class People>
std::vector<wire::Person> first_people(const People& people, std::int64_t limit) {
    std::vector<wire::Person> list;
    for (const auto& [id, person] : people) {
        if (static_cast<std::int64_t>(list.size()) >= limit) {
            break;
        }
        list.push_back({.id = id.value(), .username = person.name, .name = person.name});
    }
    return list;
}

}  // namespace

DataNode::DataNode(Runtime runtime, DataNodeOptions options)
    : runtime_(runtime), options_(std::move(options)), service_(runtime.clock, options_.service) {
    add_health(service_, *this);
    add_course_routes();
    add_student_routes();
    add_teacher_routes();
    add_tag_routes();
    add_selection_routes();
    add_resource_routes();
    add_internal_routes();
    add_classroom_routes();
}

DataNode::~DataNode() = default;

void DataNode::apply(const Settings& settings) {
    options_.limits = ledger_limits(settings.courses);
    if (state_) {
        state_->ledger.set_limits(options_.limits);
    }
}

async::Task<core::Result<>> DataNode::start() {
    auto state = DataState::open(runtime_, options_.database, options_.storage, options_.limits);
    if (!state) {
        co_return std::move(state).error();
    }
    state_ = *std::move(state);
    engine_ = std::make_unique<SelectionEngine>(*state_);
    editor_ = std::make_unique<CatalogueEditor>(*state_);
    classroom_ = std::make_unique<Classroom>(*state_);
    start_publishers();
    co_return core::Result<>();
}

void DataNode::report_to(std::vector<std::unique_ptr<net::http::Client>> realtime) {
    realtime_ = std::move(realtime);
}

void DataNode::start_publishers() {
    std::vector<std::unique_ptr<events::Outbox>> outboxes;
    outboxes.push_back(std::make_unique<SeatOutbox>(*state_));
    outboxes.push_back(std::make_unique<ClassroomOutbox>(*state_));
    const std::size_t count = std::min(outboxes.size(), realtime_.size());
    for (std::size_t i = 0; i < count; ++i) {
        publishers_.push_back(std::make_unique<events::Publisher>(
            runtime_, std::move(outboxes[i]), std::move(realtime_[i]),
            std::string(options_.service.internal_token.reveal())));
        publishers_.back()->start();
    }
    realtime_.clear();
    state_->on_commit = [this] {
        for (const auto& publisher : publishers_) {
            publisher->wake();
        }
    };
}

async::Task<> DataNode::stop() {
    for (const auto& publisher : publishers_) {
        co_await publisher->stop();
    }
    co_await engine_->stop();
    co_await state_->close();
}

NodeParts DataNode::parts() {
    NodeParts parts;
    parts.is_started = engine_ != nullptr;
    if (parts.is_started) {
        parts.writes = state_->writes.get();
        parts.readers = state_->readers.get();
        parts.more = [this](metrics::Scrape& scrape) {
            engine_->collect(scrape);
            for (const auto& publisher : publishers_) {
                publisher->collect(scrape);
            }
        };
    }
    return parts;
}

async::Task<core::Result<std::vector<wire::Course>>> DataNode::list_courses(std::int64_t limit) {
    std::vector<wire::Course> courses;
    for (const auto& [id, course] : state_->catalogue.courses()) {
        if (static_cast<std::int64_t>(courses.size()) >= limit) {
            break;
        }
        courses.push_back(state_->shown(course));
    }
    co_return courses;
}

async::Task<core::Result<wire::Course>> DataNode::find_course(core::CourseId id) {
    const domain::Course* course = state_->catalogue.find(id);
    if (course == nullptr) {
        co_return no_course();
    }
    co_return state_->shown(*course);
}

async::Task<core::Result<wire::CoursePage>> DataNode::filter_courses(wire::CourseFilter filter) {
    domain::CourseFilter wanted;
    if (filter.teacher_id) {
        wanted.teacher = core::TeacherId(*filter.teacher_id);
    }
    wanted.type = filter.course_type.value_or("");
    wanted.search = filter.search.value_or("");
    const domain::CoursePage page =
        state_->catalogue.courses(wanted, {.number = static_cast<std::size_t>(filter.page),
                                           .size = static_cast<std::size_t>(filter.page_size)});
    wire::CoursePage answer;
    answer.total = static_cast<std::int64_t>(page.total);
    for (const domain::Course* course : page.courses) {
        answer.courses.push_back(state_->shown(*course));
    }
    co_return answer;
}

async::Task<core::Result<wire::CourseStudents>> DataNode::course_students(core::CourseId id) {
    if (state_->catalogue.find(id) == nullptr) {
        co_return no_course();
    }
    wire::CourseStudents answer;
    for (const core::StudentId student : state_->ledger.students_of(id)) {
        const domain::Student* person = state_->catalogue.find(student);
        COURSESELECT_CHECK(person != nullptr);
        answer.students.push_back({student, person->name, student, person->name});
    }
    answer.total = static_cast<std::int64_t>(answer.students.size());
    co_return answer;
}

async::Task<core::Result<wire::Student>> DataNode::find_student(core::StudentId id) {
    const domain::Student* student = state_->catalogue.find(id);
    if (student == nullptr) {
        co_return core::Error(core::Errc::not_found, "Student not found");
    }
    co_return data::to_wire(*student, state_->ledger.courses_of(id));
}

async::Task<net::http::Response> DataNode::update_student(wire::StudentUpdate query,
                                                          wire::StudentUpdate body) {
    const auto id = body.student_id ? body.student_id : query.student_id;
    if (!id) {
        co_return api::validation_response({json::missing_error("query", "student_id")});
    }
    if (!body.student_name) {
        body.student_name = std::move(query.student_name);
    }
    if (!body.student_tags) {
        body.student_tags = std::move(query.student_tags);
    }
    const auto student = co_await editor_->update_student(*id, std::move(body));
    if (!student) {
        co_return api::error_response(student.error());
    }
    net::http::Response response;
    json::append(response.body, *student);
    co_return response;
}

async::Task<core::Result<std::vector<wire::Person>>> DataNode::list_students(std::int64_t limit) {
    co_return first_people(state_->catalogue.students(), limit);
}

async::Task<core::Result<std::vector<wire::Person>>> DataNode::list_teachers(std::int64_t limit) {
    co_return first_people(state_->catalogue.teachers(), limit);
}

async::Task<core::Result<wire::Teacher>> DataNode::find_teacher(core::TeacherId id) {
    const domain::Teacher* teacher = state_->catalogue.find(id);
    if (teacher == nullptr) {
        co_return core::Error(core::Errc::not_found, "Teacher not found");
    }
    co_return data::to_wire(*teacher, state_->catalogue.courses_of(id));
}

async::Task<core::Result<wire::OwnStudents>> DataNode::own_students(core::TeacherId id) {
    std::set<core::StudentId> students;
    for (const core::CourseId course : state_->catalogue.courses_of(id)) {
        const auto seated = state_->ledger.students_of(course);
        students.insert(seated.begin(), seated.end());
    }
    co_return wire::OwnStudents{.student_ids = {students.begin(), students.end()}};
}

async::Task<core::Result<wire::Done>> DataNode::select_one(wire::Selection selection,
                                                           domain::RequestKind kind) {
    std::vector<SelectionTask> tasks;
    tasks.push_back({.id = core::make_uuid_v4(runtime_.random.array<16>()),
                     .kind = kind,
                     .student = selection.student_id,
                     .course = selection.course_id});
    COURSESELECT_CO_TRY(const auto outcomes, co_await engine_->decide(std::move(tasks)));
    const SelectionOutcome& outcome = outcomes.front();
    wire::Decision decision = to_wire(outcome, kind);
    if (!outcome.accepted) {
        const auto code = outcome.refusal == domain::RefusalClass::not_found
                              ? core::Errc::not_found
                              : core::Errc::failed_precondition;
        co_return core::Error(code, std::move(decision.message));
    }
    co_return wire::Done{.message = std::move(decision.message)};
}

async::Task<core::Result<wire::DecisionBatchAnswer>> DataNode::decide(wire::DecisionBatch batch) {
    auto tasks = tasks_from(batch);
    if (!tasks) {
        co_return std::move(tasks).error();
    }
    const std::vector<SelectionTask> kinds = *tasks;
    COURSESELECT_CO_TRY(const auto outcomes, co_await engine_->decide(*std::move(tasks)));
    wire::DecisionBatchAnswer answer;
    answer.decisions.reserve(outcomes.size());
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        answer.decisions.push_back(to_wire(outcomes[i], kinds[i].kind));
    }
    co_return answer;
}

async::Task<core::Result<wire::Catalogue>> DataNode::catalogue(wire::CatalogueQuery query) {
    wire::Catalogue answer;
    answer.epoch = state_->epoch;
    answer.structure = state_->structure;
    answer.version = static_cast<std::int64_t>(state_->ledger.version());
    answer.full = query.epoch != answer.epoch || query.structure != answer.structure ||
                  query.since > answer.version;
    if (answer.full) {
        for (const auto& [id, course] : state_->catalogue.courses()) {
            answer.courses.push_back(state_->shown(course));
        }
        co_return answer;
    }
    for (const auto& change :
         state_->ledger.changed_since(static_cast<std::uint64_t>(query.since))) {
        if (const domain::Course* course = state_->catalogue.find(change.course)) {
            answer.courses.push_back(state_->shown(*course));
        }
    }
    co_return answer;
}

async::Task<core::Result<wire::SelectionEvents>> DataNode::events(wire::EventQuery query) {
    auto read = [query](storage::Connection& connection) -> core::Result<DecisionsFound> {
        DecisionsFound found;
        COURSESELECT_TRY(found.records,
                         repo::decisions_after(connection, query.after, query.limit));
        COURSESELECT_TRY(found.last, repo::last_decision(connection));
        return found;
    };
    COURSESELECT_CO_TRY(const auto found, co_await state_->readers->read(std::move(read)));
    wire::SelectionEvents answer;
    answer.last = found.last;
    for (const repo::DecisionRecord& record : found.records) {
        wire::SelectionEvent event{.sequence = record.sequence,
                                   .kind = std::string(repo::decision_kind_name(record.kind)),
                                   .student_id = record.student,
                                   .course_id = record.course,
                                   .accepted = record.accepted,
                                   .code = record.code,
                                   .message = first_message(record.reasons),
                                   .course_name = {},
                                   .decided_at = record.decided_at};
        if (const domain::Course* const course = state_->catalogue.find(record.course)) {
            event.course_name = course->name;
        }
        answer.events.push_back(std::move(event));
    }
    co_return answer;
}

async::Task<core::Result<wire::SelectionCheck>> DataNode::check(wire::Selection selection) {
    const domain::Decision decision = state_->ledger.check({.kind = domain::RequestKind::select,
                                                            .student = selection.student_id,
                                                            .course = selection.course_id,
                                                            .now = runtime_.clock.wall_now()});
    wire::SelectionCheck answer;
    answer.can_select = decision.accepted();
    answer.reasons = data::to_wire(decision.reasons());
    if (!decision.accepted()) {
        for (const domain::NamedCourse& other : decision.details().conflicts) {
            answer.time_conflicts.push_back({other.id, other.name});
        }
    }
    co_return answer;
}

}  // namespace courseselect::nodes::data
