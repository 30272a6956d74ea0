#pragma once
/// PostgreSQL behind `storage::Database`: the same write queue, readers and migrations as SQLite.

#include <chrono>
#include <memory>
#include <string_view>

#include "courseselect/core/result.hpp"
#include "courseselect/core/secret.hpp"
#include "courseselect/storage/database.hpp"

namespace courseselect::postgres {

struct PostgresOptions {
    /// `normal` and `off`: a commit is acknowledged before the server has it on disk.
    storage::Durability durability = storage::Durability::full;
    std::chrono::seconds connect_timeout{10};
    std::chrono::seconds statement_timeout{30};  ///< the server gives a statement up after it
    /// How long the writer looks for a server that went away during a commit, to learn what became
    /// of that commit.
    std::chrono::milliseconds recovery_max{20'000};
    std::size_t statements_max = 256;  ///< prepared statements kept per connection
};

/// Whether `url` begins with `postgresql://` or `postgres://`.
[[nodiscard]] bool is_postgres_url(std::string_view url);

/// A database of a running PostgreSQL server, 13 or newer. One writer at a time: its connection
/// holds an advisory lock, and a second program that wants to write is refused. Connections that
/// were lost are made again by the next transaction. A commit whose answer was lost is looked up
/// (`pg_xact_status`) after reconnecting, so it succeeds or fails as it really did; only when the
/// server stays away for `recovery_max` it is outcome_unknown.
///
/// SQL is written as for SQLite, with `?` for values, in PostgreSQL's dialect. Text cannot hold the
/// character NUL. `backup_to` is refused: `pg_dump` makes backups. Closing a connection takes part
/// of no shutdown: what is not committed is undone by the server.
/// `url`: a connection URI of libpq (its documentation, 34.1.1.2), with its password.
/// Errors: invalid_argument `database_url`; unavailable `database_io` (no server, or it refuses
/// us); failed_precondition `database_locked` (another program writes). Thread-safety: any thread;
/// of its connections one thread at a time. Blocks: call at start.
[[nodiscard]] core::Result<std::unique_ptr<storage::Database>> open_database(
    const core::Secret& url, PostgresOptions options = {});

}  // namespace courseselect::postgres
