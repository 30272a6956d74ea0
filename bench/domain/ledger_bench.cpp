// Question: how many decisions a second does the seat ledger make, and how far is that from a bare
// bounds check and decrement in an array, the least any ledger must do?
// Workload: 100,000 students, 2,000 courses; each student asks for random courses ("spread"), or
// everybody for one course of 1,000 seats ("hot": most are refused). Batches of 100 are committed.
// Good: well under 100 ns a decision in both mixes. One JSON line a mix: minimum, median and
// maximum of nine runs after one warm-up, and the ratio of the medians to the bare loop. Usage:
// ledger_bench [students]   (a small number makes a quick check that the program works)

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "courseselect/domain/seat_ledger.hpp"

using namespace courseselect;

namespace {

constexpr std::uint32_t course_count = 2000;
constexpr std::uint32_t rounds = 5;

struct Wish {
    std::uint32_t student;
    std::uint32_t course;
};

std::vector<Wish> wishes(std::uint32_t students, bool hot) {
    std::mt19937 random(42);
    const auto below = [&random](std::uint32_t bound) {
        return static_cast<std::uint32_t>(random() % bound);
    };
    std::vector<Wish> all;
    for (std::uint32_t i = 0; i < students * rounds; ++i) {
        all.push_back({below(students), hot ? 7U : below(course_count)});
    }
    return all;
}

domain::SeatLedger ledger_of(std::uint32_t students) {
    domain::SeatLedger ledger({.courses_max = 8});
    for (std::uint32_t i = 0; i < course_count; ++i) {
        domain::Schedule schedule;
        const auto day = static_cast<domain::Weekday>(1 + i % 5);
        (void)schedule.add_period(day, 1 + i / 5 % 13).has_value();
        const auto timetable = domain::Timetable::make({}, schedule, std::nullopt, std::nullopt);
        const domain::CourseRule rule{.id = core::CourseId(i + 1),
                                      .name = "Course",
                                      .capacity = i == 7 ? 1000 : 200,
                                      .timetable = *timetable,
                                      .tags = {"campus"}};
        (void)ledger.add_course(rule).has_value();
    }
    for (std::uint32_t i = 0; i < students; ++i) {
        const domain::StudentRule rule{.id = core::StudentId(i + 1), .tags = {"campus"}};
        (void)ledger.add_student(rule).has_value();
    }
    return ledger;
}

struct Run {
    double nanoseconds = 0;  ///< a decision
    std::size_t accepted = 0;
};

template <class Body>
Run timed(std::size_t count, Body body) {
    const auto start = std::chrono::steady_clock::now();
    const std::size_t accepted = body();
    const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - start;
    return {spent.count() / static_cast<double>(count), accepted};
}

Run run_ledger(std::uint32_t students, const std::vector<Wish>& all) {
    domain::SeatLedger ledger = ledger_of(students);
    return timed(all.size(), [&] {
        std::size_t accepted = 0;
        std::size_t decided = 0;
        for (const Wish& wish : all) {
            const domain::Request request{domain::RequestKind::select,
                                          core::StudentId(wish.student + 1),
                                          core::CourseId(wish.course + 1),
                                          {}};
            accepted += ledger.decide(request).accepted() ? 1 : 0;
            if (++decided % 100 == 0) {
                ledger.commit();
            }
        }
        return accepted;
    });
}

Run run_limit(const std::vector<Wish>& all) {
    std::vector<std::uint32_t> left(course_count, 200);
    return timed(all.size(), [&] {
        std::size_t accepted = 0;
        for (const Wish& wish : all) {
            if (left[wish.course] > 0) {
                --left[wish.course];
                ++accepted;
            }
        }
        return accepted;
    });
}

template <class Once>
std::vector<Run> nine(Once once) {
    (void)once();
    std::vector<Run> runs;
    for (int i = 0; i < 9; ++i) {
        runs.push_back(once());
    }
    std::sort(runs.begin(), runs.end(),
              [](const Run& a, const Run& b) { return a.nanoseconds < b.nanoseconds; });
    return runs;
}

}  // namespace

int main(int argc, char** argv) {
    const int asked = argc > 1 ? std::atoi(argv[1]) : 100'000;
    const auto students = static_cast<std::uint32_t>(std::clamp(asked, 1, 1'000'000));
    for (const bool hot : {false, true}) {
        const std::vector<Wish> all = wishes(students, hot);
        const std::vector<Run> limit = nine([&] { return run_limit(all); });
        const std::vector<Run> ledger = nine([&] { return run_ledger(students, all); });
        fmt::print(
            "{{\"bench\":\"ledger\",\"mix\":\"{}\",\"students\":{},\"decisions\":{},"
            "\"accepted\":{},\"ns_min\":{:.1f},\"ns_median\":{:.1f},\"ns_max\":{:.1f},"
            "\"decisions_per_s\":{:.0f},\"limit_ns_median\":{:.2f},\"ratio\":{:.1f},"
            "\"compiler\":\"{}\"}}\n",
            hot ? "hot" : "spread", students, all.size(), ledger[4].accepted, ledger[0].nanoseconds,
            ledger[4].nanoseconds, ledger[8].nanoseconds, 1e9 / ledger[4].nanoseconds,
            limit[4].nanoseconds, ledger[4].nanoseconds / limit[4].nanoseconds, __VERSION__);
    }
    return 0;
}
