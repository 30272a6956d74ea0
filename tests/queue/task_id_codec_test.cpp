#include "courseselect/queue/detail/task_id_codec.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace courseselect;
using queue::detail::TaskIdCodec;

TEST_SUITE("queue/task_id_codec") {
    TEST_CASE("an id is a version 4 UUID and gives its sequence back") {
        CHECK(rc::check(
            [](std::uint64_t key, std::uint32_t number, std::array<std::uint8_t, 16> random) {
                const TaskIdCodec codec(key);
                const auto sequence = std::int64_t{number} << 20;
                const core::Uuid id = codec.make(sequence, random);
                RC_ASSERT(codec.sequence_of(id) == sequence);
                const std::string text = core::format_uuid(id);
                RC_ASSERT(text[14] == '4');
                RC_ASSERT(std::string("89ab").find(text[19]) != std::string::npos);
            }));
    }

    TEST_CASE("neighbours look unrelated, and another key reads nonsense") {
        const TaskIdCodec codec(7);
        std::array<std::uint8_t, 16> random{};
        const core::Uuid one = codec.make(1, random);
        random[15] = 1;
        const core::Uuid two = codec.make(2, random);
        CHECK(one.bytes[0] != two.bytes[0]);
        CHECK(TaskIdCodec(8).sequence_of(one) != 1);
    }
}
