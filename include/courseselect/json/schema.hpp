#pragma once
/// JSON Schema (2020-12, as OpenAPI 3.1 uses it) of described types.

#include <string>
#include <string_view>
#include <vector>

#include "courseselect/json/type_info.hpp"

namespace courseselect::json {

/// Appends the schema of a type as it is used: a described struct becomes
/// `{"$ref":"#/components/schemas/Name"}`, everything else is written out.
void append_schema(std::string& out, const TypeInfo& type);

/// Appends the schema of one field with its bounds, text, default and example (also right for a
/// query parameter's `schema`). `owner` is the struct it belongs to; it supplies the default.
void append_schema(std::string& out, const TypeInfo& owner, const FieldInfo& field);

/// Appends the definition of a described struct, for `components.schemas.Name`.
void append_definition(std::string& out, const TypeInfo& type);

/// Adds the described structs that `type` mentions, itself included, each once, in the order met.
void collect_named(const TypeInfo& type, std::vector<const TypeInfo*>& found);

}  // namespace courseselect::json
