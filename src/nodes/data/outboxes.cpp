#include "courseselect/nodes/data/outboxes.hpp"

#include <utility>
#include <vector>

#include "courseselect/json/writer.hpp"
#include "courseselect/repo/classroom.hpp"
#include "courseselect/repo/decision_repo.hpp"

namespace courseselect::nodes::data {
namespace {

/// Rows of an outbox, and the last sequence that was looked at.
template <class T>
struct Rows {
    std::vector<T> rows;
    std::int64_t last = 0;
};

wire::NodeEvent seat_event(const DataState& state, const repo::SeatMove& move) {
    wire::NodeEvent event{.sequence = move.sequence,
                          .kind = move.is_enrolment ? "enrolment" : "seats",
                          .course_id = move.course,
                          .student_id = move.student,
                          .user_name = std::nullopt};
    const domain::Student* student = state.catalogue.find(move.student);
    if (student != nullptr) {
        event.user_name = student->name;
    }
    const domain::Course* course = state.catalogue.find(move.course);
    if (course != nullptr) {
        event.data.text = json::make_object("course_name", course->name, "course_selected",
                                            state.ledger.seats_taken(move.course), "course_left",
                                            state.ledger.left(move.course));
    }
    return event;
}

}  // namespace

async::Task<core::Result<events::Page>> SeatOutbox::read(std::int64_t after, std::size_t limit) {
    auto find = [after,
                 limit](storage::Connection& connection) -> core::Result<Rows<repo::SeatMove>> {
        const auto wanted = static_cast<std::int64_t>(limit);
        Rows<repo::SeatMove> found;
        COURSESELECT_TRY(found.rows, repo::seat_moves_after(connection, after, wanted));
        if (found.rows.size() < limit) {  // the rest are refusals
            COURSESELECT_TRY(found.last, repo::last_decision(connection));
        } else {
            found.last = found.rows.back().sequence;
        }
        return found;
    };
    COURSESELECT_CO_TRY(const auto found, co_await state_.readers->read(std::move(find)));
    events::Page page;
    page.last = std::max(after, found.last);
    for (const repo::SeatMove& move : found.rows) {
        page.events.push_back(seat_event(state_, move));
    }
    co_return page;
}

async::Task<core::Result<std::int64_t>> SeatOutbox::end() {
    auto read = [](storage::Connection& connection) { return repo::last_decision(connection); };
    co_return co_await state_.readers->read(std::move(read));
}

async::Task<core::Result<events::Page>> ClassroomOutbox::read(std::int64_t after,
                                                              std::size_t limit) {
    auto find = [after, limit](storage::Connection& connection) {
        return repo::events_after(connection, after, static_cast<std::int64_t>(limit));
    };
    COURSESELECT_CO_TRY(auto rows, co_await state_.readers->read(std::move(find)));
    events::Page page;
    page.last = rows.empty() ? after : rows.back().sequence;
    for (repo::ClassroomEvent& row : rows) {
        wire::NodeEvent event{.sequence = row.sequence,
                              .kind = std::move(row.kind),
                              .course_id = row.course,
                              .student_id = row.student,
                              .user_name = std::nullopt,
                              .data = json::Raw{std::move(row.data)}};
        const domain::Student* student =
            row.student ? state_.catalogue.find(*row.student) : nullptr;
        if (student != nullptr) {
            event.user_name = student->name;
        }
        page.events.push_back(std::move(event));
    }
    co_return page;
}

async::Task<core::Result<std::int64_t>> ClassroomOutbox::end() {
    auto read = [](storage::Connection& connection) { return repo::last_event(connection); };
    co_return co_await state_.readers->read(std::move(read));
}

}  // namespace courseselect::nodes::data
