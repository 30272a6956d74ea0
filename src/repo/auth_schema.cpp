#include "courseselect/repo/auth_schema.hpp"

#include "courseselect/notify/outbox.hpp"
#include "user_counts_schema.hpp"
#include "user_management_schema.hpp"
#include "user_pairs_schema.hpp"

namespace courseselect::repo {
namespace {

// Names are ASCII, so NOCASE is the whole comparison "whatever its case". Sessions and undelivered
// profiles follow their user when the id changes and vanish with it.
constexpr storage::Migration auth_steps[] = {
    {1, "users, sessions, codes, profile outbox, audit", R"sql(
CREATE TABLE users (
    kind TEXT NOT NULL CHECK (kind IN ('student', 'teacher', 'admin')),
    id INTEGER NOT NULL CHECK (id >= 1),
    username TEXT NOT NULL COLLATE NOCASE UNIQUE,
    password_hash TEXT NOT NULL,
    totp_secret TEXT,
    pending_totp_secret TEXT,
    last_used_step INTEGER,
    is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    must_change_password INTEGER NOT NULL CHECK (must_change_password IN (0, 1)),
    name TEXT,
    email TEXT,
    user_group TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE refresh_tokens (
    hash TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    family TEXT NOT NULL,
    is_complete INTEGER NOT NULL CHECK (is_complete IN (0, 1)),
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    replaced_by TEXT,
    FOREIGN KEY (kind, user_id) REFERENCES users (kind, id) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_by_owner ON refresh_tokens (kind, user_id);
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

CREATE TABLE registration_codes (
    code TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('student', 'teacher')),
    max_uses INTEGER NOT NULL CHECK (max_uses >= 1),
    uses INTEGER NOT NULL DEFAULT 0 CHECK (uses >= 0 AND uses <= max_uses),
    tags TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    created_by INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE profile_outbox (
    kind TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    tags TEXT NOT NULL,
    code TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    PRIMARY KEY (kind, user_id),
    FOREIGN KEY (kind, user_id) REFERENCES users (kind, id) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX profile_outbox_by_time ON profile_outbox (next_at);

CREATE TABLE id_blocks (
    kind TEXT NOT NULL CHECK (kind IN ('student', 'teacher', 'admin')),
    first_id INTEGER NOT NULL,
    next_id INTEGER NOT NULL CHECK (next_id >= first_id AND next_id <= end_id),
    end_id INTEGER NOT NULL,
    PRIMARY KEY (kind, first_id)
) STRICT, WITHOUT ROWID;
INSERT INTO id_blocks VALUES ('admin', 1, 1, 9007199254740991);

CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    time INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    address TEXT NOT NULL,
    request_id TEXT NOT NULL,
    outcome TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (time);
CREATE TRIGGER audit_keeps_rows BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit only grows'); END;
CREATE TRIGGER audit_keeps_values BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit only grows'); END;
)sql"},
    // Profiles of before belong to accounts that were answered or not, nobody knows: keep them.
    {2, "outbox: accounts that may still be undone", R"sql(
ALTER TABLE profile_outbox
    ADD COLUMN is_promised INTEGER NOT NULL DEFAULT 1 CHECK (is_promised IN (0, 1));
)sql"},
    // INSERT OR REPLACE deletes without asking the trigger for deletions.
    {3, "audit: no row is replaced", R"sql(
CREATE TRIGGER audit_replaces_nothing BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE sequence = NEW.sequence)
BEGIN SELECT RAISE(ABORT, 'the audit only grows'); END;
)sql"},
    {4, "settings, sessions, tokens taken back", R"sql(
CREATE TABLE settings_versions (
    version INTEGER PRIMARY KEY CHECK (version >= 1),
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    json TEXT NOT NULL
) STRICT;
CREATE TRIGGER settings_keep_rows BEFORE DELETE ON settings_versions
BEGIN SELECT RAISE(ABORT, 'versions of the settings stay'); END;
CREATE TRIGGER settings_keep_values BEFORE UPDATE ON settings_versions
BEGIN SELECT RAISE(ABORT, 'versions of the settings stay'); END;

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    address TEXT NOT NULL,
    FOREIGN KEY (kind, user_id) REFERENCES users (kind, id) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_owner ON sessions (kind, user_id, created_at);
CREATE INDEX sessions_by_use ON sessions (last_seen_at);
INSERT INTO sessions
    SELECT DISTINCT family, kind, user_id, unixepoch() * 1000000, unixepoch() * 1000000, ''
    FROM refresh_tokens WHERE revoked_at IS NULL;

CREATE TABLE revocations (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    is_session INTEGER NOT NULL CHECK (is_session IN (0, 1)),
    key TEXT NOT NULL,
    at INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT;
CREATE INDEX revocations_by_death ON revocations (until);
)sql"},
    {5, "notifications", notify::outbox_schema},
    // A reset code outlives its account, so that the list of codes stays whole.
    {6, "reset codes, profiles to be removed, listings of users", R"sql(
CREATE TABLE reset_codes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT NOT NULL UNIQUE,
    kind TEXT,
    user_id INTEGER,
    username TEXT NOT NULL,
    tries_left INTEGER NOT NULL CHECK (tries_left >= 0),
    is_used INTEGER NOT NULL CHECK (is_used IN (0, 1)),
    expires_at INTEGER NOT NULL,
    created_by INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    FOREIGN KEY (kind, user_id) REFERENCES users (kind, id) ON UPDATE CASCADE ON DELETE SET NULL
) STRICT;
CREATE INDEX reset_codes_by_owner ON reset_codes (kind, user_id);

CREATE TABLE profile_removals (
    kind TEXT NOT NULL CHECK (kind IN ('student', 'teacher')),
    user_id INTEGER NOT NULL,
    username TEXT NOT NULL,
    is_decided INTEGER NOT NULL CHECK (is_decided IN (0, 1)),
    attempts INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    PRIMARY KEY (kind, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX profile_removals_by_time ON profile_removals (next_at);

CREATE INDEX users_by_age ON users (created_at);
CREATE INDEX users_by_kind_and_age ON users (kind, created_at);
)sql"},
    {7, "user management: ids, search, wallets", user_management_schema},
    {8, "how users are reached, and how far rounds of messages have come", R"sql(
ALTER TABLE users ADD COLUMN phone TEXT;
CREATE TABLE notice_progress (
    round TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql"},
    {9, "totals of users, indexes to walk, search by kind", user_counts_schema},
    {10, "search by one or two characters", user_pairs_schema},
};

}  // namespace

std::span<const storage::Migration> auth_migrations() { return auth_steps; }

}  // namespace courseselect::repo
