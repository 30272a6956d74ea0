#include "courseselect/core/error.hpp"

namespace courseselect::core {

std::string_view errc_name(Errc code) {
    switch (code) {
        case Errc::invalid_argument: return "invalid_argument";
        case Errc::unauthenticated: return "unauthenticated";
        case Errc::permission_denied: return "permission_denied";
        case Errc::not_found: return "not_found";
        case Errc::conflict: return "conflict";
        case Errc::failed_precondition: return "failed_precondition";
        case Errc::resource_exhausted: return "resource_exhausted";
        case Errc::deadline_exceeded: return "deadline_exceeded";
        case Errc::cancelled: return "cancelled";
        case Errc::unavailable: return "unavailable";
        case Errc::outcome_unknown: return "outcome_unknown";
        case Errc::data_corrupt: return "data_corrupt";
        case Errc::internal: return "internal";
    }
    return "internal";
}

std::string Error::to_string() const {
    std::string text(errc_name(code_));
    if (!reason().empty()) {
        text.append("(").append(reason()).append(")");
    }
    return text.append(": ").append(detail_);
}

}  // namespace courseselect::core
