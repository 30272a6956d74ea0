#pragma once
/// A command line as data, and what is made of it: completion scripts and man pages.

#include <string>
#include <vector>

namespace courseselect::cli {

struct OptionInfo {
    std::vector<std::string> names;  ///< "--user-type", "-y"; of a positional "FILE"
    std::string value;               ///< "TEXT"; empty: a flag
    std::string help;
    std::vector<std::string> choices;
    std::string fallback;  ///< empty: none is told
    std::string variable;  ///< of the environment, which stands in for it
    bool is_required = false;
    bool is_file = false;
};

struct CommandInfo {
    std::string name;
    std::string help;
    std::vector<OptionInfo> options;
    std::vector<OptionInfo> positionals;
    std::vector<CommandInfo> commands;
};

/// A script for bash 4: commands, options, choices, and files where a file is meant.
[[nodiscard]] std::string bash_completion(const CommandInfo& root);
/// The same for zsh, with the help of each; as `_NAME` in a directory of `fpath`, or sourced.
[[nodiscard]] std::string zsh_completion(const CommandInfo& root);
/// A page of section 1 in man(7), the program and all its commands. `version` stands in its foot.
[[nodiscard]] std::string man_page(const CommandInfo& root, const std::string& version);

}  // namespace courseselect::cli
