#pragma once
/// Reading the audit of the auth node.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/repo/auth_users.hpp"

namespace courseselect::repo {

/// Which entries are wanted; what is not given does not matter.
struct AuditFilter {
    std::optional<std::string> actor;   ///< exactly
    std::optional<std::string> action;  ///< exactly
    std::optional<std::string> target;  ///< exactly
    std::optional<core::WallTime> since;
    std::optional<core::WallTime> until;  ///< this moment not included
    std::optional<std::int64_t> before;   ///< a sequence: those above the page before
};
struct AuditRow {
    std::int64_t sequence = 0;
    AuditEntry entry;
};
/// Newest first, at most `limit`. Inside the caller's transaction; one index gives the rows, the
/// other conditions are looked at on the way.
[[nodiscard]] core::Result<std::vector<AuditRow>> find_audit(storage::Connection& connection,
                                                             const AuditFilter& filter,
                                                             std::int64_t limit);

}  // namespace courseselect::repo
