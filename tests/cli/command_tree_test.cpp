#include "courseselect/cli/command_tree.hpp"

#include <doctest/doctest.h>

using namespace courseselect;

namespace {

cli::CommandInfo sample() {
    cli::CommandInfo list{.name = "list",
                          .help = "Show [all] it's: \\x",
                          .options = {},
                          .positionals = {},
                          .commands = {}};
    list.options.push_back({.names = {"--kind", "-k"},
                            .value = "TEXT",
                            .help = "Which",
                            .choices = {"a", "b"},
                            .fallback = "a",
                            .variable = "KIND"});
    list.options.push_back({.names = {"--yes"},
                            .value = "",
                            .help = ".dot",
                            .choices = {},
                            .fallback = "",
                            .variable = ""});
    list.positionals.push_back({.names = {"FILE"},
                                .value = "FILE",
                                .help = "A file",
                                .choices = {},
                                .fallback = "",
                                .variable = "",
                                .is_required = true,
                                .is_file = true});
    cli::CommandInfo user{
        .name = "user", .help = "Accounts", .options = {}, .positionals = {}, .commands = {list}};
    return {.name = "tool",
            .help = "Does things",
            .options = {},
            .positionals = {},
            .commands = {user}};
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("cli/command_tree") {
    TEST_CASE("bash is told commands, options, choices and files") {
        const std::string script = cli::bash_completion(sample());
        CHECK(has(script, "'tool user list') path+=\" $word\" ;;"));
        CHECK(has(script, "'tool user list --kind') mapfile -t COMPREPLY < <(compgen -W 'a b'"));
        CHECK(has(script, "'tool user list') words='--kind -k --yes ' files=yes ;;"));
        CHECK(script.ends_with("complete -F _tool tool\n"));
    }

    TEST_CASE("zsh is told the help, too, and quotes what means something to it") {
        const std::string script = cli::zsh_completion(sample());
        CHECK(script.starts_with("#compdef tool\n"));
        CHECK(has(script, "'--kind[Which]:TEXT:(a b)'"));
        CHECK(has(script, "':FILE:_files'"));
        CHECK(has(script, "_tool_user_list()"));
        CHECK(has(script, "Show \\[all\\]"));
    }

    TEST_CASE("a page of the manual takes no text for a command") {
        const std::string page = cli::man_page(sample(), "1.2.3");
        CHECK(page.starts_with(
            ".TH \"TOOL\" 1 \"\" \"tool 1.2.3\"\n.SH NAME\ntool \\- Does things\n"));
        CHECK(has(page, ".SS \"user list\"\n"));
        CHECK(has(page, "[\\fB\\-\\-kind\\fR \\fIa|b\\fR]"));
        CHECK(has(page, "\\fB\\-\\-yes\\fR\n\\&.dot\n"));
        CHECK(has(page, "it's: \\ex"));
        CHECK(has(page, "(default: a) (environment: KIND)"));
        CHECK(has(page, "A file (required)"));
    }
}
