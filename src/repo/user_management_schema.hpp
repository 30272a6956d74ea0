#pragma once
// What user management adds to the auth node's schema: ids of its own, unique addresses, a search
// index, wallets.

#include <string_view>

namespace courseselect::repo {

// `oid` is what clients know a user by: it stays when the number changes. `number` is the user's
// row in `user_search`, because `users` has no row numbers of its own.
//
// A user gets both, and a wallet, by a trigger: no way of making users can forget them. The search
// index cannot be kept by triggers (virtual tables are not trusted there), so `index_user` does.
//
// The index knows parts of three characters. Two blanks before a text make its beginnings parts as
// well: "  a" and " al" find "alice".
//
// A wallet has no balance of its own: it is that of its last entry, and every entry is checked to
// add up. Wallets and entries stay when their owner goes, as accounts do.
inline constexpr std::string_view user_management_schema = R"sql(
ALTER TABLE users ADD COLUMN oid TEXT;
ALTER TABLE users ADD COLUMN number INTEGER;
ALTER TABLE users ADD COLUMN origin TEXT NOT NULL DEFAULT 'code'
    CHECK (origin IN ('code', 'open', 'admin'));
UPDATE users SET origin = 'admin' WHERE kind = 'admin';

CREATE TABLE object_ids (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    process TEXT NOT NULL CHECK (length(process) = 10),
    counter INTEGER NOT NULL CHECK (counter BETWEEN 0 AND 16777215)
) STRICT;
INSERT INTO object_ids VALUES (1, lower(hex(randomblob(5))), 0);

UPDATE users SET number = ranked.rank, oid =
    printf('%08x', (users.created_at / 1000000) & 4294967295) || object_ids.process ||
    printf('%06x', (2 * ranked.rank) & 16777215)
FROM object_ids, (SELECT kind, id, row_number() OVER (ORDER BY created_at, kind, id) AS rank
                  FROM users) AS ranked
WHERE users.kind = ranked.kind AND users.id = ranked.id;

UPDATE users SET email = NULL WHERE email IS NOT NULL AND (email = '' OR EXISTS (
    SELECT 1 FROM users AS other
    WHERE other.email = users.email COLLATE NOCASE AND other.number < users.number));
CREATE UNIQUE INDEX users_by_oid ON users (oid);
CREATE UNIQUE INDEX users_by_number ON users (number);
CREATE UNIQUE INDEX users_by_email ON users (email COLLATE NOCASE);
CREATE INDEX users_by_status ON users (is_active, number);

CREATE TABLE wallets (
    id INTEGER PRIMARY KEY,
    oid TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;
INSERT INTO wallets (oid, owner, created_at)
    SELECT substr(users.oid, 1, 18) || printf('%06x', (2 * number + 1) & 16777215), users.oid,
        created_at
    FROM users ORDER BY number;
UPDATE object_ids SET counter = (2 * (SELECT count(*) FROM users) + 1) & 16777215;
CREATE TRIGGER wallets_stay BEFORE DELETE ON wallets
BEGIN SELECT RAISE(ABORT, 'wallets stay'); END;
CREATE TRIGGER wallets_keep_values BEFORE UPDATE ON wallets
BEGIN SELECT RAISE(ABORT, 'wallets stay'); END;

CREATE TABLE wallet_entries (
    wallet_id INTEGER NOT NULL REFERENCES wallets (id),
    number INTEGER NOT NULL CHECK (number >= 1),
    amount INTEGER NOT NULL CHECK (amount <> 0),
    balance INTEGER NOT NULL CHECK (balance BETWEEN 0 AND 100000000000000),
    reason TEXT NOT NULL,
    request TEXT NOT NULL,
    actor TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (wallet_id, number),
    UNIQUE (wallet_id, request)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER wallet_entries_add_up BEFORE INSERT ON wallet_entries
WHEN NEW.number <> COALESCE((SELECT max(number) FROM wallet_entries
                             WHERE wallet_id = NEW.wallet_id), 0) + 1
    OR NEW.balance <> NEW.amount + COALESCE((SELECT balance FROM wallet_entries
                                             WHERE wallet_id = NEW.wallet_id
                                             ORDER BY number DESC LIMIT 1), 0)
    OR EXISTS (SELECT 1 FROM wallet_entries
               WHERE wallet_id = NEW.wallet_id AND request = NEW.request)
BEGIN SELECT RAISE(ABORT, 'entries of a wallet add up'); END;
CREATE TRIGGER wallet_entries_stay BEFORE DELETE ON wallet_entries
BEGIN SELECT RAISE(ABORT, 'entries of a wallet stay'); END;
CREATE TRIGGER wallet_entries_keep_values BEFORE UPDATE ON wallet_entries
BEGIN SELECT RAISE(ABORT, 'entries of a wallet stay'); END;

CREATE TABLE user_totals (
    is_active INTEGER PRIMARY KEY CHECK (is_active IN (0, 1)),
    users INTEGER NOT NULL CHECK (users >= 0)
) STRICT;
INSERT INTO user_totals SELECT 0, count(*) FROM users WHERE is_active = 0;
INSERT INTO user_totals SELECT 1, count(*) FROM users WHERE is_active = 1;

CREATE TRIGGER users_join AFTER INSERT ON users
BEGIN
    UPDATE object_ids SET counter = (counter + 2) & 16777215;
    UPDATE users SET
        number = (SELECT COALESCE(max(number), 0) + 1 FROM users),
        oid = (SELECT printf('%08x', (NEW.created_at / 1000000) & 4294967295) || process ||
                   printf('%06x', (counter - 1) & 16777215) FROM object_ids)
    WHERE kind = NEW.kind AND id = NEW.id;
    INSERT INTO wallets (oid, owner, created_at)
        SELECT substr(users.oid, 1, 18) || printf('%06x', counter), users.oid, NEW.created_at
        FROM users, object_ids WHERE users.kind = NEW.kind AND users.id = NEW.id;
    UPDATE user_totals SET users = users + 1 WHERE is_active = NEW.is_active;
END;
CREATE TRIGGER users_leave AFTER DELETE ON users
BEGIN
    UPDATE user_totals SET users = users - 1 WHERE is_active = OLD.is_active;
END;
CREATE TRIGGER users_change_status AFTER UPDATE OF is_active ON users
WHEN OLD.is_active <> NEW.is_active
BEGIN
    UPDATE user_totals SET users = users - 1 WHERE is_active = OLD.is_active;
    UPDATE user_totals SET users = users + 1 WHERE is_active = NEW.is_active;
END;
CREATE TRIGGER users_keep_oid BEFORE UPDATE OF oid ON users
WHEN OLD.oid IS NOT NULL AND NEW.oid IS NOT OLD.oid
BEGIN SELECT RAISE(ABORT, 'a user keeps the oid'); END;

CREATE INDEX audit_by_actor ON audit (actor, sequence);
CREATE INDEX audit_by_action ON audit (action, sequence);
CREATE INDEX audit_by_target ON audit (target, sequence);

CREATE VIRTUAL TABLE user_search USING fts5 (username, email, status, tokenize = 'trigram');
INSERT INTO user_search (rowid, username, email, status)
    SELECT number, '  ' || username, '  ' || COALESCE(email, ''),
        CASE is_active WHEN 1 THEN 'yes' ELSE 'off' END
    FROM users;
)sql";

}  // namespace courseselect::repo
