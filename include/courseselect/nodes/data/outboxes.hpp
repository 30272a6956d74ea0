#pragma once
/// What the data node tells the realtime server, read from its own tables.

#include <cstdint>
#include <string>

#include "courseselect/async/task.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/nodes/data/data_state.hpp"
#include "courseselect/nodes/events/publisher.hpp"

namespace courseselect::nodes::data {

/// Seats taken (`enrolment`) and freed (`seats`), from the decisions. Each event carries the
/// course's seats as they are when it is told, which may be later: receivers show the newest.
class SeatOutbox final : public events::Outbox {
  public:
    explicit SeatOutbox(DataState& state) : state_(state) {}

    [[nodiscard]] std::string name() const override { return "data.decisions"; }
    [[nodiscard]] async::Task<core::Result<events::Page>> read(std::int64_t after,
                                                               std::size_t limit) override;
    [[nodiscard]] async::Task<core::Result<std::int64_t>> end() override;

  private:
    DataState& state_;
};

/// Reviews, quiz attempts and changed courses, from `classroom_events`.
class ClassroomOutbox final : public events::Outbox {
  public:
    explicit ClassroomOutbox(DataState& state) : state_(state) {}

    [[nodiscard]] std::string name() const override { return "data.classroom"; }
    [[nodiscard]] async::Task<core::Result<events::Page>> read(std::int64_t after,
                                                               std::size_t limit) override;
    [[nodiscard]] async::Task<core::Result<std::int64_t>> end() override;

  private:
    DataState& state_;
};

}  // namespace courseselect::nodes::data
