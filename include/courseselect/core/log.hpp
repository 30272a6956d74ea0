#pragma once
/// The log of the process: one line per event, `key=value`, nothing secret.
///
///     core::log::warn("login_refused", {{"account", name}, {"attempts", 5}});
///     ts=2026-11-21T07:30:00.000001Z level=warn event=login_refused account=alice attempts=5
///
/// The sink belongs to the process: it is the one thing here that is not passed by constructors,
/// because a line must be possible from every place, also before and after everything else lives.

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "courseselect/core/error.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/core/secret.hpp"

namespace courseselect::core::log {

/// `error`: somebody must act. `warn`: may heal itself. `info`: rare enough to read. `debug`: rest.
enum class Level : std::uint8_t { debug, info, warn, error, off };

[[nodiscard]] std::string_view level_name(Level level);
/// Reads "debug", "info", "warn" or "warning", "error", "off", in either case.
[[nodiscard]] std::optional<Level> parse_level(std::string_view text);

/// One `key=value`. Borrows its text: make fields only in the call that logs them. A `Secret` does
/// not compile; neither does a key that is not a literal-like `const char*`.
class Field {
  public:
    Field(const char* key, std::string_view value) : key_(key), value_(value) {}
    Field(const char* key, const char* value) : Field(key, std::string_view{value}) {}
    Field(const char* key, const std::string& value) : Field(key, std::string_view{value}) {}
    Field(const char* key, bool value) : key_(key), value_(value) {}
    Field(const char* key, double value) : key_(key), value_(value) {}
    template <std::signed_integral T>
    Field(const char* key, T value) : key_(key), value_(std::int64_t{value}) {}
    template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>) Field(const char* key, T value)
        : key_(key), value_(std::uint64_t{value}) {}
    /// Written in milliseconds with three decimals; name the key `..._ms`.
    template <class Rep, class Period>
    Field(const char* key, std::chrono::duration<Rep, Period> value)
        : Field(key, std::chrono::duration<double, std::milli>(value).count()) {}
    Field(const char* key, const Error& error) : key_(key), value_(&error) {}
    Field(const char* key, const Secret& secret) = delete;

    using Value =
        std::variant<std::string_view, bool, double, std::int64_t, std::uint64_t, const Error*>;
    [[nodiscard]] const char* key() const { return key_; }
    [[nodiscard]] const Value& value() const { return value_; }

  private:
    const char* key_;
    Value value_;
};

using Fields = std::initializer_list<Field>;

struct LogOptions {
    Level level = Level::info;
    /// Appended to, made with mode 0640; empty: standard error.
    std::string file;
    /// Lines that may wait for the writing thread. When full the oldest waiting line is dropped
    /// and counted: logging never blocks an event loop.
    std::size_t queue_lines_max = 8'192;
};

/// While one lives, lines are written by a background thread; its end writes what waits. Without
/// one, lines go to standard error at once. At most one at a time.
class Session {
  public:
    Session(Session&& other) noexcept : open_(other.open_) { other.open_ = false; }
    Session& operator=(Session&&) = delete;
    ~Session();

    /// Errors: invalid_argument (`queue_lines_max` is 0 or over 1,000,000), failed_precondition (a
    /// session is open), unavailable (the file cannot be opened).
    [[nodiscard]] static Result<Session> open(const LogOptions& options);

  private:
    explicit Session(bool open) : open_(open) {}
    bool open_;
};

/// Changes the level at run time (SIGHUP, admin interface). Thread-safety: any thread.
void set_level(Level level);
[[nodiscard]] Level level();
/// Lines dropped by the open session because its queue was full.
[[nodiscard]] std::size_t dropped_lines();
/// Waits until what this thread logged so far is handed to the file or terminal, at most 2 s.
/// Returns: false when that time was not enough (the queue was full, or the disk hangs).
bool flush();

/// The line as it is written, without time and line end. For tests and other sinks.
[[nodiscard]] std::string format_line(Level level, std::string_view event, Fields fields);

namespace detail {
extern std::atomic<Level> current_level;
void write(Level level, std::string_view event, Fields fields);
}  // namespace detail

/// True when a line of this level would be written: guard costly fields with it.
[[nodiscard]] inline bool enabled(Level level) {
    return level >= detail::current_level.load(std::memory_order_relaxed);
}

/// `event` is a fixed snake_case name to search for; what varies goes into fields. The request's
/// id has the key `request_id` everywhere. Thread-safety: any thread. Never throws for input.
inline void debug(std::string_view event, Fields fields = {}) {
    if (enabled(Level::debug)) {
        detail::write(Level::debug, event, fields);
    }
}
inline void info(std::string_view event, Fields fields = {}) {
    if (enabled(Level::info)) {
        detail::write(Level::info, event, fields);
    }
}
inline void warn(std::string_view event, Fields fields = {}) {
    if (enabled(Level::warn)) {
        detail::write(Level::warn, event, fields);
    }
}
inline void error(std::string_view event, Fields fields = {}) {
    if (enabled(Level::error)) {
        detail::write(Level::error, event, fields);
    }
}

}  // namespace courseselect::core::log
