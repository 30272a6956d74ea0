#include "courseselect/storage/file_editor.hpp"

#include <doctest/doctest.h>

#include <string>

#include "courseselect/storage/database.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;
using storage::Cell;
using storage::FileEditor;

namespace {

std::unique_ptr<storage::Database> own(const std::string& path) {
    auto database = storage::Database::open({.path = path}, {});
    REQUIRE(database);
    return *std::move(database);
}

/// A file with two people, as a service leaves it.
std::string people(const test::TempDir& dir) {
    const std::string path = dir.file("people.db");
    const auto database = own(path);
    const auto writer = database->connect_writer();
    REQUIRE((*writer)->run_script(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, secret TEXT, size REAL, "
        "photo BLOB) STRICT;"
        "INSERT INTO people VALUES (1, 'Ada', 'sesame', 1.5, x'00ff'), (2, '李雷', NULL, NULL, "
        "NULL)"));
    return path;
}

std::unique_ptr<FileEditor> reading(const std::string& path) {
    auto editor = FileEditor::open(path, FileEditor::Access::read_only);
    REQUIRE(editor);
    return *std::move(editor);
}

bool hides_secret(std::string_view column) { return column == "secret"; }
bool hides_nothing(std::string_view) { return false; }

}  // namespace

TEST_SUITE("storage/file_editor") {
    TEST_CASE("a query gives names and values of every type, up to a bound") {
        const test::TempDir dir;
        const auto editor = reading(people(dir));
        const Cell one[] = {std::int64_t{1}};
        const auto ada = editor->query("SELECT * FROM people WHERE id = ?", one, 10);
        REQUIRE(ada);
        CHECK(ada->columns == std::vector<std::string>{"id", "name", "secret", "size", "photo"});
        CHECK(ada->rows == std::vector<std::vector<Cell>>{
                               {std::int64_t{1}, std::string("Ada"), std::string("sesame"), 1.5,
                                std::vector{std::byte{0}, std::byte{0xff}}}});
        CHECK_FALSE(ada->is_cut);
        const auto exactly = editor->query("SELECT id FROM people", {}, 2);
        CHECK(exactly->rows.size() == 2);
        CHECK_FALSE(exactly->is_cut);
        const auto cut = editor->query("SELECT id FROM people", {}, 1);
        CHECK(cut->rows.size() == 1);
        CHECK(cut->is_cut);
    }

    TEST_CASE("a typed statement reads tables and does nothing else") {
        const test::TempDir dir;
        const std::string path = people(dir);
        const auto writable = FileEditor::open(path, FileEditor::Access::read_write);
        REQUIRE(writable);
        for (const char* sql :
             {"DELETE FROM people", "WITH x AS (SELECT 1) DELETE FROM people",
              "PRAGMA table_info(people)", "PRAGMA user_version = 7", "ATTACH 'other.db' AS other",
              "BEGIN", "VACUUM", "EXPLAIN DELETE FROM people", "CREATE TABLE x (y)"}) {
            CAPTURE(sql);
            const auto refused = (*writable)->query_typed(sql, 10, hides_nothing);
            REQUIRE_FALSE(refused);
            CHECK(refused.error().reason() == "not_a_query");
        }
        const auto two =
            (*writable)->query_typed("SELECT 1; DELETE FROM people", 10, hides_nothing);
        CHECK_FALSE(two);
        const auto all = (*writable)->query_typed(
            "WITH x AS (SELECT name FROM people) SELECT count(*) AS n FROM x", 10, hides_nothing);
        REQUIRE(all);
        CHECK(all->rows == std::vector<std::vector<Cell>>{{std::int64_t{2}}});
        CHECK_FALSE((*writable)->query_typed("SELECT nothing FROM people", 10, hides_nothing));
    }

    TEST_CASE("hidden columns read as NULL wherever they stand") {
        const test::TempDir dir;
        const auto editor = reading(people(dir));
        for (const char* sql : {"SELECT secret FROM people WHERE id = 1",
                                "SELECT upper(secret) FROM people WHERE id = 1",
                                "SELECT max(s) FROM (SELECT secret AS s FROM people)",
                                "SELECT (SELECT secret FROM people WHERE id = 1)"}) {
            CAPTURE(sql);
            const auto rows = editor->query_typed(sql, 10, hides_secret);
            REQUIRE(rows);
            CHECK(rows->rows == std::vector<std::vector<Cell>>{{std::monostate{}}});
        }
        // Nor can a condition be used to guess.
        const auto guess =
            editor->query_typed("SELECT 1 FROM people WHERE secret >= 's'", 10, hides_secret);
        CHECK(guess->rows.empty());
        const auto asked =
            editor->query_typed("SELECT secret FROM people WHERE id = 1", 10, hides_nothing);
        CHECK(asked->rows == std::vector<std::vector<Cell>>{{std::string("sesame")}});
    }

    TEST_CASE("changes need the file for themselves; reading goes on beside the owner") {
        const test::TempDir dir;
        const std::string path = people(dir);
        {
            const auto owner = own(path);
            const auto refused = FileEditor::open(path, FileEditor::Access::read_write);
            REQUIRE_FALSE(refused);
            CHECK(refused.error().reason() == "database_locked");
            CHECK(reading(path)->query("SELECT 1 FROM people", {}, 10)->rows.size() == 2);
        }
        const auto editor = FileEditor::open(path, FileEditor::Access::read_write);
        REQUIRE(editor);
        const Cell change[] = {std::string("Ada Lovelace"), std::int64_t{1}};
        CHECK(*(*editor)->execute("UPDATE people SET name = ? WHERE id = ?", change) == 1);
        CHECK_FALSE((*editor)->execute("UPDATE people SET name = NULL", {}));
        CHECK_FALSE(storage::Database::open({.path = path}, {}));
        CHECK_FALSE(reading(path)->execute("DELETE FROM people", {}));
        const auto read = reading(path)->query("SELECT name FROM people WHERE id = 1", {}, 1);
        CHECK(read->rows == std::vector<std::vector<Cell>>{{std::string("Ada Lovelace")}});
    }

    TEST_CASE("a file that is not there is not made, and one that is no database is refused") {
        const test::TempDir dir;
        const auto absent =
            FileEditor::open(dir.file("nothing.db"), FileEditor::Access::read_write);
        REQUIRE_FALSE(absent);
        CHECK(absent.error().reason() == "database_absent");
        CHECK(std::filesystem::is_empty(dir.path()));
        std::FILE* file = std::fopen(dir.file("text.db").c_str(), "w");
        REQUIRE(file != nullptr);
        std::fputs(std::string(2000, 'x').c_str(), file);
        std::fclose(file);
        const auto text = FileEditor::open(dir.file("text.db"), FileEditor::Access::read_only);
        REQUIRE_FALSE(text);
        CHECK(text.error().code() == core::Errc::data_corrupt);
    }

    TEST_CASE("names are quoted whatever is in them") {
        CHECK(FileEditor::quoted("a") == "\"a\"");
        CHECK(FileEditor::quoted("a\"b; DROP TABLE x") == "\"a\"\"b; DROP TABLE x\"");
    }
}
