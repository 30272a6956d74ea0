#pragma once
/// Run-time settings as administrators read and change them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/json/describe.hpp"
#include "courseselect/nodes/control/settings.hpp"

namespace courseselect::nodes::wire {

/// Contract §3.3, `/admin/settings`.
struct RegistrationSettings {
    bool student_registration_enabled = true;
    bool teacher_registration_enabled = true;
    core::WallTime updated_at;
};
struct RegistrationSettingsChange {
    std::optional<bool> student_registration_enabled;
    std::optional<bool> teacher_registration_enabled;
};

struct SettingsVersion {
    std::int64_t version = 0;
    core::WallTime updated_at;
    std::string updated_by;
    Settings settings;
};
struct SettingsHistory {
    std::vector<SettingsVersion> versions;
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

template <>
struct Describe<nodes::wire::RegistrationSettings> {
    static constexpr auto fields() {
        using R = nodes::wire::RegistrationSettings;
        return object("RegistrationSettings", "Who may register with a code.",
                      field<&R::student_registration_enabled>("student_registration_enabled"),
                      field<&R::teacher_registration_enabled>("teacher_registration_enabled"),
                      field<&R::updated_at>("updated_at"));
    }
};
template <>
struct Describe<nodes::wire::RegistrationSettingsChange> {
    static constexpr auto fields() {
        using R = nodes::wire::RegistrationSettingsChange;
        return object("RegistrationSettingsChange", "What is left out stays.",
                      field<&R::student_registration_enabled>("student_registration_enabled",
                                                              example("true")),
                      field<&R::teacher_registration_enabled>("teacher_registration_enabled"));
    }
};
template <>
struct Describe<nodes::wire::SettingsVersion> {
    static constexpr auto fields() {
        using S = nodes::wire::SettingsVersion;
        return object("SettingsVersion", "The settings, and who made them so.",
                      field<&S::version>("version", doc("0: as the configuration says.")),
                      field<&S::updated_at>("updated_at"), field<&S::updated_by>("updated_by"),
                      field<&S::settings>("settings"));
    }
};
template <>
struct Describe<nodes::wire::SettingsHistory> {
    static constexpr auto fields() {
        return object("SettingsHistory", "Versions, newest first.",
                      field<&nodes::wire::SettingsHistory::versions>("versions"));
    }
};

}  // namespace courseselect::json
