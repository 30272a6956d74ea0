#pragma once
/// A look into any JSON document: for tests, the command line and the few bodies without a type.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "courseselect/core/result.hpp"
#include "courseselect/json/reader.hpp"

namespace courseselect::json {

/// One value of a parsed document, which it keeps alive. A look-up that fails gives an absent
/// value, whose look-ups fail too, so a path can be followed without checks in between:
/// `value["courses"][0]["course_id"].integer()`.
/// Copying is cheap. Thread-safety: reading from any thread.
class Value {
  public:
    /// Absent.
    Value() = default;
    /// Errors: data_corrupt, reason `json`, with the place and the fault.
    [[nodiscard]] static core::Result<Value> parse(std::string_view text,
                                                   const ReadOptions& options = answer_options);

    [[nodiscard]] bool exists() const { return document_ != nullptr; }
    [[nodiscard]] bool is_null() const;
    [[nodiscard]] bool is_object() const;
    [[nodiscard]] bool is_array() const;

    /// Member of an object, the last one of that name; else absent.
    [[nodiscard]] Value operator[](std::string_view name) const;
    [[nodiscard]] Value operator[](const char* name) const {
        return (*this)[std::string_view(name)];
    }
    /// Item of a list; else absent.
    [[nodiscard]] Value operator[](std::size_t index) const;
    [[nodiscard]] Value operator[](int index) const {
        return (*this)[static_cast<std::size_t>(index)];
    }

    /// The value when it has that type, else nothing. No conversions, but an integral float is an
    /// integer and any number that fits is a `number`.
    [[nodiscard]] std::optional<std::string> string() const;
    [[nodiscard]] std::optional<std::int64_t> integer() const;
    [[nodiscard]] std::optional<double> number() const;
    [[nodiscard]] std::optional<bool> boolean() const;

    /// Items of a list, members of an object (in document order); else empty.
    [[nodiscard]] std::vector<Value> items() const;
    [[nodiscard]] std::vector<std::pair<std::string, Value>> members() const;
    /// Number of items or members; 0 for anything else.
    [[nodiscard]] std::size_t size() const;

    /// The value as JSON text; "null" when absent.
    [[nodiscard]] std::string text() const;

  private:
    struct Document;
    friend struct ValueAccess;

    std::shared_ptr<const Document> document_;
    alignas(std::max_align_t) std::array<std::byte, 16> node_{};  // a place in the document
};

}  // namespace courseselect::json
