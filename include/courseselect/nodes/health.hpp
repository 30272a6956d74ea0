#pragma once
/// `GET /health` as every node answers it (contract §1.1).

#include <string>

#include "courseselect/api/service.hpp"
#include "courseselect/json/describe.hpp"

namespace courseselect::nodes {

struct Health {
    std::string status = "healthy";
    std::string service;
};

/// Adds the route; it answers inline, whatever else the node is doing.
void add_health(api::Service& service, std::string name);

}  // namespace courseselect::nodes

template <>
struct courseselect::json::Describe<courseselect::nodes::Health> {
    static constexpr auto fields() {
        using H = nodes::Health;
        return object("Health", "The node is alive.", field<&H::status>("status"),
                      field<&H::service>("service", example("\"data_node\"")));
    }
};
