#pragma once
/// What people are told of that did not happen in this node: decisions about seats, and dates.

#include <string>
#include <vector>

#include "courseselect/nodes/auth/data_calls.hpp"
#include "courseselect/nodes/wire/selection.hpp"

namespace courseselect::nodes::accounts {

/// Decisions are read from the data node's outbox (`GET /internal/events`); the cursor moves in the
/// transaction that writes the messages, so each decision is told once whatever crashes. It starts
/// where the decisions end when such messages are switched on, and is forgotten when they are off:
/// nobody hears of what is long past.
/// Dates are told to all students who can be reached, `round_batch` to a transaction.
/// Ownership: borrows both. Thread-safety: the runtime's loop.
class NoticeRounds {
  public:
    NoticeRounds(AuthState& state, net::http::Client& data_node)
        : state_(state), data_(state, data_node), tasks_(state.runtime.loop) {}

    void start() { tasks_.spawn(run(*this)); }
    [[nodiscard]] async::Task<> stop();
    /// Tells all there is to tell, now instead of at the next turn.
    [[nodiscard]] async::Task<> go_round();

  private:
    static async::Task<> run(NoticeRounds& self);
    /// True: there may be more.
    [[nodiscard]] async::Task<core::Result<bool>> tell_decisions();
    [[nodiscard]] async::Task<core::Result<bool>> store_decisions(wire::SelectionEvents news);
    [[nodiscard]] async::Task<core::Result<>> keep_cursor(std::int64_t position);
    [[nodiscard]] async::Task<core::Result<>> drop_cursor();
    [[nodiscard]] async::Task<core::Result<bool>> tell_dates();
    [[nodiscard]] async::Task<core::Result<bool>> tell_date(std::string event, core::WallTime at);

    AuthState& state_;
    DataCalls data_;
    api::TraceIds traces_;
    bool is_cursor_dropped_ = false;
    std::vector<std::string> rounds_done_;  ///< those of this run, so that nobody asks again
    async::TaskGroup tasks_;
};

}  // namespace courseselect::nodes::accounts
