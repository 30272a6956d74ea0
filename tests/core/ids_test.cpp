#include "courseselect/core/ids.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <type_traits>
#include <unordered_set>

using namespace courseselect;
using core::CourseId;
using core::StudentId;

static_assert(!std::is_convertible_v<CourseId, StudentId>, "kinds do not mix");
static_assert(!std::is_convertible_v<std::int64_t, CourseId>, "a bare number is no id");
static_assert(!std::is_convertible_v<CourseId, std::int64_t>, "nor the other way round");
static_assert(CourseId(3).value() == 3, "ids are constants where their number is");

TEST_SUITE("core/ids") {
    TEST_CASE("zero and less mean none, one is the first") {
        CHECK_FALSE(StudentId{}.is_set());
        CHECK_FALSE(StudentId(0).is_set());
        CHECK_FALSE(StudentId(-1).is_set());
        CHECK(StudentId(1).is_set());
        CHECK(StudentId(std::numeric_limits<std::int64_t>::max()).is_set());
    }

    TEST_CASE("ids of one kind are equal and sorted as their numbers are") {
        CHECK(CourseId(2) == CourseId(2));
        CHECK(CourseId(2) != CourseId(3));
        CHECK(CourseId(2) > CourseId(1));
        CHECK(CourseId(-1) < CourseId());
    }

    TEST_CASE("ids are keys of hash tables") {
        const std::unordered_set<CourseId> set{CourseId(1), CourseId(2), CourseId(1)};
        CHECK(set.size() == 2);
        CHECK(set.contains(CourseId(2)));
        CHECK_FALSE(set.contains(CourseId(3)));
    }
}
