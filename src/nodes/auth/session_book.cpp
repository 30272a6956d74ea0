#include "courseselect/nodes/auth/session_book.hpp"

#include <algorithm>

namespace courseselect::nodes::accounts {

using courseselect::auth::TokenType;
using courseselect::auth::UserKind;

namespace {

/// How long a session may go without use.
std::chrono::seconds idle_limit(UserKind owner, const SecuritySettings& settings) {
    const std::chrono::seconds usual(settings.session_idle_seconds);
    return owner == UserKind::admin
               ? std::max(usual, std::chrono::seconds(SessionBook::admin_idle_min))
               : usual;
}

}  // namespace

core::Result<> SessionBook::open(storage::Connection& connection, const repo::RefreshToken& first,
                                 const std::string& address, const SecuritySettings& settings,
                                 core::WallTime now) {
    const repo::UserKey owner = first.owner;
    const std::size_t most = owner.kind == UserKind::admin
                                 ? admin_sessions_max
                                 : static_cast<std::size_t>(settings.sessions_per_user_max);
    COURSESELECT_TRY_OK(repo::end_oldest_sessions(connection, owner, most - 1, now,
                                                  lifetimes_.of(owner.kind, TokenType::access)));
    ++ends_;
    COURSESELECT_TRY_OK(repo::insert_session(connection, {.id = first.family,
                                                          .owner = owner,
                                                          .created_at = now,
                                                          .last_seen_at = now,
                                                          .address = address}));
    return repo::insert_refresh_token(connection, first);
}

core::Result<bool> SessionBook::use(storage::Connection& connection, std::string_view id,
                                    const SecuritySettings& settings, core::WallTime now) {
    COURSESELECT_TRY(const auto session, repo::find_session_row(connection, id));
    if (!session) {
        return false;
    }
    if (session->last_seen_at + idle_limit(session->owner.kind, settings) <= now) {
        COURSESELECT_TRY_OK(repo::end_session(connection, id, now, std::chrono::seconds::zero()));
        return false;
    }
    COURSESELECT_TRY_OK(repo::touch_session(connection, id, now));
    return true;
}

core::Result<> SessionBook::end(storage::Connection& connection, std::string_view id,
                                UserKind owner, core::WallTime now) {
    ++ends_;
    return repo::end_session(connection, id, now, lifetimes_.of(owner, TokenType::access));
}

core::Result<> SessionBook::end_all(storage::Connection& connection, repo::UserKey owner,
                                    core::WallTime now) {
    ++ends_;
    return repo::end_sessions_of(connection, owner, now,
                                 lifetimes_.of(owner.kind, TokenType::access));
}

core::Result<std::int64_t> SessionBook::end_idle(storage::Connection& connection,
                                                 const SecuritySettings& settings,
                                                 core::WallTime now, std::int64_t limit) {
    COURSESELECT_TRY(const auto idle,
                     repo::idle_sessions(connection, now - idle_limit(UserKind::student, settings),
                                         now - idle_limit(UserKind::admin, settings), limit));
    for (const repo::SessionRow& session : idle) {
        COURSESELECT_TRY_OK(
            repo::end_session(connection, session.id, now, std::chrono::seconds::zero()));
    }
    return static_cast<std::int64_t>(idle.size());
}

}  // namespace courseselect::nodes::accounts
