#pragma once
/// Examples of described types, for the API page and for whoever tries a route.

#include <string>

#include "courseselect/json/type_info.hpp"

namespace courseselect::json {

/// Appends a value that the type accepts. Of a described struct it has the members that
/// `is_in_example`; lists have one item. A pattern without an example cannot be guessed: such a
/// field needs one.
void append_example(std::string& out, const TypeInfo& type);

/// Appends the field's own example, else the simplest value its rules allow.
void append_example(std::string& out, const FieldInfo& field);

/// Whether an example of the struct mentions this member: it must be there, or has an example.
[[nodiscard]] inline bool is_in_example(const FieldInfo& field) {
    return field.required || !field.example.empty();
}

}  // namespace courseselect::json
