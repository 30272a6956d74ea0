#include "courseselect/repo/auth_search.hpp"

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

/// In the language of the index; empty when no text is asked for.
std::string index_query(const UserSearch& search) {
    std::string query;
    require(query, "username", search.username);
    require(query, "email", search.email);
    if (!query.empty() && search.is_active) {
        require(query, "status", *search.is_active ? "yes" : "off");
    }
    return query;
}

core::Result<FoundUsers> search_by_text(Connection& connection, const std::string& query,
                                        std::int64_t offset, std::int64_t limit) {
    static const std::string page = std::string(user_columns) +
                                    "WHERE number IN (SELECT rowid FROM user_search "
                                    "WHERE user_search MATCH ? ORDER BY rowid LIMIT ? OFFSET ?) "
                                    "ORDER BY number";
    FoundUsers found;
    COURSESELECT_TRY(const auto counted,
                     connection.one("SELECT count(*) FROM (SELECT rowid FROM user_search "
                                    "WHERE user_search MATCH ? LIMIT ?)",
                                    int_from, query, found_users_max + 1));
    found.total = std::min(counted.value_or(0), found_users_max);
    found.is_exact = counted.value_or(0) <= found_users_max;
    const std::int64_t shown = std::clamp<std::int64_t>(found.total - offset, 0, limit);
    if (shown > 0) {
        COURSESELECT_TRY(found.users, connection.all(page, user_from, query, shown, offset));
    }
    return found;
}

core::Result<FoundUsers> search_by_status(Connection& connection, std::optional<bool> is_active,
                                          std::int64_t offset, std::int64_t limit) {
    static const std::string everybody =
        std::string(user_columns) +
        "WHERE number IN (SELECT number FROM users ORDER BY number LIMIT ? OFFSET ?) "
        "ORDER BY number";
    static const std::string of_status = std::string(user_columns) +
                                         "WHERE number IN (SELECT number FROM users "
                                         "WHERE is_active = ? ORDER BY number LIMIT ? OFFSET ?) "
                                         "ORDER BY number";
    FoundUsers found;
    COURSESELECT_TRY(const auto total,
                     connection.one("SELECT COALESCE(sum(users), 0) FROM user_totals "
                                    "WHERE is_active BETWEEN ? AND ?",
                                    int_from, is_active.value_or(false), is_active.value_or(true)));
    found.total = total.value_or(0);
    if (is_active) {
        COURSESELECT_TRY(found.users,
                         connection.all(of_status, user_from, *is_active, limit, offset));
    } else {
        COURSESELECT_TRY(found.users, connection.all(everybody, user_from, limit, offset));
    }
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
        "is_active = COALESCE(?, is_active), updated_at = ? WHERE kind = ? AND id = ?",
        change.username, change.email, change.is_active, now, user_kind_name(key.kind), key.id));
    if (change.username) {  // a profile on its way
        COURSESELECT_TRY_OK(
            connection.execute("UPDATE profile_outbox SET name = ? WHERE kind = ? AND user_id = ?",
                               *change.username, user_kind_name(key.kind), key.id));
    }
    return index_user(connection, key);
}

core::Result<FoundUsers> search_users(Connection& connection, const UserSearch& search,
                                      std::int64_t offset, std::int64_t limit) {
    if (!is_plain(search.username) || !is_plain(search.email)) {
        return FoundUsers{};  // names and addresses are ASCII
    }
    const std::string query = index_query(search);
    return query.empty() ? search_by_status(connection, search.is_active, offset, limit)
                         : search_by_text(connection, query, offset, limit);
}

bool is_wanted(const UserSearch& search, const User& user) {
    return is_part(search.username, user.username) &&
           is_part(search.email, user.email.value_or("")) &&
           (!search.is_active || *search.is_active == user.is_active);
}

core::Result<> index_user(Connection& connection, UserKey key) {
    COURSESELECT_TRY_OK(unindex_user(connection, key));
    COURSESELECT_TRY_OK(connection.execute(
        "INSERT INTO user_search (rowid, username, email, status) "
        "SELECT number, '  ' || username, '  ' || COALESCE(email, ''), "
        "CASE is_active WHEN 1 THEN 'yes' ELSE 'off' END FROM users WHERE kind = ? AND id = ?",
        user_kind_name(key.kind), key.id));
    return {};
}

core::Result<> unindex_user(Connection& connection, UserKey key) {
    COURSESELECT_TRY_OK(
        connection.execute("DELETE FROM user_search WHERE rowid = "
                           "(SELECT number FROM users WHERE kind = ? AND id = ?)",
                           user_kind_name(key.kind), key.id));
    return {};
}

}  // namespace courseselect::repo
