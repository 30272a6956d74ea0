#include "courseselect/nodes/auth/profile_outbox.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "courseselect/async/sleep.hpp"
#include "courseselect/core/log.hpp"
#include "courseselect/json/reader.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/nodes/wire/people.hpp"

namespace courseselect::nodes::accounts {
namespace {

using courseselect::auth::user_kind_name;
using net::http::Method;

std::string profile_body(const repo::ProfileEntry& entry) {
    if (entry.user.kind == UserKind::student) {
        return json::to_text(wire::StudentCreate{.student_name = entry.name,
                                                 .student_tags = entry.tags,
                                                 .student_id = core::StudentId(entry.user.id)});
    }
    return json::to_text(wire::TeacherCreate{.teacher_name = entry.name,
                                             .teacher_id = core::TeacherId(entry.user.id)});
}

std::string detail_of(const net::http::ClientResponse& response) {
    const auto body = json::Value::parse(response.body);
    return body ? (*body)["detail"].string().value_or("") : "";
}

}  // namespace

async::Task<> ProfileOutbox::stop() {
    tasks_.request_stop();
    co_await tasks_.join();
}

async::Task<> ProfileOutbox::run(ProfileOutbox& self) {
    while (!self.tasks_.stop_token().stop_requested()) {
        self.refill_soon(UserKind::student);
        self.refill_soon(UserKind::teacher);
        co_await self.deliver_due();
        co_await async::sleep_for(self.state_.runtime.loop, self.state_.options.profiles.poll,
                                  self.tasks_.stop_token());
    }
}

void ProfileOutbox::refill_soon(UserKind kind) {
    bool& under_way = refilling_[kind == UserKind::teacher ? 1 : 0];
    if (!under_way && !tasks_.stop_token().stop_requested()) {
        under_way = true;
        tasks_.spawn(refill(*this, kind));
    }
}

async::Task<> ProfileOutbox::refill(ProfileOutbox& self, UserKind kind) {
    const auto ready = co_await self.ensure_ids(kind, self.state_.options.profiles.ids_low);
    self.refilling_[kind == UserKind::teacher ? 1 : 0] = false;
    if (!ready) {
        core::log::debug("id_block_refused", {{"error", ready.error()}});
    }
}

async::Task<core::Result<net::http::ClientResponse>> ProfileOutbox::call(Method method,
                                                                         std::string target,
                                                                         std::string body) {
    net::http::ClientRequest request;
    request.method = method;
    request.target = std::move(target);
    request.body = std::move(body);
    request.headers.push_back(
        {"Internal-Token", std::string(state_.options.service.internal_token.reveal())});
    auto answer =
        co_await data_node_.send(std::move(request), state_.options.profiles.call_timeout);
    co_return answer;
}

async::Task<core::Result<>> ProfileOutbox::ensure_ids(UserKind kind, std::int64_t at_least) {
    const auto guard = co_await ids_gate_.lock();
    auto count = [kind](storage::Connection& connection) {
        return repo::ids_left(connection, kind);
    };
    COURSESELECT_CO_TRY(const std::int64_t left, co_await state_.readers->read(std::move(count)));
    if (left >= at_least) {
        co_return core::Result<>();
    }
    std::string target = fmt::format("/internal/ids?kind={}&count={}", user_kind_name(kind),
                                     state_.options.profiles.ids_block);
    COURSESELECT_CO_TRY(const auto answer,
                        co_await call(Method::post, std::move(target), std::string()));
    if (answer.status != 200) {
        co_return core::Error(core::Errc::unavailable, "ids_refused",
                              fmt::format("status {} for ids", answer.status));
    }
    COURSESELECT_CO_TRY(const auto block, json::parse<wire::IdBlock>(answer.body));
    if (block.first < 1 || block.count < 1) {
        co_return core::Error(core::Errc::unavailable, "ids_refused", "an empty block of ids");
    }
    auto keep = [kind, block](storage::Connection& connection) {
        return repo::add_id_block(connection, kind, block.first, block.count);
    };
    COURSESELECT_CO_TRY_OK(co_await state_.writes->run(std::move(keep)));
    co_return core::Result<>();
}

async::Task<Delivery> ProfileOutbox::deliver(repo::ProfileEntry entry) {
    const bool student = entry.user.kind == UserKind::student;
    std::string body = profile_body(entry);
    const char* path = student ? "/add/student" : "/add/teacher";
    const auto answer = co_await call(Method::post, path, std::move(body));
    if (!answer) {
        co_return Delivery::away;
    }
    if (answer->status == 200 || answer->status == 201) {
        co_return Delivery::done;
    }
    if (answer->status == 400 && detail_of(*answer).find("this ID") != std::string::npos) {
        auto found = co_await compare(std::move(entry));
        co_return found;
    }
    const bool refused = answer->status == 400 || answer->status == 409 || answer->status == 422;
    if (!refused) {
        core::log::warn("profile_not_taken", {{"status", answer->status}});
    }
    co_return refused ? Delivery::refused : Delivery::away;
}

async::Task<Delivery> ProfileOutbox::compare(repo::ProfileEntry entry) {
    const auto kind = user_kind_name(entry.user.kind);
    std::string target = fmt::format("/get/{}?{}_id={}", kind, kind, entry.user.id);
    const auto answer = co_await call(Method::get, std::move(target), std::string());
    if (!answer || answer->status != 200) {
        co_return Delivery::away;
    }
    const auto profile = json::Value::parse(answer->body);
    const std::string field = fmt::format("{}_name", kind);
    const bool ours = profile && (*profile)[field].string() == entry.name;
    co_return ours ? Delivery::done : Delivery::id_taken;
}

core::WallTime profile_retry_at(const AuthState& state, std::int64_t attempts) {
    const ProfileOptions& options = state.options.profiles;
    auto delay = options.retry_first;
    for (std::int64_t i = 0; i < attempts && delay < options.retry_max; ++i) {
        delay *= 2;
    }
    return state.runtime.clock.wall_now() + std::min(delay, options.retry_max);
}

async::Task<core::Result<>> ProfileOutbox::undo(repo::AuditEntry event, repo::ProfileEntry entry) {
    event.actor = repo::to_string(entry.user);
    event.outcome = "profile_refused";
    auto remove = [event = std::move(event),
                   entry = std::move(entry)](storage::Connection& connection) -> core::Result<> {
        COURSESELECT_TRY_OK(repo::delete_user(connection, entry.user));
        COURSESELECT_TRY_OK(repo::give_code_back(connection, entry.code));
        return repo::append_audit(connection, event);
    };
    auto undone = co_await state_.writes->run(std::move(remove));
    co_return undone;
}

async::Task<core::Result<>> ProfileOutbox::deliver_one(repo::ProfileEntry entry, bool& is_away) {
    const repo::UserKey user = entry.user;
    const core::WallTime next_at = profile_retry_at(state_, entry.attempts);
    const Delivery delivery = co_await deliver(entry);
    is_away = delivery == Delivery::away;
    if (delivery == Delivery::refused) {
        core::log::error("profile_refused",
                         {{"user", repo::to_string(user)}, {"kept", entry.is_promised}});
        if (!entry.is_promised) {
            repo::AuditEntry event = state_.own_event("register_undone", entry.name);
            auto undone = co_await undo(std::move(event), std::move(entry));
            co_return undone;
        }
    }
    repo::AuditEntry renumbered = state_.own_event("profile_id_changed", repo::to_string(user));
    auto note = [user, next_at, delivery, is_promised = entry.is_promised, &book = state_.sessions,
                 &notices = state_.notices,
                 event = std::move(renumbered)](storage::Connection& connection) -> core::Result<> {
        if (delivery == Delivery::done) {
            if (!is_promised) {  // whoever asked for it never heard of it; from here on it stays
                const Notice notice{.event = "account_created", .user = user};
                COURSESELECT_TRY_OK(notices.tell(connection, notice, event.time));
            }
            return repo::delete_profile(connection, user);
        }
        COURSESELECT_TRY_OK(repo::postpone_profile(connection, user, next_at));
        if (delivery == Delivery::id_taken) {
            // Tokens with the old number must not speak for its owner.
            COURSESELECT_TRY_OK(book.end_all(connection, user, event.time));
            COURSESELECT_TRY(const auto id, repo::take_id(connection, user.kind));
            COURSESELECT_TRY_OK(repo::change_user_id(connection, user, id));
            COURSESELECT_TRY_OK(repo::postpone_profile(connection, {user.kind, id}, event.time));
            COURSESELECT_TRY_OK(repo::append_audit(connection, event));
        }
        return {};
    };
    auto noted = co_await state_.writes->run(std::move(note));
    if (noted && delivery == Delivery::id_taken) {
        state_.control.announce();
    }
    co_return noted;
}

async::Task<> ProfileOutbox::deliver_due() {
    bool is_more = true;
    while (is_more && !tasks_.stop_token().stop_requested()) {
        is_more = co_await deliver_batch();
    }
}

async::Task<bool> ProfileOutbox::deliver_batch() {
    const std::int64_t limit = state_.options.profiles.batch_max;
    auto find = [now = state_.runtime.clock.wall_now(), limit](storage::Connection& connection) {
        return repo::due_profiles(connection, now, limit);
    };
    auto due = co_await state_.readers->read(std::move(find));
    if (!due) {
        core::log::error("profiles_unreadable", {{"error", due.error()}});
        co_return false;
    }
    for (repo::ProfileEntry& entry : *due) {
        bool is_away = false;
        const auto noted = co_await deliver_one(std::move(entry), is_away);
        if (!noted) {
            core::log::error("profile_not_noted", {{"error", noted.error()}});
        }
        if (!noted || is_away || tasks_.stop_token().stop_requested()) {
            co_return false;
        }
    }
    co_return static_cast<std::int64_t>(due->size()) == limit;
}

}  // namespace courseselect::nodes::accounts
