#pragma once
/// What the auth node tells the others: settings and revocations (internal).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/json/describe.hpp"
#include "courseselect/nodes/control/settings.hpp"

namespace courseselect::nodes::wire {

/// "Tell me what is newer than this."
struct ControlQuery {
    std::int64_t settings_version = 0;
    std::int64_t after = 0;  ///< sequence of the last revocation known
    int wait = 0;            ///< milliseconds to wait when there is nothing newer
};

/// One session, or all earlier tokens of a user.
struct Revocation {
    std::optional<std::string> session;
    std::optional<std::string> user;
    core::WallTime at;     ///< for users: tokens issued before
    core::WallTime until;  ///< when the last token concerned dies
};

struct ControlState {
    std::int64_t settings_version = 0;
    std::optional<Settings> settings;  ///< only when newer than asked
    std::int64_t last = 0;             ///< sequence of the last revocation told
    std::vector<Revocation> revocations;
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

template <>
struct Describe<nodes::wire::ControlQuery> {
    static constexpr auto fields() {
        using Q = nodes::wire::ControlQuery;
        return object(
            "ControlQuery", "What the caller knows already.",
            field<&Q::settings_version>("settings_version", at_least(0), optional_with_default),
            field<&Q::after>("after", at_least(0), optional_with_default),
            field<&Q::wait>("wait", between(0, 30'000), optional_with_default,
                            doc("Milliseconds to wait for news.")));
    }
};
template <>
struct Describe<nodes::wire::Revocation> {
    static constexpr auto fields() {
        using R = nodes::wire::Revocation;
        return object("Revocation",
                      "A session that ended, or a user whose earlier tokens are void.",
                      field<&R::session>("session"), field<&R::user>("user"), field<&R::at>("at"),
                      field<&R::until>("until"));
    }
};
template <>
struct Describe<nodes::wire::ControlState> {
    static constexpr auto fields() {
        using C = nodes::wire::ControlState;
        return object("ControlState", "What is newer than the caller knew.",
                      field<&C::settings_version>("settings_version"),
                      field<&C::settings>("settings"), field<&C::last>("last"),
                      field<&C::revocations>("revocations"));
    }
};

}  // namespace courseselect::json
