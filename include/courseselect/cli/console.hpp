#pragma once
/// What a command says, and where: success and data on standard output, failures on standard error
/// (contract/cli §1.1).

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "courseselect/core/result.hpp"

namespace courseselect::cli {

enum class Colour : std::uint8_t { none, green, yellow, red };

struct ConsoleOptions {
    bool colours_out = false;  ///< standard output takes colours
    bool colours_err = false;  ///< standard error does
    bool out_is_terminal = false;
    bool err_is_terminal = false;
    bool quiet = false;  ///< only data and failures
    bool json = false;   ///< one JSON document instead of text on standard output
};

/// What one command did: a sentence and named values, told as lines or as one JSON object.
class Report {
  public:
    explicit Report(std::string headline) : headline_(std::move(headline)) {}

    /// `label` is for people, `name` for programs.
    Report& add(std::string label, std::string name, std::string value);
    Report& add(std::string label, std::string name, std::int64_t value);
    /// For programs only.
    Report& add_json(std::string name, std::string json_text);

  private:
    friend class Console;
    struct Entry {
        std::string label;  ///< empty: not told to people
        std::string name;
        std::string shown;
        std::string json;
    };

    std::string headline_;
    std::vector<Entry> entries_;
};

/// Ownership: borrows both streams. Thread-safety: one thread.
class Console {
  public:
    Console(std::FILE* out, std::FILE* err) : out_(out), err_(err) {}

    /// The process's own streams, with colours where they are a terminal, `TERM` is not "dumb" and
    /// `no_colour` is empty.
    [[nodiscard]] static ConsoleOptions options_for(std::FILE* out, std::FILE* err,
                                                    const std::string& no_colour,
                                                    const std::string& term);
    void set_options(const ConsoleOptions& options) { options_ = options; }
    [[nodiscard]] const ConsoleOptions& options() const { return options_; }

    /// `✓ text`; nothing with --quiet or --json.
    void success(std::string_view text);
    /// A line of explanation; nothing with --quiet or --json.
    void note(std::string_view text);
    /// The sentence and its values: lines, or with --json one object with `success` and `message`.
    /// With --quiet the sentence is left out.
    void report(const Report& report);
    /// Data for people: as it is; nothing with --json.
    void data(std::string_view text);
    /// Data for programs: one line; nothing without --json.
    void json(std::string_view json_text);
    /// `✗ text` on standard error.
    void failure(std::string_view text);
    /// `⚠ text` on standard error.
    void warning(std::string_view text);
    /// A line on standard error, whatever the options.
    void complain(std::string_view line);

    /// The text in a colour, where standard output takes colours.
    [[nodiscard]] std::string coloured(Colour colour, std::string_view text) const;
    /// Writes at once to standard error: prompts and progress bars.
    void draw(std::string_view text);
    /// Writes at once to standard output: questions.
    void ask(std::string_view text);

    /// Everything is written. Errors: unavailable `output_failed` (a full disk, a closed pipe).
    [[nodiscard]] core::Result<> finish();

  private:
    void put(std::FILE* stream, std::string_view text);

    std::FILE* out_;
    std::FILE* err_;
    ConsoleOptions options_;
    int first_error_ = 0;
};

}  // namespace courseselect::cli
