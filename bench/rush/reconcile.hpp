#pragma once
/// Does what was promised agree with what is stored? Reads the databases of the data and the queue
/// node, beside the running daemons or after them, and names every seat sold twice, every accepted
/// task that was lost and every decision that the state does not follow from.

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/core/uuid.hpp"
#include "courseselect/net/http/service_address.hpp"

namespace courseselect::bench {

struct ReconcileOptions {
    std::filesystem::path data_database;
    std::filesystem::path queue_database;
    /// Task ids that clients were answered; each must have exactly one final decision.
    std::vector<core::Uuid> answered;
    /// The data node, when it runs: its answers must equal the database.
    std::optional<net::http::ServiceAddress> data_node;
    std::string internal_token;
    std::size_t faults_max = 20;  ///< faults listed; the others are counted only
};

struct Reconciliation {
    std::size_t courses = 0;
    std::size_t students = 0;
    std::size_t enrolments = 0;
    std::size_t decisions = 0;
    std::size_t tasks = 0;
    std::size_t answered = 0;
    bool asked_api = false;
    std::size_t fault_count = 0;
    std::vector<std::string> faults;  ///< the first ones, a sentence each

    [[nodiscard]] bool is_clean() const { return fault_count == 0; }
    /// One line for people.
    [[nodiscard]] std::string verdict() const;
};

/// Nothing may be in progress: call when the queue is empty. Throws std::runtime_error when a
/// database cannot be read; what disagrees is in the result.
[[nodiscard]] Reconciliation reconcile(const ReconcileOptions& options);

/// One task id a line. Throws std::runtime_error for a file or line that cannot be read.
[[nodiscard]] std::vector<core::Uuid> read_task_ids(const std::filesystem::path& file);

}  // namespace courseselect::bench
