#include "courseselect/nodes/auth/audit_log.hpp"

#include <utility>

#include "courseselect/nodes/auth/user_rules.hpp"
#include "courseselect/repo/auth_audit.hpp"

namespace courseselect::nodes::accounts {

void AuditLog::add_routes(api::Service& service) {
    service.add(api::get("/audit")
                    .summary("Security events, newest first.")
                    .tag("audit")
                    .errors(api::ErrorStyle::success_flag)
                    .access(api::Access::admin)
                    .query<wire::AuditQuery>(),
                [this](api::Context& context, wire::AuditQuery query) {
                    return read(context, std::move(query));
                });
}

async::Task<core::Result<wire::AuditPage>> AuditLog::read(api::Context& context,
                                                          wire::AuditQuery query) {
    const std::int64_t limit = query.page_size;
    auto look = [caller = caller_of(state_, context), limit,
                 filter = repo::AuditFilter{.actor = std::move(query.actor),
                                            .action = std::move(query.action),
                                            .target = std::move(query.target),
                                            .since = query.since,
                                            .until = query.until,
                                            .before = query.before}](
                    storage::Connection& connection) -> core::Result<std::vector<repo::AuditRow>> {
        COURSESELECT_TRY_OK(find_live_admin(connection, caller));
        return repo::find_audit(connection, filter, limit);
    };
    COURSESELECT_CO_TRY(auto rows, co_await state_.readers->read(std::move(look)));
    wire::AuditPage page;
    for (repo::AuditRow& row : rows) {
        page.entries.push_back({.sequence = row.sequence,
                                .time = row.entry.time,
                                .actor = std::move(row.entry.actor),
                                .action = std::move(row.entry.action),
                                .target = std::move(row.entry.target),
                                .source_address = std::move(row.entry.address),
                                .request_id = std::move(row.entry.request_id),
                                .outcome = std::move(row.entry.outcome)});
    }
    if (static_cast<std::int64_t>(rows.size()) == limit) {
        page.next_before = rows.back().sequence;
    }
    co_return page;
}

}  // namespace courseselect::nodes::accounts
