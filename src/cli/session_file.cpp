#include "courseselect/cli/session_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "courseselect/cli/private_file.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/json/writer.hpp"

namespace courseselect::cli {
namespace {

using core::Errc;

/// A login from the future is no login; so much a clock may have been set back meanwhile.
constexpr std::chrono::minutes clock_slack{5};

core::Error not_logged_in() {
    return {Errc::unauthenticated, "no_session",
            "Not logged in. Please run: course-cli user login"};
}

core::Secret secret_of(const json::Value& value) {
    return core::Secret(value.string().value_or(""));
}

}  // namespace

std::string format_local_time(core::WallTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const std::time_t whole = seconds.time_since_epoch().count();
    std::tm local{};
    ::localtime_r(&whole, &local);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}", local.tm_year + 1900,
                       local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec,
                       (time - seconds).count());
}

std::optional<core::WallTime> parse_local_time(const std::string& text) {
    std::tm local{};
    const char* const rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &local);
    if (rest == nullptr || (*rest != '\0' && *rest != '.')) {
        return std::nullopt;
    }
    std::chrono::microseconds fraction{0};
    if (*rest == '.') {
        std::int64_t unit = 100'000;
        for (const char* digit = rest + 1; *digit != '\0'; ++digit, unit /= 10) {
            if (*digit < '0' || *digit > '9') {
                return std::nullopt;
            }
            fraction += std::chrono::microseconds(unit * (*digit - '0'));
        }
    }
    local.tm_isdst = -1;  // the zone's rules decide
    const std::time_t seconds = std::mktime(&local);
    if (seconds == -1) {
        return std::nullopt;
    }
    return core::WallTime{std::chrono::seconds{seconds}} + fraction;
}

SessionFile::SessionFile(const std::string& home) {
    if (!home.empty()) {
        directory_ = home + "/.course_selection";
        path_ = directory_ + "/config.json";
    }
}

core::Result<> SessionFile::check_place() const {
    if (path_.empty()) {
        return core::Error(Errc::failed_precondition, "no_home",
                           "HOME is not set, so there is no place for the session "
                           "(~/.course_selection/config.json)");
    }
    return {};
}

core::Result<Session> SessionFile::load(core::WallTime now) const {
    std::ifstream file(path_, std::ios::binary);
    std::string text;
    if (!path_.empty() && file) {
        text.resize(session_bytes_max);
        file.read(text.data(), static_cast<std::streamsize>(text.size()));
        text.resize(static_cast<std::size_t>(file.gcount()));
    }
    const auto value = json::Value::parse(text);
    if (!value) {
        return not_logged_in();
    }
    const auto login_time = parse_local_time((*value)["login_time"].string().value_or(""));
    Session session{.admin_token = secret_of((*value)["admin_token"]),
                    .refresh_token = secret_of((*value)["refresh_token"]),
                    .auth_url = (*value)["auth_url"].string().value_or(""),
                    .auth_url_given = (*value)["auth_url_given"].boolean().value_or(false),
                    .internal_token = secret_of((*value)["internal_token"]),
                    .username = (*value)["username"].string().value_or(""),
                    .login_time = login_time.value_or(core::WallTime{})};
    if (session.admin_token.empty() || !login_time) {
        return not_logged_in();
    }
    if (now - *login_time >= session_life || *login_time - now > clock_slack) {
        return core::Error(Errc::unauthenticated, "session_expired",
                           "Session expired. Please login again.");
    }
    return session;
}

core::Result<> SessionFile::save(const Session& session) const {
    COURSESELECT_TRY_OK(check_place());
    COURSESELECT_TRY_OK(make_private_directory(directory_));
    std::string text;
    {
        json::ObjectWriter object(text);
        object.add("admin_token", session.admin_token.reveal())
            .add("refresh_token", session.refresh_token.reveal())
            .add("auth_url", session.auth_url)
            .add("auth_url_given", session.auth_url_given)
            .add("internal_token", session.internal_token.reveal())
            .add("username", session.username)
            .add("login_time", format_local_time(session.login_time));
    }
    COURSESELECT_TRY(auto file, PrivateFile::create(path_));
    COURSESELECT_TRY_OK(file.write(text + "\n"));
    return file.commit();
}

core::Result<SessionFile::Lock> SessionFile::lock() const {
    COURSESELECT_TRY_OK(check_place());
    const std::string path = directory_ + "/lock";
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int locked = descriptor < 0 ? -1 : 0;
    if (descriptor >= 0) {
        do {
            locked = ::flock(descriptor, LOCK_EX);
        } while (locked != 0 && errno == EINTR);
    }
    if (locked != 0) {
        const std::string why = std::generic_category().message(errno);
        if (descriptor >= 0) {
            ::close(descriptor);
        }
        return core::Error(Errc::unavailable, "file", fmt::format("Cannot lock {}: {}", path, why));
    }
    return Lock(descriptor);
}

SessionFile::Lock::Lock(Lock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

SessionFile::Lock::~Lock() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

}  // namespace courseselect::cli
