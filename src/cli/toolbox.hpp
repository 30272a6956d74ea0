#pragma once
/// What every command works with. Private to the module.

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "courseselect/cli/admin_api.hpp"
#include "courseselect/cli/console.hpp"
#include "courseselect/cli/prompt.hpp"
#include "courseselect/cli/services.hpp"
#include "courseselect/cli/session_file.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/config.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/crypto/random.hpp"

namespace courseselect::cli {

/// The parts of one run of the program.
struct Toolbox {
    Console& console;
    Prompter& prompter;
    Services& services;
    const SessionFile& session_file;
    const core::Clock& clock;
    crypto::RandomSource& random;
    std::string program;  ///< as it was called
    std::unique_ptr<AdminApi> logged_in;

    /// The calls of whoever is logged in. Errors: those of `SessionFile::load`.
    [[nodiscard]] core::Result<AdminApi*> admin();
};

/// What the command line asks for: returns the exit code.
using Action = std::function<core::Result<int>()>;

/// Every group adds its commands; the one that is called sets `action`.
void add_user_commands(CLI::App& app, Toolbox& tools, Action& action);
void add_code_commands(CLI::App& app, Toolbox& tools, Action& action);
void add_course_commands(CLI::App& app, Toolbox& tools, Action& action);
void add_operator_commands(CLI::App& app, Toolbox& tools, Action& action);
void add_shell_commands(CLI::App& app, Toolbox& tools, Action& action);
void add_import_commands(CLI::App& app, Toolbox& tools, Action& action);
void add_status_command(CLI::App& app, Toolbox& tools, Action& action);

/// What a `--password` without a value is read as: CLI11 would give it the value "true", which may
/// be somebody's password.
inline constexpr const char* ask_password_flag = "--ask-password";

/// `--user-type student|teacher`.
CLI::Option* add_user_type(CLI::App& command, std::string& value);

/// An account to be made with a registration code.
struct NewAccount {
    std::string user_type;
    std::string username;
    core::Secret password;
    std::string name;
    std::string email;  ///< empty: none
};
/// Body of `POST /register/v1`.
[[nodiscard]] std::string registration_body(const NewAccount& account, const std::string& code);
/// 16 URL-safe characters: 96 bits (contract/cli §1.3).
[[nodiscard]] core::Secret make_account_password(crypto::RandomSource& random);

}  // namespace courseselect::cli
