#pragma once
/// Checks JSON text and copies it without blanks between tokens. Private to the module.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace courseselect::realtime {

/// A strict reader of RFC 8259 that keeps every token as it was written: numbers are neither read
/// nor rounded. (The `json` module's readers give values; an echo must give back the text.)
class JsonText {
  public:
    struct Limits {
        std::size_t depth_max = 64;
        /// Attachments that placeholders may name; 0: an object is just an object.
        std::size_t attachments = 0;
        std::size_t placeholders_max = 0;
    };

    JsonText(std::string_view text, Limits limits) : text_(text), limits_(limits) {}

    /// Appends the next value; false when there is none that is valid.
    [[nodiscard]] bool value(std::string& out) { return value(out, 0); }
    /// Skips blanks, and takes the character if it comes next.
    [[nodiscard]] bool take(char c);
    /// Skips blanks; what comes next, or NUL at the end.
    [[nodiscard]] char peek();
    [[nodiscard]] bool is_at_end() { return peek() == '\0' && at_ == text_.size(); }

    /// The attachments that were named, in order of their places.
    [[nodiscard]] std::vector<std::size_t>& placeholders() { return placeholders_; }

  private:
    /// What an object says about being a placeholder.
    struct ObjectNotes {
        std::size_t start = 0;         // of the object in the output
        std::size_t placeholders = 0;  // that came before it
        bool is_placeholder = false;
        std::optional<std::size_t> number;
    };

    bool value(std::string& out, std::size_t depth);
    bool object(std::string& out, std::size_t depth);
    bool member(std::string& out, std::size_t depth, ObjectNotes& notes);
    bool placeholder(std::string& out, const ObjectNotes& notes);
    bool list(std::string& out, std::size_t depth);
    bool string(std::string& out);
    bool escape();
    bool number(std::string& out);
    bool digits();
    bool word(std::string& out, std::string_view expected);
    void skip_blanks();

    std::string_view text_;
    std::size_t at_ = 0;
    Limits limits_;
    std::vector<std::size_t> placeholders_;
};

}  // namespace courseselect::realtime
