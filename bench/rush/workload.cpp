#include "rush/workload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace courseselect::bench {
namespace {

using Generator = std::mt19937_64;

// The distributions of <random> differ between standard libraries; these do not.
double uniform(Generator& random) { return static_cast<double>(random() >> 11) * 0x1.0p-53; }
std::size_t below(Generator& random, std::size_t bound) {
    return std::min(bound - 1,
                    static_cast<std::size_t>(uniform(random) * static_cast<double>(bound)));
}
double normal(Generator& random) {
    const double u = std::max(uniform(random), 1e-300);
    return std::sqrt(-2 * std::log(u)) * std::cos(2 * 3.14159265358979323846 * uniform(random));
}
template <class T>
void shuffle(std::vector<T>& items, Generator& random) {
    for (std::size_t i = items.size(); i > 1; --i) {
        std::swap(items[i - 1], items[below(random, i)]);
    }
}

constexpr const char* subjects[] = {"Algebra",   "Biology",    "Chemistry",  "Databases",
                                    "Economics", "Film",       "Geography",  "History",
                                    "Italian",   "Journalism", "Law",        "Mechanics",
                                    "Networks",  "Optics",     "Philosophy", "Statistics"};
constexpr const char* kinds[] = {"required", "elective", "elective", "seminar"};

PlannedCourse plan_course(std::size_t index, const WorkloadOptions& options, Generator& random) {
    PlannedCourse course;
    const std::size_t subject_count = std::size(subjects);
    course.name =
        fmt::format("{} {:03}", subjects[index % subject_count], 101 + index / subject_count);
    course.type = kinds[below(random, std::size(kinds))];
    course.location = fmt::format("Room {}{:02}", static_cast<char>('A' + below(random, 6)),
                                  1 + below(random, 40));
    course.credit_hundredths = 50 * static_cast<int>(2 + below(random, 7));
    course.capacity =
        std::clamp(static_cast<int>(std::lround(options.capacity_median *
                                                std::exp(options.capacity_sigma * normal(random)))),
                   5, 400);
    course.weekday = static_cast<int>(1 + below(random, 5));
    const int first = static_cast<int>(1 + 2 * below(random, 6));
    course.periods = {first, first + 1};
    course.demand = std::exp(options.demand_sigma * normal(random));
    return course;
}

/// Draws a course by demand that the student has not asked for yet.
std::size_t draw_course(const std::vector<double>& cumulative, std::vector<std::size_t>& asked,
                        Generator& random) {
    for (int attempt = 0;; ++attempt) {
        const double at = uniform(random) * cumulative.back();
        const auto found = std::upper_bound(cumulative.begin(), cumulative.end(), at);
        const auto index = static_cast<std::size_t>(std::min<std::ptrdiff_t>(
            found - cumulative.begin(), static_cast<std::ptrdiff_t>(cumulative.size()) - 1));
        if (attempt >= 50 || std::find(asked.begin(), asked.end(), index) == asked.end()) {
            asked.push_back(index);
            return index;
        }
    }
}

/// One hot course: each student selects, deselects, selects ... so that every request is decided.
std::vector<PlannedRequest> hot_requests(const WorkloadOptions& options) {
    std::vector<PlannedRequest> requests;
    requests.reserve(options.requests);
    for (std::size_t i = 0; i < options.requests; ++i) {
        requests.push_back({.student = static_cast<std::uint32_t>(i % options.students),
                            .course = 0,
                            .deselect = (i / options.students) % 2 == 1});
    }
    return requests;
}

std::vector<PlannedRequest> spread_requests(const WorkloadOptions& options,
                                            const std::vector<PlannedCourse>& courses,
                                            Generator& random) {
    std::vector<double> cumulative(courses.size());
    std::transform(courses.begin(), courses.end(), cumulative.begin(),
                   [](const PlannedCourse& course) { return course.demand; });
    std::partial_sum(cumulative.begin(), cumulative.end(), cumulative.begin());
    std::vector<PlannedRequest> requests;
    requests.reserve(options.requests);
    std::vector<std::vector<std::size_t>> asked(options.students);
    for (std::size_t i = 0; i < options.requests; ++i) {
        const std::size_t student = i % options.students;
        const std::size_t course = draw_course(cumulative, asked[student], random);
        requests.push_back({.student = static_cast<std::uint32_t>(student),
                            .course = static_cast<std::uint32_t>(course)});
    }
    shuffle(requests, random);
    return requests;
}

}  // namespace

double Workload::top_tenth_share() const {
    std::vector<std::size_t> wanted(courses.size());
    for (const PlannedRequest& request : requests) {
        ++wanted[request.course];
    }
    std::sort(wanted.rbegin(), wanted.rend());
    const auto top = static_cast<std::ptrdiff_t>(std::max<std::size_t>(1, courses.size() / 10));
    const auto sum = std::accumulate(wanted.begin(), wanted.begin() + top, std::size_t{0});
    return requests.empty() ? 0 : static_cast<double>(sum) / static_cast<double>(requests.size());
}

Workload make_workload(const WorkloadOptions& options) {
    Generator random(options.seed);
    Workload workload;
    workload.courses.reserve(options.courses);
    for (std::size_t i = 0; i < options.courses; ++i) {
        workload.courses.push_back(plan_course(i, options, random));
    }
    if (options.one_hot_course) {
        workload.courses.front().capacity = static_cast<int>(options.students);
        workload.requests = hot_requests(options);
        return workload;
    }
    if (options.seats_per_request > 0) {
        double seats = 0;
        for (const PlannedCourse& course : workload.courses) {
            seats += course.capacity;
        }
        const double factor =
            options.seats_per_request * static_cast<double>(options.requests) / seats;
        for (PlannedCourse& course : workload.courses) {
            course.capacity = std::max(1, static_cast<int>(std::lround(course.capacity * factor)));
        }
    }
    workload.requests = spread_requests(options, workload.courses, random);
    return workload;
}

}  // namespace courseselect::bench
