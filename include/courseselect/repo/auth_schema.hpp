#pragma once
/// The schema of the auth node's database (`auth_data.db`).

#include <span>

#include "courseselect/storage/migration.hpp"

namespace courseselect::repo {

/// Every step from an empty file to today's schema. Its constraints repeat the rules that must not
/// break: one user a name whatever its case, a code used at most as often as it says, an audit that
/// only grows.
[[nodiscard]] std::span<const storage::Migration> auth_migrations();

}  // namespace courseselect::repo
