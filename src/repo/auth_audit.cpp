#include "courseselect/repo/auth_audit.hpp"

#include <limits>

namespace courseselect::repo {
namespace {

using storage::Connection;
using storage::Row;

AuditRow audit_row_from(const Row& row) {
    return {.sequence = row.get<std::int64_t>(0),
            .entry = {.time = row.get<core::WallTime>(1),
                      .actor = row.get<std::string>(2),
                      .action = row.get<std::string>(3),
                      .target = row.get<std::string>(4),
                      .address = row.get<std::string>(5),
                      .request_id = row.get<std::string>(6),
                      .outcome = row.get<std::string>(7)}};
}

constexpr std::string_view audit_columns =
    "SELECT sequence, time, actor, action, target, address, request_id, outcome FROM audit "
    "WHERE sequence < ? AND time >= ? AND time < ? ";
constexpr std::string_view audit_order = "ORDER BY sequence DESC LIMIT ?";

}  // namespace

core::Result<std::vector<AuditRow>> find_audit(Connection& connection, const AuditFilter& filter,
                                               std::int64_t limit) {
    // The rarest condition leads; a `+` keeps the others from taking its place. Times do not lead:
    // entries are in the order of time, nearly, and are walked by sequence.
    static const std::string columns(audit_columns);
    static const std::string rest =
        "AND (? IS NULL OR +action = ?) AND (? IS NULL OR +target = ?) " + std::string(audit_order);
    static const std::string of_actor = columns + "AND actor = ? " + rest;
    static const std::string of_anybody = columns + rest;
    static const std::string of_target =
        columns + "AND target = ? AND (? IS NULL OR +action = ?) " + std::string(audit_order);
    static const std::string of_action = columns + "AND action = ? " + std::string(audit_order);
    const std::int64_t before = filter.before.value_or(std::numeric_limits<std::int64_t>::max());
    const std::int64_t since =
        filter.since ? filter.since->time_since_epoch().count() : std::int64_t{0};
    const std::int64_t until = filter.until ? filter.until->time_since_epoch().count()
                                            : std::numeric_limits<std::int64_t>::max();
    if (filter.actor) {
        return connection.all(of_actor, audit_row_from, before, since, until, filter.actor,
                              filter.action, filter.action, filter.target, filter.target, limit);
    }
    if (filter.target) {
        return connection.all(of_target, audit_row_from, before, since, until, filter.target,
                              filter.action, filter.action, limit);
    }
    if (filter.action) {
        return connection.all(of_action, audit_row_from, before, since, until, filter.action,
                              limit);
    }
    return connection.all(of_anybody, audit_row_from, before, since, until, filter.action,
                          filter.action, filter.target, filter.target, limit);
}

}  // namespace courseselect::repo
