#include "courseselect/api/access.hpp"

namespace courseselect::api {

std::string_view access_name(Access access) {
    switch (access) {
        case Access::open: return "open";
        case Access::internal: return "internal";
        case Access::student: return "student";
        case Access::teacher: return "teacher";
        case Access::admin: return "admin";
        case Access::bearer: return "bearer";
        case Access::refresh: return "refresh";
        case Access::admin_or_internal: return "admin_or_internal";
    }
    return "";
}

}  // namespace courseselect::api
