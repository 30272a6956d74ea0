#include "rush/outcomes.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "rush/databases.hpp"

namespace courseselect::bench {
namespace {

std::int64_t single_number(storage::Connection& connection, std::string_view sql) {
    const auto first = [](const storage::Row& row) { return row.get<std::int64_t>(0); };
    return expect(connection.one(sql, first), std::string(sql)).value_or(0);
}

}  // namespace

Outcomes read_outcomes(storage::Connection& queue, std::int64_t after) {
    std::vector<std::int64_t> waits;
    std::int64_t first = 0;
    std::int64_t last = 0;
    const auto read = [&](const storage::Row& row) {
        const auto created = row.get<std::int64_t>(0);
        const auto completed = row.get<std::int64_t>(1);
        first = waits.empty() ? created : std::min(first, created);
        last = std::max(last, completed);
        waits.push_back(completed - created);
    };
    expect(queue.each("SELECT t.created_at, o.completed_at FROM tasks t JOIN outcomes o USING "
                      "(sequence) WHERE t.sequence > ?",
                      read, after),
           "reading the outcomes");
    Outcomes outcomes;
    outcomes.decided = waits.size();
    outcomes.seconds = static_cast<double>(last - first) / 1e6;
    outcomes.submit_to_decision = Latencies::of(waits);
    return outcomes;
}

std::int64_t last_task(storage::Connection& queue) {
    return single_number(queue, "SELECT coalesce(max(sequence), 0) FROM tasks");
}

std::int64_t last_decision(storage::Connection& data) {
    return single_number(data, "SELECT coalesce(max(sequence), 0) FROM decisions");
}

std::map<std::string, std::size_t> count_decisions(storage::Connection& data, std::int64_t after) {
    std::map<std::string, std::size_t> counts;
    const auto read = [&counts](const storage::Row& row) {
        counts[row.get<std::string>(0)] = row.get<std::size_t>(1);
    };
    expect(data.each("SELECT code, count(*) FROM decisions WHERE sequence > ? GROUP BY code", read,
                     after),
           "counting decisions");
    return counts;
}

std::vector<SeatLine> hottest_courses(storage::Connection& data,
                                      const std::map<std::int64_t, std::int64_t>& wanted,
                                      std::size_t count) {
    std::vector<SeatLine> lines;
    const auto read = [&](const storage::Row& row) {
        const auto found = wanted.find(row.get<std::int64_t>(0));
        if (found != wanted.end()) {
            lines.push_back({.course = row.get<std::string>(1),
                             .taken = row.get<std::int64_t>(2),
                             .capacity = row.get<std::int64_t>(3),
                             .wanted = found->second});
        }
    };
    expect(data.each("SELECT c.course_id, c.name, (SELECT count(*) FROM enrolments e WHERE "
                     "e.course_id = c.course_id), c.capacity FROM courses c",
                     read),
           "reading the courses");
    std::stable_sort(lines.begin(), lines.end(),
                     [](const SeatLine& a, const SeatLine& b) { return a.wanted > b.wanted; });
    lines.resize(std::min(lines.size(), count));
    return lines;
}

void wait_until_decided(storage::Connection& queue, std::chrono::seconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (const std::int64_t open = count_undecided(queue)) {
        if (std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error(std::to_string(open) + " tasks are still undecided");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
}

}  // namespace courseselect::bench
