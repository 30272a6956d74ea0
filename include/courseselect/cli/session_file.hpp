#pragma once
/// The saved login (contract/cli §1.2): `~/.course_selection/config.json`.

#include <chrono>
#include <optional>
#include <string>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/core/secret.hpp"

namespace courseselect::cli {

/// How long a login is good for, however often its tokens are renewed.
inline constexpr std::chrono::hours session_life{24};
inline constexpr std::size_t session_bytes_max = 65'536;

struct Session {
    core::Secret admin_token;    ///< access token
    core::Secret refresh_token;  ///< empty in files of older tools: cannot be renewed
    std::string auth_url;
    bool auth_url_given = false;  ///< chosen with --auth-url: the unix socket is not tried
    core::Secret internal_token;  ///< only when it was given as an option
    std::string username;
    core::WallTime login_time;  ///< kept as local time without a zone
};

/// Thread-safety: one thread; other processes may use the same file.
class SessionFile {
  public:
    /// `home`: the home directory; empty: there is none, and every operation says so.
    explicit SessionFile(const std::string& home);

    /// Errors: unauthenticated `no_session` or `session_expired` with the texts of the contract; a
    /// file that cannot be read or parsed counts as not logged in.
    [[nodiscard]] core::Result<Session> load(core::WallTime now) const;
    /// Directory 0700, file 0600, replaced in one step. Errors: unavailable `file`;
    /// failed_precondition `no_home`.
    [[nodiscard]] core::Result<> save(const Session& session) const;
    /// Fails as `save` would for want of a home directory.
    [[nodiscard]] core::Result<> check_place() const;

    /// Holds other processes off while tokens are renewed: a refresh token used twice ends the
    /// session.
    class [[nodiscard]] Lock {
      public:
        explicit Lock(int descriptor) : descriptor_(descriptor) {}
        Lock(Lock&& other) noexcept;
        Lock& operator=(Lock&&) = delete;
        ~Lock();

      private:
        int descriptor_;
    };
    /// Waits for whoever holds it. Errors: unavailable `file`.
    [[nodiscard]] core::Result<Lock> lock() const;

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] const std::string& directory() const { return directory_; }

  private:
    std::string directory_;
    std::string path_;
};

/// "2026-11-21T10:30:00.123456" in the local zone.
[[nodiscard]] std::string format_local_time(core::WallTime time);
/// Reads it back; the fraction may be missing. Nothing for anything else.
[[nodiscard]] std::optional<core::WallTime> parse_local_time(const std::string& text);

}  // namespace courseselect::cli
