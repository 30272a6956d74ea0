#pragma once
/// The half of the reader that does not care where a value came from: bounds, and the list of
/// faults with their places and texts (contract §1.2).

#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

#include "courseselect/json/reader.hpp"
#include "document.hpp"

namespace courseselect::json {

/// The way from the root to a value, as a list on the call stack; copied only for an error.
struct Step {
    const Step* parent = nullptr;
    std::string_view name;
    std::int64_t index = -1;  ///< of a list item; -1: use `name`
};

/// A value as it arrived: an element of a document, or the text of a parameter.
struct Source {
    const simdjson::dom::element* element = nullptr;
    std::string_view text;
};

/// What is declared about a value, and where it is.
struct Place {
    const TypeInfo& type;
    const Rules& rules;
    const Rules& item_rules;
    const Step& step;
    bool secret = false;
};

/// Collects faults.
class Faults {
  public:
    Faults(const TypeInfo& root, const ReadOptions& options) : root_(root), options_(options) {}

    [[nodiscard]] bool is_full() const { return errors_.size() >= options_.errors_max; }
    void add(const Place& place, const Source& source, std::string_view type, std::string msg,
             std::string ctx = {});
    /// A required member that is not there; `enclosing` may be null (query, empty body).
    void add_missing(const Step& step, const TypeInfo& owner, bool is_secret,
                     const Source& enclosing);
    /// A document that is none.
    void add_syntax(std::string_view where, std::size_t offset, std::string_view text);

    [[nodiscard]] std::vector<FieldError> take() { return std::move(errors_); }

  private:
    [[nodiscard]] std::string input(const TypeInfo& type, bool is_secret,
                                    const Source& source) const;

    const TypeInfo& root_;
    const ReadOptions& options_;
    std::vector<FieldError> errors_;
};

/// Each checks a value against type and rules and stores it, or adds one fault.
void accept_integer(Faults& faults, const Place& place, void* target, std::int64_t value,
                    const Source& source);
/// An integer below or above 64 bits.
void refuse_huge_integer(Faults& faults, const Place& place, bool is_negative,
                         const Source& source);
void accept_number(Faults& faults, const Place& place, void* target, double value,
                   const Source& source);
void accept_string(Faults& faults, const Place& place, void* target, std::string_view text,
                   const Source& source);
/// Any scalar kind from text: a parameter, or a JSON string where another type was declared.
void accept_text(Faults& faults, const Place& place, void* target, std::string_view text,
                 const Source& source);
void refuse_type(Faults& faults, const Place& place, const Source& source);
/// Adds a fault unless the number of items is within bounds.
void check_items(Faults& faults, const Place& place, std::size_t size, const Source& source);
/// A string with bytes that are not UTF-8.
void refuse_unicode(Faults& faults, const Place& place, const Source& source);
void refuse_choice(Faults& faults, const Place& place, std::span<const std::string_view> allowed,
                   const Source& source);

}  // namespace courseselect::json
