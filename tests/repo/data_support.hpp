#pragma once
/// A migrated data database for the repositories' tests.

#include <memory>
#include <string>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/repo/catalogue_repo.hpp"
#include "courseselect/repo/data_schema.hpp"
#include "courseselect/repo/decision_repo.hpp"
#include "storage/support.hpp"

namespace courseselect::test {

class DataDatabase {
  public:
    DataDatabase() { must(storage::migrate(*writer, repo::data_migrations(), clock)); }

    core::CourseId add_course(std::int64_t capacity, const std::string& name = "Algebra") {
        domain::Course course;
        course.name = name;
        course.credits = domain::Credits::from_hundredths(250);
        course.type = "elective";
        course.teacher = core::TeacherId(1);
        course.location = "A1";
        course.capacity = capacity;
        course.created_at = course.updated_at = clock.wall_now();
        return must(repo::insert_course(*writer, course));
    }
    core::StudentId add_student(const std::string& name, std::int64_t id = 0) {
        domain::Student student{.id = core::StudentId(id),
                                .name = name,
                                .tags = {},
                                .created_at = clock.wall_now(),
                                .updated_at = clock.wall_now()};
        return must(repo::insert_student(*writer, student));
    }
    /// A decision with a task id of its own, made from `task`.
    repo::DecisionRecord decision(std::uint8_t task, core::StudentId student, core::CourseId course,
                                  repo::DecisionKind kind = repo::DecisionKind::select) {
        repo::DecisionRecord record{.task_id = {},
                                    .kind = kind,
                                    .student = student,
                                    .course = course,
                                    .accepted = true,
                                    .code = "accepted",
                                    .reasons = "[]",
                                    .decided_at = clock.wall_now()};
        record.task_id.bytes[0] = task;
        return record;
    }
    /// Stores a batch in a transaction, as the write queue would; "" or the reason of its failure.
    std::string store(const std::vector<repo::DecisionRecord>& records) {
        const auto body = [&records](storage::Connection& connection) {
            return repo::store_decisions(connection, records);
        };
        const core::Result<> stored = writer->transaction(body);
        return stored ? "" : std::string(stored.error().reason());
    }
    std::int64_t number(std::string_view sql) { return count(*writer, sql); }

    core::ManualClock clock;
    std::unique_ptr<storage::Database> database = open_database("");
    std::unique_ptr<storage::Connection> writer = must(database->connect_writer());
};

}  // namespace courseselect::test
