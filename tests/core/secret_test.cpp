#include "courseselect/core/secret.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <new>
#include <ostream>
#include <type_traits>

using namespace courseselect;
using core::Secret;

template <class T>
concept Streams = requires(std::ostream& out, const T& value) {
    out << value;
};
static_assert(!Streams<Secret>, "a secret must not reach a stream");
static_assert(!fmt::is_formattable<Secret>::value, "nor a format string");
static_assert(!std::is_convertible_v<Secret, std::string>, "nor a text by accident");
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_convertible_v<std::string, Secret>, "keeping a secret is said aloud");

namespace {

constexpr std::string_view short_text = "tiger-9";  // inside the string object
constexpr std::string_view long_text = "a text that is too long for the small buffer";

/// Memory for one secret that can be looked at after the secret is gone.
struct Glass {
    template <class... Args>
    Secret& make(Args&&... args) {
        return *new (bytes.data()) Secret(std::forward<Args>(args)...);
    }
    [[nodiscard]] bool shows(std::string_view text) const {
        return std::search(bytes.begin(), bytes.end(), text.begin(), text.end()) != bytes.end();
    }
    alignas(Secret) std::array<char, sizeof(Secret)> bytes{};
};

}  // namespace

TEST_SUITE("core/secret") {
    TEST_CASE("the text comes out only when asked for") {
        const Secret secret{std::string(short_text)};
        CHECK(secret.reveal() == short_text);
        CHECK_FALSE(secret.empty());
        CHECK(Secret().empty());
        CHECK(Secret(std::string()).empty());
    }

    TEST_CASE("copies are independent") {
        Secret first{std::string(long_text)};
        const Secret copy = first;
        first = Secret(std::string(short_text));
        CHECK(copy.reveal() == long_text);
        CHECK(first.reveal() == short_text);
        const Secret& self = first;
        first = self;
        CHECK(first.reveal() == short_text);
    }

    TEST_CASE("a moved-from secret is empty") {
        for (const std::string_view text : {short_text, long_text}) {
            Secret first{std::string(text)};
            const Secret second(std::move(first));
            CHECK(first.empty());
            CHECK(second.reveal() == text);
            Secret third;
            third = Secret(second);
            CHECK(third.reveal() == text);
        }
    }

    TEST_CASE("a short secret leaves no trace where it was moved from") {
        Glass glass;
        Secret& first = glass.make(std::string(short_text));
        CHECK(glass.shows(short_text));
        SUBCASE("by construction") {
            const Secret second(std::move(first));
            CHECK_FALSE(glass.shows(short_text));
        }
        SUBCASE("by assignment") {
            Secret second;
            second = std::move(first);
            CHECK_FALSE(glass.shows(short_text));
        }
        first.~Secret();
    }

    TEST_CASE("nothing of a secret is left in its place when it dies or is replaced") {
        Glass glass;
        Secret& secret = glass.make(std::string(short_text));
        SUBCASE("destroyed") {
            secret.~Secret();
            CHECK_FALSE(glass.shows(short_text));
        }
        SUBCASE("replaced by a shorter one") {
            secret = Secret(std::string("x"));
            CHECK_FALSE(glass.shows(short_text.substr(2)));
            secret.~Secret();
        }
    }
}
