#include "courseselect/api/access.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace courseselect;
using api::Access;

namespace {
constexpr Access all_kinds_of_access[] = {
    Access::open,  Access::internal, Access::student, Access::teacher,
    Access::admin, Access::bearer,   Access::refresh, Access::admin_or_internal};
}

TEST_SUITE("api/access") {
    TEST_CASE("every kind of access has a name of its own") {
        std::set<std::string_view> names;
        for (const Access access : all_kinds_of_access) {
            CHECK_FALSE(api::access_name(access).empty());
            names.insert(api::access_name(access));
        }
        CHECK(names.size() == std::size(all_kinds_of_access));
        CHECK(api::access_name(Access::admin_or_internal) == "admin_or_internal");
    }

    TEST_CASE("all but open and internal routes look at the Authorization header") {
        for (const Access access : all_kinds_of_access) {
            const bool expected = access != Access::open && access != Access::internal;
            CHECK(api::takes_bearer(access) == expected);
        }
    }
}
