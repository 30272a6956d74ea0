#pragma once
/// Settings of the whole system and tokens taken back: what the auth node tells the other nodes.
/// All functions run inside the caller's transaction.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/storage/connection.hpp"

namespace courseselect::repo {

/// One version of the settings, never changed.
struct StoredSettings {
    std::int64_t version = 0;  ///< 1, 2, 3, ...
    core::WallTime changed_at;
    std::string changed_by;  ///< "admin:1"
    std::string json;
};
/// Nothing: nobody has changed the defaults yet.
[[nodiscard]] core::Result<std::optional<StoredSettings>> latest_settings(
    storage::Connection& connection);
/// Stores the next version. Errors: conflict `unique_violation` (somebody else was first).
[[nodiscard]] core::Result<> insert_settings(storage::Connection& connection,
                                             const StoredSettings& settings);
/// Newest first.
[[nodiscard]] core::Result<std::vector<StoredSettings>> settings_history(
    storage::Connection& connection, std::int64_t offset, std::int64_t limit);

/// Tokens of a session, or earlier ones of a user, that are void from now on.
struct StoredRevocation {
    std::int64_t sequence = 0;  ///< given by the database, growing
    bool is_session = true;     ///< else a user
    std::string key;            ///< family of the session, or "student:17"
    core::WallTime at;          ///< of a user: tokens issued before
    core::WallTime until;       ///< when the last of those tokens dies by itself
};
[[nodiscard]] core::Result<> insert_revocation(storage::Connection& connection,
                                               const StoredRevocation& revocation);
/// In order, those with a greater sequence, at most `limit`.
[[nodiscard]] core::Result<std::vector<StoredRevocation>> revocations_after(
    storage::Connection& connection, std::int64_t sequence, std::int64_t limit);
/// Forgets those whose tokens have died by `now`, at most `limit`. Returns how many.
[[nodiscard]] core::Result<std::int64_t> purge_revocations(storage::Connection& connection,
                                                           core::WallTime now, std::int64_t limit);

}  // namespace courseselect::repo
