#include "courseselect/nodes/queue/task_news.hpp"

#include <doctest/doctest.h>

using namespace courseselect;
using nodes::queue::TaskNews;

namespace {

core::Uuid task(std::uint8_t number) {
    core::Uuid id;
    id.bytes[15] = number;
    return id;
}

}  // namespace

TEST_SUITE("nodes/queue/task_news") {
    TEST_CASE("a place, a success and a failure with its reason") {
        TaskNews news("epoch");
        int woken = 0;
        news.on_news([&woken] { ++woken; });
        news.queued(core::StudentId(7), task(1), 3);
        news.finished(core::StudentId(7), task(1), true, "Task completed successfully");
        news.finished(core::StudentId(8), task(2), false, "Course is full");
        CHECK(woken == 3);
        const auto page = news.take(0, 10);
        REQUIRE(page.events.size() == 3);
        CHECK(
            page.events[0].data.text ==
            R"({"task_id":"00000000-0000-0000-0000-000000000001","status":"pending","position":3})");
        CHECK(page.events[1].data.text ==
              R"({"task_id":"00000000-0000-0000-0000-000000000001","status":"completed"})");
        CHECK(page.events[2].data.text.find(R"("status":"failed","reason":"Course is full")") !=
              std::string::npos);
        CHECK(page.events[2].student_id == core::StudentId(8));
        CHECK(page.last == 3);
    }

    TEST_CASE("what was taken is forgotten only when somebody asks for what follows") {
        TaskNews news("epoch");
        news.on_news([] {});
        for (std::uint8_t i = 1; i <= 5; ++i) {
            news.queued(core::StudentId(1), task(i), 1);
        }
        CHECK(news.take(0, 2).last == 2);
        CHECK(news.size() == 5);
        CHECK(news.take(2, 2).events.front().sequence == 3);
        CHECK(news.size() == 3);
        CHECK(news.take(5, 2).events.empty());
        CHECK(news.take(5, 2).last == 5);
        CHECK(news.size() == 0);
    }

    TEST_CASE("at the bound the oldest goes") {
        TaskNews news("epoch", 3);
        news.on_news([] {});
        for (std::uint8_t i = 1; i <= 3; ++i) {
            news.queued(core::StudentId(1), task(i), 1);
        }
        CHECK(news.take(0, 10).events.front().sequence == 1);
        news.queued(core::StudentId(1), task(4), 1);
        CHECK(news.size() == 3);
        CHECK(news.take(0, 10).events.front().sequence == 2);
    }

    TEST_CASE("without a listener nothing is kept") {
        TaskNews news("epoch");
        news.queued(core::StudentId(1), task(1), 1);
        CHECK(news.size() == 0);
    }
}
