/// Question: what does the write queue cost beside a bare loop of prepared statements?
/// Workload: an enrolment (enrolment row, course counter, decision row) per closure, in the data
/// node's schema, synchronous=FULL. "bare": 100 enrolments a transaction on one thread. "queue":
/// 256 submitters, each with one closure under way. Fixed seed, alternating rounds, same directory.
/// Good: the queue reaches at least half of the bare loop (median ratio >= 0.5).
/// Usage: write_queue_bench [directory] [enrolments] [rounds]

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/storage/database.hpp"
#include "courseselect/storage/write_queue.hpp"

using namespace courseselect;

namespace {

constexpr int students = 20'000;
constexpr int courses = 200;

constexpr std::string_view schema = R"(
    CREATE TABLE courses (course_id INTEGER PRIMARY KEY, capacity INTEGER NOT NULL,
        enrolled INTEGER NOT NULL CHECK (enrolled >= 0 AND enrolled <= capacity)) STRICT;
    CREATE TABLE students (student_id INTEGER PRIMARY KEY) STRICT;
    CREATE TABLE enrolments (student_id INTEGER NOT NULL REFERENCES students (student_id),
        course_id INTEGER NOT NULL REFERENCES courses (course_id), enrolled_at INTEGER NOT NULL,
        PRIMARY KEY (student_id, course_id)) STRICT, WITHOUT ROWID;
    CREATE TABLE decisions (sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        task_id BLOB NOT NULL UNIQUE, kind TEXT NOT NULL, student_id INTEGER NOT NULL,
        course_id INTEGER NOT NULL, accepted INTEGER NOT NULL, code TEXT NOT NULL,
        reasons TEXT NOT NULL, decided_at INTEGER NOT NULL) STRICT)";

template <class T>
T must(core::Result<T> result) {
    if (!result) {
        fmt::print(stderr, "{}\n", result.error().to_string());
        std::exit(1);
    }
    if constexpr (!std::is_void_v<T>) {
        return *std::move(result);
    }
}

struct Enrolment {
    std::array<std::uint8_t, 16> task_id{};
    int student = 0;
    int course = 0;
};

std::vector<Enrolment> make_enrolments(std::size_t count) {
    std::mt19937_64 random(2026);
    std::vector<Enrolment> made(count);
    for (std::size_t i = 0; i < count; ++i) {
        for (auto& byte : made[i].task_id) {
            byte = static_cast<std::uint8_t>(random());
        }
        // A permutation of the pairs: random places in the key, no pair twice.
        const std::size_t pair = i * 7'368'787 % (std::size_t{students} * courses);
        made[i].student = static_cast<int>(pair / courses) + 1;
        made[i].course = static_cast<int>(pair % courses) + 1;
    }
    return made;
}

core::Result<> enrol(storage::Connection& db, const Enrolment& e) {
    COURSESELECT_TRY_OK(
        db.execute("INSERT INTO enrolments VALUES (?, ?, ?)", e.student, e.course, 1));
    COURSESELECT_TRY_OK(
        db.execute("UPDATE courses SET enrolled = enrolled + 1 WHERE course_id = ?", e.course));
    COURSESELECT_TRY_OK(
        db.execute("INSERT INTO decisions (task_id, kind, student_id, course_id, accepted, code, "
                   "reasons, decided_at) VALUES (?, 'select', ?, ?, 1, 'accepted', '[]', ?)",
                   e.task_id, e.student, e.course, 1));
    return {};
}

core::Result<> fill(storage::Connection& db) {
    COURSESELECT_TRY_OK(db.run_script(schema));
    const auto body = [](storage::Connection& connection) -> core::Result<> {
        for (int id = 1; id <= students; ++id) {
            COURSESELECT_TRY_OK(connection.execute("INSERT INTO students VALUES (?)", id));
        }
        for (int id = 1; id <= courses; ++id) {
            COURSESELECT_TRY_OK(
                connection.execute("INSERT INTO courses VALUES (?, ?, 0)", id, students));
        }
        return {};
    };
    return db.transaction(body);
}

