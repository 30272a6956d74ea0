#pragma once
/// Percent-encoding of paths and queries (RFC 3986 §2.1) and the query strings of HTML forms.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "courseselect/core/result.hpp"

namespace courseselect::net::http {

/// How `+` is read: as itself in paths, as a space in query strings.
enum class PlusSign : std::uint8_t { literal, space };

/// Undoes percent-encoding. Nothing when a `%` is not followed by two hexadecimal digits.
/// The result may hold any byte, zeros and invalid UTF-8 included.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text,
                                                        PlusSign plus = PlusSign::literal);

/// Decoded names and values, in the order of the text; repeated names stay.
using QueryPairs = std::vector<std::pair<std::string, std::string>>;

/// Reads `a=1&b=x+y&c=%E4%BD%A0`: `+` is a space, a missing `=` means an empty value, empty parts
/// (`&&`) are skipped. Errors: invalid_argument (reason "bad_query") for a broken escape.
[[nodiscard]] core::Result<QueryPairs> parse_query(std::string_view text);

/// Builds a query string: `"/courses" + Query().add("page", "2").str()` is `/courses?page=2`.
class Query {
  public:
    /// Appends a pair; both are percent-encoded.
    Query& add(std::string_view name, std::string_view value);
    Query& add(std::string_view name, std::int64_t value);
    /// Appends the pair when there is a value.
    Query& add(std::string_view name, const std::optional<std::string>& value);

    /// "" without pairs, else `?` and the pairs.
    [[nodiscard]] const std::string& str() const { return text_; }

  private:
    std::string text_;
};

}  // namespace courseselect::net::http
