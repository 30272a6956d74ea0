#include "courseselect/repo/auth_tokens.hpp"

#include <utility>

#include "courseselect/json/reader.hpp"
#include "courseselect/json/writer.hpp"

namespace courseselect::repo {
namespace {

using auth::user_kind_name;
using storage::Connection;
using storage::Row;

UserKey key_from(const Row& row, int column) {
    const auto kind = auth::parse_user_kind(row.get<std::string_view>(column));
    return {kind.value_or(auth::UserKind::student), row.get<std::int64_t>(column + 1)};
}

core::Result<std::vector<std::string>> stored_tags(std::string_view text) {
    return json::parse<std::vector<std::string>>(text);
}

}  // namespace

core::Result<> insert_refresh_token(Connection& connection, const RefreshToken& token) {
    COURSESELECT_TRY_OK(connection.execute(
        "INSERT INTO refresh_tokens (hash, kind, user_id, family, is_complete, expires_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        token.hash, user_kind_name(token.owner.kind), token.owner.id, token.family,
        token.is_complete, token.expires_at));
    return {};
}

core::Result<std::optional<RefreshToken>> find_refresh_token(Connection& connection,
                                                             std::string_view hash) {
    const auto map = [](const Row& row) {
        return RefreshToken{.hash = row.get<std::string>(0),
                            .owner = key_from(row, 1),
                            .family = row.get<std::string>(3),
                            .is_complete = row.get<bool>(4),
                            .expires_at = row.get<core::WallTime>(5),
                            .revoked_at = row.get<std::optional<core::WallTime>>(6),
                            .replaced_by = row.get<std::optional<std::string>>(7).value_or("")};
    };
    return connection.one(
        "SELECT hash, kind, user_id, family, is_complete, expires_at, revoked_at, replaced_by "
        "FROM refresh_tokens WHERE hash = ?",
        map, hash);
}

core::Result<> complete_refresh_token(Connection& connection, std::string_view hash) {
    COURSESELECT_TRY_OK(
        connection.execute("UPDATE refresh_tokens SET is_complete = 1 WHERE hash = ?", hash));
    return {};
}

core::Result<> rotate_refresh_token(Connection& connection, std::string_view hash,
                                    const RefreshToken& next, core::WallTime now) {
    COURSESELECT_TRY_OK(connection.execute(
        "UPDATE refresh_tokens SET revoked_at = ?, replaced_by = ? WHERE hash = ?", now, next.hash,
        hash));
    return insert_refresh_token(connection, next);
}

core::Result<> delete_refresh_tokens(Connection& connection, UserKey owner) {
    COURSESELECT_TRY_OK(
        connection.execute("DELETE FROM refresh_tokens WHERE kind = ? AND user_id = ?",
                           user_kind_name(owner.kind), owner.id));
    return {};
}

core::Result<std::int64_t> purge_refresh_tokens(Connection& connection, core::WallTime now,
                                                std::int64_t limit) {
    return connection.execute(
        "DELETE FROM refresh_tokens WHERE hash IN "
        "(SELECT hash FROM refresh_tokens WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
        now, limit);
}

core::Result<> insert_code(Connection& connection, const RegistrationCode& code) {
    COURSESELECT_TRY_OK(connection.execute(
        "INSERT INTO registration_codes (code, kind, max_uses, tags, expires_at, created_by, "
        "created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        code.code, user_kind_name(code.kind), code.max_uses, json::to_text(code.tags),
        code.expires_at, code.created_by, code.created_at));
    return {};
}

core::Result<std::optional<RegistrationCode>> find_code(Connection& connection,
                                                        std::string_view code) {
    std::string tags;
    const auto map = [&tags](const Row& row) {
        tags = row.get<std::string>(4);
        const auto kind = auth::parse_user_kind(row.get<std::string_view>(1));
        return RegistrationCode{.code = row.get<std::string>(0),
                                .kind = kind.value_or(auth::UserKind::student),
                                .max_uses = row.get<std::int64_t>(2),
                                .uses = row.get<std::int64_t>(3),
                                .tags = {},
                                .expires_at = row.get<core::WallTime>(5),
                                .created_by = row.get<std::int64_t>(6),
                                .created_at = row.get<core::WallTime>(7)};
    };
    COURSESELECT_TRY(
        auto found,
        connection.one("SELECT code, kind, max_uses, uses, tags, expires_at, created_by, "
                       "created_at FROM registration_codes WHERE code = ?",
                       map, code));
    if (found) {
        COURSESELECT_TRY(found->tags, stored_tags(tags));
    }
    return found;
}

core::Result<> use_code(Connection& connection, std::string_view code) {
    COURSESELECT_TRY_OK(
        connection.execute("UPDATE registration_codes SET uses = uses + 1 WHERE code = ?", code));
    return {};
}

core::Result<> give_code_back(Connection& connection, std::string_view code) {
    COURSESELECT_TRY_OK(
        connection.execute("UPDATE registration_codes SET uses = uses - 1 WHERE code = ?", code));
    return {};
}

core::Result<> insert_profile(Connection& connection, const ProfileEntry& entry) {
    COURSESELECT_TRY_OK(connection.execute(
        "INSERT INTO profile_outbox "
        "(kind, user_id, name, tags, code, next_at, is_promised) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        user_kind_name(entry.user.kind), entry.user.id, entry.name, json::to_text(entry.tags),
        entry.code, entry.next_at, entry.is_promised));
    return {};
}

core::Result<std::vector<ProfileEntry>> due_profiles(Connection& connection, core::WallTime now,
                                                     std::int64_t limit) {
    std::vector<ProfileEntry> due;
    const auto keep = [&due](const Row& row) -> core::Result<> {
        COURSESELECT_TRY(auto tags, stored_tags(row.get<std::string_view>(3)));
        due.push_back({.user = key_from(row, 0),
                       .name = row.get<std::string>(2),
                       .tags = std::move(tags),
                       .code = row.get<std::string>(4),
                       .attempts = row.get<std::int64_t>(5),
                       .next_at = row.get<core::WallTime>(6),
                       .is_promised = row.get<bool>(7)});
        return {};
    };
    COURSESELECT_TRY_OK(
        connection.each("SELECT kind, user_id, name, tags, code, attempts, next_at, is_promised "
                        "FROM profile_outbox "
                        "WHERE next_at <= ? ORDER BY next_at LIMIT ?",
                        keep, now, limit));
    return due;
}

core::Result<> delete_profile(Connection& connection, UserKey user) {
    COURSESELECT_TRY_OK(
        connection.execute("DELETE FROM profile_outbox WHERE kind = ? AND user_id = ?",
                           user_kind_name(user.kind), user.id));
    return {};
}

core::Result<> postpone_profile(Connection& connection, UserKey user, core::WallTime next_at) {
    COURSESELECT_TRY_OK(
        connection.execute("UPDATE profile_outbox SET attempts = attempts + 1, next_at = ? "
                           "WHERE kind = ? AND user_id = ?",
                           next_at, user_kind_name(user.kind), user.id));
    return {};
}

core::Result<> promise_profile(Connection& connection, UserKey user, core::WallTime next_at) {
    COURSESELECT_TRY_OK(
        connection.execute("UPDATE profile_outbox SET is_promised = 1, attempts = attempts + 1, "
                           "next_at = ? WHERE kind = ? AND user_id = ?",
                           next_at, user_kind_name(user.kind), user.id));
    return {};
}

core::Result<> make_profiles_due(Connection& connection) {
    COURSESELECT_TRY_OK(connection.execute("UPDATE profile_outbox SET next_at = 0"));
    return {};
}

}  // namespace courseselect::repo
