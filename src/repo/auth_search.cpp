#include "courseselect/repo/auth_search.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "auth_user_row.hpp"

namespace courseselect::repo {
namespace {

using auth::user_kind_name;
using storage::Connection;
using storage::Row;

constexpr std::size_t part_characters = 3;  // what the index is made of

std::int64_t int_from(const Row& row) { return row.get<std::int64_t>(0); }

bool is_plain(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Short texts are looked for at the beginning, where blanks were put before (see the schema).
std::string padded(std::string_view text) {
    std::string part(text.size() < part_characters ? part_characters - text.size() : 0, ' ');
    return part.append(text);
}

void require(std::string& query, std::string_view column, std::string_view text) {
    if (text.empty()) {
        return;
    }
    query.append(query.empty() ? "" : " AND ").append(column).append(" : \"");
    for (const char c : padded(text)) {
        query.append(c == '"' ? 2 : 1, c);
    }
    query += '"';
}

/// In the language of the index.
std::string index_query(const UserSearch& search) {
    std::string query;
    require(query, "username", search.username);
    require(query, "email", search.email);
    if (search.is_active) {
        require(query, "status", *search.is_active ? "yes" : "off");
    }
    if (search.kind) {
        require(query, "kind", user_kind_name(*search.kind).substr(0, part_characters));
    }
    return query;
}

/// One way to walk users: within an index that has all that is compared.
struct Walk {
    std::string_view from;
    std::string_view condition;
};
constexpr Walk walk_all{"users_walked", "?1 = ?1 AND is_active BETWEEN ?2 AND ?3"};
constexpr Walk walk_kind{"users_by_kind", "kind = ?1 AND is_active BETWEEN ?2 AND ?3"};
constexpr Walk walk_status{"users_by_status", "?1 = ?1 AND is_active = ?2 AND ?3 = ?3"};

const Walk& walk_of(const UserSearch& search) {
    return search.kind ? walk_kind : search.is_active ? walk_status : walk_all;
}

/// The text itself: `%` and `_` lose their meaning.
std::string pattern_of(std::string_view text, bool is_anywhere) {
    std::string pattern = is_anywhere ? "%" : "";
    for (const char c : text) {
        if (c == '%' || c == '_' || c == '\\') {
            pattern += '\\';
        }
        pattern += c;
    }
    return pattern + "%";
}

/// What a walk compares with.
struct WalkValues {
    std::string_view kind;
    bool status_low = false;
    bool status_high = true;
    std::string username;
    std::string email;
};

WalkValues walk_values(const UserSearch& search) {
    const auto is_long = [](std::string_view text) { return text.size() >= part_characters; };
    return {.kind = search.kind ? user_kind_name(*search.kind) : "",
            .status_low = search.is_active.value_or(false),
            .status_high = search.is_active.value_or(true),
            .username =
                pattern_of(search.username, search.is_short_anywhere || is_long(search.username)),
            .email = pattern_of(search.email, is_long(search.email))};
}

std::string walked_numbers(const Walk& walk) {
    return fmt::format(
        "SELECT number FROM users INDEXED BY {} WHERE {} AND username LIKE ?4 ESCAPE '\\' "
        "AND COALESCE(email, '') LIKE ?5 ESCAPE '\\'",
        walk.from, walk.condition);
}

/// The page of users whose numbers a query gives.
std::string page_of(std::string_view numbers, bool newest_first) {
    return fmt::format("{}WHERE number IN ({}) ORDER BY number{}", user_columns, numbers,
                       newest_first ? " DESC" : "");
}

/// Counts matches as far as the page needs it, and then fills the page.
template <class Count, class Fill>
core::Result<FoundUsers> count_and_fill(std::int64_t offset, std::int64_t limit, Count count,
                                        Fill fill) {
    const std::int64_t bound =
        std::min(found_users_max, std::max(counted_users_max, offset + limit));
    FoundUsers found;
    COURSESELECT_TRY(const std::optional<std::int64_t> counted, count(bound + 1));
    found.total = std::min(counted.value_or(0), bound);
    found.is_exact = counted.value_or(0) <= bound;
    const std::int64_t shown = std::clamp<std::int64_t>(found.total - offset, 0, limit);
    if (shown > 0) {
        COURSESELECT_TRY(found.users, fill(shown));
    }
    return found;
}

core::Result<FoundUsers> search_by_walk(Connection& connection, const UserSearch& search,
                                        std::int64_t offset, std::int64_t limit) {
    const std::string numbers = walked_numbers(walk_of(search));
    const WalkValues like = walk_values(search);
    const auto count = [&](std::int64_t bound) {
        return connection.one(fmt::format("SELECT count(*) FROM ({} LIMIT ?6)", numbers), int_from,
                              like.kind, like.status_low, like.status_high, like.username,
                              like.email, bound);
    };
    const auto fill = [&](std::int64_t shown) {
        const std::string page = fmt::format("{} ORDER BY number{} LIMIT ?6 OFFSET ?7", numbers,
                                             search.newest_first ? " DESC" : "");
        return connection.all(page_of(page, search.newest_first), user_from, like.kind,
                              like.status_low, like.status_high, like.username, like.email, shown,
                              offset);
    };
    return count_and_fill(offset, limit, count, fill);
}

/// The index of single characters and pairs knows what user names are made of.
bool is_in_pairs(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (folded(c) >= 'a' && folded(c) <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '.' || c == '-';
    });
}

std::string pairs_query(const UserSearch& search) {
    std::string query = fmt::format("\"{}\"", search.username);
    if (search.is_active) {
        query += *search.is_active ? " AND active" : " AND inactive";
    }
    if (search.kind) {
        query.append(" AND ").append(user_kind_name(*search.kind));
    }
    return query;
}

core::Result<FoundUsers> search_by_text(Connection& connection, const UserSearch& search,
                                        std::string_view index, const std::string& query,
                                        std::int64_t offset, std::int64_t limit) {
    const auto count = [&](std::int64_t bound) {
        return connection.one(
            fmt::format("SELECT count(*) FROM (SELECT rowid FROM {0} WHERE {0} MATCH ? LIMIT ?)",
                        index),
            int_from, query, bound);
    };
    const auto fill = [&](std::int64_t shown) {
        const std::string page = fmt::format(
            "SELECT rowid FROM {0} WHERE {0} MATCH ? ORDER BY rowid{1} LIMIT ? OFFSET ?", index,
            search.newest_first ? " DESC" : "");
        return connection.all(page_of(page, search.newest_first), user_from, query, shown, offset);
    };
    return count_and_fill(offset, limit, count, fill);
}

/// All of a kind and status, whatever they are called.
core::Result<FoundUsers> search_without_text(Connection& connection, const UserSearch& search,
                                             std::int64_t offset, std::int64_t limit) {
    const Walk& walk = walk_of(search);
    const WalkValues like = walk_values(search);
    FoundUsers found;
    COURSESELECT_TRY(found.total, users_counted(connection, search.kind, search.is_active));
    const std::string numbers = fmt::format(
        "SELECT number FROM users INDEXED BY {} WHERE {} ORDER BY number{} LIMIT ?4 OFFSET ?5",
        walk.from, walk.condition, search.newest_first ? " DESC" : "");
    COURSESELECT_TRY(found.users,
                     connection.all(page_of(numbers, search.newest_first), user_from, like.kind,
                                    like.status_low, like.status_high, limit, offset));
    return found;
}

bool is_part(std::string_view part, std::string_view text) {
    const auto same = [](char a, char b) { return folded(a) == folded(b); };
    const auto at = std::search(text.begin(), text.end(), part.begin(), part.end(), same);
    return part.size() < part_characters
               ? std::equal(
                     part.begin(), part.end(), text.begin(),
                     text.begin() + static_cast<std::ptrdiff_t>(std::min(part.size(), text.size())),
                     same)
               : at != text.end();
}

}  // namespace

core::Result<> begin_object_ids(Connection& connection, std::string_view process) {
    COURSESELECT_TRY_OK(connection.execute("UPDATE object_ids SET process = ?", process));
    return {};
}

core::Result<std::optional<User>> find_user_by_oid(Connection& connection, std::string_view oid) {
    static const std::string sql = std::string(user_columns) + "WHERE oid = ?";
    return connection.one(sql, user_from, oid);
}

core::Result<std::optional<User>> find_user_by_email(Connection& connection,
                                                     std::string_view email) {
    static const std::string sql = std::string(user_columns) + "WHERE email = ? COLLATE NOCASE";
    return connection.one(sql, user_from, email);
}

core::Result<> change_user(Connection& connection, UserKey key, const UserChange& change,
                           core::WallTime now) {
    COURSESELECT_TRY_OK(connection.execute(
        "UPDATE users SET username = COALESCE(?, username), email = COALESCE(?, email), "
        "phone = COALESCE(?, phone), is_active = COALESCE(?, is_active), updated_at = ? "
        "WHERE kind = ? AND id = ?",
        change.username, change.email, change.phone, change.is_active, now,
        user_kind_name(key.kind), key.id));
    if (change.username) {  // a profile on its way
        COURSESELECT_TRY_OK(
            connection.execute("UPDATE profile_outbox SET name = ? WHERE kind = ? AND user_id = ?",
                               *change.username, user_kind_name(key.kind), key.id));
    }
    return index_user(connection, key);
}

core::Result<std::int64_t> users_counted(Connection& connection, std::optional<auth::UserKind> kind,
                                         std::optional<bool> is_active) {
    COURSESELECT_TRY(const auto counted,
                     connection.one("SELECT COALESCE(sum(users), 0) FROM user_counts "
                                    "WHERE kind BETWEEN ? AND ? AND is_active BETWEEN ? AND ?",
                                    int_from, kind ? user_kind_name(*kind) : "",
                                    kind ? user_kind_name(*kind) : "~", is_active.value_or(false),
                                    is_active.value_or(true)));
    return counted.value_or(0);
}

core::Result<std::int64_t> users_with_2fa(Connection& connection) {
    COURSESELECT_TRY(const auto counted,
                     connection.one("SELECT COALESCE(sum(users), 0) FROM user_counts "
                                    "WHERE has_2fa = 1",
                                    int_from));
    return counted.value_or(0);
}

core::Result<FoundUsers> search_users(Connection& connection, const UserSearch& search,
                                      std::int64_t offset, std::int64_t limit) {
    if (!is_plain(search.username) || !is_plain(search.email)) {
        return FoundUsers{};  // names and addresses are ASCII
    }
    if (search.username.empty() && search.email.empty()) {
        return search_without_text(connection, search, offset, limit);
    }
    const bool is_short = search.is_short_anywhere && !search.username.empty() &&
                          search.username.size() < part_characters;
    if (is_short && (!search.email.empty() || !is_in_pairs(search.username))) {
        return search_by_walk(connection, search, offset, limit);
    }
    COURSESELECT_TRY(const std::int64_t candidates,
                     users_counted(connection, search.kind, search.is_active));
    const bool are_few = (search.kind || search.is_active) && candidates <= walked_users_max;
    if (are_few) {
        return search_by_walk(connection, search, offset, limit);
    }
    return is_short ? search_by_text(connection, search, "user_pairs", pairs_query(search), offset,
                                     limit)
                    : search_by_text(connection, search, "user_search", index_query(search), offset,
                                     limit);
}

bool is_wanted(const UserSearch& search, const User& user) {
    return is_part(search.username, user.username) &&
           is_part(search.email, user.email.value_or("")) &&
           (!search.is_active || *search.is_active == user.is_active);
}

core::Result<> index_user(Connection& connection, UserKey key) {
    COURSESELECT_TRY_OK(unindex_user(connection, key));
    COURSESELECT_TRY_OK(
        connection.execute("INSERT INTO user_search (rowid, username, email, status, kind) "
                           "SELECT number, '  ' || username, '  ' || COALESCE(email, ''), "
                           "CASE is_active WHEN 1 THEN 'yes' ELSE 'off' END, substr(kind, 1, 3) "
                           "FROM users WHERE kind = ? AND id = ?",
                           user_kind_name(key.kind), key.id));
    COURSESELECT_TRY_OK(
        connection.execute("INSERT INTO user_pairs (rowid, words) "
                           "SELECT number, words FROM user_pair_words WHERE number = "
                           "(SELECT number FROM users WHERE kind = ? AND id = ?)",
                           user_kind_name(key.kind), key.id));
    return {};
}

core::Result<> unindex_user(Connection& connection, UserKey key) {
    for (const char* const index : {"user_search", "user_pairs"}) {
        COURSESELECT_TRY_OK(
            connection.execute(fmt::format("DELETE FROM {} WHERE rowid = "
                                           "(SELECT number FROM users WHERE kind = ? AND id = ?)",
                                           index),
                               user_kind_name(key.kind), key.id));
    }
    return {};
}

}  // namespace courseselect::repo
