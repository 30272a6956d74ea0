#include "courseselect/core/program.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "courseselect/core/log.hpp"

namespace courseselect::core {

void ProgramFlags::add_to(Environment& environment, std::string_view prefix) const {
    if (is_dev) {
        environment.set_flag("COURSESELECT_DEV", "true");
    }
    if (no_rate_limit) {
        environment.set_flag("RATE_LIMITS", "false");
    }
    if (!host.empty()) {
        environment.set_flag(fmt::format("{}HOST", prefix), host);
    }
    if (!port.empty()) {
        environment.set_flag(fmt::format("{}PORT", prefix), port);
    }
}

std::optional<int> conclude(const Environment& environment, const ProgramFlags& flags) {
    if (flags.check_config) {
        fmt::print("{}", environment.report());
    }
    const auto checked = environment.check();
    if (!checked) {
        fmt::print(stderr, "The configuration cannot be used:\n{}\n", checked.error().detail());
        return exit_bad_configuration;
    }
    for (const std::string& warning : environment.warnings()) {
        log::warn("configuration", {{"warning", warning}});
    }
    return flags.check_config ? std::optional(0) : std::nullopt;
}

}  // namespace courseselect::core
