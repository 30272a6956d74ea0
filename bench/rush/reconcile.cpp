#include "rush/reconcile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <set>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "courseselect/json/value.hpp"
#include "courseselect/net/http/blocking_client.hpp"
#include "courseselect/repo/catalogue_repo.hpp"
#include "courseselect/repo/decision_repo.hpp"
#include "rush/databases.hpp"

namespace courseselect::bench {
namespace {

using core::CourseId;
using core::StudentId;
using Seat = std::pair<StudentId, CourseId>;

/// What the queue knows of a task.
struct QueuedTask {
    std::string status;  ///< empty: no outcome
    std::string message;
    StudentId student;
    CourseId course;
    std::string type;
};

/// Everything that is compared, read in one snapshot per database.
struct Snapshot {
    repo::CatalogueRows catalogue;
    std::vector<Seat> seats;
    std::map<CourseId, std::int64_t> counters;
    std::vector<repo::DecisionRecord> decisions;
    std::map<core::Uuid, QueuedTask> tasks;
};

core::Result<> read_data(storage::Connection& connection, Snapshot& snapshot) {
    COURSESELECT_TRY(snapshot.catalogue, repo::load_catalogue(connection));
    const auto seat = [](const storage::Row& row) {
        return Seat{row.get<StudentId>(0), row.get<CourseId>(1)};
    };
    COURSESELECT_TRY(snapshot.seats,
                     connection.all("SELECT student_id, course_id FROM enrolments", seat));
    const auto count = [&snapshot](const storage::Row& row) {
        snapshot.counters[row.get<CourseId>(0)] = row.get<std::int64_t>(1);
    };
    COURSESELECT_TRY_OK(connection.each("SELECT course_id, enrolled FROM courses", count));
    std::int64_t last = 0;
    while (true) {
        COURSESELECT_TRY(auto part, repo::decisions_after(connection, last, 10'000));
        if (part.empty()) {
            return {};
        }
        last = part.back().sequence;
        std::move(part.begin(), part.end(), std::back_inserter(snapshot.decisions));
    }
}

core::Result<> read_queue(storage::Connection& connection, Snapshot& snapshot) {
    const auto keep = [&snapshot](const storage::Row& row) {
        QueuedTask task{.status = row.get<std::optional<std::string>>(4).value_or(""),
                        .message = row.get<std::optional<std::string>>(5).value_or(""),
                        .student = row.get<StudentId>(1),
                        .course = row.get<CourseId>(2),
                        .type = row.get<std::string>(3)};
        snapshot.tasks.emplace(core::Uuid{row.get<std::array<std::uint8_t, 16>>(0)},
                               std::move(task));
    };
    return connection.each(
        "SELECT task_id, student_id, course_id, type, status, message FROM stored_tasks", keep);
}

/// Collects what disagrees.
class Findings {
  public:
    Findings(Reconciliation& result, std::size_t faults_max)
        : result_(result), faults_max_(faults_max) {}

    template <class... Args>
    void add(fmt::format_string<Args...> sentence, Args&&... args) {
        ++result_.fault_count;
        if (result_.faults.size() < faults_max_) {
            result_.faults.push_back(fmt::format(sentence, std::forward<Args>(args)...));
        }
    }

  private:
    Reconciliation& result_;
    std::size_t faults_max_;
};

void check_capacities(const Snapshot& snapshot, Findings& findings) {
    std::map<CourseId, std::int64_t> taken;
    for (const auto& [student, course] : snapshot.seats) {
        ++taken[course];
    }
    for (const domain::Course& course : snapshot.catalogue.courses) {
        const std::int64_t seats = taken[course.id];
        if (seats > course.capacity) {
            findings.add("course {} has {} enrolments for {} seats", course.id.value(), seats,
                         course.capacity);
        }
        const auto counter = snapshot.counters.find(course.id);
        if (counter == snapshot.counters.end() || counter->second != seats) {
            findings.add("course {} counts {} enrolled, the enrolments say {}", course.id.value(),
                         counter == snapshot.counters.end() ? -1 : counter->second, seats);
        }
    }
}

void check_students(const Snapshot& snapshot, Findings& findings) {
    std::map<CourseId, domain::Timetable> timetables;
    for (const domain::Course& course : snapshot.catalogue.courses) {
        auto timetable = course.timetable();
        if (timetable) {
            timetables.emplace(course.id, *timetable);
        } else {
            findings.add("course {} has no readable timetable", course.id.value());
        }
    }
    std::set<StudentId> known;
    for (const domain::Student& student : snapshot.catalogue.students) {
        known.insert(student.id);
    }
    std::map<StudentId, std::vector<CourseId>> chosen;
    for (const auto& [student, course] : snapshot.seats) {
        if (known.count(student) == 0 || timetables.count(course) == 0) {
            findings.add("an enrolment of student {} in course {}: one of them does not exist",
                         student.value(), course.value());
            continue;
        }
        for (const CourseId other : chosen[student]) {
            if (other == course) {
                findings.add("student {} is enrolled twice in course {}", student.value(),
                             course.value());
            } else if (timetables.at(other).clashes_with(timetables.at(course))) {
                findings.add("student {} has courses {} and {} at the same time", student.value(),
                             other.value(), course.value());
            }
        }
        chosen[student].push_back(course);
    }
}

void check_replay(const Snapshot& snapshot, Findings& findings) {
    std::set<Seat> replayed;
    std::set<core::Uuid> seen;
    for (const repo::DecisionRecord& record : snapshot.decisions) {
        if (!seen.insert(record.task_id).second) {
            findings.add("task {} was decided twice", core::format_uuid(record.task_id));
        }
        if (!record.accepted) {
            continue;
        }
        const Seat seat{record.student, record.course};
        const bool selects = record.kind == repo::DecisionKind::select;
        const bool fits = selects ? replayed.insert(seat).second : replayed.erase(seat) == 1;
        if (!fits) {
            findings.add("decision {} ({}) does not follow from those before it", record.sequence,
                         repo::decision_kind_name(record.kind));
        }
    }
    const std::set<Seat> stored(snapshot.seats.begin(), snapshot.seats.end());
    if (replayed != stored) {
        findings.add("replaying {} decisions gives {} enrolments, {} are stored",
                     snapshot.decisions.size(), replayed.size(), stored.size());
    }
}

/// Every task of the queue has its outcome, and it is what the data node decided.
void check_tasks(const Snapshot& snapshot, const std::vector<core::Uuid>& answered,
                 Findings& findings) {
    std::map<core::Uuid, const repo::DecisionRecord*> decided;
    for (const repo::DecisionRecord& record : snapshot.decisions) {
        decided.emplace(record.task_id, &record);
    }
    for (const core::Uuid& id : answered) {
        if (snapshot.tasks.count(id) == 0) {
            findings.add("accepted task {} is not in the queue's database", core::format_uuid(id));
        }
    }
    for (const auto& [id, task] : snapshot.tasks) {
        const auto found = decided.find(id);
        if (task.status != "completed" && task.status != "failed") {
            findings.add("task {} has no final outcome ({})", core::format_uuid(id),
                         task.status.empty() ? "open" : task.status);
        } else if (found == decided.end()) {
            if (task.message != "Cancelled by user") {
                findings.add("task {} is finished without a decision", core::format_uuid(id));
            }
        } else {
            const repo::DecisionRecord& record = *found->second;
            if (record.accepted != (task.status == "completed") || record.student != task.student ||
                record.course != task.course ||
                repo::decision_kind_name(record.kind) != task.type) {
                findings.add("task {} and its decision {} say different things",
                             core::format_uuid(id), record.sequence);
            }
        }
    }
}

/// The data node's own words against its database.
class ApiCheck {
  public:
    ApiCheck(const ReconcileOptions& options, Findings& findings)
        : token_(options.internal_token),
          client_(expect(net::http::BlockingClient::open({*options.data_node}), "data node")),
          findings_(findings) {}

    void check_courses(const Snapshot& snapshot) {
        std::map<std::int64_t, std::pair<std::int64_t, std::int64_t>> shown;
        for (int page = 1;; ++page) {
            const json::Value answer =
                get(fmt::format("/get/courses?page={}&page_size=1000", page));
            for (const json::Value& course : answer["courses"].items()) {
                shown[course["course_id"].integer().value_or(0)] = {
                    course["course_selected"].integer().value_or(-1),
                    course["course_left"].integer().value_or(-1)};
            }
            if (answer["courses"].size() < 1000) {
                break;
            }
        }
        if (shown.size() != snapshot.catalogue.courses.size()) {
            findings_.add("the API shows {} courses, the database has {}", shown.size(),
                          snapshot.catalogue.courses.size());
        }
        for (const domain::Course& course : snapshot.catalogue.courses) {
            const std::int64_t enrolled = snapshot.counters.at(course.id);
            const auto [selected, left] = shown[course.id.value()];
            if (selected != enrolled || left != course.capacity - enrolled) {
                findings_.add(
                    "course {}: the API shows {} taken and {} left, the database {} of "
                    "{}",
                    course.id.value(), selected, left, enrolled, course.capacity);
            }
        }
    }

    void check_students(const Snapshot& snapshot) {
        std::map<StudentId, std::vector<std::int64_t>> chosen;
        for (const auto& [student, course] : snapshot.seats) {
            chosen[student].push_back(course.value());
        }
        for (const domain::Student& student : snapshot.catalogue.students) {
            const json::Value answer =
                get(fmt::format("/get/student?student_id={}", student.id.value()));
            std::vector<std::int64_t> shown;
            for (const json::Value& course : answer["student_courses"].items()) {
                shown.push_back(course.integer().value_or(0));
            }
            std::vector<std::int64_t>& stored = chosen[student.id];
            std::sort(shown.begin(), shown.end());
            std::sort(stored.begin(), stored.end());
            if (shown != stored) {
                findings_.add("student {}: the API shows {} courses, the database has {}",
                              student.id.value(), shown.size(), stored.size());
            }
        }
    }

  private:
    json::Value get(const std::string& target) {
        net::http::ClientRequest request;
        request.target = target;
        request.headers.push_back({"Internal-Token", token_});
        const auto answer =
            expect(client_->send(std::move(request), std::chrono::seconds{10}), target);
        if (answer.status != 200) {
            findings_.add("GET {} was answered {}", target, answer.status);
            return {};
        }
        return expect(json::Value::parse(answer.body), target);
    }

    std::string token_;
    std::unique_ptr<net::http::BlockingClient> client_;
    Findings& findings_;
};

}  // namespace

Reconciliation reconcile(const ReconcileOptions& options) {
    Snapshot snapshot;
    ReadOnlyDatabase data(options.data_database);
    const auto read_all = [&snapshot](storage::Connection& c) { return read_data(c, snapshot); };
    expect(data.connection().read_transaction(read_all), options.data_database.string());
    ReadOnlyDatabase queue(options.queue_database);
    expect(read_queue(queue.connection(), snapshot), options.queue_database.string());

    Reconciliation result;
    result.courses = snapshot.catalogue.courses.size();
    result.students = snapshot.catalogue.students.size();
    result.enrolments = snapshot.seats.size();
    result.decisions = snapshot.decisions.size();
    result.tasks = snapshot.tasks.size();
    result.answered = options.answered.size();
    Findings findings(result, options.faults_max);
    check_capacities(snapshot, findings);
    check_students(snapshot, findings);
    check_replay(snapshot, findings);
    check_tasks(snapshot, options.answered, findings);
    if (options.data_node) {
        ApiCheck api(options, findings);
        api.check_courses(snapshot);
        api.check_students(snapshot);
        result.asked_api = true;
    }
    return result;
}

std::string Reconciliation::verdict() const {
    const char* sources = asked_api ? "database and API" : "database";
    if (is_clean()) {
        return fmt::format(
            "Reconciled ({}): {} enrolments, {} decisions, {} tasks. No seat sold twice, no "
            "accepted task lost, nobody enrolled twice or in two places at once.",
            sources, enrolments, decisions, tasks);
    }
    return fmt::format("RECONCILIATION FAILED ({}): {} fault{}; the first: {}", sources,
                       fault_count, fault_count == 1 ? "" : "s",
                       faults.empty() ? "not listed" : faults.front());
}

std::vector<core::Uuid> read_task_ids(const std::filesystem::path& file) {
    std::ifstream input(file);
    std::vector<core::Uuid> ids;
    std::string line;
    while (std::getline(input, line)) {
        const auto id = core::parse_uuid(line);
        if (!id) {
            throw std::runtime_error(file.string() + ": not a task id: " + line);
        }
        ids.push_back(*id);
    }
    if (!input.eof()) {
        throw std::runtime_error(file.string() + ": cannot be read");
    }
    return ids;
}

}  // namespace courseselect::bench
