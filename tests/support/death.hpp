#pragma once
/// What a bug does to the process: tests of `COURSESELECT_CHECK` and of documented aborts.

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace courseselect::test {

/// Runs `body` in a child process and says whether that process died by `signal`. Its standard
/// error is thrown away and no core is written.
template <class F>
[[nodiscard]] bool dies_by(int signal, F body) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::signal(signal, SIG_DFL);  // doctest's own handler would report a failed case
        const rlimit no_core{0, 0};
        ::setrlimit(RLIMIT_CORE, &no_core);
        ::dup2(::open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
        body();
        ::_exit(0);
    }
    int status = 0;
    return child > 0 && ::waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
           WTERMSIG(status) == signal;
}

}  // namespace courseselect::test
