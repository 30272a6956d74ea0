// Question: what does the one declaration cost against code written by hand for one type?
// Workload: a selection request (75 bytes) parsed and validated; a course (about 340 bytes)
// written. Good answer: parsing under 1 us (the code by hand checks neither the whole document nor
// any bound), writing within twice fmt by hand. Compare the ratios, not the figures.

#include <fmt/compile.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>

#include "courseselect/json/reader.hpp"
#include "courseselect/json/writer.hpp"
#include "json/sample_types.hpp"

namespace {

using namespace courseselect;
using Clock = std::chrono::steady_clock;

constexpr int runs = 7;
constexpr std::string_view request =
    R"({"student_id":5,"course_id":7,"task_type":"select","priority":0})";

/// Keeps a result alive for the optimiser.
volatile std::size_t sink = 0;

template <class Body>
void measure(const char* name, int rounds, Body body) {
    std::array<double, runs> nanoseconds{};
    for (double& result : nanoseconds) {
        const auto start = Clock::now();
        for (int i = 0; i < rounds; ++i) {
            sink = sink + body();
        }
        const std::chrono::duration<double, std::nano> spent = Clock::now() - start;
        result = spent.count() / rounds;
    }
    std::sort(nanoseconds.begin(), nanoseconds.end());
    fmt::print(
        "{{\"bench\":\"{}\",\"rounds\":{},\"ns_min\":{:.1f},\"ns_median\":{:.1f},"
        "\"ns_max\":{:.1f},\"compiler\":\"{}\"}}\n",
        name, rounds, nanoseconds.front(), nanoseconds[runs / 2], nanoseconds.back(), __VERSION__);
}

std::size_t parse_by_hand(simdjson::ondemand::parser& parser, const simdjson::padded_string& text) {
    auto document = parser.iterate(text);
    const std::int64_t student = document["student_id"].get_int64();
    const std::int64_t course = document["course_id"].get_int64();
    const std::string_view type = document["task_type"].get_string();
    const std::int64_t priority = document["priority"].get_int64();
    return static_cast<std::size_t>(student + course + priority) + type.size();
}

void write_by_hand(std::string& out, const test::CourseSeen& c) {
    fmt::format_to(
        std::back_inserter(out),
        FMT_COMPILE(R"({{"course_id":{},"course_name":"{}","course_credit":{},)"
                    R"("course_teacher_id":{},"course_capacity":{},"course_time_begin":{},)"
                    R"("course_schedule":null,"course_tags":["{}"],"course_notes":"{}",)"
                    R"("is_active":{},"created_at":"1970-01-01T00:00:00.000000Z","extra":{}}})"),
        c.course_id.value(), c.course_name, c.course_credit, c.course_teacher_id.value(),
        c.course_capacity, *c.course_time_begin, c.course_tags[0], c.course_notes, c.is_active,
        c.extra.text);
}

}  // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? std::atoi(argv[1]) : 200'000;
    const simdjson::padded_string padded(request);
    simdjson::ondemand::parser parser;
    measure("parse request, declared", rounds,
            [] { return json::parse_body<test::Submission>(request)->task_type.size(); });
    measure("parse request, on-demand by hand", rounds,
            [&] { return parse_by_hand(parser, padded); });

    test::CourseSeen course;
    course.course_id = core::CourseId(1234);
    course.course_name = "Linear algebra for engineers";
    course.course_credit = 3.5;
    course.course_teacher_id = core::TeacherId(17);
    course.course_time_begin = 800;
    course.course_tags = {"mathematics"};
    course.course_notes = "Bring paper and a pencil; the exam is written.";
    std::string out;
    measure("write course, declared", rounds, [&] {
        out.clear();
        json::append(out, course);
        return out.size();
    });
    measure("write course, fmt by hand", rounds, [&] {
        out.clear();
        write_by_hand(out, course);
        return out.size();
    });
    return 0;
}
