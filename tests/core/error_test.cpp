#include "courseselect/core/error.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace courseselect;
using core::Errc;
using core::Error;

TEST_SUITE("core/error") {
    TEST_CASE("every class has a name of its own") {
        std::set<std::string_view> names;
        for (int code = 0; code <= static_cast<int>(Errc::internal); ++code) {
            names.insert(core::errc_name(static_cast<Errc>(code)));
        }
        CHECK(names.size() == 13);
        CHECK(core::errc_name(Errc::invalid_argument) == "invalid_argument");
        CHECK(core::errc_name(Errc::outcome_unknown) == "outcome_unknown");
        CHECK(core::errc_name(Errc::internal) == "internal");
    }

    TEST_CASE("an error keeps its class, its token and its sentence") {
        const Error error(Errc::conflict, "taken", "The name is taken");
        CHECK(error.code() == Errc::conflict);
        CHECK(error.reason() == "taken");
        CHECK(error.detail() == "The name is taken");
        CHECK(error.to_string() == "conflict(taken): The name is taken");
    }

    TEST_CASE("the token may be missing, and is then left out of the text") {
        const Error error(Errc::unavailable, "away");
        CHECK(error.reason().empty());
        CHECK(error.to_string() == "unavailable: away");
    }

    TEST_CASE("a copy is independent of what it was copied from") {
        Error first(Errc::not_found, "gone", std::string(100, 'x'));
        const Error copy = first;
        first = Error(Errc::internal, "other");
        CHECK(copy.code() == Errc::not_found);
        CHECK(copy.detail().size() == 100);
    }
}
