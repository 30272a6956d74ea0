#include "courseselect/cli/table.hpp"

#include <doctest/doctest.h>

using namespace courseselect;
using cli::Align;

TEST_SUITE("cli/table") {
    TEST_CASE("the contract's table, character by character") {
        cli::Table table({{"ID", Align::right}, {"Username"}, {"Name"}, {"Email"}});
        table.add_row({"1", "alice", "Alice Johnson", "alice@example.com"});
        CHECK(table.rows() == 1);
        CHECK(table.text() ==
              "┌────┬──────────┬───────────────┬───────────────────┐\n"
              "│ ID │ Username │ Name          │ Email             │\n"
              "├────┼──────────┼───────────────┼───────────────────┤\n"
              "│  1 │ alice    │ Alice Johnson │ alice@example.com │\n"
              "└────┴──────────┴───────────────┴───────────────────┘\n");
    }

    TEST_CASE("columns are padded by what is seen, and numbers end below each other") {
        cli::Table table({{"ID", Align::right}, {"Name"}});
        table.add_row({"7", "王小明"});
        table.add_row({"1234", "Bo"});
        CHECK(table.text() ==
              "┌──────┬────────┐\n"
              "│   ID │ Name   │\n"
              "├──────┼────────┤\n"
              "│    7 │ 王小明 │\n"
              "│ 1234 │ Bo     │\n"
              "└──────┴────────┘\n");
    }

    TEST_CASE("a cell can neither break its row nor colour the screen") {
        cli::Table table({{"Name"}});
        table.add_row({"a\nb\x1b[2J"});
        CHECK(table.text().find("│ a\\x0ab\\x1b[2J │\n") != std::string::npos);
    }

    TEST_CASE("a table without rows has its header") {
        const cli::Table table({{"A"}});
        CHECK(table.rows() == 0);
        CHECK(table.text() == "┌───┐\n│ A │\n├───┤\n└───┘\n");
    }
}
