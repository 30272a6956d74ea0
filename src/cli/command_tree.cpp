#include "courseselect/cli/command_tree.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>
#include <string_view>

namespace courseselect::cli {
namespace {

using Visit = std::function<void(const std::string& path, const CommandInfo& command)>;

/// "course-cli", "course-cli user", "course-cli user login" ...
void for_each_command(const CommandInfo& command, const std::string& path, const Visit& visit) {
    visit(path, command);
    for (const CommandInfo& below : command.commands) {
        for_each_command(below, path + " " + below.name, visit);
    }
}

std::string function_name(std::string_view path) {
    std::string name;
    for (const char c : path) {
        const bool is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        name += is_word ? c : '_';
    }
    return "_" + name;
}

/// In single quotes, whatever it holds.
std::string shell_quoted(std::string_view text) {
    std::string quoted = "'";
    for (const char c : text) {
        quoted += c == '\'' ? "'\\''" : std::string(1, c);
    }
    return quoted + "'";
}

/// `[`, `]`, `:` and `\` mean something to _arguments.
std::string zsh_escaped(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (std::string_view("[]:\\").find(c) != std::string_view::npos) {
            escaped += '\\';
        }
        escaped += c;
    }
    return escaped;
}

std::string zsh_values(const OptionInfo& option) {
    if (!option.choices.empty()) {
        return fmt::format("({})", fmt::join(option.choices, " "));
    }
    return option.is_file ? "_files" : " ";
}

/// A line of text in man(7): no character of it is a command.
std::string roff(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\\') {
            out += "\\e";
        } else if (c == '-') {
            out += "\\-";
        } else if (i == 0 && (c == '.' || c == '\'')) {
            out += "\\&" + std::string(1, c);
        } else {
            out += c;
        }
    }
    return out;
}

std::string roff_value(const OptionInfo& option) {
    if (option.value.empty()) {
        return "";
    }
    const std::string value =
        option.choices.empty() ? option.value : fmt::format("{}", fmt::join(option.choices, "|"));
    return " \\fI" + roff(value) + "\\fR";
}

void append_option(std::string& out, const OptionInfo& option) {
    std::string names;
    for (const std::string& name : option.names) {
        names += (names.empty() ? "" : ", ") + ("\\fB" + roff(name) + "\\fR");
    }
    out +=
        ".TP\n" + names + (option.names.front().starts_with('-') ? roff_value(option) : "") + "\n";
    out += roff(option.help.empty() ? option.names.front() : option.help);
    if (option.is_required) {
        out += " (required)";
    }
    if (!option.fallback.empty()) {
        out += roff(" (default: " + option.fallback + ")");
    }
    if (!option.variable.empty()) {
        out += roff(" (environment: " + option.variable + ")");
    }
    out += "\n";
}

std::string roff_synopsis(const std::string& path, const CommandInfo& command) {
    std::string line = "\\fB" + roff(path) + "\\fR";
    for (const OptionInfo& option : command.options) {
        if (option.names.front() == "--help") {
            continue;
        }
        const std::string shown = "\\fB" + roff(option.names.front()) + "\\fR" + roff_value(option);
        line += option.is_required ? " " + shown : " [" + shown + "]";
    }
    for (const OptionInfo& positional : command.positionals) {
        line += " \\fI" + roff(positional.names.front()) + "\\fR";
    }
    return line;
}

constexpr const char* man_end = R"(.SH EXIT STATUS
.TP
0
Done.
.TP
1
It failed, was interrupted, or a question was not answered.
.TP
2
Bad usage.
.SH ENVIRONMENT
.TP
AUTH_NODE_URL, DATA_NODE_URL, TEACHER_NODE_URL, STUDENT_NODE_URL, QUEUE_NODE_URL
Where the nodes are (default: ports 8001 to 8005 of this machine).
.TP
USE_SOCKETS, SOCKET_DIR
Whether, and where, unix sockets are tried first.
.TP
INTERNAL_TOKEN
What the nodes know each other by; the commands of the queue need it.
.TP
NO_COLOR
When it is not empty there are no colours.
.SH FILES
.TP
~/.course_selection/config.json
The saved login, good for 24 hours (mode 0600).
.TP
~/.course_selection/imports/
What interrupted imports have done so far (mode 0700).
)";

}  // namespace

