#pragma once
/// The whole of course-chat-server: apps/course-chat-server/main.cpp calls it.

namespace courseselect::chat {

/// Reads flags, `.env` files and the environment, serves until SIGTERM or SIGINT; SIGHUP reads the
/// certificate again.
///
/// Flags: `--dev`, `--no-rate-limit`, `--host`, `--port`, `--check-config`, `--version`, `--help`.
/// Returns: 0 after a clean stop, 1 when the start failed, 2 for bad usage or configuration (every
/// fault is printed with its remedy).
[[nodiscard]] int run_program(int argc, char** argv);

}  // namespace courseselect::chat
