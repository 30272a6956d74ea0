#include "courseselect/repo/chat_memory_store.hpp"

#include <doctest/doctest.h>

#include "support/run.hpp"

using namespace courseselect;

namespace {

async::Task<> check_faults(repo::MemoryChatStore& store) {
    store.fail_next(2);
    const auto user = co_await store.find_user("ann");
    CHECK_FALSE(user);
    std::vector<repo::NewChatMessage> messages{{1, "ann", "lost", {}}};
    const auto lost = co_await store.append(std::move(messages));
    REQUIRE_FALSE(lost);
    CHECK(lost.error().reason() == "injected_fault");
    std::vector<repo::NewChatMessage> more{{1, "ann", "kept", {}}};
    const auto kept = co_await store.append(std::move(more));
    REQUIRE(kept);
    CHECK(kept->front() == 1);
    CHECK(store.appends() == 1);
}

}  // namespace

TEST_SUITE("repo/chat_memory_store") {
    TEST_CASE("a fault that was asked for fails calls and changes nothing") {
        async::EventLoop loop;
        repo::MemoryChatStore store(loop);
        test::run(loop, check_faults(store));
    }
}
