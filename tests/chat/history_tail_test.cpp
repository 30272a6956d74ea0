#include "courseselect/chat/history_tail.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace courseselect::chat;

namespace {

HistoryTail tail_of(int first, int last, HistoryTailOptions options, std::int64_t floor = 0) {
    HistoryTail tail(options, floor);
    for (int id = first; id <= last; ++id) {
        tail.push({id, "message " + std::to_string(id)});
    }
    return tail;
}

GetHistory ask(std::int64_t limit, std::optional<std::int64_t> before = {},
               std::optional<std::int64_t> after = {}) {
    return {.limit = limit, .before_id = before, .after_id = after};
}

std::vector<std::int64_t> ids_of(const HistoryPage& page) {
    std::vector<std::int64_t> ids;
    for (const auto& message : page.messages) {
        ids.push_back(message.id);
    }
    return ids;
}

HistoryPage stored(std::int64_t first, std::int64_t last, bool has_more) {
    HistoryPage page;
    for (auto id = first; id <= last; ++id) {
        page.messages.push_back({id, "message"});
    }
    page.has_more = has_more;
    return page;
}

using Ids = std::vector<std::int64_t>;

}  // namespace

TEST_SUITE("chat/history_tail") {
    TEST_CASE("a tail that holds all answers everything") {
        const HistoryTail tail = tail_of(1, 5, {});
        struct Case {
            GetHistory question;
            Ids ids;
            bool has_more;
        };
        const std::vector<Case> cases = {
            {ask(5), {1, 2, 3, 4, 5}, false},
            {ask(2), {4, 5}, true},
            {ask(9, 3), {1, 2}, false},
            {ask(1, 3), {2}, true},
            {ask(9, {}, 0), {1, 2, 3, 4, 5}, false},
            {ask(2, {}, 2), {3, 4}, true},
            {ask(3, {}, 2), {3, 4, 5}, false},
            {ask(9, 5, 2), {3, 4}, false},
            {ask(9, {}, 5), {}, false},
        };
        for (const Case& each : cases) {
            CAPTURE(each.ids);
            const auto page = tail.page(each.question);
            REQUIRE(page);
            CHECK(ids_of(*page) == each.ids);
            CHECK(page->has_more == each.has_more);
        }
    }

    TEST_CASE("at its bounds the oldest goes, and what needs it is asked of the database") {
        HistoryTail tail = tail_of(1, 3, {.messages_max = 3});
        CHECK(tail.floor() == 0);
        tail.push({4, "message 4"});
        CHECK(tail.floor() == 1);
        CHECK(tail.last_id() == 4);
        CHECK(ids_of(*tail.page(ask(2))) == Ids{3, 4});
        CHECK_FALSE(tail.page(ask(3)));  // whether there is more, only the database knows
        CHECK(ids_of(*tail.page(ask(9, {}, 1))) == Ids{2, 3, 4});
        CHECK_FALSE(tail.page(ask(9, {}, 0)));
        const HistoryTail bytes = tail_of(1, 5, {.bytes_max = 2 * 9});
        CHECK(bytes.floor() == 3);
    }

    TEST_CASE("an answer keeps within its bytes but always has one message") {
        const HistoryTail tail = tail_of(1, 5, {.page_bytes_max = 2 * 9});
        CHECK(ids_of(*tail.page(ask(5))) == Ids{4, 5});
        CHECK(tail.page(ask(5))->has_more);
        CHECK(ids_of(*tail.page(ask(5, {}, 0))) == Ids{1, 2});
        CHECK(tail.page(ask(5, {}, 0))->has_more);
        const HistoryTail narrow = tail_of(1, 5, {.page_bytes_max = 1});
        CHECK(ids_of(*narrow.page(ask(5))) == Ids{5});
        CHECK(ids_of(*narrow.page(ask(5, {}, 0))) == Ids{1});
    }

    TEST_CASE("what the database answered is made the answer of this moment") {
        const HistoryTail tail = tail_of(8, 10, {}, 7);  // told up to 10
        SUBCASE("what is stored and not yet told is left out") {
            CHECK(ids_of(tail.complete(ask(9, {}, 3), stored(4, 12, false))) ==
                  Ids{4, 5, 6, 7, 8, 9, 10});
        }
        SUBCASE("what was told since is added") {
            CHECK(ids_of(tail.complete(ask(9, {}, 3), stored(4, 8, false))) ==
                  Ids{4, 5, 6, 7, 8, 9, 10});
            const HistoryPage newest = tail.complete(ask(4), stored(5, 8, true));
            CHECK(ids_of(newest) == Ids{7, 8, 9, 10});
            CHECK(newest.has_more);
        }
        SUBCASE("a full page ends where the database ended it") {
            const HistoryPage page = tail.complete(ask(3, {}, 3), stored(4, 6, true));
            CHECK(ids_of(page) == Ids{4, 5, 6});
            CHECK(page.has_more);
        }
        SUBCASE("older pages stay as they are") {
            CHECK(ids_of(tail.complete(ask(3, 4), stored(1, 3, false))) == Ids{1, 2, 3});
        }
        SUBCASE("no page has a gap, even when the tail has moved on beyond it") {
            const HistoryPage after = tail.complete(ask(9, {}, 3), stored(4, 5, false));
            CHECK(ids_of(after) == Ids{4, 5});
            CHECK(after.has_more);
            const HistoryPage newest = tail.complete(ask(9), stored(4, 5, true));
            CHECK(ids_of(newest) == Ids{8, 9, 10});
            CHECK(newest.has_more);
        }
    }
}
