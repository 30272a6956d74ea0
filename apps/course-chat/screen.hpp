#pragma once
/// Where lines are typed and shown. On a terminal the line being typed stays below what is told.

#include <memory>
#include <string>
#include <string_view>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/chat/client.hpp"
#include "courseselect/core/function.hpp"

namespace courseselect::apps {

/// One line of plain text: control characters, which could move the cursor or worse, are shown as
/// \x1b or \n, never sent to the terminal.
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
    using OnEnd = core::UniqueFunction<void()>;

    /// `on_end`: of the input. Nothing is called after `close()`.
    Screen(async::EventLoop& loop, Options options, OnLine on_line, OnEnd on_end);
    /// Gives the terminal back as it was.
    ~Screen();
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    void show(const chat::ToldMessage& message);
    /// What is not a message: dim where there are colours, with `-- ` before it.
    void note(std::string_view text);
    void close();

  private:
    struct State;
    std::shared_ptr<State> state_;
};

/// Asks for a password without showing it; empty at the end of the input.
[[nodiscard]] std::string ask_password(const std::string& prompt);

}  // namespace courseselect::apps
