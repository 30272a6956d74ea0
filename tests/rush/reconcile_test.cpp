#include "rush/reconcile.hpp"

#include <doctest/doctest.h>

#include <array>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/queue/sqlite_task_queue.hpp"
#include "courseselect/repo/decision_repo.hpp"
#include "courseselect/storage/migration.hpp"
#include "rush/databases.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;

namespace {

core::Uuid task(std::uint8_t number) {
    std::array<std::uint8_t, 16> bytes{};
    bytes[15] = number;
    return core::make_uuid_v4(bytes);
}

bench::Workload three_courses() {
    bench::Workload workload;
    workload.courses = {{.name = "A", .type = "x", .capacity = 1, .periods = {1, 2}},
                        {.name = "B", .type = "x", .capacity = 2, .periods = {2, 3}},
                        {.name = "C", .type = "x", .capacity = 2, .periods = {5, 6}}};
    return workload;
}

/// Hand-made databases in which everything agrees: students 1 and 2 got A and C, 3 was refused.
class Books {
  public:
    Books() {
        ids = bench::make_term_database(options.data_database, three_courses(), 3);
        const std::vector<repo::DecisionRecord> records = {
            record(1, 0, 0, true), record(2, 1, 2, true), record(3, 2, 0, false)};
        on_data([&](storage::Connection& c) { return repo::store_decisions(c, records); });
        on_queue([](storage::Connection& c) {
            return storage::migrate(c, queue::task_queue_migrations(), core::SystemClock());
        });
        for (const auto& made : records) {
            add_task(made, made.accepted ? "completed" : "failed");
        }
        options.answered = {task(1), task(2), task(3)};
    }

    repo::DecisionRecord record(std::uint8_t number, std::size_t student, std::size_t course,
                                bool accepted) const {
        return {.task_id = task(number),
                .student = ids.students[student],
                .course = ids.courses[course],
                .accepted = accepted,
                .code = accepted ? "accepted" : "course_full"};
    }
    void add_task(const repo::DecisionRecord& made, const char* status) {
        ++sequence_;
        on_queue([&](storage::Connection& c) -> core::Result<> {
            COURSESELECT_TRY_OK(c.execute(
                "INSERT INTO tasks (sequence, task_id, student_id, course_id, type, priority, "
                "created_at) VALUES (?, ?, ?, ?, 'select', 0, 1)",
                sequence_, made.task_id.bytes, made.student, made.course));
            if (status != nullptr) {
                COURSESELECT_TRY_OK(
                    c.execute("INSERT INTO outcomes (sequence, status, message, reasons, attempts, "
                              "completed_at) VALUES (?, ?, '', '[]', 1, 2)",
                              sequence_, status));
            }
            return {};
        });
    }
    void data_sql(const char* sql) {
        on_data([sql](storage::Connection& c) { return c.run_script(sql); });
    }
    void queue_sql(const char* sql) {
        on_queue([sql](storage::Connection& c) { return c.run_script(sql); });
    }
    [[nodiscard]] bench::Reconciliation check() const { return bench::reconcile(options); }
    /// True when some listed fault contains the words.
    [[nodiscard]] bool finds(const std::string& words) const {
        const auto result = check();
        for (const std::string& fault : result.faults) {
            if (fault.find(words) != std::string::npos) {
                return true;
            }
        }
        return false;
    }

  private:
    template <class F>
    void on_data(F&& body) {
        on(options.data_database, body);
    }
    template <class F>
    void on_queue(F&& body) {
        on(options.queue_database, body);
    }
    template <class F>
    static void on(const std::filesystem::path& file, F& body) {
        auto database = storage::Database::open({.path = file.string()});
        REQUIRE(database);
        auto writer = (*database)->connect_writer();
        REQUIRE(writer);
        REQUIRE(body(**writer));
    }

    test::TempDir directory_;
    std::int64_t sequence_ = 0;

  public:
    bench::ReconcileOptions options{.data_database = directory_.path() / "data.db",
                                    .queue_database = directory_.path() / "queue.db"};
    bench::TermIds ids;
};

}  // namespace

