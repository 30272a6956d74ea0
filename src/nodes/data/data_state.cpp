#include "courseselect/nodes/data/data_state.hpp"

#include <utility>
#include <vector>

#include "courseselect/repo/data_schema.hpp"
#include "courseselect/repo/decision_repo.hpp"

namespace courseselect::nodes::data {
namespace {

/// Courses and students of the catalogue and the stored enrolments, as a ledger.
core::Result<domain::SeatLedger> build_ledger(const domain::Catalogue& catalogue,
                                              const std::vector<repo::Enrolment>& enrolments,
                                              domain::LedgerLimits limits) {
    domain::SeatLedger ledger(limits);
    for (const auto& [id, course] : catalogue.courses()) {
        COURSESELECT_TRY(auto rule, domain::course_rule(course));
        COURSESELECT_TRY_OK(ledger.add_course(std::move(rule)));
    }
    for (const auto& [id, student] : catalogue.students()) {
        COURSESELECT_TRY_OK(ledger.add_student({.id = id, .tags = student.tags, .completed = {}}));
    }
    for (const repo::Enrolment& enrolment : enrolments) {
        COURSESELECT_TRY_OK(ledger.restore_enrolment(enrolment.student, enrolment.course));
    }
    return ledger;
}

core::Result<> load_state(DataState& state, storage::Connection& connection) {
    COURSESELECT_TRY(auto rows, repo::load_catalogue(connection));
    for (domain::Course& course : rows.courses) {
        COURSESELECT_TRY_OK(state.catalogue.add(std::move(course)));
    }
    for (domain::Student& student : rows.students) {
        COURSESELECT_TRY_OK(state.catalogue.add(std::move(student)));
    }
    for (domain::Teacher& teacher : rows.teachers) {
        COURSESELECT_TRY_OK(state.catalogue.add(std::move(teacher)));
    }
    COURSESELECT_TRY(const auto enrolments, repo::load_enrolments(connection));
    COURSESELECT_TRY(state.ledger,
                     build_ledger(state.catalogue, enrolments, state.ledger.limits()));
    return {};
}

}  // namespace

core::Result<std::unique_ptr<DataState>> DataState::open(Runtime runtime,
                                                         const storage::DatabaseUrl& url,
                                                         storage::DatabaseOptions options,
                                                         domain::LedgerLimits limits) {
    std::unique_ptr<DataState> state(new DataState(runtime, limits));
    COURSESELECT_TRY(state->database, storage::Database::open(url, options));
    COURSESELECT_TRY(auto writer, state->database->connect_writer());
    COURSESELECT_TRY_OK(storage::migrate(*writer, repo::data_migrations(), runtime.clock));
    COURSESELECT_TRY_OK(load_state(*state, *writer));
    state->writes = std::make_unique<storage::WriteQueue>(runtime.loop, std::move(writer));
    COURSESELECT_TRY(state->readers, storage::ReaderPool::open(runtime.loop, *state->database));
    state->epoch = runtime.clock.wall_now().time_since_epoch().count();
    return state;
}

async::Task<core::Result<>> DataState::reload_ledger() {
    auto load = [](storage::Connection& connection) { return repo::load_enrolments(connection); };
    COURSESELECT_CO_TRY(const auto enrolments, co_await writes->run(std::move(load)));
    auto rebuilt = build_ledger(catalogue, enrolments, ledger.limits());
    if (!rebuilt) {
        co_return std::move(rebuilt).error();
    }
    ledger = *std::move(rebuilt);
    ++structure;  // callers' snapshots are void
    ledger_is_stale = false;
    co_return core::Result<>();
}

}  // namespace courseselect::nodes::data
