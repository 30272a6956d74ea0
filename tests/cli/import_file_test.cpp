#include "courseselect/cli/import_file.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include "support/temp_dir.hpp"

using namespace courseselect;

namespace {

std::vector<cli::UserRow> rows_of(const std::string& text, bool makes_passwords = false) {
    const test::TempDir dir;
    std::ofstream(dir.file("a.csv"), std::ios::binary) << text;
    auto file = cli::ImportFile::open(dir.file("a.csv"), makes_passwords);
    REQUIRE(file.has_value());
    std::vector<cli::UserRow> rows;
    while (true) {
        auto row = file->next();
        REQUIRE(row.has_value());
        if (!*row) {
            return rows;
        }
        rows.push_back(**std::move(row));
    }
}

std::string problem_of(const std::string& row, bool makes_passwords = false) {
    const auto rows = rows_of("username,password,name,email\n" + row + "\n", makes_passwords);
    REQUIRE(rows.size() == 1);
    return rows[0].problem;
}

}  // namespace

TEST_SUITE("cli/import_file") {
    TEST_CASE("columns stand in any order and case, others are ignored") {
        const auto rows = rows_of(
            "Email,student_id,USERNAME,name,password\r\n"
            "ann@example.org,S1,ann,\"Ann, B.\",secret1\r\n");
        REQUIRE(rows.size() == 1);
        CHECK(rows[0].number == 1);
        CHECK(rows[0].line == 2);
        CHECK(rows[0].username == "ann");
        CHECK(rows[0].password == "secret1");
        CHECK(rows[0].name == "Ann, B.");
        CHECK(rows[0].email == "ann@example.org");
        CHECK(rows[0].problem.empty());
    }

    TEST_CASE("a missing name is the user name, missing cells are empty") {
        const auto rows = rows_of("username,password,name,email\nann,secret1\n");
        CHECK(rows[0].name == "ann");
        CHECK(rows[0].email.empty());
        CHECK(rows[0].problem.empty());
    }

    TEST_CASE("without a column username nothing is read") {
        const test::TempDir dir;
        for (const char* const text : {"", "user,password\n", "\n\n"}) {
            std::ofstream(dir.file("a.csv"), std::ios::trunc) << text;
            const auto file = cli::ImportFile::open(dir.file("a.csv"), false);
            REQUIRE_FALSE(file.has_value());
            CHECK(file.error().reason() == "csv_header");
        }
    }

    TEST_CASE("what is wrong with a row") {
        CHECK(problem_of("ann,secret1,Ann,ann@example.org").empty());
        CHECK(problem_of(",secret1") == "Missing username");
        CHECK(problem_of("ann,") == "Missing password");
        CHECK(problem_of("ann") == "Missing password");
        CHECK(problem_of("ann,", true).empty());
        CHECK(problem_of("ann,ignored", true).empty());
        CHECK(problem_of("an,secret1").starts_with("Username must have 3 to 100"));
        CHECK(problem_of(std::string(100, 'a') + ",secret1").empty());
        CHECK(problem_of(std::string(101, 'a') + ",secret1").starts_with("Username must"));
        CHECK(problem_of("a b c,secret1").starts_with("Username must"));
        CHECK(problem_of("ann,short").starts_with("Password must have 6"));
        CHECK(problem_of("ann,sixsix").empty());
        CHECK(problem_of("ann," + std::string(1'024, 'p')).empty());
        CHECK(problem_of("ann," + std::string(1'025, 'p')).starts_with("Password must"));
        CHECK(problem_of("ann,secret1," + std::string(100, 'n')).empty());
        CHECK(problem_of("ann,secret1," + std::string(101, 'n')).starts_with("Name is longer"));
        CHECK(problem_of("ann,secret1,Ann,nobody") == "Email is no address");
        CHECK(problem_of("ann,secret1,A\xff") == "Not UTF-8");
        CHECK(problem_of("ann,secret1,Ann,ann@example.org,more") ==
              "5 cells, but the header names 4 columns");
    }

    TEST_CASE("who comes twice is told where the first one stands") {
        const auto rows = rows_of(
            "username,password,name,email\nann,secret1,,a@example.org\n\nANN,secret1\n"
            "bob,secret1,,A@example.org\nann,short\n");
        REQUIRE(rows.size() == 4);
        CHECK(rows[0].problem.empty());
        CHECK(rows[1].problem == "Username stands in line 2 already");
        CHECK(rows[1].line == 4);
        CHECK(rows[2].problem == "Email stands in line 2 already");
        CHECK(rows[3].problem.starts_with("Password must"));
    }

    TEST_CASE("a formula that an export made harmless is itself again") {
        const auto rows = rows_of("username,name\n'-bob,'=1+1\n", true);
        CHECK(rows[0].username == "-bob");
        CHECK(rows[0].name == "=1+1");
    }

    TEST_CASE("names are known again whatever their case") {
        cli::NameBook book;
        CHECK_FALSE(book.add("Ann", 2).has_value());
        CHECK(book.add("aNN", 3) == 2);
        CHECK_FALSE(book.add("Anne", 4).has_value());
    }
}
