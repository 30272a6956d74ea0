#pragma once
/// `GET /health` and `GET /health/ready` as every node answers them (contract §1.1 and the last
/// rule of the user management contract), and the node's part of `/metrics`.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/api/service.hpp"
#include "courseselect/json/describe.hpp"
#include "courseselect/nodes/node.hpp"
#include "courseselect/nodes/parts.hpp"

namespace courseselect::nodes {

/// The database's write queue, with true values.
struct DatabaseQueueHealth {
    std::int64_t queue_size = 0;
    bool worker_alive = false;
    bool queue_enabled = false;
    std::int64_t pending_results = 0;
};

/// The queue node's tasks.
struct TaskHealth {
    std::int64_t pending = 0;
    std::int64_t processing = 0;
};

/// Another node that this one calls, asked just now.
struct DependencyHealth {
    std::string name;
    std::string status;  ///< "healthy" or "unreachable"
    double response_ms = 0;
};

struct HealthDetails {
    bool ready = false;
    std::optional<DatabaseQueueHealth> database_queue;
    std::optional<TaskHealth> tasks;
    std::optional<std::int64_t> passwords_waiting;
    std::optional<NotificationHealth> notifications;
};

/// `status` and `service` for everybody; the rest for nodes and administrators.
struct Health {
    std::string status = "healthy";
    std::string service;
    std::optional<std::vector<DependencyHealth>> dependencies;
    std::optional<HealthDetails> details;
};

/// Adds the routes, and collectors for the node's parts and calls. The node must outlive the
/// service's last request.
///
/// `/health`: the node is alive. It answers everybody inline with two fields, whatever else the
/// node is doing. A caller with the internal token or an administrator's token also gets `details`,
/// and `dependencies`, each asked for its own `/health` (`dependency_timeout`, one after the
/// other). Then `status` is `degraded` when a dependency does not answer or the node is not ready.
/// `/health/ready`: 200 when the node can do its work: it has started and its writer runs; else 503
/// with `Retry-After`. Nodes that are away do not count: each node keeps working without them as
/// far as it can.
void add_health(api::Service& service, Node& node);
inline constexpr std::chrono::milliseconds dependency_timeout{1'000};

/// Whether the node can do its work now.
[[nodiscard]] bool is_ready(Node& node);

}  // namespace courseselect::nodes

namespace courseselect::json {

template <>
struct Describe<nodes::DatabaseQueueHealth> {
    static constexpr auto fields() {
        using H = nodes::DatabaseQueueHealth;
        return object(
            "DatabaseQueueHealth", "The one writer of the node's database.",
            field<&H::queue_size>("queue_size", doc("Closures waiting.")),
            field<&H::worker_alive>("worker_alive"), field<&H::queue_enabled>("queue_enabled"),
            field<&H::pending_results>("pending_results", doc("Carried out and not yet told.")));
    }
};

template <>
struct Describe<nodes::TaskHealth> {
    static constexpr auto fields() {
        using H = nodes::TaskHealth;
        return object("TaskHealth", "Selections in the queue.", field<&H::pending>("pending"),
                      field<&H::processing>("processing"));
    }
};

template <>
struct Describe<nodes::DependencyHealth> {
    static constexpr auto fields() {
        using H = nodes::DependencyHealth;
        return object("DependencyHealth", "Another node, asked just now.",
                      field<&H::name>("name", example("\"data_node\"")),
                      field<&H::status>("status", one_of<"healthy", "unreachable">),
                      field<&H::response_ms>("response_ms"));
    }
};

template <>
struct Describe<nodes::NotificationHealth> {
    static constexpr auto fields() {
        using H = nodes::NotificationHealth;
        return object("NotificationHealth", "Messages to people, at the courier's last turn.",
                      field<&H::email>("email", doc("Mail is on.")),
                      field<&H::sms>("sms", doc("SMS is on.")), field<&H::waiting>("waiting"),
                      field<&H::dead>("dead"));
    }
};
template <>
struct Describe<nodes::HealthDetails> {
    static constexpr auto fields() {
        using H = nodes::HealthDetails;
        return object("HealthDetails", "The node's parts; absent where it has no such part.",
                      field<&H::ready>("ready"),
                      field<&H::database_queue>("database_queue", omit_empty),
                      field<&H::tasks>("tasks", omit_empty),
                      field<&H::passwords_waiting>("passwords_waiting", omit_empty),
                      field<&H::notifications>("notifications", omit_empty));
    }
};

template <>
struct Describe<nodes::Health> {
    static constexpr auto fields() {
        using H = nodes::Health;
        return object("Health", "The node is alive.",
                      field<&H::status>("status", one_of<"healthy", "degraded">),
                      field<&H::service>("service", example("\"data_node\"")),
                      field<&H::dependencies>("dependencies", omit_empty),
                      field<&H::details>("details", omit_empty));
    }
};

}  // namespace courseselect::json
