#pragma once
/// The only place that gives a seat.

#include <memory>
#include <string>
#include <vector>

#include "courseselect/async/batcher.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/core/uuid.hpp"
#include "courseselect/domain/decision.hpp"
#include "courseselect/metrics/counter.hpp"
#include "courseselect/metrics/histogram.hpp"
#include "courseselect/metrics/registry.hpp"
#include "courseselect/nodes/data/data_state.hpp"
#include "courseselect/repo/decision_repo.hpp"

namespace courseselect::nodes::data {

/// A task to be decided.
struct SelectionTask {
    core::Uuid id;
    domain::RequestKind kind = domain::RequestKind::select;
    core::StudentId student;
    core::CourseId course;
    bool redelivered = false;  ///< look for its record first
};

/// What became of a task. `reasons` is empty when accepted.
struct SelectionOutcome {
    core::Uuid id;
    bool accepted = false;
    domain::RefusalClass refusal = domain::RefusalClass::refused;
    std::vector<domain::Reason> reasons;
};

/// Decides tasks in memory and answers when the decision is durable.
///
/// Everything that arrives while a batch is being written forms the next one. A batch is staged in
/// the ledger, written in one transaction (enrolments, counters, decisions with their task ids) and
/// then committed in the ledger; if the transaction fails, the ledger rolls back and every caller
/// gets unavailable: nothing was promised, and asking again with the same ids is safe.
/// A task id that has been decided gets its recorded answer. Whether to look for a record is the
/// caller's hint; a wrong hint is caught by the unique key and the batch is done again with
/// look-up.
///
/// Errors: unavailable (nothing was decided; retry with the same ids), resource_exhausted.
/// Thread-safety: the runtime's loop.
class SelectionEngine {
  public:
    explicit SelectionEngine(DataState& state);

    /// Decides `tasks` in order. One outcome each.
    [[nodiscard]] async::Task<core::Result<std::vector<SelectionOutcome>>> decide(
        std::vector<SelectionTask> tasks);

    /// Decides what waits; refuses what comes later.
    [[nodiscard]] async::Task<> stop() { return batcher_.stop(); }

    void collect(metrics::Scrape& scrape) const;

  private:
    using Outcomes = core::Result<std::vector<SelectionOutcome>>;
    struct Batch;

    [[nodiscard]] async::Task<Outcomes> run_batch(std::vector<SelectionTask> tasks);
    [[nodiscard]] async::Task<core::Result<>> look_up(const std::vector<SelectionTask>& tasks,
                                                      bool all, Batch& batch);
    void count(const Batch& batch);
    void decide_all(const std::vector<SelectionTask>& tasks, Batch& batch);
    [[nodiscard]] async::Task<core::Result<>> store(Batch& batch);

    DataState& state_;
    async::Batcher<SelectionTask, SelectionOutcome> batcher_;
    metrics::Counter accepted_;
    metrics::Counter refused_;
    metrics::Counter not_found_;
    metrics::Counter replayed_;
    metrics::Counter not_stored_;
    metrics::Histogram batch_sizes_{metrics::sizes};
};

}  // namespace courseselect::nodes::data
