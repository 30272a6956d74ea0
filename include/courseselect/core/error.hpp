#pragma once
/// What went wrong, in the terms of what the caller should do about it.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace courseselect::core {

/// Closed set of error classes. `api::http_status` maps them to HTTP in one table.
enum class Errc : std::uint8_t {
    invalid_argument,     ///< the caller's input is wrong; do not retry unchanged
    unauthenticated,      ///< no or bad credentials
    permission_denied,    ///< known caller, not allowed
    not_found,            ///< the named thing does not exist
    conflict,             ///< it exists already, or somebody else changed it
    failed_precondition,  ///< the state does not allow it (a course that is full)
    resource_exhausted,   ///< a limit is reached; retry later
    deadline_exceeded,    ///< not done in time; had no effect
    cancelled,            ///< the owner stopped it
    unavailable,          ///< a dependency is away; retry later
    outcome_unknown,      ///< the reply was lost: it may have happened; retry with the same id
    data_corrupt,         ///< stored or received data breaks its own rules
    internal,             ///< a fault of ours
};

/// The enumerator's name, for logs ("not_found").
[[nodiscard]] std::string_view errc_name(Errc code);

/// An error value. `reason` is a stable token programs may compare (it must outlive the error:
/// a string literal); `detail` is a sentence. For the client-side classes (invalid_argument to
/// resource_exhausted) the detail is shown to the client; for the others it goes to the log only.
class [[nodiscard]] Error {
  public:
    Error(Errc code, const char* reason, std::string detail)
        : detail_(std::move(detail)), reason_(reason), code_(code) {}
    Error(Errc code, std::string detail) : Error(code, "", std::move(detail)) {}

    [[nodiscard]] Errc code() const { return code_; }
    [[nodiscard]] std::string_view reason() const { return reason_; }
    [[nodiscard]] const std::string& detail() const { return detail_; }

    /// "not_found: Course not found", for logs.
    [[nodiscard]] std::string to_string() const;

  private:
    std::string detail_;
    const char* reason_;
    Errc code_;
};

}  // namespace courseselect::core
