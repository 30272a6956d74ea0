#include "courseselect/cli/prompt.hpp"

#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>

namespace courseselect::cli {
namespace {

using core::Errc;

/// The terminal whose echo is off, for the signal handler: the one place that cannot be handed it.
struct SilencedTerminal {
    int descriptor = -1;
    termios before{};
};
SilencedTerminal silenced;
std::atomic<bool> is_silenced{false};
static_assert(std::atomic<bool>::is_always_lock_free);

core::Error aborted() { return {Errc::cancelled, "aborted", "Aborted!"}; }

/// Every call in here is async-signal-safe (signal-safety(7)).
void restore_echo() {
    if (is_silenced.exchange(false)) {
        ::tcsetattr(silenced.descriptor, TCSANOW, &silenced.before);
    }
}

extern "C" void on_end_signal(int number) {
    restore_echo();
    if (number == SIGINT) {
        constexpr std::string_view words = "\nAborted!\n";
        const bool on_terminal =
            ::isatty(STDERR_FILENO) == 1;  // there ^C left the cursor behind it
        const std::string_view shown = on_terminal ? words : words.substr(1);
        [[maybe_unused]] const auto written = ::write(STDERR_FILENO, shown.data(), shown.size());
        ::_exit(1);
    }
    ::signal(number, SIG_DFL);
    ::raise(number);
}

/// Echo is off while this lives.
class Silence {
  public:
    explicit Silence(int descriptor) {
        if (::tcgetattr(descriptor, &silenced.before) != 0) {
            return;
        }
        silenced.descriptor = descriptor;
        termios without = silenced.before;
        without.c_lflag &= static_cast<tcflag_t>(~static_cast<tcflag_t>(ECHO));
        is_silenced = true;
        ::tcsetattr(descriptor, TCSANOW, &without);
    }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;
    ~Silence() { restore_echo(); }
};

}  // namespace

bool Prompter::is_terminal() const { return ::isatty(input_) == 1; }

core::Result<std::string> Prompter::read_line() {
    std::string line;
    while (true) {
        char byte = 0;
        const ssize_t size = ::read(input_, &byte, 1);
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size <= 0) {
            if (line.empty()) {
                return aborted();
            }
            break;
        }
        if (byte == '\n') {
            break;
        }
        if (line.size() == answer_bytes_max) {
            return aborted();
        }
        line += byte;
    }
    if (line.ends_with('\r')) {
        line.pop_back();
    }
    return line;
}

core::Result<std::string> Prompter::text(std::string_view question) {
    while (true) {
        console_.ask(std::string(question) + ": ");
        COURSESELECT_TRY(auto answer, read_line());
        if (!answer.empty() || !is_terminal()) {
            return answer;
        }
    }
}

core::Result<core::Secret> Prompter::read_hidden(std::string_view question) {
    auto answer = [this, question] {
        const Silence silence(input_);  // before the question: an answer may come at once
        console_.draw(std::string(question) + ": ");
        return read_line();
    }();
    console_.draw("\n");
    if (!answer) {
        return std::move(answer).error();
    }
    return core::Secret(*std::move(answer));
}

core::Result<core::Secret> Prompter::hidden(std::string_view question) {
    if (!is_terminal()) {
        COURSESELECT_TRY(auto line, read_line());
        return core::Secret(std::move(line));
    }
    while (true) {
        COURSESELECT_TRY(auto answer, read_hidden(question));
        if (!answer.empty()) {
            return answer;
        }
    }
}

core::Result<core::Secret> Prompter::hidden_twice(std::string_view question) {
    while (true) {
        COURSESELECT_TRY(auto first, hidden(question));
        COURSESELECT_TRY(const auto second, hidden("Repeat for confirmation"));
        if (first.reveal() == second.reveal()) {
            return first;
        }
        console_.complain("Error: The two entered values do not match.");
    }
}

core::Result<bool> Prompter::confirm(std::string_view question) {
    console_.ask(std::string(question) + " [y/N]: ");
    auto answer = read_line();
    if (!answer) {
        console_.ask("\n");
        return std::move(answer).error();
    }
    std::string word;
    for (const char c : *answer) {
        if (c != ' ' && c != '\t') {
            word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        }
    }
    return word == "y" || word == "yes";
}

void watch_interrupts() {
    struct sigaction action {};
    action.sa_handler = &on_end_signal;
    ::sigemptyset(&action.sa_mask);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction before {};
        ::sigaction(number, nullptr, &before);
        if (before.sa_handler != SIG_IGN) {  // nohup, and shells that start us in the background
            ::sigaction(number, &action, nullptr);
        }
    }
}

}  // namespace courseselect::cli
