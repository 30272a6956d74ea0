#pragma once
/// What a bug does to the process: tests of `COURSESELECT_CHECK` and of documented aborts.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>
#include <string>

namespace courseselect::test {

/// How a child process ended.
struct Death {
    int signal = 0;     ///< 0: it ended by itself
    std::string error;  ///< what it wrote to standard error
};

/// Runs `body` in a child process and tells how that ended. No core is written.
template <class F>
[[nodiscard]] Death death_of(F body) {
    int ends[2];
    if (::pipe(ends) != 0) {
        throw std::runtime_error("no pipe");
    }
    const pid_t child = ::fork();
    if (child == 0) {
        ::signal(SIGABRT, SIG_DFL);  // doctest's own handler would report a failed case
        const rlimit no_core{0, 0};
        ::setrlimit(RLIMIT_CORE, &no_core);
        ::dup2(ends[1], STDERR_FILENO);
        ::close(ends[0]);
        body();
        ::_exit(0);
    }
    ::close(ends[1]);
    Death death;
    std::array<char, 512> part{};
    for (ssize_t got = 1; got > 0;) {
        got = ::read(ends[0], part.data(), part.size());
        death.error.append(part.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    }
    ::close(ends[0]);
    int status = 0;
    if (::waitpid(child, &status, 0) != child) {
        throw std::runtime_error("no child");
    }
    death.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return death;
}

/// Whether `body` ends its process with a failed `COURSESELECT_CHECK`.
template <class F>
[[nodiscard]] bool fails_a_check(F body) {
    const Death death = death_of(std::move(body));
    return death.signal == SIGABRT && death.error.find("check failed") != std::string::npos;
}

}  // namespace courseselect::test
