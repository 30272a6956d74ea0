#pragma once
/// A realistic term and the requests of its opening minute; pure and seeded, so repeatable.
///
/// The shape follows published course allocation data: demand is log-normal over courses (sigma
/// 1.0 to 1.3), the median class limit is 25, a student asks for five to six courses, and 40 to 50
/// % of all requests go to the top 10 % of courses.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace courseselect::bench {

struct WorkloadOptions {
    std::uint64_t seed = 1;
    std::size_t students = 5000;
    std::size_t courses = 200;
    std::size_t requests = 30000;  ///< spread evenly over the students
    double demand_sigma = 1.2;
    double capacity_median = 25;
    double capacity_sigma = 0.6;
    /// Capacities are scaled so that this share of the requests could be served (0: not scaled).
    double seats_per_request = 0;
    bool one_hot_course = false;  ///< every request goes to course 0
};

/// A class of the generated term. Index `i` becomes whatever id the data node gives it.
struct PlannedCourse {
    std::string name;
    std::string type;
    std::string location;
    int credit_hundredths = 300;
    int capacity = 25;
    int weekday = 1;           ///< 1 to 7
    std::vector<int> periods;  ///< 1 to 13, consecutive
    double demand = 1;
};

struct PlannedRequest {
    std::uint32_t student = 0;  ///< index
    std::uint32_t course = 0;   ///< index
    bool deselect = false;
};

struct Workload {
    std::vector<PlannedCourse> courses;
    std::vector<PlannedRequest> requests;  ///< in order of arrival; a student's own order is kept

    /// The share of all requests that goes to the most wanted tenth of the courses.
    [[nodiscard]] double top_tenth_share() const;
};

[[nodiscard]] Workload make_workload(const WorkloadOptions& options);

}  // namespace courseselect::bench
