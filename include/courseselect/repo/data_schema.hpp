#pragma once
/// The schema of the data node's database (`course_data.db`).

#include <span>

#include "courseselect/storage/migration.hpp"

namespace courseselect::repo {

/// Every step from an empty file to today's schema. Its constraints repeat the ledger's invariants
/// (one enrolment a student and course, 0 <= enrolled <= capacity, a task decided once), so that
/// not even a wrong ledger can sell a seat twice.
[[nodiscard]] std::span<const storage::Migration> data_migrations();

}  // namespace courseselect::repo
