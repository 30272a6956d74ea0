#pragma once
/// `GET /internal/control`: tells the other nodes of new settings and of tokens taken back.

#include <cstdint>

#include "courseselect/api/service.hpp"
#include "courseselect/async/event.hpp"
#include "courseselect/nodes/auth/auth_state.hpp"
#include "courseselect/nodes/wire/control.hpp"

namespace courseselect::nodes::accounts {

/// Answers at once when there is news, else as soon as there is some or the caller's patience ends.
/// Limits: `revocations_max` in one answer; the rest comes with the next question.
/// Ownership: borrows the state. Thread-safety: the runtime's loop.
class ControlFeed {
  public:
    static constexpr std::int64_t revocations_max = 1'000;

    explicit ControlFeed(AuthState& state) : state_(state) {}
    void add_routes(api::Service& service);

  private:
    async::Task<core::Result<wire::ControlState>> news(wire::ControlQuery query);
    async::Task<core::Result<wire::ControlState>> look(wire::ControlQuery query);

    AuthState& state_;
};

}  // namespace courseselect::nodes::accounts
