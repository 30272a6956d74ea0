#include "courseselect/nodes/data/data_state.hpp"

#include <utility>
#include <vector>

#include "courseselect/nodes/data/mapping.hpp"
#include "courseselect/repo/data_schema.hpp"
#include "courseselect/repo/decision_repo.hpp"

namespace courseselect::nodes::data {
namespace {

/// What the database holds, as the node keeps it.
struct Image {
    domain::Catalogue catalogue;
    domain::SeatLedger ledger;
};

/// The rows become a catalogue, courses and students also a ledger with the stored enrolments.
core::Result<Image> load_image(storage::Connection& connection, domain::LedgerLimits limits) {
    COURSESELECT_TRY(auto rows, repo::load_catalogue(connection));
    COURSESELECT_TRY(const auto enrolments, repo::load_enrolments(connection));
    Image image{domain::Catalogue(), domain::SeatLedger(limits)};
    for (domain::Course& course : rows.courses) {
        COURSESELECT_TRY(auto rule, domain::course_rule(course));
        COURSESELECT_TRY_OK(image.ledger.add_course(std::move(rule)));
        COURSESELECT_TRY_OK(image.catalogue.add(std::move(course)));
    }
    for (domain::Student& student : rows.students) {
        COURSESELECT_TRY_OK(
            image.ledger.add_student({.id = student.id, .tags = student.tags, .completed = {}}));
        COURSESELECT_TRY_OK(image.catalogue.add(std::move(student)));
    }
    for (domain::Teacher& teacher : rows.teachers) {
        COURSESELECT_TRY_OK(image.catalogue.add(std::move(teacher)));
    }
    for (const repo::Enrolment& enrolment : enrolments) {
        COURSESELECT_TRY_OK(image.ledger.restore_enrolment(enrolment.student, enrolment.course));
    }
    return image;
}

/// Not the time of the start: a clock may be set back. Small enough to be exact in any JSON reader.
std::int64_t new_epoch(crypto::RandomSource& random) {
    std::int64_t epoch = 0;
    for (const std::uint8_t byte : random.array<6>()) {
        epoch = (epoch << 8) | byte;
    }
    return epoch + 1;  // callers who know nothing yet say 0
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
    COURSESELECT_TRY(auto image, load_image(*writer, limits));
    state->catalogue = std::move(image.catalogue);
    state->ledger = std::move(image.ledger);
    state->writes = std::make_unique<storage::WriteQueue>(runtime.loop, std::move(writer));
    COURSESELECT_TRY(state->readers, storage::ReaderPool::open(runtime.loop, *state->database));
    state->epoch = new_epoch(runtime.random);
    return state;
}

async::Task<core::Result<async::Mutex::Guard>> DataState::begin_change() {
    auto guard = co_await gate_.lock();
    if (is_stale) {
        COURSESELECT_CO_TRY_OK(co_await reload());
    }
    co_return std::move(guard);
}

async::Task<core::Result<>> DataState::reload() {
    auto load = [limits = ledger.limits()](storage::Connection& connection) {
        return load_image(connection, limits);
    };
    COURSESELECT_CO_TRY(auto image, co_await writes->run(std::move(load)));
    catalogue = std::move(image.catalogue);
    ledger = std::move(image.ledger);
    ++structure;  // callers' snapshots are void
    is_stale = false;
    co_return core::Result<>();
}

wire::Course DataState::shown(const domain::Course& course) const {
    wire::Course out = to_wire(course, ledger.seats_taken(course.id));
    if (const domain::Teacher* teacher = catalogue.find(course.teacher)) {
        out.teacher_name = teacher->name;
    }
    return out;
}

}  // namespace courseselect::nodes::data
