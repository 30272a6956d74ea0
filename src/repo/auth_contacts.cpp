#include "courseselect/repo/auth_contacts.hpp"

#include "courseselect/repo/auth_search.hpp"

namespace courseselect::repo {
namespace {

using auth::user_kind_name;
using storage::Connection;
using storage::Row;

Contact contact_from(const Row& row) {
    const auto kind = auth::parse_user_kind(row.get<std::string_view>(0));
    return {.user = {kind.value_or(auth::UserKind::student), row.get<std::int64_t>(1)},
            .number = row.get<std::int64_t>(2),
            .username = row.get<std::string>(3),
            .name = row.get<std::optional<std::string>>(4),
            .email = row.get<std::optional<std::string>>(5),
            .phone = row.get<std::optional<std::string>>(6),
            .group = row.get<std::optional<std::string>>(7)};
}

std::int64_t position_from(const Row& row) { return row.get<std::int64_t>(0); }

}  // namespace

core::Result<std::optional<Contact>> find_contact(Connection& connection, UserKey key) {
    return connection.one(
        "SELECT kind, id, number, username, name, email, phone, user_group FROM users "
        "WHERE kind = ? AND id = ?",
        contact_from, user_kind_name(key.kind), key.id);
}

core::Result<std::vector<Contact>> contacts_after(Connection& connection, auth::UserKind kind,
                                                  std::int64_t number, std::int64_t limit) {
    return connection.all(
        "SELECT kind, id, number, username, name, email, phone, user_group FROM users "
        "WHERE is_active = 1 AND number > ? AND kind = ? "
        "AND (email IS NOT NULL OR phone IS NOT NULL) ORDER BY number LIMIT ?",
        contact_from, number, user_kind_name(kind), limit);
}

core::Result<> set_contact(Connection& connection, const Contact& contact, core::WallTime now) {
    COURSESELECT_TRY_OK(connection.execute(
        "UPDATE users SET name = ?, email = ?, phone = ?, user_group = ?, updated_at = ? "
        "WHERE kind = ? AND id = ?",
        contact.name, contact.email, contact.phone, contact.group, now,
        user_kind_name(contact.user.kind), contact.user.id));
    return index_user(connection, contact.user);
}

core::Result<bool> is_known_address(Connection& connection, UserKey key, std::string_view address) {
    COURSESELECT_TRY(
        const auto known,
        connection.one("SELECT 1 FROM (SELECT address, outcome FROM audit WHERE actor = ? "
                       "ORDER BY sequence DESC LIMIT ?) WHERE address = ? AND outcome = 'ok' "
                       "LIMIT 1",
                       position_from, to_string(key), known_addresses_looked_at, address));
    return known.has_value();
}

core::Result<std::optional<std::int64_t>> find_progress(Connection& connection,
                                                        std::string_view round) {
    return connection.one("SELECT position FROM notice_progress WHERE round = ?", position_from,
                          round);
}

core::Result<> set_progress(Connection& connection, std::string_view round, std::int64_t position) {
    COURSESELECT_TRY_OK(
        connection.execute("INSERT INTO notice_progress (round, position) VALUES (?, ?) "
                           "ON CONFLICT (round) DO UPDATE SET position = excluded.position",
                           round, position));
    return {};
}

core::Result<> drop_progress(Connection& connection, std::string_view round) {
    COURSESELECT_TRY_OK(connection.execute("DELETE FROM notice_progress WHERE round = ?", round));
    return {};
}

}  // namespace courseselect::repo
