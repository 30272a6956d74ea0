#include "rush/workload.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

using namespace courseselect;

TEST_SUITE("rush/workload") {
    TEST_CASE("the most wanted tenth of the courses gets 40 to 50 % of the requests") {
        double sum = 0;
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            const auto workload = bench::make_workload({.seed = seed, .requests = 12'000});
            CHECK(workload.top_tenth_share() > 0.33);
            CHECK(workload.top_tenth_share() < 0.58);
            sum += workload.top_tenth_share();
        }
        CHECK(sum / 20 > 0.40);
        CHECK(sum / 20 < 0.50);
    }

    TEST_CASE("the same seed gives the same term, another seed another") {
        const bench::WorkloadOptions options{
            .seed = 7, .students = 50, .courses = 20, .requests = 300};
        const auto one = bench::make_workload(options);
        const auto two = bench::make_workload(options);
        const auto same = [](const bench::PlannedRequest& a, const bench::PlannedRequest& b) {
            return a.student == b.student && a.course == b.course;
        };
        CHECK(std::equal(one.requests.begin(), one.requests.end(), two.requests.begin(),
                         two.requests.end(), same));
        auto changed = options;
        changed.seed = 8;
        const auto other = bench::make_workload(changed);
        CHECK_FALSE(std::equal(one.requests.begin(), one.requests.end(), other.requests.begin(),
                               other.requests.end(), same));
    }

    TEST_CASE("half of the courses have at most 25 seats and each student asks equally often") {
        const auto workload = bench::make_workload({.seed = 3, .requests = 30'000});
        std::vector<int> capacities;
        for (const auto& course : workload.courses) {
            capacities.push_back(course.capacity);
            CHECK(course.periods.size() == 2);
            CHECK(course.periods.back() <= 13);
        }
        std::sort(capacities.begin(), capacities.end());
        CHECK(capacities[capacities.size() / 2] >= 21);
        CHECK(capacities[capacities.size() / 2] <= 29);
        std::map<std::uint32_t, std::set<std::uint32_t>> asked;
        for (const auto& request : workload.requests) {
            asked[request.student].insert(request.course);
        }
        CHECK(asked.size() == 5000);
        for (const auto& [student, courses] : asked) {
            CHECK(courses.size() == 6);
        }
    }

    TEST_CASE("on one hot course everybody selects and deselects in turn") {
        const auto workload = bench::make_workload(
            {.students = 10, .courses = 3, .requests = 30, .one_hot_course = true});
        CHECK(workload.courses.front().capacity >= 10);
        for (std::size_t i = 0; i < 30; ++i) {
            CHECK(workload.requests[i].course == 0);
            CHECK(workload.requests[i].deselect == (i / 10 == 1));
        }
    }

    TEST_CASE("capacities can be scaled to the number of requests") {
        const auto workload = bench::make_workload(
            {.students = 100, .courses = 40, .requests = 600, .seats_per_request = 0.5});
        int seats = 0;
        for (const auto& course : workload.courses) {
            seats += course.capacity;
        }
        CHECK(seats > 270);
        CHECK(seats < 330);
    }
}
