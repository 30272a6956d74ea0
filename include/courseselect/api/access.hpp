#pragma once
/// Who may call a route (contract §1.4).

#include <cstdint>
#include <string_view>

namespace courseselect::api {

enum class Access : std::uint8_t {
    open,               ///< anyone
    internal,           ///< header `Internal-Token`
    student,            ///< access token of a student
    teacher,            ///< access token of a teacher or admin
    admin,              ///< access token of an admin
    bearer,             ///< access token of anybody
    refresh,            ///< refresh token; the handler checks its record
    admin_or_internal,  ///< `Internal-Token`, else access token of an admin
};

/// "internal": for the table of routes and roles.
[[nodiscard]] std::string_view access_name(Access access);

/// True when the route looks at the `Authorization` header.
[[nodiscard]] constexpr bool takes_bearer(Access access) {
    return access != Access::open && access != Access::internal;
}

}  // namespace courseselect::api