void run_bare(storage::Database& database, const std::vector<Enrolment>& work) {
    const auto db = must(database.connect_writer());
    const auto one = must(db->prepare("INSERT INTO enrolments VALUES (?, ?, ?)"));
    const auto two =
        must(db->prepare("UPDATE courses SET enrolled = enrolled + 1 WHERE course_id = ?"));
    const auto three = must(
        db->prepare("INSERT INTO decisions (task_id, kind, student_id, course_id, accepted, code, "
                    "reasons, decided_at) VALUES (?, 'select', ?, ?, 1, 'accepted', '[]', ?)"));
    for (std::size_t first = 0; first < work.size(); first += 100) {
        const auto body = [&](storage::Connection&) -> core::Result<> {
            for (std::size_t i = first; i < std::min(first + 100, work.size()); ++i) {
                COURSESELECT_TRY_OK(one->execute(work[i].student, work[i].course, 1));
                COURSESELECT_TRY_OK(two->execute(work[i].course));
                COURSESELECT_TRY_OK(
                    three->execute(work[i].task_id, work[i].student, work[i].course, 1));
            }
            return {};
        };
        must(db->transaction(body));
    }
}

/// 256 submitters that each send their next enrolment when the last one is durable.
struct Submitters {
    async::EventLoop& loop;
    storage::WriteQueue& queue;
    const std::vector<Enrolment>& work;
    std::size_t next = 0;
    std::size_t done = 0;

    void submit_next() {
        if (next == work.size()) {
            return;
        }
        const Enrolment& e = work[next++];
        queue.submit([e](storage::Connection& db) { return enrol(db, e); },
                     [this](core::Result<> result) {
                         must(std::move(result));
                         if (++done == work.size()) {
                             loop.stop();
                         }
                         submit_next();
                     });
    }
};

void run_queue(storage::Database& database, const std::vector<Enrolment>& work) {
    async::EventLoop loop;
    storage::WriteQueue queue(loop, must(database.connect_writer()));
    Submitters submitters{loop, queue, work};
    for (int i = 0; i < 256; ++i) {
        submitters.submit_next();
    }
    loop.run();
}

template <class Run>
double measure(const std::string& directory, const std::vector<Enrolment>& work, Run run) {
    const std::string folder = directory + "/write_queue_bench";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    double rate = 0;
    {
        const auto database = must(storage::Database::open({.path = folder + "/db"}));
        must(fill(*must(database->connect_writer())));
        const auto start = std::chrono::steady_clock::now();
        run(*database, work);
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
        rate = static_cast<double>(work.size()) / taken.count();
    }
    std::filesystem::remove_all(folder);
    return rate;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string directory = argc > 1 ? argv[1] : ".";
    const auto work = make_enrolments(argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 30'000);
    const int rounds = argc > 3 ? std::atoi(argv[3]) : 3;
    std::vector<double> ratios;
    for (int round = 0; round < rounds; ++round) {
        const double bare = measure(directory, work, run_bare);
        const double queue = measure(directory, work, run_queue);
        ratios.push_back(queue / bare);
        fmt::print(R"({{"bench":"write_queue","round":{},"bare_per_s":{:.0f},"queue_per_s":{:.0f},)"
                   R"("ratio":{:.2f},"compiler":"{}"}})"
                   "\n",
                   round, bare, queue, queue / bare, __VERSION__);
    }
    std::sort(ratios.begin(), ratios.end());
    fmt::print(R"({{"bench":"write_queue","ratio_min":{:.2f},"ratio_median":{:.2f},)"
               R"("ratio_max":{:.2f}}})"
               "\n",
               ratios.front(), ratios[ratios.size() / 2], ratios.back());
    return 0;
}
