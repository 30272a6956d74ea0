#include "courseselect/json/schema.hpp"

#include <algorithm>

#include "courseselect/json/writer.hpp"

namespace courseselect::json {
namespace {

constexpr Rules schema_no_rules{};

void add_strings(ObjectWriter& schema, std::string_view name,
                 std::span<const std::string_view> texts) {
    ArrayWriter list(schema.slot(name));
    for (const std::string_view text : texts) {
        list.add(text);
    }
}

void add_type(ObjectWriter& schema, std::string_view type, bool or_null) {
    if (!or_null) {
        schema.add("type", type);
        return;
    }
    ArrayWriter list(schema.slot("type"));
    list.add(type).add("null");
}

/// An integral bound without a fraction: `"minimum":1`.
void add_bound(ObjectWriter& schema, std::string_view name, double bound) {
    std::string text;
    append_number(text, bound);
    schema.add_raw(name, text.ends_with(".0") ? text.substr(0, text.size() - 2) : text);
}

void add_number_rules(ObjectWriter& schema, const TypeInfo& type, const Rules& rules) {
    if (rules.has_at_least()) {
        add_bound(schema, "minimum", rules.at_least);
    } else if (type.is_id) {
        schema.add("minimum", 1);
    }
    if (rules.has_at_most()) {
        add_bound(schema, "maximum", rules.at_most);
    }
}

/// A rule that has a check but no regular expression is told in words.
bool is_regular_expression(std::string_view pattern) { return pattern.starts_with('^'); }

void add_string_rules(ObjectWriter& schema, const Rules& rules, bool or_null) {
    if (rules.length_min > 0) {
        schema.add("minLength", rules.length_min);
    }
    if (rules.length_max != no_limit) {
        schema.add("maxLength", rules.length_max);
    }
    if (is_regular_expression(rules.pattern)) {
        schema.add("pattern", rules.pattern);
    }
    if (!rules.one_of.empty()) {
        ArrayWriter list(schema.slot("enum"));
        for (const std::string_view text : rules.one_of) {
            list.add(text);
        }
        if (or_null) {
            list.add(nullptr);
        }
    }
}

void add_members(ObjectWriter& schema, const TypeInfo& type, const Rules& rules,
                 const Rules& item_rules, bool or_null);

// NOLINTNEXTLINE(misc-no-recursion): the depth is that of the declared types
void append_item_schema(std::string& out, const TypeInfo& item, const Rules& item_rules) {
    const bool is_container = item.kind == Kind::list || item.kind == Kind::dictionary;
    ObjectWriter schema(out);
    add_members(schema, item, is_container ? schema_no_rules : item_rules, item_rules, false);
}

// NOLINTNEXTLINE(misc-no-recursion)
void add_container(ObjectWriter& schema, const TypeInfo& type, const Rules& rules,
                   const Rules& item_rules, bool or_null) {
    const bool is_list = type.kind == Kind::list;
    add_type(schema, is_list ? "array" : "object", or_null);
    append_item_schema(schema.slot(is_list ? "items" : "additionalProperties"), *type.item,
                       item_rules);
    if (!rules.keys.empty()) {
        ObjectWriter names(schema.slot("propertyNames"));
        add_strings(names, "enum", rules.keys);
    }
    if (rules.items_min > 0) {
        schema.add(is_list ? "minItems" : "minProperties", rules.items_min);
    }
    if (rules.items_max != no_limit) {
        schema.add(is_list ? "maxItems" : "maxProperties", rules.items_max);
    }
}

void add_reference(ObjectWriter& schema, const TypeInfo& type, bool or_null) {
    const std::string target = "#/components/schemas/" + std::string(type.name);
    if (!or_null) {
        schema.add("$ref", target);
        return;
    }
    ArrayWriter choices(schema.slot("anyOf"));
    choices.add_raw(make_object("$ref", target)).add_raw("{\"type\":\"null\"}");
}

void add_choice(ObjectWriter& schema, const TypeInfo& type, bool or_null) {
    add_type(schema, "string", or_null);
    ArrayWriter list(schema.slot("enum"));
    for (const std::string_view name : type.names) {
        list.add(name);
    }
    if (or_null) {
        list.add(nullptr);
    }
}

// NOLINTNEXTLINE(misc-no-recursion)
void add_members(ObjectWriter& schema, const TypeInfo& type, const Rules& rules,
                 const Rules& item_rules, bool or_null) {
    switch (type.kind) {
        case Kind::boolean: add_type(schema, "boolean", or_null); return;
        case Kind::integer:
            add_type(schema, "integer", or_null);
            add_number_rules(schema, type, rules);
            return;
        case Kind::number:
            add_type(schema, "number", or_null);
            add_number_rules(schema, type, rules);
            return;
        case Kind::string:
            add_type(schema, "string", or_null);
            add_string_rules(schema, rules, or_null);
            return;
        case Kind::time:
            add_type(schema, "string", or_null);
            schema.add("format", "date-time");
            return;
        case Kind::choice: add_choice(schema, type, or_null); return;
        case Kind::raw: return;  // the empty schema: any value
        case Kind::nullable: add_members(schema, *type.item, rules, item_rules, true); return;
        case Kind::list:
        case Kind::dictionary: add_container(schema, type, rules, item_rules, or_null); return;
        case Kind::object: add_reference(schema, type, or_null); return;
    }
}

void add_description(ObjectWriter& schema, const FieldInfo& field) {
    std::string text(field.doc);
    const std::string_view pattern = field.rules.pattern;
    if (!pattern.empty() && !is_regular_expression(pattern)) {
        text.append(text.empty() ? "Must be " : " Must be ").append(pattern).append(".");
    }
    if (!text.empty()) {
        schema.add("description", text);
    }
}

/// The value the member has when it is not sent, unless that says nothing.
void add_default(ObjectWriter& schema, const TypeInfo& owner, const FieldInfo& field) {
    const bool is_secret = field.secret || field.type->is_secret;
    if (field.required || is_secret || field.type->kind == Kind::nullable ||
        field.type->kind == Kind::time) {
        return;
    }
    const void* member = field.address(const_cast<void*>(owner.prototype()));
    append_value(schema.slot("default"), *field.type, member);
}

}  // namespace

void append_schema(std::string& out, const TypeInfo& type) {
    ObjectWriter schema(out);
    add_members(schema, type, schema_no_rules, schema_no_rules, false);
}

void append_schema(std::string& out, const TypeInfo& owner, const FieldInfo& field) {
    ObjectWriter schema(out);
    add_members(schema, *field.type, field.rules, field.item_rules, false);
    if (field.secret) {
        schema.add("format", "password");
    }
    add_description(schema, field);
    add_default(schema, owner, field);
    if (!field.example.empty()) {
        ArrayWriter(schema.slot("examples")).add_raw(field.example);
    }
}

void append_definition(std::string& out, const TypeInfo& type) {
    ObjectWriter schema(out);
    schema.add("type", "object").add("title", type.name);
    if (!type.doc.empty()) {
        schema.add("description", type.doc);
    }
    {
        ObjectWriter properties(schema.slot("properties"));
        for (const FieldInfo& field : type.fields) {
            append_schema(properties.slot(field.name), type, field);
        }
    }
    if (std::ranges::any_of(type.fields, &FieldInfo::required)) {
        ArrayWriter required_names(schema.slot("required"));
        for (const FieldInfo& field : type.fields) {
            if (field.required) {
                required_names.add(field.name);
            }
        }
    }
}

// NOLINTNEXTLINE(misc-no-recursion)
void collect_named(const TypeInfo& type, std::vector<const TypeInfo*>& found) {
    if (type.item != nullptr) {
        collect_named(*type.item, found);
    }
    if (type.kind != Kind::object || std::ranges::find(found, &type) != found.end()) {
        return;
    }
    found.push_back(&type);
    for (const FieldInfo& field : type.fields) {
        collect_named(*field.type, found);
    }
}

}  // namespace courseselect::json
