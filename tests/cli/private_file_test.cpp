#include "courseselect/cli/private_file.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "support/temp_dir.hpp"

using namespace courseselect;

namespace {

unsigned mode_of(const std::string& path) {
    struct stat found {};
    REQUIRE(::stat(path.c_str(), &found) == 0);
    return found.st_mode & 0777U;
}

std::string content_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::ptrdiff_t files_in(const std::filesystem::path& directory) {
    return std::distance(std::filesystem::directory_iterator(directory), {});
}

}  // namespace

TEST_SUITE("cli/private_file") {
    TEST_CASE("it appears complete, and only its owner reads it") {
        const test::TempDir dir;
        const std::string path = dir.file("config.json");
        std::ofstream(path) << "old";
        std::filesystem::permissions(path, std::filesystem::perms(0644));
        auto file = cli::PrivateFile::create(path);
        REQUIRE(file.has_value());
        CHECK(file->write("new").has_value());
        CHECK(content_of(path) == "old");
        CHECK(file->commit().has_value());
        CHECK(content_of(path) == "new");
        CHECK(mode_of(path) == 0600);
        CHECK(files_in(dir.path()) == 1);
    }

    TEST_CASE("what was not committed leaves nothing behind") {
        const test::TempDir dir;
        {
            auto file = cli::PrivateFile::create(dir.file("config.json"));
            REQUIRE(file.has_value());
            CHECK(file->write("half").has_value());
        }
        CHECK(files_in(dir.path()) == 0);
    }

    TEST_CASE("a disk that takes no more leaves the old file as it was") {
        const test::TempDir dir;
        const std::string path = dir.file("config.json");
        std::ofstream(path) << "old";
        rlimit before{};
        ::getrlimit(RLIMIT_FSIZE, &before);
        const rlimit small{.rlim_cur = 4'096, .rlim_max = before.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &small);
        const auto handler = std::signal(SIGXFSZ, SIG_IGN);
        auto file = cli::PrivateFile::create(path);
        REQUIRE(file.has_value());
        auto done = file->write(std::string(100'000, 'x'));
        if (done) {
            done = file->commit();
        }
        ::setrlimit(RLIMIT_FSIZE, &before);
        std::signal(SIGXFSZ, handler);
        REQUIRE_FALSE(done.has_value());
        CHECK(done.error().detail() == "Cannot write " + path + ": File too large");
        CHECK(content_of(path) == "old");
        CHECK(files_in(dir.path()) == 1);
    }

    TEST_CASE("a device is written to, and stays one") {
        auto null = cli::PrivateFile::create("/dev/null");
        REQUIRE(null.has_value());
        CHECK(null->write("text").has_value());
        CHECK(null->commit().has_value());
        CHECK(std::filesystem::is_character_file("/dev/null"));
        auto full = cli::PrivateFile::create("/dev/full");
        REQUIRE(full.has_value());
        CHECK(full->write("text").has_value());
        const auto done = full->commit();
        REQUIRE_FALSE(done.has_value());
        CHECK(done.error().detail() == "Cannot write /dev/full: No space left on device");
        CHECK(std::filesystem::is_character_file("/dev/full"));
    }

    TEST_CASE("a directory is refused at once; of a link the file behind it is replaced") {
        const test::TempDir dir;
        CHECK(cli::PrivateFile::create(dir.path()).error().detail() ==
              "Cannot write " + std::string(dir.path()) + ": Is a directory");
        std::ofstream(dir.file("real.json")) << "old";
        std::filesystem::create_symlink("real.json", dir.file("link.json"));
        auto file = cli::PrivateFile::create(dir.file("link.json"));
        REQUIRE(file.has_value());
        CHECK(file->write("new").has_value());
        CHECK(file->commit().has_value());
        CHECK(std::filesystem::is_symlink(dir.file("link.json")));
        CHECK(content_of(dir.file("real.json")) == "new");
    }

    TEST_CASE("a directory that is not there is named") {
        const test::TempDir dir;
        const auto file = cli::PrivateFile::create(dir.file("none/config.json"));
        REQUIRE_FALSE(file.has_value());
        CHECK(file.error().detail().ends_with("none/config.json: No such file or directory"));
    }

    TEST_CASE("a directory is taken from everybody else") {
        const test::TempDir dir;
        const std::string path = dir.file("private");
        CHECK(cli::make_private_directory(path).has_value());
        CHECK(mode_of(path) == 0700);
        std::filesystem::permissions(path, std::filesystem::perms(0755));
        CHECK(cli::make_private_directory(path).has_value());
        CHECK(mode_of(path) == 0700);
        CHECK_FALSE(cli::make_private_directory(dir.file("no/such")).has_value());
    }
}
