#pragma once
/// From the program's configuration to what a node's `api::Service` needs.

#include "courseselect/api/service.hpp"
#include "courseselect/nodes/config.hpp"

namespace courseselect::nodes {

/// The options that all nodes share; a node adds its limits.
[[nodiscard]] api::ServiceOptions service_options(const CommonConfig& common, std::string title);

/// Contract §1.5: 60 at once, then one a second, by client address; nothing when limits are off.
[[nodiscard]] std::optional<ratelimit::LimiterOptions> bearer_limit(const CommonConfig& common);

}  // namespace courseselect::nodes
