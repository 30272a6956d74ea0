#include "rush/databases.hpp"

#include <fmt/format.h>

#include "courseselect/core/clock.hpp"
#include "courseselect/repo/catalogue_repo.hpp"
#include "courseselect/repo/data_schema.hpp"
#include "courseselect/storage/migration.hpp"

namespace courseselect::bench {
namespace {

storage::DatabaseUrl file_url(const std::filesystem::path& file) {
    return {.engine = storage::Engine::sqlite, .path = std::filesystem::absolute(file).string()};
}

core::Result<domain::Course> to_course(const PlannedCourse& planned, core::WallTime now) {
    domain::Course course;
    course.name = planned.name;
    course.credits = domain::Credits::from_hundredths(planned.credit_hundredths);
    course.type = planned.type;
    course.location = planned.location;
    course.capacity = planned.capacity;
    course.schedule.emplace();
    for (const int period : planned.periods) {
        COURSESELECT_TRY_OK(
            course.schedule->add_period(static_cast<domain::Weekday>(planned.weekday), period));
    }
    course.created_at = now;
    course.updated_at = now;
    return course;
}

core::Result<TermIds> insert_term(storage::Connection& connection, const Workload& workload,
                                  std::size_t students, core::WallTime now) {
    TermIds ids;
    for (const PlannedCourse& planned : workload.courses) {
        COURSESELECT_TRY(const domain::Course course, to_course(planned, now));
        COURSESELECT_TRY(const core::CourseId id, repo::insert_course(connection, course));
        ids.courses.push_back(id);
    }
    for (std::size_t i = 0; i < students; ++i) {
        const domain::Student student{
            .name = fmt::format("student{:05}", i + 1), .created_at = now, .updated_at = now};
        COURSESELECT_TRY(const core::StudentId id, repo::insert_student(connection, student));
        ids.students.push_back(id);
    }
    return ids;
}

}  // namespace

ReadOnlyDatabase::ReadOnlyDatabase(const std::filesystem::path& file) {
    storage::DatabaseOptions options;
    options.read_only = true;
    database_ = expect(storage::Database::open(file_url(file), options), file.string());
    reader_ = expect(database_->connect_reader(), file.string());
}

TermIds make_term_database(const std::filesystem::path& file, const Workload& workload,
                           std::size_t students) {
    const core::SystemClock clock;
    auto database = expect(storage::Database::open(file_url(file)), file.string());
    auto writer = expect(database->connect_writer(), file.string());
    expect(storage::migrate(*writer, repo::data_migrations(), clock), "migrating the data schema");
    const auto body = [&](storage::Connection& connection) {
        return insert_term(connection, workload, students, clock.wall_now());
    };
    return expect(writer->transaction(body), "inserting the term");
}

std::int64_t count_undecided(storage::Connection& queue) {
    const auto first = [](const storage::Row& row) { return row.get<std::int64_t>(0); };
    const auto count = expect(
        queue.one("SELECT (SELECT count(*) FROM tasks) - (SELECT count(*) FROM outcomes)", first),
        "counting undecided tasks");
    return count.value_or(0);
}

}  // namespace courseselect::bench
