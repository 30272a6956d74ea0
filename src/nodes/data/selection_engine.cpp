#include "courseselect/nodes/data/selection_engine.hpp"

#include <map>
#include <utility>

#include "courseselect/json/reader.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/nodes/data/mapping.hpp"

namespace courseselect::nodes::data {

/// A batch on its way: outcomes by task id, and what is still to be written.
struct SelectionEngine::Batch {
    std::map<core::Uuid, SelectionOutcome> decided;
    std::shared_ptr<std::vector<repo::DecisionRecord>> records =
        std::make_shared<std::vector<repo::DecisionRecord>>();
};

namespace {

repo::DecisionKind decision_kind_of(domain::RequestKind kind) {
    return kind == domain::RequestKind::select ? repo::DecisionKind::select
                                               : repo::DecisionKind::deselect;
}

std::string reasons_text(const std::vector<domain::Reason>& reasons) {
    return reasons.empty() ? "[]" : json::to_text(to_wire(reasons));
}

SelectionOutcome recorded_outcome(const repo::DecisionRecord& record) {
    SelectionOutcome outcome{.id = record.task_id, .accepted = record.accepted, .reasons = {}};
    const auto reasons = json::parse<std::vector<wire::Reason>>(record.reasons);
    if (reasons) {
        for (const wire::Reason& reason : *reasons) {
            outcome.reasons.push_back({reason.code, reason.message});
        }
    }
    if (record.code == "student_not_found" || record.code == "course_not_found") {
        outcome.refusal = domain::RefusalClass::not_found;
    }
    return outcome;
}

repo::DecisionRecord record_of(const SelectionTask& task, const SelectionOutcome& outcome,
                               core::WallTime now) {
    return repo::DecisionRecord{
        .task_id = task.id,
        .kind = decision_kind_of(task.kind),
        .student = task.student,
        .course = task.course,
        .accepted = outcome.accepted,
        .code = outcome.accepted ? "accepted" : outcome.reasons.front().code,
        .reasons = reasons_text(outcome.reasons),
        .decided_at = now};
}

}  // namespace

SelectionEngine::SelectionEngine(DataState& state)
    : state_(state),
      batcher_(state.runtime.loop, {.batch_max = 1'000, .in_flight_max = 1, .waiting_max = 50'000},
               [this](std::vector<SelectionTask> tasks) { return run_batch(std::move(tasks)); }) {}

async::Task<core::Result<std::vector<SelectionOutcome>>> SelectionEngine::decide(
    std::vector<SelectionTask> tasks) {
    return batcher_.submit_all(std::move(tasks));
}

async::Task<SelectionEngine::Outcomes> SelectionEngine::run_batch(
    std::vector<SelectionTask> tasks) {
    COURSESELECT_CO_TRY(const auto guard, co_await state_.begin_change());
    Batch batch;
    COURSESELECT_CO_TRY_OK(co_await look_up(tasks, false, batch));
    decide_all(tasks, batch);
    auto stored = co_await store(batch);
    if (!stored && stored.error().reason() == "unique_violation") {
        // A task came again without the hint: its record must be found before anything is decided.
        batch = Batch();
        COURSESELECT_CO_TRY_OK(co_await look_up(tasks, true, batch));
        decide_all(tasks, batch);
        stored = co_await store(batch);
    }
    if (!stored) {
        not_stored_.add(tasks.size());
        state_.is_stale = true;  // the next change asks the disk
        co_return core::Error(core::Errc::unavailable, "decision_not_stored",
                              stored.error().to_string());
    }
    count(batch);
    state_.note_commit();
    std::vector<SelectionOutcome> outcomes;
    outcomes.reserve(tasks.size());
    for (const SelectionTask& task : tasks) {
        outcomes.push_back(batch.decided.at(task.id));
    }
    co_return outcomes;
}

async::Task<core::Result<>> SelectionEngine::look_up(const std::vector<SelectionTask>& tasks,
                                                     bool all, Batch& batch) {
    std::vector<core::Uuid> ids;
    for (const SelectionTask& task : tasks) {
        if (all || task.redelivered) {
            ids.push_back(task.id);
        }
    }
    if (ids.empty()) {
        co_return core::Result<>();
    }
    auto find = [wanted = std::move(ids)](storage::Connection& connection) {
        return repo::find_decisions(connection, wanted);
    };
    COURSESELECT_CO_TRY(const auto found, co_await state_.writes->run(std::move(find)));
    for (const auto& [id, record] : found) {
        batch.decided.emplace(id, recorded_outcome(record));
    }
    co_return core::Result<>();
}

void SelectionEngine::decide_all(const std::vector<SelectionTask>& tasks, Batch& batch) {
    const core::WallTime now = state_.runtime.clock.wall_now();
    for (const SelectionTask& task : tasks) {
        if (batch.decided.contains(task.id)) {
            continue;
        }
        const domain::Decision decision = state_.ledger.decide(
            {.kind = task.kind, .student = task.student, .course = task.course, .now = now});
        SelectionOutcome outcome{.id = task.id, .accepted = decision.accepted(), .reasons = {}};
        if (!decision.accepted()) {
            outcome.refusal = decision.refusal_class();
            outcome.reasons = decision.reasons();
        }
        batch.records->push_back(record_of(task, outcome, now));
        batch.decided.emplace(task.id, std::move(outcome));
    }
}

/// Called when the batch is durable: what was lost is decided again and counts then.
void SelectionEngine::count(const Batch& batch) {
    for (const repo::DecisionRecord& record : *batch.records) {
        const bool is_missing =
            batch.decided.at(record.task_id).refusal == domain::RefusalClass::not_found;
        (record.accepted ? accepted_ : is_missing ? not_found_ : refused_).add();
    }
    replayed_.add(batch.decided.size() - batch.records->size());
    batch_sizes_.observe(batch.decided.size());
}

void SelectionEngine::collect(metrics::Scrape& scrape) const {
    const auto outcome = [&scrape](std::string_view name, const metrics::Counter& count) {
        scrape.counter("courseselect_ledger_decisions_total",
                       "Decisions that were stored, by outcome; replayed ones were decided before, "
                       "not_stored ones must be asked again.",
                       count, {{"outcome", name}});
    };
    outcome("accepted", accepted_);
    outcome("refused", refused_);
    outcome("not_found", not_found_);
    outcome("replayed", replayed_);
    outcome("not_stored", not_stored_);
    scrape.histogram("courseselect_ledger_batch_size", "Decisions in one transaction.",
                     batch_sizes_);
}

async::Task<core::Result<>> SelectionEngine::store(Batch& batch) {
    if (batch.records->empty()) {
        co_return core::Result<>();
    }
    auto write = [records = batch.records](storage::Connection& connection) {
        return repo::store_decisions(connection, *records);
    };
    auto stored = co_await state_.writes->run(std::move(write));
    if (stored) {
        state_.ledger.commit();
    } else {
        state_.ledger.rollback();
    }
    co_return stored;
}

}  // namespace courseselect::nodes::data
