#include "courseselect/core/config.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "support/temp_dir.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using core::DotenvEntry;
using core::Environment;
using core::Origin;

namespace {

std::vector<DotenvEntry> entries_of(std::string_view text, const core::DotenvLookup& lookup = {}) {
    auto entries = core::parse_dotenv(text, lookup);
    REQUIRE(entries.has_value());
    return *entries;
}

/// The value of the only entry.
std::string value_of(std::string_view text) {
    const auto entries = entries_of(text);
    REQUIRE(entries.size() == 1);
    return entries.front().value;
}

std::string fault_of(const Environment& environment) {
    const auto checked = environment.check();
    return checked ? std::string() : checked.error().detail();
}

bool holds(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

Environment with(const std::string& name, const std::string& value) {
    Environment environment;
    environment.set_variable(name, value);
    return environment;
}

void write_file(const std::string& path, std::string_view text) {
    std::ofstream(path, std::ios::binary) << text;
}

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

unsigned mode_of(const std::string& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 0777;
}

std::string made_secret(std::string_view name) { return "made-for-" + std::string(name); }

}  // namespace

TEST_SUITE("core/config/dotenv") {
    TEST_CASE("names, values, comments and blank lines") {
        const auto entries = entries_of(
            "\xEF\xBB\xBF# a comment\n\nA=1\r\n  B = two words  # note\nexport C=3\nD\nE=\n"
            "export=yes\n");
        CHECK(entries == std::vector<DotenvEntry>{{"A", "1", 3},
                                                  {"B", "two words", 4},
                                                  {"C", "3", 5},
                                                  {"E", "", 7},
                                                  {"export", "yes", 8}});
    }

    TEST_CASE("a number sign starts a comment only after a blank") {
        CHECK(value_of("A=b#c") == "b#c");
        CHECK(value_of("A=b #c") == "b");
        CHECK(value_of("A=b\t#c") == "b");
        CHECK(value_of("A= # to be filled in") == "");
        CHECK(value_of("A='b #c' # d") == "b #c");
    }

    TEST_CASE("quotes and their escapes") {
        CHECK(value_of(R"(A='it\'s \n \\ "so"')") == R"(it's \n \ "so")");
        CHECK(value_of(R"(A="say \"x\"\n\t\q")") == "say \"x\"\n\t\\q");
        CHECK(value_of("A=\"two\nlines\"") == "two\nlines");
        CHECK(entries_of("A='1\n2'\nB=3").back().line == 3);
    }

    TEST_CASE("variables are replaced, those of outside first") {
        CHECK(entries_of("A=1\nB=${A}${NONE}${NONE:-x}${A:-y}").back().value == "1x1");
        CHECK(value_of("A=${unclosed") == "${unclosed");
        const std::string outer = "outer";
        const core::DotenvLookup lookup = [&](const std::string& name) {
            return name == "A" ? &outer : nullptr;
        };
        CHECK(entries_of("A=1\nB='${A}'", lookup).back().value == "outer");
    }

    TEST_CASE("what is no assignment is named by its line, without its text") {
        for (const char* bad :
             {"\n=secret", "\nA=\"secret", "\nA='x' secret", "\nA secret", "\n!secret"}) {
            CAPTURE(bad);
            const auto entries = core::parse_dotenv(bad);
            REQUIRE_FALSE(entries.has_value());
            CHECK(entries.error().code() == core::Errc::invalid_argument);
            CHECK(holds(entries.error().detail(), "line 2"));
            CHECK_FALSE(holds(entries.error().detail(), "secret"));
        }
    }
}

TEST_SUITE("core/config") {
    TEST_CASE("the strongest layer wins, in whatever order they are loaded") {
        const test::TempDir directory;
        write_file(directory.file("node"), "A=node\nB=node\nC=node\n");
        write_file(directory.file("project"), "A=project\nB=project\nC=project\nD=project\n");
        Environment environment;
        environment.load_file(Origin::project_file, directory.file("project"));
        environment.set_flag("A", "flag");
        environment.load_file(Origin::node_file, directory.file("node"));
        environment.set_variable("B", "variable");
        environment.set_variable("A", "variable");
        CHECK(environment.text("A", "") == "flag");
        CHECK(environment.text("B", "") == "variable");
        CHECK(environment.text("C", "") == "node");
        CHECK(environment.text("D", "") == "project");
        CHECK(environment.text("E", "fallback") == "fallback");
        CHECK(holds(environment.report(), "C=node  # " + directory.file("node") + " line 3"));
        CHECK(holds(environment.report(), "E=fallback  # default"));
        CHECK(fault_of(environment).empty());
    }

    TEST_CASE("the process's variables are seen") {
        REQUIRE(::setenv("CONFIG_TEST_VARIABLE", "a=b", 1) == 0);
        CHECK(Environment::of_process().text("CONFIG_TEST_VARIABLE", "") == "a=b");
        ::unsetenv("CONFIG_TEST_VARIABLE");
    }

    TEST_CASE("an empty value is not set") {
        Environment environment = with("A", "");
        CHECK_FALSE(environment.has("A"));
        CHECK(environment.integer("A", 7) == 7);
        CHECK(fault_of(environment).empty());
    }

    TEST_CASE("numbers at their bounds") {
        for (const char* good : {"1", "10"}) {
            Environment environment = with("N", good);
            CHECK(environment.integer("N", 5, {1, 10}) == std::stoi(good));
            CHECK(fault_of(environment).empty());
        }
        for (const char* bad : {"0", "11", "", "x", "5x", " 5", "+5", "99999999999999999999"}) {
            CAPTURE(bad);
            Environment environment = with("N", std::string(bad).empty() ? "-" : bad);
            CHECK(environment.integer("N", 5, {1, 10}) == 5);
            CHECK(holds(fault_of(environment), "give a whole number from 1 to 10"));
        }
    }

    TEST_CASE("durations with units, at their bounds") {
        const std::array<std::pair<const char*, std::chrono::milliseconds>, 7> forms = {
            {{"250ms", 250ms},
             {"30s", 30s},
             {"5m", 5min},
             {"2h", 2h},
             {"1d", 24h},
             {"7", 7s},
             {"1S", 1s}}};
        for (const auto& [text, wanted] : forms) {
            CAPTURE(text);
            Environment environment = with("T", text);
            CHECK(environment.duration("T", 1s) == wanted);
            CHECK(fault_of(environment).empty());
        }
        for (const char* bad : {"9ms", "1001ms", "1w", "ms", "-1s", "1 s", "9999999999999999d"}) {
            CAPTURE(bad);
            Environment environment = with("T", bad);
            CHECK(environment.duration("T", 50ms, {10ms, 1000ms}) == 50ms);
            CHECK(holds(fault_of(environment), "give 10ms to 1000ms"));
        }
    }

    TEST_CASE("sizes with units, at their bounds") {
        const std::array<std::pair<const char*, std::int64_t>, 7> forms = {{{"4096", 4096},
                                                                            {"64KiB", 65'536},
                                                                            {"10MB", 10'000'000},
                                                                            {"1GiB", 1 << 30},
                                                                            {"2k", 2048},
                                                                            {"1m", 1 << 20},
                                                                            {"3B", 3}}};
        for (const auto& [text, wanted] : forms) {
            CAPTURE(text);
            Environment environment = with("S", text);
            CHECK(environment.bytes("S", 1) == wanted);
        }
        for (const char* bad : {"-1", "1025", "1TB", "9999999999GiB"}) {
            CAPTURE(bad);
            Environment environment = with("S", bad);
            CHECK(environment.bytes("S", 5, {0, 1024}) == 5);
            CHECK_FALSE(fault_of(environment).empty());
        }
    }

    TEST_CASE("truth values and choices") {
        for (const char* yes : {"true", "YES", "On", "1"}) {
            CHECK(with("B", yes).boolean("B", false));
        }
        for (const char* no : {"false", "No", "OFF", "0"}) {
            CHECK_FALSE(with("B", no).boolean("B", true));
        }
        Environment maybe = with("B", "maybe");
        CHECK(maybe.boolean("B", true));
        CHECK(holds(fault_of(maybe), "B=maybe (environment variable) is neither true nor false"));
        CHECK(with("C", "red").choice("C", "blue", {"blue", "red"}) == "red");
        Environment wrong = with("C", "Red");
        CHECK(wrong.choice("C", "blue", {"blue", "red"}) == "blue");
        CHECK(holds(fault_of(wrong), "use one of blue, red"));
    }

    TEST_CASE("lists and texts at their bounds") {
        CHECK(with("L", " a, b ,,c").list("L", {}) == std::vector<std::string>{"a", "b", "c"});
        std::string many = "x";
        for (int i = 1; i < 1'000; ++i) {
            many += ",x";
        }
        CHECK(with("L", many).list("L", {}).size() == 1'000);
        Environment environment = with("L", many + ",x");
        CHECK(environment.list("L", {"f"}) == std::vector<std::string>{"f"});
        CHECK(holds(fault_of(environment), "at most 1000"));
        CHECK(with("T", "abc").text("T", "f", {3, 3}) == "abc");
        Environment long_text = with("T", "abcd");
        CHECK(long_text.text("T", "f", {3, 3}) == "f");
        CHECK(holds(fault_of(long_text), "give 3 to 3 bytes"));
    }

    TEST_CASE("every fault is reported, one a line") {
        Environment environment;
        environment.set_variable("A", "x");
        environment.set_variable("B", "y");
        (void)environment.integer("A", 1);
        (void)environment.boolean("B", true);
        (void)environment.required_secret("C");
        environment.add_fault("D: mine");
        const std::string faults = fault_of(environment);
        CHECK(std::count(faults.begin(), faults.end(), '\n') == 3);
        CHECK(holds(faults, "C is not set"));
    }

    TEST_CASE("secrets and passwords in addresses appear nowhere") {
        Environment environment;
        environment.set_variable("TOKEN", "hunter2");
        environment.set_variable("SHORT", "hunter2");
        environment.set_variable("URL", "postgresql://me:hunter2@x@host/db?password=hunter2&a=b");
        CHECK(environment.secret("TOKEN").reveal() == "hunter2");
        CHECK(environment.required_secret("SHORT").empty());
        (void)environment.text("URL", "");
        (void)environment.integer("URL", 1);
        CHECK(holds(environment.report(),
                    "URL=postgresql://me:***@host/db?password=***&a=b  # environment variable"));
        CHECK(holds(environment.report(), "TOKEN=***"));
        CHECK(holds(fault_of(environment), "SHORT=***"));
        CHECK_FALSE(holds(environment.report() + fault_of(environment), "hunter2"));
    }

    TEST_CASE("names that nobody asked for are told") {
        Environment environment;
        environment.set_variable("COURSESELECT_TYPO", "1");
        environment.set_variable("COURSESELECT_KNOWN", "1");
        environment.set_variable("HOME", "/");
        environment.set_flag("FLAG", "1");
        (void)environment.boolean("COURSESELECT_KNOWN", false);
        const auto warnings = environment.warnings();
        REQUIRE(warnings.size() == 2);
        CHECK(holds(warnings[0], "COURSESELECT_TYPO (environment variable)"));
        CHECK(holds(warnings[1], "FLAG (flag)"));
    }

    TEST_CASE("a file: absent is no fault, too large or broken is one") {
        const test::TempDir directory;
        Environment environment;
        environment.load_file(Origin::project_file, directory.file("absent"));
        const std::string start = "A=";
        write_file(directory.file("full"), start + std::string(1'048'576 - start.size(), 'x'));
        environment.load_file(Origin::project_file, directory.file("full"));
        CHECK(fault_of(environment).empty());
        CHECK(environment.has("A"));
        write_file(directory.file("over"), std::string(1'048'577, '\n'));
        environment.load_file(Origin::project_file, directory.file("over"));
        CHECK(holds(fault_of(environment), "over 1 MiB"));
        write_file(directory.file("broken"), "A=1\n?\n");
        environment.load_file(Origin::project_file, directory.file("broken"));
        CHECK(holds(fault_of(environment), "broken line 2"));
    }
}

TEST_SUITE("core/config/secrets") {
    TEST_CASE("missing secrets are made once and kept for the owner only") {
        const test::TempDir directory;
        const std::string file = directory.file("made/here/secrets.env");
        Environment first = with("HAVE", "configured");
        const auto made = first.ensure_secrets(file, {"TOKEN", "HAVE"}, made_secret);
        REQUIRE(made.has_value());
        CHECK(*made == std::vector<std::string>{"TOKEN"});
        CHECK(first.secret("TOKEN").reveal() == "made-for-TOKEN");
        CHECK(first.secret("HAVE").reveal() == "configured");
        CHECK(mode_of(file) == 0600);
        CHECK_FALSE(std::filesystem::exists(file + ".new"));

        Environment second;
        const auto again = second.ensure_secrets(file, {"TOKEN", "MORE"},
                                                 [](std::string_view) { return "other"; });
        REQUIRE(again.has_value());
        CHECK(*again == std::vector<std::string>{"MORE"});
        CHECK(second.secret("TOKEN").reveal() == "made-for-TOKEN");
        CHECK(second.secret("MORE").reveal() == "other");
    }

    TEST_CASE("a preview reads what is kept, makes the rest for itself and writes nothing") {
        const test::TempDir directory;
        const std::string file = directory.file("made/here/secrets.env");
        Environment before;
        REQUIRE(before.preview_secrets(file, {"TOKEN"}, made_secret).has_value());
        CHECK(before.secret("TOKEN").reveal() == "made-for-TOKEN");
        CHECK_FALSE(std::filesystem::exists(directory.file("made")));

        Environment first;
        REQUIRE(first.ensure_secrets(file, {"TOKEN"}, made_secret).has_value());
        Environment after = with("HAVE", "configured");
        REQUIRE(after
                    .preview_secrets(file, {"TOKEN", "HAVE", "MORE"},
                                     [](std::string_view) { return "other"; })
                    .has_value());
        CHECK(after.secret("TOKEN").reveal() == "made-for-TOKEN");
        CHECK(after.secret("HAVE").reveal() == "configured");
        CHECK(after.secret("MORE").reveal() == "other");
        Environment later;
        REQUIRE(later.preview_secrets(file, {}, made_secret).has_value());
        CHECK(later.text("MORE", "none") == "none");

        REQUIRE(::chmod(file.c_str(), 0644) == 0);
        const auto open_to_all = later.preview_secrets(file, {"TOKEN"}, made_secret);
        REQUIRE_FALSE(open_to_all.has_value());
        CHECK(open_to_all.error().code() == core::Errc::failed_precondition);
        REQUIRE(::chmod(file.c_str(), 0600) == 0);
        write_file(file, "?\n");
        const auto broken = later.preview_secrets(file, {"TOKEN"}, made_secret);
        REQUIRE_FALSE(broken.has_value());
        CHECK(broken.error().code() == core::Errc::data_corrupt);
    }

    TEST_CASE("a stronger layer hides the kept secret") {
        const test::TempDir directory;
        const std::string file = directory.file("secrets.env");
        Environment first;
        REQUIRE(first.ensure_secrets(file, {"TOKEN"}, made_secret).has_value());
        Environment second = with("TOKEN", "configured");
        REQUIRE(second.ensure_secrets(file, {"TOKEN"}, made_secret).has_value());
        CHECK(second.secret("TOKEN").reveal() == "configured");
    }

    TEST_CASE("every text that an .env file can hold comes back as it was") {
        for (const std::string secret :
             {"it's", R"(back\slash\)", "two\nlines", "# $HOME \"x\" =", "  blanks  ", R"(\')"}) {
            CAPTURE(secret);
            const test::TempDir directory;
            Environment first;
            const auto make = [&](std::string_view) { return secret; };
            REQUIRE(first.ensure_secrets(directory.file("s"), {"A", "B"}, make).has_value());
            Environment second;
            REQUIRE(second.ensure_secrets(directory.file("s"), {"A"}, made_secret).has_value());
            CHECK(second.secret("A").reveal() == secret);
            CHECK(second.secret("B").reveal() == secret);
        }
    }

    TEST_CASE("a text that it cannot hold is refused, and nothing is written") {
        for (const std::string secret : {"", "${HOME}"}) {
            const test::TempDir directory;
            Environment environment;
            const auto make = [&](std::string_view) { return secret; };
            const auto made = environment.ensure_secrets(directory.file("s"), {"A"}, make);
            REQUIRE_FALSE(made.has_value());
            CHECK(made.error().code() == core::Errc::invalid_argument);
            CHECK_FALSE(std::filesystem::exists(directory.file("s")));
        }
    }

    TEST_CASE("a file edited by hand is kept: no line end, an empty value, comments") {
        const test::TempDir directory;
        const std::string file = directory.file("secrets.env");
        write_file(file, "# mine\nTOKEN=\nOTHER=kept");
        REQUIRE(::chmod(file.c_str(), 0600) == 0);
        Environment environment;
        REQUIRE(environment.ensure_secrets(file, {"TOKEN", "OTHER"}, made_secret).has_value());
        CHECK(environment.secret("TOKEN").reveal() == "made-for-TOKEN");
        CHECK(environment.secret("OTHER").reveal() == "kept");
        CHECK(read_file(file) == "# mine\nTOKEN=\nOTHER=kept\nTOKEN='made-for-TOKEN'\n");
    }

    TEST_CASE("a file that others may read, or that does not parse, is refused") {
        const test::TempDir directory;
        const std::string file = directory.file("secrets.env");
        write_file(file, "TOKEN=seen\n");
        for (const unsigned mode : {0640U, 0604U, 0620U}) {
            REQUIRE(::chmod(file.c_str(), mode) == 0);
            Environment environment;
            const auto made = environment.ensure_secrets(file, {"TOKEN"}, made_secret);
            REQUIRE_FALSE(made.has_value());
            CHECK(made.error().code() == core::Errc::failed_precondition);
            CHECK_FALSE(environment.has("TOKEN"));
        }
        write_file(file, "TOKEN=seen\n?\n");
        REQUIRE(::chmod(file.c_str(), 0600) == 0);
        Environment environment;
        const auto made = environment.ensure_secrets(file, {"TOKEN"}, made_secret);
        REQUIRE_FALSE(made.has_value());
        CHECK(made.error().code() == core::Errc::data_corrupt);
        CHECK_FALSE(holds(made.error().detail(), "seen"));
    }

    TEST_CASE("a directory that cannot be made is an error") {
        const test::TempDir directory;
        write_file(directory.file("plain"), "");
        Environment environment;
        const auto made =
            environment.ensure_secrets(directory.file("plain/secrets.env"), {"A"}, made_secret);
        REQUIRE_FALSE(made.has_value());
        CHECK(made.error().code() == core::Errc::unavailable);
    }

    TEST_CASE("programs that start at once agree on every secret") {
        const test::TempDir directory;
        const std::string file = directory.file("secrets.env");
        constexpr int programs = 8;
        std::array<int, 2> gate{};
        REQUIRE(::pipe(gate.data()) == 0);
        std::vector<pid_t> children;
        for (int i = 0; i < programs; ++i) {
            const pid_t child = ::fork();
            if (child == 0) {
                ::close(gate[1]);
                char byte = 0;
                (void)!::read(gate[0], &byte, 1);  // all start when the parent closes its end
                Environment environment;
                const auto make = [i](std::string_view name) {
                    return std::string(name) + "-of-" + std::to_string(i);
                };
                const auto made = environment.ensure_secrets(file, {"A", "B"}, make);
                if (made) {
                    write_file(file + ".seen." + std::to_string(i),
                               std::string(environment.secret("A").reveal()) + " " +
                                   std::string(environment.secret("B").reveal()));
                }
                ::_exit(made ? 0 : 1);
            }
            REQUIRE(child > 0);
            children.push_back(child);
        }
        ::close(gate[0]);
        ::close(gate[1]);
        for (const pid_t child : children) {
            int status = 0;
            REQUIRE(::waitpid(child, &status, 0) == child);
            CHECK(status == 0);
        }
        std::set<std::string> seen;
        for (int i = 0; i < programs; ++i) {
            seen.insert(read_file(file + ".seen." + std::to_string(i)));
        }
        CHECK(seen.size() == 1);
        CHECK(entries_of(read_file(file)).size() == 2);
    }
}
