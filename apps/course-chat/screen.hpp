#pragma once
/// Where lines are typed and shown. On a terminal the line being typed stays below what is told.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/chat/client.hpp"
#include "courseselect/core/function.hpp"

namespace courseselect::apps {

/// One line of plain text: control characters and those that turn the direction of what follows,
/// which could move the cursor or make a line look like another's, are shown as \x1b, \n or
/// \u202e, never sent to the terminal.
[[nodiscard]] std::string printable(std::string_view text);

/// At most one at a time: readline has one terminal.
/// Thread-safety: the loop's thread.
class Screen {
  public:
    struct Options {
        bool is_interactive = false;  ///< readline and a prompt; else plain lines
        bool has_colours = false;
    };
    using OnLine = core::UniqueFunction<void(std::string line)>;
    using OnEnd = core::UniqueFunction<void(bool is_complete)>;

    /// `on_end`: of the input; not complete when a line was too long to read on. Nothing is called
    /// after `close()`.
    Screen(async::EventLoop& loop, Options options, OnLine on_line, OnEnd on_end);
    /// Gives the terminal back as it was.
    ~Screen();
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    /// In local time; on a terminal a line with the date comes before the first message of a day.
    void show(const chat::ToldMessage& message);
    /// What is not a message: dim where there are colours, with `-- ` before it.
    void note(std::string_view text);
    /// What stands before the line being typed.
    void set_prompt(std::string prompt);
    /// Tab completes to these at the beginning of a word.
    void set_words(std::vector<std::string> words);
    /// Throws the line being typed away; false when nothing is typed.
    bool discard_typed();
    void close();

  private:
    struct State;
    std::shared_ptr<State> state_;
};

/// Makes the terminal's characters UTF-8's, which the protocol speaks, also where the environment
/// names no locale: else the cursor would stand and delete inside of characters. Call first.
void use_utf8();

/// Asks for a password without showing it; empty at the end of the input.
/// Returns: nothing after Ctrl-C.
[[nodiscard]] std::optional<std::string> ask_password(const std::string& question);

}  // namespace courseselect::apps
