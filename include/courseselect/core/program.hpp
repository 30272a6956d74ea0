#pragma once
/// What every daemon does with its flags and its configuration before it builds anything.

#include <optional>
#include <string>
#include <string_view>

#include "courseselect/core/config.hpp"

namespace courseselect::core {

inline constexpr int exit_bad_configuration = 2;

/// The flags that all daemons have.
struct ProgramFlags {
    bool is_dev = false;
    bool no_rate_limit = false;
    bool check_config = false;
    std::string host;
    std::string port;

    /// Adds them as the strongest layer. `prefix`: of the variables that HOST and PORT override
    /// ("CHAT_").
    void add_to(Environment& environment, std::string_view prefix = {}) const;
};

/// Ends the reading of the configuration: prints the report that `--check-config` asks for, every
/// fault on standard error, and logs warnings. Call when all values have been read.
/// Returns: the exit code of a program that ends here; nothing when it goes on.
[[nodiscard]] std::optional<int> conclude(const Environment& environment,
                                          const ProgramFlags& flags);

}  // namespace courseselect::core
