#pragma once
// Totals of users by kind, status and 2FA, kept by triggers so that nobody counts them; indexes
// within which users are walked; and a search index that knows kinds.

#include <string_view>

namespace courseselect::repo {

inline constexpr std::string_view user_counts_schema = R"sql(
CREATE TABLE user_counts (
    kind TEXT NOT NULL CHECK (kind IN ('student', 'teacher', 'admin')),
    is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    has_2fa INTEGER NOT NULL CHECK (has_2fa IN (0, 1)),
    users INTEGER NOT NULL CHECK (users >= 0),
    PRIMARY KEY (kind, is_active, has_2fa)
) STRICT, WITHOUT ROWID;
INSERT INTO user_counts
    SELECT kinds.column1, statuses.column1, proofs.column1,
        (SELECT count(*) FROM users
         WHERE kind = kinds.column1 AND is_active = statuses.column1
             AND (totp_secret IS NOT NULL) = proofs.column1)
    FROM (VALUES ('student'), ('teacher'), ('admin')) AS kinds, (VALUES (0), (1)) AS statuses,
        (VALUES (0), (1)) AS proofs;
CREATE TRIGGER users_counted_in AFTER INSERT ON users
BEGIN
    UPDATE user_counts SET users = users + 1 WHERE kind = NEW.kind
        AND is_active = NEW.is_active AND has_2fa = (NEW.totp_secret IS NOT NULL);
END;
CREATE TRIGGER users_counted_out AFTER DELETE ON users
BEGIN
    UPDATE user_counts SET users = users - 1 WHERE kind = OLD.kind
        AND is_active = OLD.is_active AND has_2fa = (OLD.totp_secret IS NOT NULL);
END;
CREATE TRIGGER users_counted_anew AFTER UPDATE OF is_active, totp_secret ON users
WHEN OLD.is_active <> NEW.is_active
    OR (OLD.totp_secret IS NULL) <> (NEW.totp_secret IS NULL)
BEGIN
    UPDATE user_counts SET users = users - 1 WHERE kind = OLD.kind
        AND is_active = OLD.is_active AND has_2fa = (OLD.totp_secret IS NOT NULL);
    UPDATE user_counts SET users = users + 1 WHERE kind = NEW.kind
        AND is_active = NEW.is_active AND has_2fa = (NEW.totp_secret IS NOT NULL);
END;
DROP TRIGGER users_change_status;
DROP TRIGGER users_leave;
DROP TRIGGER users_join;
DROP TABLE user_totals;
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
END;

DROP INDEX users_by_status;
CREATE INDEX users_by_status ON users (is_active, number, username, email);
CREATE INDEX users_by_kind ON users (kind, number, is_active, username, email);
CREATE INDEX users_walked ON users (number, is_active, username, email);

DROP TABLE user_search;
CREATE VIRTUAL TABLE user_search USING fts5 (username, email, status, kind, tokenize = 'trigram');
INSERT INTO user_search (rowid, username, email, status, kind)
    SELECT number, '  ' || username, '  ' || COALESCE(email, ''),
        CASE is_active WHEN 1 THEN 'yes' ELSE 'off' END, substr(kind, 1, 3)
    FROM users ORDER BY number;
)sql";

}  // namespace courseselect::repo
