#pragma once
/// Sessions: the one place of the auth node that opens, uses and ends them.

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "courseselect/auth/token_issuer.hpp"
#include "courseselect/nodes/control/settings.hpp"
#include "courseselect/repo/auth_sessions.hpp"
#include "courseselect/repo/auth_tokens.hpp"

namespace courseselect::nodes::accounts {

/// What is ended here is void on every node: its refresh tokens are gone, its access tokens are
/// announced to the others (see `ControlFeed`).
/// All calls run inside the caller's write transaction. Thread-safety: the writer's thread.
class SessionBook {
  public:
    /// Administrators may be logged in at several places, but not at any number of them.
    static constexpr std::size_t admin_sessions_max = 32;
    /// Their sessions live at least a day without use: a login of the command line is good for 24
    /// hours (contract/cli §1.2), and its first access token alone lives for 8.
    static constexpr std::chrono::hours admin_idle_min{24};

    explicit SessionBook(courseselect::auth::TokenLifetimes lifetimes) : lifetimes_(lifetimes) {}

    /// Opens the session of a login's first refresh token. Older sessions of the user end until no
    /// more than the settings allow are left.
    [[nodiscard]] core::Result<> open(storage::Connection& connection,
                                      const repo::RefreshToken& first, const std::string& address,
                                      const SecuritySettings& settings, core::WallTime now);
    /// Notes that it is in use. False: nobody used it for too long, and so it has ended now.
    [[nodiscard]] core::Result<bool> use(storage::Connection& connection, std::string_view id,
                                         const SecuritySettings& settings, core::WallTime now);
    [[nodiscard]] core::Result<> end(storage::Connection& connection, std::string_view id,
                                     auth::UserKind owner, core::WallTime now);
    [[nodiscard]] core::Result<> end_all(storage::Connection& connection, repo::UserKey owner,
                                         core::WallTime now);
    /// Forgets sessions that nobody used for too long; their access tokens die by themselves.
    /// Returns how many, at most `limit`.
    [[nodiscard]] core::Result<std::int64_t> end_idle(storage::Connection& connection,
                                                      const SecuritySettings& settings,
                                                      core::WallTime now, std::int64_t limit);

    /// How often something was ended so far, for whoever announces it. Thread-safety: any thread.
    [[nodiscard]] std::uint64_t ends() const { return ends_.load(); }

  private:
    courseselect::auth::TokenLifetimes lifetimes_;
    std::atomic<std::uint64_t> ends_{0};
};

}  // namespace courseselect::nodes::accounts
