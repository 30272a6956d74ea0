#pragma once
/// What every chat store promises; each check wants a new one.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "courseselect/async/task.hpp"
#include "courseselect/repo/chat_store.hpp"

namespace courseselect::test::chat_store {

using repo::ChatStore;

inline constexpr core::WallTime noon{std::chrono::seconds{1'768'000'000}};

inline std::vector<repo::NewChatMessage> numbered(std::int64_t sender, int first, int count) {
    std::vector<repo::NewChatMessage> messages;
    for (int i = first; i < first + count; ++i) {
        messages.push_back({sender, "ann", "text " + std::to_string(i), noon});
    }
    return messages;
}

inline async::Task<> check_users(ChatStore& store) {
    const auto none = co_await store.find_user("ann");
    REQUIRE(none);
    CHECK_FALSE(none->has_value());
    const auto added = co_await store.add_user("ann", "hash", noon);
    REQUIRE(added);
    const auto again = co_await store.add_user("ANN", "other", noon);
    REQUIRE_FALSE(again);
    CHECK(again.error().reason() == "username_taken");
    const auto found = co_await store.find_user("Ann");
    REQUIRE(found);
    REQUIRE(found->has_value());
    CHECK((*found)->id == *added);
    CHECK((*found)->username == "ann");
    CHECK((*found)->password_hash == "hash");
}

inline std::vector<std::int64_t> ids_of(const repo::ChatPage& page) {
    std::vector<std::int64_t> ids;
    for (const auto& message : page.messages) {
        ids.push_back(message.id);
    }
    return ids;
}

inline async::Task<> check_empty(ChatStore& store, repo::ChatRange range) {
    const auto page = co_await store.history(range);
    REQUIRE(page);
    CHECK(page->messages.empty());
    CHECK_FALSE(page->has_more);
}

inline async::Task<> check_messages(ChatStore& store) {
    repo::ChatRange all;
    co_await check_empty(store, all);
    const auto ann = co_await store.add_user("ann", "hash", noon);
    REQUIRE(ann);
    auto three = numbered(*ann, 1, 3);
    const auto first = co_await store.append(std::move(three));
    REQUIRE(first);
    CHECK(*first == std::vector<std::int64_t>{1, 2, 3});
    auto two = numbered(*ann, 4, 2);
    two[0].text = std::string("zero \0 and \xf0\x9f\x98\x80", 16);
    const std::string odd = two[0].text;
    const auto second = co_await store.append(std::move(two));
    REQUIRE(second);
    CHECK(*second == std::vector<std::int64_t>{4, 5});

    const auto page = co_await store.history(all);
    REQUIRE(page);
    CHECK(ids_of(*page) == std::vector<std::int64_t>{1, 2, 3, 4, 5});
    CHECK(page->messages[0].sender == "ann");
    CHECK(page->messages[0].text == "text 1");
    CHECK(page->messages[0].time == noon);
    CHECK(page->messages[3].text == odd);
}

inline repo::ChatRange range_of(std::optional<std::int64_t> before,
                                std::optional<std::int64_t> after, std::size_t limit,
                                std::size_t bytes = 1'000) {
    repo::ChatRange range;
    range.before = before;
    range.after = after;
    range.limit = limit;
    range.text_bytes_max = bytes;
    return range;
}

inline async::Task<> check_ranges(ChatStore& store) {
    const auto ann = co_await store.add_user("ann", "hash", noon);
    REQUIRE(ann);
    auto five = numbered(*ann, 1, 5);
    const auto appended = co_await store.append(std::move(five));
    REQUIRE(appended);
    struct Case {
        repo::ChatRange range;
        std::vector<std::int64_t> ids;
        bool has_more;
    };
    const std::size_t one = std::string("anntext 1").size();
    const std::vector<Case> cases = {
        {range_of({}, {}, 5), {1, 2, 3, 4, 5}, false},
        {range_of({}, {}, 4), {2, 3, 4, 5}, true},
        {range_of(3, {}, 4), {1, 2}, false},
        {range_of(5, {}, 2), {3, 4}, true},
        {range_of(1, {}, 2), {}, false},
        {range_of({}, 0, 5), {1, 2, 3, 4, 5}, false},
        {range_of({}, 2, 2), {3, 4}, true},
        {range_of({}, 2, 3), {3, 4, 5}, false},
        {range_of({}, 5, 3), {}, false},
        {range_of(5, 2, 9), {3, 4}, false},
        {range_of({}, {}, 5, 2 * one), {4, 5}, true},
        {range_of({}, {}, 5, 1), {5}, true},
        {range_of({}, 1, 5, 1), {2}, true},
    };
    for (const Case& each : cases) {
        CAPTURE(each.ids);
        const repo::ChatRange range = each.range;
        const auto page = co_await store.history(range);
        REQUIRE(page);
        CHECK(ids_of(*page) == each.ids);
        CHECK(page->has_more == each.has_more);
    }
}

inline async::Task<> check_reopened(ChatStore& store) {
    const auto all = range_of({}, {}, 9);
    const auto page = co_await store.history(all);
    REQUIRE(page);
    CHECK(ids_of(*page) == std::vector<std::int64_t>{1, 2, 3, 4, 5});
    auto one = numbered(1, 6, 1);
    const auto next = co_await store.append(std::move(one));
    REQUIRE(next);
    CHECK(*next == std::vector<std::int64_t>{6});
}

inline async::Task<> check_foreign_sender(ChatStore& store) {
    auto mixed = numbered(77, 1, 1);  // no such user
    const auto refused = co_await store.append(std::move(mixed));
    CHECK_FALSE(refused);
    const auto all = range_of({}, {}, 9);
    co_await check_empty(store, all);
}

}  // namespace courseselect::test::chat_store