std::string bash_completion(const CommandInfo& root) {
    std::string steps, values, words;
    for_each_command(root, root.name, [&](const std::string& path, const CommandInfo& command) {
        std::string offered;
        for (const CommandInfo& below : command.commands) {
            steps += fmt::format("            {}) path+=\" $word\" ;;\n",
                                 shell_quoted(path + " " + below.name));
            offered += below.name + " ";
        }
        const auto complete = [&](const std::string& pattern, const OptionInfo& option) {
            if (!option.choices.empty()) {
                values += fmt::format(
                    "        {}) mapfile -t COMPREPLY < <(compgen -W {} -- "
                    "\"$current\"); return ;;\n",
                    pattern, shell_quoted(fmt::format("{}", fmt::join(option.choices, " "))));
            } else if (option.is_file) {
                values += fmt::format(
                    "        {}) mapfile -t COMPREPLY < <(compgen -f -- "
                    "\"$current\"); return ;;\n",
                    pattern);
            } else {
                values += fmt::format("        {}) return ;;\n", pattern);
            }
        };
        for (const OptionInfo& option : command.options) {
            for (const std::string& name : option.names) {
                offered += name + " ";
                if (!option.value.empty()) {
                    complete(shell_quoted(path + " " + name), option);
                }
            }
        }
        const bool takes_file = !command.positionals.empty() && command.positionals.front().is_file;
        words += fmt::format("        {}) words={} files={} ;;\n", shell_quoted(path),
                             shell_quoted(offered), takes_file ? "yes" : "");
    });
    return fmt::format(R"(# bash completion of {0}: source it, or put it into
# /usr/share/bash-completion/completions/{0}
{1}() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} path={0} words= files= word i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; ++i)); do
        word=${{COMP_WORDS[i]}}
        case "$path $word" in
{2}        esac
    done
    case "$path ${{COMP_WORDS[COMP_CWORD-1]}}" in
{3}    esac
    case "$path" in
{4}    esac
    if [[ -n $files && $current != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -F {1} {0}
)",
                       root.name, function_name(root.name), steps, values, words);
}

std::string zsh_completion(const CommandInfo& root) {
    std::string functions;
    for_each_command(root, root.name, [&](const std::string& path, const CommandInfo& command) {
        functions += function_name(path) + "() {\n    local line state\n    _arguments -C";
        for (const OptionInfo& option : command.options) {
            for (const std::string& name : option.names) {
                const std::string value = option.value.empty() ? ""
                                                               : ":" + zsh_escaped(option.value) +
                                                                     ":" + zsh_values(option);
                functions += " \\\n        " +
                             shell_quoted(name + "[" + zsh_escaped(option.help) + "]" + value);
            }
        }
        for (const OptionInfo& positional : command.positionals) {
            functions +=
                " \\\n        " + shell_quoted(":" + zsh_escaped(positional.names.front()) + ":" +
                                               zsh_values(positional));
        }
        if (command.commands.empty()) {
            functions += "\n}\n";
            return;
        }
        std::string offered, calls;
        for (const CommandInfo& below : command.commands) {
            offered += fmt::format(" {}\\:{}", below.name, shell_quoted(zsh_escaped(below.help)));
            calls += fmt::format("        {}) {} ;;\n", below.name,
                                 function_name(path + " " + below.name));
        }
        functions += fmt::format(
            " \\\n        {} \\\n        '*:: :->rest'\n    [[ $state = rest ]] || return\n"
            "    case $line[1] in\n{}    esac\n}}\n",
            shell_quoted("1:command:((" + offered + "))"), calls);
    });
    return fmt::format(
        "#compdef {0}\n# zsh completion of {0}: as _{0} in a directory of fpath, or "
        "sourced.\n{1}compdef {2} {0}\n",
        root.name, functions, function_name(root.name));
}

std::string man_page(const CommandInfo& root, const std::string& version) {
    std::string upper;
    for (const char c : root.name) {
        upper += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    std::string out =
        fmt::format(".TH \"{}\" 1 \"\" \"{} {}\"\n.SH NAME\n{} \\- {}\n.SH SYNOPSIS\n", roff(upper),
                    roff(root.name), roff(version), roff(root.name), roff(root.help));
    out += "\\fB" + roff(root.name) + "\\fR [\\fIOPTION\\fR...] \\fICOMMAND\\fR ...\n";
    out += ".SH OPTIONS\nThey may stand behind the command, too.\n";
    for (const OptionInfo& option : root.options) {
        append_option(out, option);
    }
    out += ".SH COMMANDS\n";
    for_each_command(root, root.name, [&](const std::string& path, const CommandInfo& command) {
        if (!command.commands.empty()) {
            return;
        }
        out += ".SS \"" + roff(path.substr(root.name.size() + 1)) + "\"\n";
        out += roff_synopsis(path, command) + "\n.PP\n" + roff(command.help) + "\n";
        for (const OptionInfo& option : command.positionals) {
            append_option(out, option);
        }
        for (const OptionInfo& option : command.options) {
            append_option(out, option);
        }
    });
    return out + man_end;
}

}  // namespace courseselect::cli
