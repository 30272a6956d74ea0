#pragma once
// An index of the single characters and pairs of names, for searches that are too short for the
// index of parts.

#include <string_view>

namespace courseselect::repo {

// A row is a text of words: "a al l li i ic c ce e e" of "alice", then its kind and status. Words
// of names have one or two characters, the others more, so that none is taken for another. Where a
// word stands does not matter, which keeps the index small (`detail=none`).
inline constexpr std::string_view user_pairs_schema = R"sql(
CREATE VIEW user_pair_words (number, words) AS
    SELECT number, (
        WITH RECURSIVE at (i) AS (
            SELECT 1 UNION ALL SELECT i + 1 FROM at WHERE i < length(users.username))
        SELECT group_concat(
            substr(users.username, i, 1) || ' ' || substr(users.username, i, 2), ' ') FROM at)
        || ' ' || kind || CASE is_active WHEN 1 THEN ' active' ELSE ' inactive' END
    FROM users;
CREATE VIRTUAL TABLE user_pairs USING fts5 (
    words, detail = 'none', tokenize = "unicode61 tokenchars '_.-'");
INSERT INTO user_pairs (rowid, words) SELECT number, words FROM user_pair_words;
)sql";

}  // namespace courseselect::repo
