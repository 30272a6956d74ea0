#pragma once
/// Configuration: named values from layers, read with a type and bounds, all faults in one report.
///
/// Precedence (architecture §8): flag, environment variable, the node's `.env`, the project's
/// `.env`, the generated `secrets.env`, default. This is the only code that reads the environment.

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "courseselect/core/result.hpp"
#include "courseselect/core/secret.hpp"

namespace courseselect::core {

/// Where a value came from, strongest first.
enum class Origin : std::uint8_t {
    flag,
    environment,
    node_file,
    project_file,
    secrets_file,
    fallback,
};

/// One assignment of an `.env` file.
struct DotenvEntry {
    std::string name;
    std::string value;
    int line = 0;  ///< counted from 1
    friend bool operator==(const DotenvEntry&, const DotenvEntry&) = default;
};

/// Looks a variable up for `${NAME}`; returns nullptr when there is none.
using DotenvLookup = std::function<const std::string*(const std::string& name)>;

/// Reads `.env` text as python-dotenv 1.0 does: `export` prefix, `#` comments, single quotes
/// (escapes `\\` and `\'`), double quotes (also `\n \t \r ...`), values over several lines inside
/// quotes, `${NAME}` and `${NAME:-default}`; a name without `=` is skipped. Unlike there, what
/// follows in `NAME= # note` is a comment and not the value. The variables of
/// `lookup` win over those of the file, as in python-dotenv with `override=False`.
/// Errors: invalid_argument with the line's number; values are never shown, they may be secrets.
[[nodiscard]] Result<std::vector<DotenvEntry>> parse_dotenv(std::string_view text,
                                                            const DotenvLookup& lookup = {});

/// Inclusive bounds of a number.
struct IntegerBounds {
    std::int64_t min = std::numeric_limits<std::int64_t>::min();
    std::int64_t max = std::numeric_limits<std::int64_t>::max();
};
struct DurationBounds {
    std::chrono::milliseconds min{0};
    std::chrono::milliseconds max{std::chrono::hours{24 * 366}};
};
/// Bounds of the length of a text or secret, in bytes.
struct LengthBounds {
    std::size_t min = 0;
    std::size_t max = 65'536;
};

/// The configuration of one program. Fill the layers, read every value once with its type, then ask
/// `check()`. A reader that meets a fault notes it and returns the fallback, so that one start
/// shows every fault. An empty value counts as not set, as `FOO=` in an `.env` template means.
/// Thread-safety: one thread, at start.
class Environment {
  public:
    /// Makes a secret's text for the named variable; wired to `crypto::Random` by the program.
    using SecretMaker = std::function<std::string(std::string_view name)>;

    Environment() = default;
    /// An environment whose variables are a copy of the process's.
    [[nodiscard]] static Environment of_process();

    /// A command-line flag, under the name of the variable it overrides.
    void set_flag(std::string name, std::string value);
    void set_variable(std::string name, std::string value);
    /// Adds the file's variables. A file that does not exist is no fault; one that cannot be read
    /// or parsed, or is over 1 MiB, is a fault of `check()`.
    void load_file(Origin origin, const std::string& path);

    [[nodiscard]] bool has(std::string_view name) const;

    [[nodiscard]] std::string text(const std::string& name, std::string fallback,
                                   LengthBounds bounds = {});
    /// One of `choices`, compared exactly.
    [[nodiscard]] std::string choice(const std::string& name, std::string fallback,
                                     const std::vector<std::string>& choices);
    [[nodiscard]] std::int64_t integer(const std::string& name, std::int64_t fallback,
                                       IntegerBounds bounds = {});
    /// true/false, yes/no, on/off, 1/0, in either case.
    [[nodiscard]] bool boolean(const std::string& name, bool fallback);
    /// `250ms`, `30s`, `5m`, `2h`, `1d`; a bare number is seconds.
    [[nodiscard]] std::chrono::milliseconds duration(const std::string& name,
                                                     std::chrono::milliseconds fallback,
                                                     DurationBounds bounds = {});
    /// `4096`, `64KiB`, `10MB`, `1GiB`; `k`, `m`, `g` alone are powers of 1024.
    [[nodiscard]] std::int64_t bytes(const std::string& name, std::int64_t fallback,
                                     IntegerBounds bounds = {0});
    /// Separated by commas; blanks around items and empty items are dropped. At most 1,000 items.
    [[nodiscard]] std::vector<std::string> list(const std::string& name,
                                                const std::vector<std::string>& fallback);
    /// Empty when not set. Its value appears in no report and no fault.
    [[nodiscard]] Secret secret(const std::string& name, LengthBounds bounds = {});
    /// As `secret`, but not being set is a fault.
    [[nodiscard]] Secret required_secret(const std::string& name,
                                         LengthBounds bounds = {8, 65'536});

    /// Makes those of `names` that no layer sets, keeps them in `file` (mode 0600, directory made
    /// if missing) and loads that file as the `secrets_file` layer. Safe when several programs
    /// start at once: one makes a secret, all read the same; the file is replaced atomically.
    /// Returns: the names made now, so that the program can say once where to find them.
    /// When it returns the file is on the disk.
    /// Errors: unavailable (the system call that failed), failed_precondition (others may read the
    /// file), data_corrupt (it does not parse), invalid_argument (`make` gave nothing, or a text
    /// with "${...}", which an `.env` file cannot hold). An error changes nothing.
    [[nodiscard]] Result<std::vector<std::string>> ensure_secrets(
        const std::string& file, const std::vector<std::string>& names, const SecretMaker& make);

    /// Loads what `ensure_secrets` would, and writes nothing: a secret that is not kept yet is made
    /// for this environment alone. For programs that only show or check their configuration.
    /// Errors: those of reading in `ensure_secrets`.
    [[nodiscard]] Result<> preview_secrets(const std::string& file,
                                           const std::vector<std::string>& names,
                                           const SecretMaker& make);

    /// A fault found by the program itself ("PORT and SOCKET_DIR are both off").
    void add_fault(std::string message);
    /// Errors: invalid_argument; the detail lists every fault, one a line.
    [[nodiscard]] Result<> check() const;
    /// Names of ours that nobody asked for: `COURSESELECT_*`, and flags. Ask after reading all
    /// values.
    [[nodiscard]] std::vector<std::string> warnings() const;
    /// `--check-config`: every value asked for, sorted, with secrets and passwords in URLs masked
    /// and where it came from.
    [[nodiscard]] std::string report() const;

  private:
    struct Setting {
        std::string value;
        Origin origin = Origin::fallback;
        std::string where;  ///< "environment variable", "flag", "/etc/x/.env line 3"
    };
    struct Asked {
        std::string shown;
        std::string where;
    };

    [[nodiscard]] const Setting* find(std::string_view name) const;
    /// The setting, noted in the report; nullptr when the fallback applies.
    const Setting* ask(const std::string& name, std::string_view shown_fallback, bool secret);
    void fault(const std::string& name, const Setting& setting, std::string_view problem,
               std::string_view remedy, bool secret = false);
    Secret read_secret(const std::string& name, LengthBounds bounds, bool required);
    void add(Origin origin, std::string name, std::string value, std::string where);

    std::map<std::string, Setting, std::less<>> settings_;
    std::map<std::string, Asked, std::less<>> asked_;
    std::vector<std::string> faults_;
};

}  // namespace courseselect::core
