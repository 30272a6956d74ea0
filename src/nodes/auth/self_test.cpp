#include "courseselect/nodes/auth/self_test.hpp"

#include <utility>

#include "courseselect/nodes/auth/user_rules.hpp"
#include "courseselect/storage/migration.hpp"

namespace courseselect::nodes::accounts {
namespace {

using core::Errc;

/// Neither the value nor its length.
std::string masked(const core::Secret& secret) { return secret.empty() ? "not set" : "********"; }

std::string flag(bool is_on) { return is_on ? "true" : "false"; }

std::map<std::string, std::string> configuration_of(const AuthState& state) {
    const AuthNodeOptions& options = state.options;
    const SecuritySettings& security = state.control.settings().security;
    const auto seconds = [](std::chrono::seconds time) { return std::to_string(time.count()); };
    return {{"admin_password", masked(options.admin_password)},
            {"super_admin_password", masked(options.super_admin_password)},
            {"internal_token", masked(options.service.internal_token)},
            {"jwt_secret", masked(options.jwt_secret)},
            {"jwt_private_key", masked(options.jwt_private_key)},
            {"database", options.database.path},
            {"bcrypt_cost", std::to_string(options.bcrypt_cost)},
            {"access_token_seconds", seconds(options.lifetimes.student_access)},
            {"refresh_token_seconds", seconds(options.lifetimes.refresh)},
            {"rate_limits", flag(options.guesses.enabled)},
            {"open_registration_enabled", flag(security.open_registration_enabled)},
            {"session_idle_seconds", std::to_string(security.session_idle_seconds)},
            {"sessions_per_user_max", std::to_string(security.sessions_per_user_max)}};
}

async::Task<core::Result<wire::SelfTest>> nothing_here() {
    co_return core::Error(Errc::not_found, "production", "Not Found");
}

}  // namespace

void SelfTestApi::add_routes(api::Service& service) {
    if (!state_.options.dev) {
        service.add(api::get("/auth/test").errors(api::ErrorStyle::success_flag).hidden(),
                    [](api::Context&) { return nothing_here(); });
        return;
    }
    service.add(api::get("/auth/test")
                    .summary("Connections, queue and configuration; not in production.")
                    .tag("health")
                    .errors(api::ErrorStyle::success_flag)
                    .access(api::Access::admin),
                [this](api::Context& context) { return test(context); });
}

async::Task<core::Result<wire::SelfTest>> SelfTestApi::test(api::Context& context) {
    auto look = [caller = caller_of(state_, context)](
                    storage::Connection& connection) -> core::Result<int> {
        COURSESELECT_TRY_OK(find_live_admin(connection, caller));
        return storage::schema_version(connection);
    };
    auto read = co_await state_.readers->read(std::move(look));
    if (!read && is_refusal(read.error())) {
        co_return std::move(read).error();
    }
    auto touch = [](storage::Connection& connection) {
        return storage::schema_version(connection);
    };
    const auto written = co_await state_.writes->run(std::move(touch));
    const auto queue = state_.writes->statistics();
    wire::SelfTest answer;
    answer.data.database = {.reader_answers = read.has_value(),
                            .writer_answers = written.has_value(),
                            .schema_version = read ? *read : 0,
                            .reads_waiting = static_cast<std::int64_t>(state_.readers->queued())};
    answer.data.queue = {.queue_size = static_cast<std::int64_t>(queue.queue_size),
                         .worker_alive = queue.worker_alive,
                         .queue_enabled = queue.queue_enabled,
                         .pending_results = static_cast<std::int64_t>(queue.pending_results)};
    answer.data.configuration = configuration_of(state_);
    co_return answer;
}

}  // namespace courseselect::nodes::accounts
