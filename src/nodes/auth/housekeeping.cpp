#include "courseselect/nodes/auth/housekeeping.hpp"

#include "courseselect/async/sleep.hpp"
#include "courseselect/core/log.hpp"
#include "courseselect/repo/auth_control.hpp"
#include "courseselect/repo/auth_tokens.hpp"

namespace courseselect::nodes::accounts {

async::Task<> Housekeeping::stop() {
    tasks_.request_stop();
    co_await tasks_.join();
}

async::Task<> Housekeeping::run(Housekeeping& self) {
    const std::stop_token stop = self.tasks_.stop_token();
    while (!stop.stop_requested()) {
        const auto forgotten = co_await self.purge();
        if (!forgotten) {
            core::log::warn("purge_failed", {{"error", forgotten.error()}});
        }
        co_await async::sleep_for(self.state_.runtime.loop, self.state_.options.purge.every, stop);
    }
}

async::Task<core::Result<std::int64_t>> Housekeeping::purge() {
    const core::WallTime now = state_.runtime.clock.wall_now();
    const std::int64_t batch = state_.options.purge.batch;
    std::int64_t total = 0;
    std::int64_t last = batch;
    while (last == batch && !tasks_.stop_token().stop_requested()) {
        auto forget = [now, batch, &book = state_.sessions,
                       settings = state_.control.settings().security](
                          storage::Connection& connection) -> core::Result<std::int64_t> {
            COURSESELECT_TRY(const auto idle, book.end_idle(connection, settings, now, batch));
            COURSESELECT_TRY(const auto told, repo::purge_revocations(connection, now, batch));
            COURSESELECT_TRY(const auto dead, repo::purge_refresh_tokens(connection, now, batch));
            return std::max({idle, told, dead});
        };
        COURSESELECT_CO_TRY(last, co_await state_.writes->run(std::move(forget)));
        total += last;
    }
    co_return total;
}

}  // namespace courseselect::nodes::accounts
