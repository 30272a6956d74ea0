#pragma once
/// course-chat: the chat in a terminal, or in a pipe.

namespace courseselect::apps {

/// Returns: 0 after /quit, the end of the input or a signal; 1 when the login was refused or a
/// message was; 2 for bad usage.
[[nodiscard]] int run_chat(int argc, char** argv);

}  // namespace courseselect::apps
