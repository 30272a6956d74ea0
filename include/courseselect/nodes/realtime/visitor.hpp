#pragma once
/// Who is behind a connection, and how the server finds out.

#include <optional>
#include <string>
#include <string_view>

#include "courseselect/api/authenticator.hpp"
#include "courseselect/auth/jwt.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/realtime/namespace.hpp"

namespace courseselect::nodes::realtime {

/// What admission knows of a client; `Socket::data` of every socket.
struct Visitor {
    auth::Claims claims;
    std::string key;   ///< "student:17"
    std::string id;    ///< "17", as events name users
    std::string room;  ///< "user_student_17": where the user's own news go
    core::WallTime since;

    [[nodiscard]] const std::string& user_name() const { return claims.principal.username; }
    [[nodiscard]] std::string kind() const {
        return std::string(auth::user_kind_name(claims.principal.kind));
    }
};

/// The room of a user's own news.
[[nodiscard]] std::string user_room(auth::UserKind kind, std::int64_t id);

/// The access token of a first request: `auth.token` of the CONNECT payload, else the query
/// parameter `token`, else `Authorization: Bearer`. A leading "Bearer " in the first two is
/// passed over. Nothing when there is none.
[[nodiscard]] std::optional<std::string> token_of(
    const courseselect::realtime::ConnectRequest& request);

/// Checks tokens. `gate` must outlive it.
/// Thread-safety: the loop's thread.
class Door {
  public:
    Door(auth::JwtVerifier verifier, const core::Clock& clock, const api::TokenGate& gate)
        : verifier_(std::move(verifier)), clock_(clock), gate_(gate) {}

    /// Errors: unauthenticated, with the sentence of the CONNECT_ERROR: "authentication required"
    /// (no token), "token expired", "invalid token".
    [[nodiscard]] core::Result<Visitor> open(
        const courseselect::realtime::ConnectRequest& request) const;

    /// Why a visitor who came in must go now; nothing while the token is good.
    [[nodiscard]] std::optional<std::string_view> objection(const Visitor& visitor) const;

  private:
    auth::JwtVerifier verifier_;
    const core::Clock& clock_;
    const api::TokenGate& gate_;
};

}  // namespace courseselect::nodes::realtime
