#include "courseselect/crypto/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "courseselect/core/encoding.hpp"

using namespace courseselect;

TEST_SUITE("crypto/random") {
    TEST_CASE("a seed repeats its bytes, another seed gives others") {
        crypto::SeededRandomSource first(7);
        crypto::SeededRandomSource second(7);
        crypto::SeededRandomSource other(8);
        const std::string bytes = first.bytes(33);
        CHECK(bytes == second.bytes(33));
        CHECK(bytes != other.bytes(33));
        CHECK(first.bytes(8) != first.bytes(8));
    }

    TEST_CASE("the seeded bytes are SplitMix64's, so that a printed seed means the same for ever") {
        crypto::SeededRandomSource random(1'234'567);
        CHECK(core::hex_encode(random.bytes(8)) == "85fc08fb17d09e59");  // 6457827717110365317
        crypto::SeededRandomSource again(1'234'567);
        CHECK(core::hex_encode(again.bytes(4)) == "85fc08fb");
    }

    TEST_CASE("the system's bytes do not repeat") {
        crypto::SystemRandomSource system;
        std::set<std::string> seen;
        for (int i = 0; i < 100; ++i) {
            seen.insert(system.bytes(16));
        }
        CHECK(seen.size() == 100);
    }

    TEST_CASE("none, one and very many bytes can be asked for, and all are filled") {
        crypto::SystemRandomSource system;
        CHECK(system.bytes(0).empty());
        CHECK(system.bytes(1).size() == 1);
        const std::string many = system.bytes((std::size_t{1} << 20U) + 1);  // two parts inside
        CHECK(many.size() == (std::size_t{1} << 20U) + 1);
        const std::string zeros(16, '\0');
        CHECK(many.find(zeros) == std::string::npos);
    }

    TEST_CASE("an array is filled to its last byte") {
        crypto::SeededRandomSource first(3);
        crypto::SeededRandomSource second(3);
        const auto array = first.array<13>();
        const std::string text = second.bytes(13);
        CHECK(std::equal(array.begin(), array.end(), text.begin(),
                         [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); }));
    }
}
