#include "courseselect/storage/row.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <limits>

#include "storage/support.hpp"
#include "support/death.hpp"

using namespace courseselect;
using storage::Row;

namespace {

/// Reads the one row of `sql`; the reason of the failure, or "none".
template <class F>
std::string read_row(std::string_view sql, F read) {
    const auto database = test::open_database("");
    const auto db = test::must(database->connect_writer());
    const auto done = db->each(sql, [&read](const Row& row) { read(row); });
    return done ? "none" : std::string(done.error().reason());
}

/// Whether a column with this SQL value can be read as a `T`.
template <class T>
bool reads_as(const std::string& value) {
    return read_row("SELECT " + value, [](const Row& row) { static_cast<void>(row.get<T>(0)); }) ==
           "none";
}

}  // namespace

TEST_SUITE("storage/row") {
    TEST_CASE("every type comes back from a column of its own") {
        const auto outcome = read_row(
            "SELECT 1, -5, 2.5, 'text', x'00ff', 42, 1700000000000001, NULL", [](const Row& row) {
                CHECK(row.columns() == 8);
                CHECK(row.get<bool>(0));
                CHECK(row.get<int>(1) == -5);
                CHECK(row.get<double>(2) == 2.5);
                CHECK(row.get<double>(1) == -5.0);  // whole numbers are numbers
                CHECK(row.get<std::string_view>(3) == "text");
                CHECK(row.get<std::string>(3) == "text");
                CHECK(row.get<storage::Blob>(4).size() == 2);
                CHECK(row.get<std::vector<std::byte>>(4)[1] == std::byte{255});
                CHECK(row.get<std::array<std::uint8_t, 2>>(4)[1] == 255);
                CHECK(row.get<core::CourseId>(5) == core::CourseId(42));
                CHECK(row.get<core::WallTime>(6).time_since_epoch().count() == 1700000000000001);
                CHECK(row.is_null(7));
                CHECK(row.type(7) == storage::ValueType::null);
                CHECK_FALSE(row.is_null(0));
            });
        CHECK(outcome == "none");
    }

    TEST_CASE("NULL is nothing to an optional and a fault to everything else") {
        CHECK(reads_as<std::optional<int>>("NULL"));
        CHECK(reads_as<std::optional<std::string>>("NULL"));
        CHECK_FALSE(reads_as<int>("NULL"));
        CHECK_FALSE(reads_as<bool>("NULL"));
        CHECK_FALSE(reads_as<double>("NULL"));
        CHECK_FALSE(reads_as<std::string>("NULL"));
        CHECK_FALSE(reads_as<storage::Blob>("NULL"));
        CHECK_FALSE(reads_as<core::StudentId>("NULL"));
        CHECK_FALSE(reads_as<core::WallTime>("NULL"));
        CHECK_FALSE((reads_as<std::array<std::uint8_t, 1>>("NULL")));
    }

    TEST_CASE("a set optional is as strict as the type inside") {
        CHECK(reads_as<std::optional<int>>("7"));
        CHECK_FALSE(reads_as<std::optional<int>>("'7'"));
        CHECK_FALSE(reads_as<std::optional<std::uint8_t>>("256"));
    }

    TEST_CASE("a number that does not fit is a fault, just beyond its bound") {
        CHECK(reads_as<std::uint8_t>("255"));
        CHECK_FALSE(reads_as<std::uint8_t>("256"));
        CHECK_FALSE(reads_as<std::uint8_t>("-1"));
        CHECK(reads_as<std::int32_t>("-2147483648"));
        CHECK_FALSE(reads_as<std::int32_t>("-2147483649"));
        CHECK(reads_as<std::int32_t>("2147483647"));
        CHECK_FALSE(reads_as<std::int32_t>("2147483648"));
        CHECK(reads_as<std::uint32_t>("4294967295"));
        CHECK_FALSE(reads_as<std::uint32_t>("4294967296"));
        CHECK(reads_as<std::uint64_t>("9223372036854775807"));
        CHECK_FALSE(reads_as<std::uint64_t>("-1"));
        CHECK(reads_as<std::int64_t>("9223372036854775807"));
    }

    TEST_CASE("a column of another type is never converted") {
        CHECK_FALSE(reads_as<int>("'1'"));
        CHECK_FALSE(reads_as<int>("1.0"));
        CHECK_FALSE(reads_as<std::string>("1"));
        CHECK_FALSE(reads_as<std::string>("x'61'"));
        CHECK_FALSE(reads_as<storage::Blob>("'a'"));
        CHECK_FALSE(reads_as<double>("'1.5'"));
    }

    TEST_CASE("an array takes exactly its own number of bytes") {
        CHECK((reads_as<std::array<std::uint8_t, 2>>("x'0102'")));
        CHECK_FALSE((reads_as<std::array<std::uint8_t, 2>>("x'01'")));
        CHECK_FALSE((reads_as<std::array<std::uint8_t, 2>>("x'010203'")));
    }

    TEST_CASE("a faulty column yields an empty value, and the first one is named") {
        const auto database = test::open_database("");
        const auto db = test::must(database->connect_writer());
        const auto done =
            db->each("SELECT 1 AS good, 'x' AS bad, 'y' AS worse", [](const Row& row) {
                CHECK(row.faulty_column() == -1);
                CHECK(row.get<int>(0) == 1);
                CHECK(row.get<int>(1) == 0);
                CHECK(row.get<int>(2) == 0);
                CHECK(row.faulty_column() == 1);
            });
        REQUIRE(!done);
        CHECK(done.error().code() == core::Errc::data_corrupt);
        CHECK(done.error().reason() == "column_type");
        CHECK(done.error().detail().find("'bad'") != std::string::npos);
    }

    TEST_CASE("a column number out of range aborts") {
        for (const int column : {-1, 1}) {
            CHECK(test::fails_a_check([column] {
                static_cast<void>(read_row("SELECT 1", [column](const Row& row) {
                    static_cast<void>(row.get<int>(column));
                }));
            }));
        }
    }
}
