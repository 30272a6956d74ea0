#include "courseselect/cli/import_journal.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "support/temp_dir.hpp"

using namespace courseselect;
using cli::ImportJournal;

namespace {

struct Place {
    test::TempDir home;
    std::string directory = home.file("imports");
    std::string file = directory + "/abc.journal";

    [[nodiscard]] ImportJournal open(const std::string& key = "abc") const {
        auto journal = ImportJournal::open(directory, key);
        REQUIRE(journal.has_value());
        return *std::move(journal);
    }
    void append(const std::string& text) const { std::ofstream(file, std::ios::app) << text; }
};

}  // namespace

TEST_SUITE("cli/import_journal") {
    TEST_CASE("what was noted is there when it is opened again") {
        const Place place;
        {
            auto journal = place.open();
            CHECK(journal.made_before().empty());
            CHECK(
                journal.note_made({{1, "password-of-one1"}, {2, "password-of-two2"}}).has_value());
            CHECK(journal.note_done({1, false}).has_value());
            CHECK(journal.note_done({7, true}).has_value());
        }
        const auto journal = place.open();
        REQUIRE(journal.made_before().size() == 2);
        CHECK(journal.made_before()[1].row == 2);
        CHECK(journal.made_before()[1].password == "password-of-two2");
        REQUIRE(journal.done_before().size() == 2);
        CHECK(journal.done_before()[0].row == 1);
        CHECK_FALSE(journal.done_before()[0].existed);
        CHECK(journal.done_before()[1].row == 7);
        CHECK(journal.done_before()[1].existed);
    }

    TEST_CASE("only its owner reads it") {
        const Place place;
        const auto journal = place.open();
        struct stat found {};
        REQUIRE(::stat(place.file.c_str(), &found) == 0);
        CHECK((found.st_mode & 0777U) == 0600U);
        REQUIRE(::stat(place.directory.c_str(), &found) == 0);
        CHECK((found.st_mode & 0777U) == 0700U);
    }

    TEST_CASE("a last line that a crash cut counts for nothing, and spoils nothing") {
        const Place place;
        { CHECK(place.open().note_done({1, false}).has_value()); }
        place.append("D 2");
        {
            auto journal = place.open();
            CHECK(journal.done_before().size() == 1);
            CHECK(journal.note_done({3, false}).has_value());
        }
        const auto journal = place.open();
        REQUIRE(journal.done_before().size() == 2);
        CHECK(journal.done_before()[1].row == 3);
    }

    TEST_CASE("lines that are none are passed over") {
        const Place place;
        { CHECK(place.open().note_done({1, false}).has_value()); }
        place.append("\nD\nD x\nP 5\nX 5\nP 6 password\n");
        const auto journal = place.open();
        CHECK(journal.done_before().size() == 1);
        REQUIRE(journal.made_before().size() == 1);
        CHECK(journal.made_before()[0].row == 6);
    }

    TEST_CASE("one import is run once at a time") {
        const Place place;
        const auto journal = place.open();
        const auto second = ImportJournal::open(place.directory, "abc");
        REQUIRE_FALSE(second.has_value());
        CHECK(second.error().reason() == "import_running");
        CHECK(ImportJournal::open(place.directory, "other").has_value());
    }

    TEST_CASE("a journal that is done goes, and an old one is forgotten") {
        const Place place;
        {
            auto journal = place.open();
            journal.forget();
        }
        CHECK_FALSE(std::filesystem::exists(place.file));
        { CHECK(place.open().note_done({1, false}).has_value()); }
        const auto now = std::filesystem::file_time_type::clock::now();
        std::filesystem::last_write_time(place.file, now - std::chrono::hours(24 * 29));
        { CHECK(place.open().done_before().size() == 1); }
        std::filesystem::last_write_time(place.file, now - std::chrono::hours(24 * 31));
        CHECK(place.open().done_before().empty());
    }
}
