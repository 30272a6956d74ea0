#include "courseselect/nodes/realtime/told_mark.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/temp_dir.hpp"

using namespace courseselect;
using nodes::realtime::ToldMark;

TEST_SUITE("nodes/realtime/told_mark") {
    TEST_CASE("a new file knows nothing; what was set is there after opening it again") {
        test::TempDir dir;
        {
            const auto mark = ToldMark::open(dir.file("told"));
            REQUIRE(mark);
            CHECK_FALSE((*mark)->told());
            (*mark)->set(0);
            CHECK((*mark)->told() == 0);
            (*mark)->set(7);
        }
        CHECK((*ToldMark::open(dir.file("told")))->told() == 7);
    }

    TEST_CASE("it outlives a process that is killed") {
        test::TempDir dir;
        const ::pid_t child = ::fork();
        if (child == 0) {
            const auto mark = ToldMark::open(dir.file("told"));
            (*mark)->set(9);
            ::raise(SIGKILL);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        CHECK(WIFSIGNALED(status));
        CHECK((*ToldMark::open(dir.file("told")))->told() == 9);
    }

    TEST_CASE("a file that cannot be made is an error with its path") {
        const auto mark = ToldMark::open("/nowhere/at/all.told");
        REQUIRE_FALSE(mark);
        CHECK(mark.error().to_string().find("/nowhere/at/all.told") != std::string::npos);
    }
}
