#include "courseselect/nodes/control/revocations.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace courseselect::nodes {

std::string revocation_key(const auth::Principal& who) {
    return fmt::format("{}:{}", auth::user_kind_name(who.kind), who.id);
}

void RevocationList::end_session(std::string_view session_id, core::WallTime until) {
    core::WallTime& known = sessions_[std::string(session_id)];
    known = std::max(known, until);
    deaths_.emplace(until, session_id);
}

void RevocationList::end_user(std::string_view user, core::WallTime issued_before,
                              core::WallTime until) {
    Cut& known = users_[std::string(user)];
    known.issued_before = std::max(known.issued_before, issued_before);
    known.until = std::max(known.until, until);
    deaths_.emplace(until, user);
}

void RevocationList::forget(core::WallTime now) {
    while (!deaths_.empty() && deaths_.begin()->first <= now) {
        const std::string& key = deaths_.begin()->second;
        if (const auto session = sessions_.find(key);
            session != sessions_.end() && session->second <= now) {
            sessions_.erase(session);
        }
        if (const auto user = users_.find(key); user != users_.end() && user->second.until <= now) {
            users_.erase(user);
        }
        deaths_.erase(deaths_.begin());
    }
}

bool RevocationList::admits(const auth::Claims& claims) const {
    if (sessions_.empty() && users_.empty()) {
        return true;
    }
    if (!claims.session_id.empty() && sessions_.contains(claims.session_id)) {
        return false;
    }
    if (users_.empty()) {
        return true;
    }
    const auto user = users_.find(revocation_key(claims.principal));
    return user == users_.end() ||
           claims.issued_at >= std::chrono::floor<std::chrono::seconds>(user->second.issued_before);
}

}  // namespace courseselect::nodes