TEST_SUITE("rush/reconcile") {
    TEST_CASE("books that agree are clean and counted") {
        const Books books;
        const auto result = books.check();
        CHECK(result.is_clean());
        CHECK(result.faults.empty());
        CHECK(result.courses == 3);
        CHECK(result.students == 3);
        CHECK(result.enrolments == 2);
        CHECK(result.decisions == 3);
        CHECK(result.tasks == 3);
        CHECK(result.answered == 3);
        CHECK(result.verdict().find("No seat sold twice") != std::string::npos);
    }

    TEST_CASE("a seat sold twice is found, and the counter that does not know of it") {
        Books books;
        books.data_sql("INSERT INTO enrolments VALUES (3, 1, 1)");
        CHECK(books.finds("course 1 has 2 enrolments for 1 seats"));
        CHECK(books.finds("counts 1 enrolled, the enrolments say 2"));
        CHECK(books.finds("replaying 3 decisions gives 2 enrolments, 3 are stored"));
        CHECK(books.check().verdict().find("FAILED") != std::string::npos);
    }

    TEST_CASE("a counter that drifted is found") {
        Books books;
        books.data_sql("UPDATE courses SET enrolled = 0 WHERE course_id = 1");
        CHECK(books.finds("course 1 counts 0 enrolled"));
    }

    TEST_CASE("a student in two places at once is found") {
        Books books;
        books.data_sql("INSERT INTO enrolments VALUES (1, 2, 1)");
        CHECK(books.finds("student 1 has courses 1 and 2 at the same time"));
    }

    TEST_CASE("an enrolment that no decision gave is found") {
        Books books;
        books.data_sql(
            "INSERT INTO enrolments VALUES (3, 3, 1);"
            "UPDATE courses SET enrolled = 2 WHERE course_id = 3");
        CHECK(books.check().fault_count == 1);
        CHECK(books.finds("replaying"));
    }

    TEST_CASE("a decision that does not follow from those before it is found") {
        Books books;
        books.data_sql(
            "INSERT INTO decisions (task_id, kind, student_id, course_id, accepted, "
            "code, reasons, decided_at) VALUES (x'01', 'deselect', 3, 3, 1, 'accepted', "
            "'[]', 1)");
        CHECK_THROWS_AS((void)books.check(), std::runtime_error);  // not a task id
        books.data_sql("UPDATE decisions SET task_id = zeroblob(16) WHERE task_id = x'01'");
        CHECK(books.finds("does not follow"));
    }

    TEST_CASE("an accepted task that the queue does not know is found") {
        Books books;
        books.options.answered.push_back(task(9));
        CHECK(books.finds("is not in the queue's database"));
    }

    TEST_CASE("a task without an outcome, or a dead one, is found") {
        Books books;
        books.add_task(books.record(4, 1, 1, true), nullptr);
        books.add_task(books.record(5, 1, 1, true), "dead");
        CHECK(books.finds("has no final outcome (open)"));
        CHECK(books.finds("has no final outcome (dead)"));
        CHECK(books.check().fault_count == 2);
    }

    TEST_CASE("a finished task without a decision is found, a cancelled one is not") {
        Books books;
        books.add_task(books.record(4, 1, 1, true), "failed");
        CHECK(books.finds("is finished without a decision"));
        books.queue_sql("UPDATE outcomes SET message = 'Cancelled by user' WHERE sequence = 4");
        CHECK(books.check().is_clean());
    }

    TEST_CASE("an outcome that says something else than the decision is found") {
        Books books;
        books.queue_sql("UPDATE outcomes SET status = 'completed' WHERE sequence = 3");
        CHECK(books.finds("say different things"));
    }

    TEST_CASE("no more faults are listed than asked for, all are counted") {
        Books books;
        books.options.faults_max = 2;
        for (std::uint8_t number = 50; number < 60; ++number) {
            books.options.answered.push_back(task(number));
        }
        const auto result = books.check();
        CHECK(result.faults.size() == 2);
        CHECK(result.fault_count == 10);
    }

    TEST_CASE("a missing database is an error, not a clean result") {
        Books books;
        books.options.queue_database = "/nonexistent/queue.db";
        CHECK_THROWS_AS((void)books.check(), std::runtime_error);
    }

    TEST_CASE("task ids are read from a file, a line each") {
        const test::TempDir directory;
        const auto file = directory.path() / "ids";
        std::ofstream(file) << core::format_uuid(task(1)) << '\n'
                            << core::format_uuid(task(2)) << '\n';
        CHECK(bench::read_task_ids(file).size() == 2);
        std::ofstream(file, std::ios::app) << "nonsense\n";
        CHECK_THROWS_AS((void)bench::read_task_ids(file), std::runtime_error);
        CHECK_THROWS_AS((void)bench::read_task_ids(directory.path() / "none"), std::runtime_error);
    }
}
