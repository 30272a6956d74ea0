#include "sqlite_task_store.hpp"

#include <chrono>
#include <string_view>

#include "courseselect/queue/sqlite_task_queue.hpp"

namespace courseselect::queue {

namespace {

using storage::Connection;
using storage::Row;

constexpr storage::Migration schema_steps[] = {{1, "tasks", R"(
    CREATE TABLE tasks (
        sequence INTEGER PRIMARY KEY,
        task_id BLOB NOT NULL CHECK (length(task_id) = 16),
        student_id INTEGER NOT NULL,
        course_id INTEGER NOT NULL,
        type TEXT NOT NULL CHECK (type IN ('select', 'deselect')),
        priority INTEGER NOT NULL,
        client_ref TEXT,
        created_at INTEGER NOT NULL) STRICT;
    CREATE UNIQUE INDEX tasks_client_ref ON tasks (student_id, client_ref)
        WHERE client_ref IS NOT NULL;
    CREATE TABLE outcomes (
        sequence INTEGER PRIMARY KEY REFERENCES tasks (sequence),
        status TEXT NOT NULL CHECK (status IN ('completed', 'failed', 'dead')),
        message TEXT NOT NULL,
        reasons TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        started_at INTEGER,
        completed_at INTEGER NOT NULL) STRICT;
    CREATE INDEX outcomes_dead ON outcomes (sequence) WHERE status = 'dead';
    CREATE TABLE attempts (
        sequence INTEGER PRIMARY KEY REFERENCES tasks (sequence),
        attempts INTEGER NOT NULL,
        reason TEXT NOT NULL) STRICT;
    CREATE TABLE identity (
        only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
        id_key INTEGER NOT NULL) STRICT;
    CREATE VIEW stored_tasks AS
        SELECT t.sequence, t.task_id, t.student_id, t.course_id, t.type, t.priority, t.client_ref,
               t.created_at, o.status, o.message, o.reasons, o.started_at, o.completed_at,
               coalesce(o.attempts, a.attempts, 0) AS attempts
        FROM tasks t LEFT JOIN outcomes o ON o.sequence = t.sequence
                     LEFT JOIN attempts a ON a.sequence = t.sequence)"}};

/// A row of `stored_tasks`.
Task read_task(const Row& row) {
    Task task;
    task.sequence = row.get<std::int64_t>(0);
    task.id.bytes = row.get<std::array<std::uint8_t, 16>>(1);
    task.student = row.get<core::StudentId>(2);
    task.course = row.get<core::CourseId>(3);
    task.type = row.get<std::string_view>(4) == "select" ? TaskType::select : TaskType::deselect;
    task.priority = row.get<int>(5);
    task.client_ref = row.get<std::optional<std::string>>(6);
    task.created_at = row.get<core::WallTime>(7);
    if (!row.is_null(8)) {
        const auto status = row.get<std::string_view>(8);
        task.status = status == "completed" ? TaskStatus::completed : TaskStatus::failed;
        task.given_up = status == "dead";
        task.message = row.get<std::string>(9);
        task.reasons_json = row.get<std::string>(10);
        task.started_at = row.get<std::optional<core::WallTime>>(11);
        task.completed_at = row.get<core::WallTime>(12);
    }
    task.attempts = row.get<int>(13);
    return task;
}

/// The task that already has this student's key, if there is one.
core::Result<std::optional<Task>> find_ref(Connection& db, const Task& wanted) {
    const auto brief = [](const Row& row) {
        Task task;
        task.sequence = row.get<std::int64_t>(0);
        task.id.bytes = row.get<std::array<std::uint8_t, 16>>(1);
        task.course = row.get<core::CourseId>(2);
        task.type =
            row.get<std::string_view>(3) == "select" ? TaskType::select : TaskType::deselect;
        return task;
    };
    return db.one(
        "SELECT sequence, task_id, course_id, type FROM tasks "
        "WHERE student_id = ? AND client_ref = ?",
        brief, wanted.student, wanted.client_ref);
}

core::Result<std::vector<Inserted>> insert_tasks(Connection& db, const std::vector<Task>& tasks) {
    std::vector<Inserted> outcome(tasks.size());
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        const Task& task = tasks[i];
        if (task.client_ref) {
            COURSESELECT_TRY(outcome[i].existing, find_ref(db, task));
            if (outcome[i].existing) {
                continue;
            }
        }
        COURSESELECT_TRY_OK(db.execute(
            "INSERT INTO tasks (sequence, task_id, student_id, course_id, type, priority, "
            "client_ref, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            task.sequence, task.id.bytes, task.student, task.course, name_of(task.type),
            task.priority, task.client_ref, task.created_at));
    }
    return outcome;
}

core::Result<> insert_outcomes(Connection& db, const std::vector<Task>& tasks) {
    for (const Task& task : tasks) {
        COURSESELECT_TRY_OK(db.execute(
            "INSERT INTO outcomes (sequence, status, message, reasons, attempts, started_at, "
            "completed_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            task.sequence, task.given_up ? "dead" : name_of(task.status), task.message,
            task.reasons_json, task.attempts, task.started_at, task.completed_at));
    }
    return {};
}

/// The key lives as long as the database: ids given out once must stay readable.
core::Result<std::int64_t> id_key_of(Connection& db, std::int64_t new_key) {
    const auto first = [](const Row& row) { return row.get<std::int64_t>(0); };
    COURSESELECT_TRY(const auto known, db.one("SELECT id_key FROM identity", first));
    if (known) {
        return *known;
    }
    COURSESELECT_TRY_OK(
        db.execute("INSERT INTO identity (only_row, id_key) VALUES (1, ?)", new_key));
    return new_key;
}

core::Result<StoredTasks> read_stored(Connection& db, core::WallTime midnight) {
    StoredTasks stored;
    const auto note = [&](const Row& row) {
        const auto sequence = row.get<std::int64_t>(0);
        stored.last_sequence = sequence;
        stored.all.emplace_back(sequence, row.get<core::StudentId>(1));
    };
    COURSESELECT_TRY_OK(db.each("SELECT sequence, student_id FROM tasks ORDER BY sequence", note));
    const auto add = [&](const Row& row) { stored.unfinished.push_back(read_task(row)); };
    COURSESELECT_TRY_OK(
        db.each("SELECT * FROM stored_tasks WHERE status IS NULL ORDER BY sequence", add));
    const auto count = [&](const Row& row) {
        stored.completed_today = row.get<std::size_t>(0);
        stored.failed_today = row.get<std::size_t>(1);
    };
    COURSESELECT_TRY_OK(
        db.each("SELECT coalesce(sum(CASE WHEN status = 'completed' THEN 1 ELSE 0 END), 0), "
                "coalesce(sum(CASE WHEN status <> 'completed' THEN 1 ELSE 0 END), 0) "
                "FROM outcomes WHERE completed_at >= ?",
                count, midnight));
    return stored;
}

core::Result<PurgeStep> purge_step(Connection& db, core::WallTime before, std::int64_t cursor,
                                   std::size_t step) {
    struct Found {
        std::int64_t sequence;
        core::StudentId student;
        core::WallTime created_at;
        bool finished;
    };
    const auto read = [](const Row& row) {
        return Found{row.get<std::int64_t>(0), row.get<core::StudentId>(1),
                     row.get<core::WallTime>(2), row.get<bool>(3)};
    };
    COURSESELECT_TRY(
        const auto found,
        db.all("SELECT t.sequence, t.student_id, t.created_at, o.sequence IS NOT NULL "
               "FROM tasks t LEFT JOIN outcomes o USING (sequence) WHERE t.sequence > ? "
               "AND t.sequence < (SELECT max(sequence) FROM tasks) ORDER BY t.sequence LIMIT ?",
               read, cursor, step));
    PurgeStep result{.deleted = {}, .cursor = cursor, .done = found.size() < step};
    for (const Found& task : found) {
        if (task.created_at >= before) {
            result.done = true;
            break;
        }
        result.cursor = task.sequence;
        if (task.finished) {
            COURSESELECT_TRY_OK(
                db.execute("DELETE FROM attempts WHERE sequence = ?", task.sequence));
            COURSESELECT_TRY_OK(
                db.execute("DELETE FROM outcomes WHERE sequence = ?", task.sequence));
            COURSESELECT_TRY_OK(db.execute("DELETE FROM tasks WHERE sequence = ?", task.sequence));
            result.deleted.emplace_back(task.sequence, task.student);
        }
    }
    return result;
}

}  // namespace

std::span<const storage::Migration> task_queue_migrations() { return schema_steps; }

async::Task<core::Result<StoredTasks>> SqliteTaskStore::read_all(storage::WriteQueue& writer,
                                                                 storage::ReaderPool& readers,
                                                                 core::WallTime now,
                                                                 std::uint64_t new_key) {
    auto key_closure = [new_key](Connection& db) {
        return id_key_of(db, static_cast<std::int64_t>(new_key));
    };
    COURSESELECT_CO_TRY(const auto key, co_await writer.run(std::move(key_closure)));
    auto read_closure = [midnight = core::WallTime(std::chrono::floor<std::chrono::days>(now))](
                            Connection& db) { return read_stored(db, midnight); };
    COURSESELECT_CO_TRY(auto stored, co_await readers.read(std::move(read_closure)));
    stored.id_key = static_cast<std::uint64_t>(key);
    co_return stored;
}

async::Task<core::Result<std::vector<Inserted>>> SqliteTaskStore::insert(std::vector<Task> tasks) {
    auto closure = [tasks = std::move(tasks)](Connection& db) { return insert_tasks(db, tasks); };
    co_return co_await writer_.run(std::move(closure));
}

async::Task<core::Result<>> SqliteTaskStore::finish(std::vector<Task> tasks) {
    auto closure = [tasks = std::move(tasks)](Connection& db) {
        return insert_outcomes(db, tasks);
    };
    co_return co_await writer_.run(std::move(closure));
}

async::Task<core::Result<>> SqliteTaskStore::save_attempt(Task task) {
    auto closure = [task = std::move(task)](Connection& db) -> core::Result<> {
        COURSESELECT_TRY_OK(
            db.execute("INSERT INTO attempts (sequence, attempts, reason) VALUES (?, ?, ?) "
                       "ON CONFLICT (sequence) DO UPDATE SET attempts = excluded.attempts, "
                       "reason = excluded.reason",
                       task.sequence, task.attempts, task.message));
        return {};
    };
    co_return co_await writer_.run(std::move(closure));
}

async::Task<core::Result<std::vector<Task>>> SqliteTaskStore::load(
    std::vector<std::int64_t> sequences) {
    auto closure = [sequences =
                        std::move(sequences)](Connection& db) -> core::Result<std::vector<Task>> {
        std::vector<Task> found;
        const auto add = [&found](const Row& row) { found.push_back(read_task(row)); };
        for (const std::int64_t sequence : sequences) {
            COURSESELECT_TRY_OK(
                db.each("SELECT * FROM stored_tasks WHERE sequence = ?", add, sequence));
        }
        return found;
    };
    co_return co_await readers_.read(std::move(closure));
}

async::Task<core::Result<std::vector<Task>>> SqliteTaskStore::older(std::int64_t before,
                                                                    bool given_up_only,
                                                                    std::size_t limit) {
    auto closure = [before, given_up_only, limit](Connection& db) {
        return db.all(given_up_only ? "SELECT * FROM stored_tasks WHERE status = 'dead' "
                                      "AND sequence < ? ORDER BY sequence DESC LIMIT ?"
                                    : "SELECT * FROM stored_tasks WHERE sequence < ? "
                                      "ORDER BY sequence DESC LIMIT ?",
                      read_task, before, limit);
    };
    co_return co_await readers_.read(std::move(closure));
}

async::Task<core::Result<PurgeStep>> SqliteTaskStore::purge(core::WallTime before,
                                                            std::int64_t cursor, std::size_t step) {
    auto closure = [before, cursor, step](Connection& db) {
        return purge_step(db, before, cursor, step);
    };
    co_return co_await writer_.run(std::move(closure));
}

}  // namespace courseselect::queue
