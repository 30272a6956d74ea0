#pragma once
/// Reads and validates described types; reports every fault of a request in one list.
///
/// Leniency (contract §1.2): a numeric string is taken for an int or float, an integral float for
/// an int, "true", "yes", "on", "1" and their opposites for a bool; unknown fields are ignored; a
/// number is not taken for a string. Of a repeated key the last one counts. The whole document is
/// checked (syntax, UTF-8, depth) before any field is believed. Integers beyond 64 bits are read
/// as the nearest double, and so refused by integer fields.
/// Thread-safety: any thread; each has its own buffers, which it keeps (up to 256 KiB).
/// Source: RFC 8259, contract §1.2.

#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "courseselect/core/check.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/json/describe.hpp"
#include "courseselect/json/field_error.hpp"

namespace courseselect::json {

struct ReadOptions {
    /// Longer documents are refused with `json_invalid`, unread.
    std::size_t document_bytes_max = 1024 * 1024;
    /// Lists and objects open at once; deeper is `json_invalid` (an empty innermost one is free).
    std::size_t depth_max = 32;
    /// After so many faults the reader stops looking.
    std::size_t errors_max = 100;
    /// About how much of the offending value an error repeats.
    std::size_t input_bytes_max = 512;
};

/// What another node of ours may answer: lists of everything.
inline constexpr ReadOptions answer_options{.document_bytes_max = 64 * 1024 * 1024};

/// A value, or everything that is wrong with it.
template <class T>
class [[nodiscard]] Parsed {
  public:
    explicit Parsed(T value) : value_(std::move(value)) {}
    explicit Parsed(std::vector<FieldError> errors) : errors_(std::move(errors)) {}
    Parsed(T value, std::vector<FieldError> errors)
        : value_(std::move(value)), errors_(std::move(errors)) {}

    [[nodiscard]] bool has_value() const { return errors_.empty(); }
    [[nodiscard]] explicit operator bool() const { return has_value(); }

    /// The value. Asking when there are errors is a bug and aborts.
    [[nodiscard]] T& operator*() & { return checked(); }
    [[nodiscard]] const T& operator*() const& {
        COURSESELECT_CHECK(errors_.empty());
        return value_;
    }
    [[nodiscard]] T&& operator*() && { return std::move(checked()); }
    [[nodiscard]] T* operator->() { return &checked(); }
    [[nodiscard]] const T* operator->() const { return &**this; }

    [[nodiscard]] const std::vector<FieldError>& errors() const& { return errors_; }
    [[nodiscard]] std::vector<FieldError>&& errors() && { return std::move(errors_); }

  private:
    T& checked() {
        COURSESELECT_CHECK(errors_.empty());
        return value_;
    }

    T value_{};
    std::vector<FieldError> errors_;
};

/// One decoded parameter of a query or form.
struct NameValue {
    std::string_view name;
    std::string_view value;
};

/// The same by tables, for callers that know the type only as `type_of<T>()`. `target` is a
/// default-constructed object of that type. `where` starts every `loc`.
[[nodiscard]] std::vector<FieldError> read_document(const TypeInfo& type, void* target,
                                                    std::string_view text, std::string_view where,
                                                    const ReadOptions& options = {});
/// `type` is a described struct of bools, numbers, strings, choices, times, and optionals and
/// lists of them. A repeated name fills a list; else the last one counts.
[[nodiscard]] std::vector<FieldError> read_pairs(const TypeInfo& type, void* target,
                                                 std::span<const NameValue> pairs,
                                                 std::string_view where,
                                                 const ReadOptions& options = {});

/// Reads a request body: `loc` is `["body", ...]`. An empty body is `missing` at `["body"]`.
template <class T>
[[nodiscard]] Parsed<T> parse_body(std::string_view text, const ReadOptions& options = {}) {
    T value{};
    auto errors = read_document(type_of<T>(), &value, text, "body", options);
    return Parsed<T>(std::move(value), std::move(errors));
}

/// Reads decoded query parameters: `loc` is `["query", name]`.
template <class T>
[[nodiscard]] Parsed<T> parse_query(std::span<const NameValue> pairs,
                                    const ReadOptions& options = {}) {
    T value{};
    auto errors = read_pairs(type_of<T>(), &value, pairs, "query", options);
    return Parsed<T>(std::move(value), std::move(errors));
}

namespace detail {
[[nodiscard]] core::Error answer_error(const std::vector<FieldError>& errors);
}

/// Reads what another node answered, or a file of ours.
/// Errors: data_corrupt, reason `json`, with the first fault in the detail.
template <class T>
[[nodiscard]] core::Result<T> parse(std::string_view text,
                                    const ReadOptions& options = answer_options) {
    T value{};
    const auto errors = read_document(type_of<T>(), &value, text, "", options);
    if (!errors.empty()) {
        return detail::answer_error(errors);
    }
    return value;
}

}  // namespace courseselect::json
