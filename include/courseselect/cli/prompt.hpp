#pragma once
/// Asking whoever sits at the terminal, or reads lines from a pipe.

#include <string>
#include <string_view>

#include "courseselect/cli/console.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/core/secret.hpp"

namespace courseselect::cli {

inline constexpr std::size_t answer_bytes_max = 65'536;

/// Reads answers from a descriptor, a byte at a time: what follows the line stays for others, so a
/// command inside `while read` does not eat the loop's input.
///
/// Errors of all: cancelled `aborted` at the end of input, and for a line over `answer_bytes_max`.
/// An interrupt at a hidden prompt restores the echo (see `watch_interrupts`).
/// Thread-safety: one thread.
class Prompter {
  public:
    Prompter(Console& console, int input) : console_(console), input_(input) {}

    [[nodiscard]] bool is_terminal() const;
    /// `Question: `, until the answer is not empty; without a terminal one line, whatever it is.
    [[nodiscard]] core::Result<std::string> text(std::string_view question);
    /// The same without echo. Without a terminal nothing is asked, one line is read.
    [[nodiscard]] core::Result<core::Secret> hidden(std::string_view question);
    /// Asks twice, until both answers are the same; a terminal is needed.
    [[nodiscard]] core::Result<core::Secret> hidden_twice(std::string_view question);
    /// `Question [y/N]: `. Nothing but `y` and `yes`, in either case, is a yes.
    [[nodiscard]] core::Result<bool> confirm(std::string_view question);

  private:
    [[nodiscard]] core::Result<std::string> read_line();
    [[nodiscard]] core::Result<core::Secret> read_hidden(std::string_view question);

    Console& console_;
    int input_;
};

/// From now on an interrupt (SIGINT) prints `Aborted!` and ends the process with 1; it, SIGTERM and
/// SIGHUP switch a terminal's echo on again first. Call once, at start.
void watch_interrupts();

}  // namespace courseselect::cli
