#include "rush/report.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "rush/selection_requests.hpp"

using namespace courseselect;

namespace {

template <class Print>
std::string printed(Print print) {
    bench::Terminal terminal;
    char* text = nullptr;
    std::size_t size = 0;
    terminal.out = ::open_memstream(&text, &size);
    print(terminal);
    std::fclose(terminal.out);
    std::string result(text, size);
    std::free(text);
    return result;
}

std::size_t widest_line(const std::string& text) {
    std::size_t widest = 0;
    std::size_t now = 0;
    for (const char c : text) {
        if (c == '\n') {
            widest = std::max(widest, std::exchange(now, 0));
        } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
            ++now;
        }
    }
    return widest;
}

}  // namespace

TEST_SUITE("rush/report") {
    TEST_CASE("percentiles are nearest ranks, in milliseconds") {
        std::vector<std::int64_t> values;
        for (int i = 1000; i >= 1; --i) {
            values.push_back(i * 1000);
        }
        const auto of = bench::Latencies::of(values);
        CHECK(of.p50 == doctest::Approx(500));
        CHECK(of.p99 == doctest::Approx(990));
        CHECK(of.p999 == doctest::Approx(999));
        CHECK(of.max == doctest::Approx(1000));
        std::vector<std::int64_t> one{42};
        CHECK(bench::Latencies::of(one).p999 == doctest::Approx(0.042));
        std::vector<std::int64_t> none;
        CHECK(bench::Latencies::of(none).max == 0);
    }

    TEST_CASE("numbers are grouped by three digits") {
        CHECK(bench::grouped(0) == "0");
        CHECK(bench::grouped(999) == "999");
        CHECK(bench::grouped(1000) == "1,000");
        CHECK(bench::grouped(12345678) == "12,345,678");
    }

    TEST_CASE("a report and a seat chart are exactly 100 columns wide and without colour") {
        const std::string report = printed([](const bench::Terminal& terminal) {
            bench::print_report(terminal, "rush", {{"", {{"a", "1"}}}, {"cost", {{"b", "2"}}}});
        });
        CHECK(widest_line(report) == 100);
        CHECK(report.find('\x1b') == std::string::npos);
        const std::string seats = printed([](const bench::Terminal& terminal) {
            bench::print_seats(terminal, {{"Algebra 101", 25, 25, 212}, {"Law 102", 3, 400, 9}});
        });
        CHECK(widest_line(seats) == 100);
        CHECK(seats.find("25 of 25") != std::string::npos);
    }

    TEST_CASE("a long name is cut, not wrapped") {
        const std::string report = printed([](const bench::Terminal& terminal) {
            bench::print_report(terminal, "t", {{"", {{std::string(60, 'n'), "1"}}}});
            bench::print_seats(terminal, {{std::string(60, 'n'), 1, 2, 3}});
        });
        CHECK(widest_line(report) == 100);
    }

    TEST_CASE("a text member is found in compact JSON") {
        CHECK(bench::text_member(R"({"a":1,"detail":"Course is full"})", "detail") ==
              "Course is full");
        CHECK(bench::text_member(R"({"a":1})", "detail").empty());
    }

    TEST_CASE("a tally counts what was accepted, refused and lost") {
        bench::SubmitTally tally(3);
        tally.add({.status = 200, .body = R"({"task_id":"6ba7b810-9dad-41d1-80b4-00c04fd430c8"})"},
                  1);
        tally.add({.status = 400, .body = R"({"detail":"Course is full"})"}, 0);
        tally.add({.status = 0}, 2);
        CHECK(tally.accepted == 1);
        CHECK(tally.failed == 1);
        CHECK(tally.refused.at("400 Course is full") == 1);
        CHECK(tally.accepted_ids().size() == 1);
        CHECK(tally.task_ids[0].is_nil());
    }
}
