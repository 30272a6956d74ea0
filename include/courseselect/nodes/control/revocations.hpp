#pragma once
/// Tokens that were taken back before they died.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "courseselect/api/authenticator.hpp"
#include "courseselect/core/clock.hpp"

namespace courseselect::nodes {

/// Ended sessions and users whose earlier tokens are void, kept exactly as long as such a token
/// could still live. Bounded by that: an entry dies when the longest access token does.
/// Thread-safety: the loop's thread.
class RevocationList final : public api::TokenGate {
  public:
    /// Tokens of this session (claim `sid`) are void; the last of them would have died at `until`.
    void end_session(std::string_view session_id, core::WallTime until);
    /// Tokens of this user that were issued in a second before that of `issued_before` are void.
    void end_user(std::string_view user, core::WallTime issued_before, core::WallTime until);
    /// Forgets entries whose tokens have all died.
    void forget(core::WallTime now);

    [[nodiscard]] bool admits(const auth::Claims& claims) const override;
    [[nodiscard]] std::size_t size() const { return sessions_.size() + users_.size(); }

  private:
    struct Cut {
        core::WallTime issued_before;
        core::WallTime until;
    };

    std::unordered_map<std::string, core::WallTime> sessions_;
    std::unordered_map<std::string, Cut> users_;
    std::multimap<core::WallTime, std::string> deaths_;  ///< of either, to forget them in order
};

/// How a user is called in revocations: "student:17".
[[nodiscard]] std::string revocation_key(const auth::Principal& who);

}  // namespace courseselect::nodes
