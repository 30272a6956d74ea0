#pragma once
/// Builds nodes from configuration and connects them to each other.

#include <memory>
#include <vector>

#include "courseselect/core/result.hpp"
#include "courseselect/nodes/config.hpp"
#include "courseselect/nodes/host.hpp"
#include "courseselect/nodes/node.hpp"

namespace courseselect::nodes {

/// Adds `services` to `host` in an order in which each finds those it calls. A service that is in
/// the same process is called in memory, any other over its socket or URL (contract §1.1).
/// Errors: invalid_argument (an address or key that cannot be used).
[[nodiscard]] core::Result<> assemble(Host& host, Runtime runtime, const ProgramConfig& config,
                                      const std::vector<Service>& services);

}  // namespace courseselect::nodes
