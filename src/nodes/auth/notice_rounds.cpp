#include "courseselect/nodes/auth/notice_rounds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "courseselect/async/sleep.hpp"
#include "courseselect/core/log.hpp"
#include "courseselect/core/time_format.hpp"

namespace courseselect::nodes::accounts {
namespace {

constexpr const char* decisions_round = "decisions";
constexpr std::int64_t round_done = std::numeric_limits<std::int64_t>::max();

std::int64_t micros(core::WallTime time) {
    return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

/// What a decision is to its student; empty: nothing worth a message.
std::string_view event_of(const wire::SelectionEvent& decision) {
    if (decision.kind == "select") {
        return decision.accepted ? "selection_accepted" : "selection_refused";
    }
    return decision.accepted ? "selection_ended" : "";
}

Notice notice_of(const wire::SelectionEvent& decision) {
    Notice notice{.event = event_of(decision),
                  .user = {UserKind::student, decision.student_id.value()}};
    notice.values = {{"course_name", decision.course_name.value_or(
                                         fmt::format("course {}", decision.course_id.value()))},
                     {"reason", decision.message}};
    notice.key = fmt::format("decision.{}.{}", decision.sequence, micros(decision.decided_at));
    return notice;
}

}  // namespace

async::Task<> NoticeRounds::stop() {
    tasks_.request_stop();
    co_await tasks_.join();
}

async::Task<> NoticeRounds::run(NoticeRounds& self) {
    while (!self.tasks_.stop_token().stop_requested()) {
        co_await self.go_round();
        co_await async::sleep_for(self.state_.runtime.loop, self.state_.options.notifications.poll,
                                  self.tasks_.stop_token());
    }
}

async::Task<> NoticeRounds::go_round() {
    bool is_more = true;
    while (is_more && !tasks_.stop_token().stop_requested()) {
        const auto told = co_await tell_decisions();
        if (!told) {
            core::log::debug("decisions_not_told", {{"error", told.error()}});
        }
        is_more = told && *told;
    }
    is_more = true;
    while (is_more && !tasks_.stop_token().stop_requested()) {
        const auto told = co_await tell_dates();
        if (!told) {
            core::log::error("dates_not_told", {{"error", told.error()}});
        }
        is_more = told && *told;
    }
}

async::Task<core::Result<bool>> NoticeRounds::tell_decisions() {
    const Notices& notices = state_.notices;
    if (!notices.wants("selection_accepted") && !notices.wants("selection_refused") &&
        !notices.wants("selection_ended")) {
        COURSESELECT_CO_TRY_OK(co_await drop_cursor());
        co_return false;
    }
    is_cursor_dropped_ = false;
    auto look = [](storage::Connection& connection) {
        return repo::find_progress(connection, decisions_round);
    };
    COURSESELECT_CO_TRY(const auto position, co_await state_.readers->read(std::move(look)));
    const int limit = position ? state_.options.notifications.round_batch : 1;
    std::string target =
        fmt::format("/internal/events?after={}&limit={}", position.value_or(0), limit);
    COURSESELECT_CO_TRY(auto news, co_await data_.ask<wire::SelectionEvents>(traces_.identity(),
                                                                             std::move(target)));
    if (!position || news.last < *position) {  // the first time, or the database is another one
        COURSESELECT_CO_TRY_OK(co_await keep_cursor(news.last));
        co_return false;
    }
    if (news.events.empty()) {
        co_return false;
    }
    const bool is_more = news.events.back().sequence < news.last;
    COURSESELECT_CO_TRY_OK(co_await store_decisions(std::move(news)));
    co_return is_more;
}

async::Task<core::Result<bool>> NoticeRounds::store_decisions(wire::SelectionEvents news) {
    auto store = [news = std::move(news), &notices = state_.notices,
                  now = state_.runtime.clock.wall_now()](
                     storage::Connection& connection) -> core::Result<bool> {
        for (const wire::SelectionEvent& decision : news.events) {
            COURSESELECT_TRY_OK(notices.tell(connection, notice_of(decision), now));
        }
        COURSESELECT_TRY_OK(
            repo::set_progress(connection, decisions_round, news.events.back().sequence));
        return true;
    };
    auto stored = co_await state_.writes->run(std::move(store));
    co_return stored;
}

async::Task<core::Result<>> NoticeRounds::keep_cursor(std::int64_t position) {
    auto keep = [position](storage::Connection& connection) {
        return repo::set_progress(connection, decisions_round, position);
    };
    auto kept = co_await state_.writes->run(std::move(keep));
    co_return kept;
}

async::Task<core::Result<>> NoticeRounds::drop_cursor() {
    if (is_cursor_dropped_) {
        co_return core::Result<>();
    }
    auto drop = [](storage::Connection& connection) {
        return repo::drop_progress(connection, decisions_round);
    };
    COURSESELECT_CO_TRY_OK(co_await state_.writes->run(std::move(drop)));
    is_cursor_dropped_ = true;
    co_return core::Result<>();
}

async::Task<core::Result<bool>> NoticeRounds::tell_dates() {
    const Settings settings = state_.control.settings();
    const core::WallTime now = state_.runtime.clock.wall_now();
    const std::chrono::hours before(settings.notifications.deadline_notice_hours);
    const std::pair<std::string, std::optional<core::WallTime>> dates[] = {
        {"selection_opens", settings.courses.selection_opens_at},
        {"selection_closes", settings.courses.selection_closes_at}};
    bool is_more = false;
    for (const auto& [event, at] : dates) {
        if (!at || now >= *at || now < *at - before || !state_.notices.wants(event)) {
            continue;
        }
        COURSESELECT_CO_TRY(const bool more, co_await tell_date(event, *at));
        is_more = is_more || more;
    }
    co_return is_more;
}

async::Task<core::Result<bool>> NoticeRounds::tell_date(std::string event, core::WallTime at) {
    const std::string when = core::format_rfc3339(at);
    const std::string round = fmt::format("{}.{}", event, micros(at));
    if (std::find(rounds_done_.begin(), rounds_done_.end(), round) != rounds_done_.end()) {
        co_return false;
    }
    auto tell = [event, round, when, &notices = state_.notices,
                 limit = state_.options.notifications.round_batch,
                 now = state_.runtime.clock.wall_now()](
                    storage::Connection& connection) -> core::Result<bool> {
        COURSESELECT_TRY(const auto position, repo::find_progress(connection, round));
        if (position == round_done) {
            return false;
        }
        COURSESELECT_TRY(const auto students, repo::contacts_after(connection, UserKind::student,
                                                                   position.value_or(0), limit));
        for (const repo::Contact& student : students) {
            Notice notice{.event = event, .user = student.user};
            notice.values = {{"time", when}};
            notice.key = fmt::format("{}.{}", round, student.number);
            COURSESELECT_TRY_OK(notices.tell(connection, notice, student, now));
        }
        const bool is_more = static_cast<int>(students.size()) == limit;
        COURSESELECT_TRY_OK(
            repo::set_progress(connection, round, is_more ? students.back().number : round_done));
        return is_more;
    };
    COURSESELECT_CO_TRY(const bool is_more, co_await state_.writes->run(std::move(tell)));
    if (!is_more) {
        rounds_done_.push_back(round);
    }
    co_return is_more;
}

}  // namespace courseselect::nodes::accounts
