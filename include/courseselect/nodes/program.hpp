#pragma once
/// The whole of a daemon but for the choice of services: apps/*/main.cpp call this.

#include <vector>

#include "courseselect/nodes/config.hpp"

namespace courseselect::nodes {

/// Reads flags, `.env` files and the environment, builds the services on one loop and runs them
/// until SIGTERM or SIGINT. Services in one process call each other in memory.
///
/// Flags: `--dev`, `--no-rate-limit`, `--host`, `--port`, `--check-config`, `--version`, `--help`.
/// Returns: 0 after a clean stop, 1 when the start failed, 2 for bad usage or configuration (every
/// fault is printed with its remedy).
[[nodiscard]] int run_program(int argc, char** argv, const std::vector<Service>& services);

}  // namespace courseselect::nodes
