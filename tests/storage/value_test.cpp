#include "courseselect/storage/value.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <vector>

using namespace courseselect;
using storage::Blob;
using storage::Value;

namespace {

template <class T>
T held(const Value& value) {
    return std::get<T>(value.storage());
}

bool is_null(const Value& value) { return std::holds_alternative<std::monostate>(value.storage()); }

}  // namespace

TEST_SUITE("storage/value") {
    TEST_CASE("whole numbers of every width keep their value") {
        CHECK(held<std::int64_t>(Value(std::numeric_limits<std::int64_t>::min())) ==
              std::numeric_limits<std::int64_t>::min());
        CHECK(held<std::int64_t>(Value(std::numeric_limits<std::int64_t>::max())) ==
              std::numeric_limits<std::int64_t>::max());
        CHECK(held<std::int64_t>(Value(std::uint8_t{255})) == 255);
        CHECK(held<std::int64_t>(Value(std::numeric_limits<std::uint32_t>::max())) == 4294967295);
        CHECK(held<std::int64_t>(Value(-7)) == -7);
    }

    TEST_CASE("booleans are 0 and 1") {
        CHECK(held<std::int64_t>(Value(true)) == 1);
        CHECK(held<std::int64_t>(Value(false)) == 0);
    }

    TEST_CASE("null, nothing and an unset optional are NULL; a set one is its value") {
        CHECK(is_null(Value(nullptr)));
        CHECK(is_null(Value(std::nullopt)));
        CHECK(is_null(Value(std::optional<int>())));
        CHECK(is_null(Value(std::optional<std::string>())));
        CHECK(held<std::int64_t>(Value(std::optional(0))) == 0);
        const std::optional<std::string> empty("");
        CHECK(held<std::string_view>(Value(empty)).empty());
    }

    TEST_CASE("text is borrowed with its length, so that it may hold a NUL") {
        const std::string text("a\0b", 3);
        CHECK(held<std::string_view>(Value(text)).data() == text.data());
        CHECK(held<std::string_view>(Value(text)).size() == 3);
        CHECK(held<std::string_view>(Value("abc")) == "abc");
        CHECK(held<std::string_view>(Value(std::string_view(text).substr(0, 1))) == "a");
    }

    TEST_CASE("bytes are blobs, not text") {
        const std::array<std::uint8_t, 2> digest{1, 255};
        const auto blob = held<Blob>(Value(digest));
        CHECK(blob.size() == 2);
        CHECK(blob[1] == std::byte{255});
        const std::vector<std::byte> none;
        CHECK(held<Blob>(Value(Blob(none))).empty());
    }

    TEST_CASE("ids are their number and wall times microseconds since 1970") {
        CHECK(held<std::int64_t>(Value(core::StudentId(42))) == 42);
        CHECK(held<std::int64_t>(Value(core::CourseId())) == 0);
        const core::WallTime time{std::chrono::microseconds(1'700'000'000'000'001)};
        CHECK(held<std::int64_t>(Value(time)) == 1'700'000'000'000'001);
    }

    TEST_CASE("a real number stays one") { CHECK(held<double>(Value(2.0)) == 2.0); }
}
