#include "courseselect/nodes/auth/control_feed.hpp"

#include "courseselect/repo/auth_control.hpp"

namespace courseselect::nodes::accounts {
namespace {

wire::Revocation told(const repo::StoredRevocation& stored) {
    wire::Revocation revocation{.session = {}, .user = {}, .at = stored.at, .until = stored.until};
    (stored.is_session ? revocation.session : revocation.user) = stored.key;
    return revocation;
}

bool is_news(const wire::ControlState& state) {
    return state.settings.has_value() || !state.revocations.empty();
}

}  // namespace

void ControlFeed::add_routes(api::Service& service) {
    service.add(api::get("/internal/control")
                    .summary("What is newer than the caller knows: settings, tokens taken back.")
                    .tag("internal")
                    .access(api::Access::internal)
                    .query<wire::ControlQuery>(),
                [this](api::Context&, wire::ControlQuery query) { return news(query); });
}

async::Task<core::Result<wire::ControlState>> ControlFeed::news(wire::ControlQuery query) {
    const std::chrono::milliseconds patience(query.wait);
    while (true) {
        // Asked for before the look, so that nothing falls between look and wait.
        const std::uint64_t seen = state_.control.changes();
        auto found = co_await look(query);
        if (!found || is_news(*found)) {
            co_return found;
        }
        const bool changed = co_await state_.control.wait_for_change(seen, patience);
        if (!changed) {
            co_return found;
        }
    }
}

async::Task<core::Result<wire::ControlState>> ControlFeed::look(wire::ControlQuery query) {
    auto read = [after = query.after](storage::Connection& connection) {
        return repo::revocations_after(connection, after, revocations_max);
    };
    COURSESELECT_CO_TRY(const auto stored, co_await state_.readers->read(std::move(read)));
    wire::ControlState answer;
    answer.last = stored.empty() ? query.after : stored.back().sequence;
    for (const repo::StoredRevocation& one : stored) {
        answer.revocations.push_back(told(one));
    }
    answer.settings_version = state_.control.version();
    if (state_.control.version() > query.settings_version) {
        answer.settings = state_.control.settings();
    }
    co_return answer;
}

}  // namespace courseselect::nodes::accounts
