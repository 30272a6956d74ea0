#include "courseselect/json/example.hpp"

#include <algorithm>
#include <cmath>

#include "courseselect/json/writer.hpp"

namespace courseselect::json {
namespace {

constexpr Rules example_no_rules{};

/// The lowest number allowed, or 0 when that is allowed too.
double example_number(const TypeInfo& type, const Rules& rules) {
    if (rules.has_at_least() && rules.at_least > 0) {
        return std::ceil(rules.at_least);
    }
    if (type.is_id) {
        return 1;
    }
    return rules.has_at_most() ? std::min(0.0, std::floor(rules.at_most)) : 0;
}

std::string example_text(const Rules& rules) {
    if (!rules.one_of.empty()) {
        return std::string(rules.one_of.front());
    }
    std::string text = "text";
    text.resize(std::max(text.size(), rules.length_min), 'x');
    text.resize(std::min(text.size(), rules.length_max));
    return text;
}

void append_simplest(std::string& out, const TypeInfo& type, const Rules& rules,
                     const Rules& item_rules);

// NOLINTNEXTLINE(misc-no-recursion): the depth is that of the declared types
void append_members(std::string& out, const TypeInfo& type) {
    ObjectWriter object(out);
    for (const FieldInfo& field : type.fields) {
        if (is_in_example(field)) {
            append_example(object.slot(field.name), field);
        }
    }
}

// NOLINTNEXTLINE(misc-no-recursion)
void append_dictionary(std::string& out, const TypeInfo& type, const Rules& rules,
                       const Rules& item_rules) {
    ObjectWriter object(out);
    const std::string_view key = rules.keys.empty() ? "key" : rules.keys.front();
    append_simplest(object.slot(key), *type.item, item_rules, item_rules);
}

// NOLINTNEXTLINE(misc-no-recursion)
void append_simplest(std::string& out, const TypeInfo& type, const Rules& rules,
                     const Rules& item_rules) {
    switch (type.kind) {
        case Kind::boolean: out += "true"; return;
        case Kind::integer:
            append_integer(out, static_cast<std::int64_t>(example_number(type, rules)));
            return;
        case Kind::number: append_number(out, example_number(type, rules)); return;
        case Kind::string: append_string(out, example_text(rules)); return;
        case Kind::choice: append_string(out, type.names.front()); return;
        case Kind::time: append_string(out, "2026-09-01T08:00:00Z"); return;
        case Kind::raw: out += "null"; return;
        case Kind::nullable: append_simplest(out, *type.item, rules, item_rules); return;
        case Kind::list: {
            ArrayWriter list(out);
            append_simplest(list.slot(), *type.item, item_rules, item_rules);
            return;
        }
        case Kind::dictionary: append_dictionary(out, type, rules, item_rules); return;
        case Kind::object: append_members(out, type); return;
    }
}

}  // namespace

void append_example(std::string& out, const TypeInfo& type) {
    append_simplest(out, type, example_no_rules, example_no_rules);
}

// NOLINTNEXTLINE(misc-no-recursion)
void append_example(std::string& out, const FieldInfo& field) {
    if (!field.example.empty()) {
        out += field.example;
        return;
    }
    append_simplest(out, *field.type, field.rules, field.item_rules);
}

}  // namespace courseselect::json
