#pragma once
/// What is wrong with one field of a request, in the form that clients get (contract §1.2).

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace courseselect::json {

/// A step of the way to a field: a name, or an index in a list.
using LocPart = std::variant<std::string, std::int64_t>;

struct FieldError {
    std::string type;  ///< "missing", "int_parsing", ... (contract §1.2)
    std::vector<LocPart> loc;
    std::string msg;
    std::string input = "null";  ///< JSON text, bounded; never holds a secret
    std::string ctx;             ///< JSON object as text, or empty

    friend bool operator==(const FieldError&, const FieldError&) = default;
};

/// A required header or query parameter that was not sent: `missing_error("header", "X-Name")`.
[[nodiscard]] FieldError missing_error(std::string_view where, std::string_view name);

/// The body of a 422 answer: `{"detail":[{"type":..,"loc":..,"msg":..,"input":..,"ctx":..}]}`.
[[nodiscard]] std::string validation_body(const std::vector<FieldError>& errors);

/// One line for a log or another node's error: "body.courses.3.name: Field required".
[[nodiscard]] std::string to_string(const FieldError& error);

}  // namespace courseselect::json
