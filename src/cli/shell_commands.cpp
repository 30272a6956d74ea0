// `completion` and `man`: made from the declarations of all other commands.

#include <algorithm>
#include <utility>

#include "courseselect/cli/command_tree.hpp"
#include "toolbox.hpp"

namespace courseselect::cli {
namespace {

constexpr const char* version = "0.1.0";

/// "student" and "teacher" of "TEXT:{student,teacher}".
std::vector<std::string> choices_of(const std::string& type) {
    std::vector<std::string> choices;
    const auto open = type.find('{');
    const auto close = type.find('}', open);
    if (open == std::string::npos || close == std::string::npos) {
        return choices;
    }
    for (std::size_t at = open + 1; at < close;) {
        const std::size_t end = std::min(type.find(',', at), close);
        choices.push_back(type.substr(at, end - at));
        at = end + 1;
    }
    return choices;
}

OptionInfo option_info(const CLI::Option& option) {
    const std::string type = option.get_type_name();
    const bool is_flag = option.get_expected_max() == 0 || type.empty();
    OptionInfo info{.names = {},
                    .value = is_flag ? "" : type.substr(0, type.find(':')),
                    .help = option.get_description(),
                    .choices = choices_of(type),
                    .fallback = option.get_default_str(),
                    .variable = option.get_envname(),
                    .is_required = option.get_required(),
                    .is_file = type.find("FILE") != std::string::npos ||
                               type.find("DIR") != std::string::npos ||
                               option.get_single_name() == "output"};
    for (const std::string& name : option.get_lnames()) {
        info.names.push_back("--" + name);
    }
    for (const std::string& name : option.get_snames()) {
        info.names.push_back("-" + name);
    }
    if (info.names.empty()) {
        info.names.push_back(option.get_single_name());
    }
    return info;
}

CommandInfo command_info(const CLI::App& app) {
    CommandInfo info{.name = app.get_name(),
                     .help = app.get_description(),
                     .options = {},
                     .positionals = {},
                     .commands = {}};
    for (const CLI::Option* const option : app.get_options()) {
        if (option->get_group().empty()) {
            continue;  // not for people
        }
        auto& list = option->get_positional() ? info.positionals : info.options;
        list.push_back(option_info(*option));
    }
    for (const CLI::App* const below : app.get_subcommands({})) {
        info.commands.push_back(command_info(*below));
    }
    return info;
}

}  // namespace

void add_shell_commands(CLI::App& app, Toolbox& tools, Action& action) {
    CLI::App* completion =
        app.add_subcommand("completion", "Print a script with which a shell completes commands");
    auto shell = std::make_shared<std::string>();
    completion->add_option("SHELL", *shell, "Which shell")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh"}));
    completion->callback([shell, &app, &tools, &action] {
        action = [shell, &app, &tools]() -> core::Result<int> {
            const CommandInfo root = command_info(app);
            tools.console.data(*shell == "bash" ? bash_completion(root) : zsh_completion(root));
            return 0;
        };
    });
    CLI::App* man = app.add_subcommand("man", "Print the manual page");
    man->callback([&app, &tools, &action] {
        action = [&app, &tools]() -> core::Result<int> {
            tools.console.data(man_page(command_info(app), version));
            return 0;
        };
    });
}

}  // namespace courseselect::cli
