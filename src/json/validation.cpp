#include "validation.hpp"

#include <algorithm>
#include <cmath>

#include "courseselect/core/check.hpp"
#include "courseselect/core/time_format.hpp"
#include "courseselect/json/writer.hpp"
#include "scalar_text.hpp"
#include "syntax.hpp"

namespace courseselect::json {
namespace {

std::vector<LocPart> location(const Step& last) {
    std::vector<LocPart> loc;
    for (const Step* step = &last; step != nullptr; step = step->parent) {
        if (step->index >= 0) {
            loc.emplace_back(step->index);
        } else if (!step->name.empty() || step->parent != nullptr) {
            loc.emplace_back(std::string(step->name));
        }
    }
    std::ranges::reverse(loc);
    return loc;
}

std::string counted(std::string_view what, std::size_t count, std::string_view unit) {
    std::string text(what);
    text.append(std::to_string(count)).append(" ").append(unit);
    return count == 1 ? text : text + "s";
}

/// "3", or "2.5": a bound in a message.
std::string bound_text(double bound) {
    std::string text;
    append_number(text, bound);
    return text.ends_with(".0") ? text.substr(0, text.size() - 2) : text;
}

void refuse_bound(Faults& faults, const Place& place, const Source& source, bool is_low,
                  double bound) {
    std::string ctx = is_low ? "{\"ge\":" : "{\"le\":";
    if (place.type.kind == Kind::number) {
        append_number(ctx, bound);
    } else {
        ctx += bound_text(bound);
    }
    ctx += '}';
    faults.add(place, source, is_low ? "greater_than_equal" : "less_than_equal",
               (is_low ? "Input should be greater than or equal to "
                       : "Input should be less than or equal to ") +
                   bound_text(bound),
               std::move(ctx));
}

/// The range of the C++ type, when no narrower rule is declared.
void refuse_range(Faults& faults, const Place& place, const Source& source, bool is_low) {
    const std::string bound = std::to_string(is_low ? place.type.int_min : place.type.int_max);
    faults.add(place, source, is_low ? "greater_than_equal" : "less_than_equal",
               (is_low ? "Input should be greater than or equal to "
                       : "Input should be less than or equal to ") +
                   bound,
               (is_low ? "{\"ge\":" : "{\"le\":") + bound + "}");
}

bool integer_at_least(const Place& place, double& bound) {
    if (!place.rules.has_at_least() && !place.type.is_id) {
        return false;
    }
    bound = place.rules.has_at_least() ? place.rules.at_least : 1;
    return true;
}

}  // namespace

std::string Faults::input(const TypeInfo& type, bool is_secret, const Source& source) const {
    if (is_secret) {
        return std::string(hidden_input);
    }
    std::string text;
    if (source.element != nullptr) {
        append_echo(text, *source.element, &type,
                    Echo{.bytes_max = options_.input_bytes_max, .guarded = has_secrets(root_)});
    } else {
        append_cut_string(text, source.text, options_.input_bytes_max);
    }
    return text;
}

void Faults::add(const Place& place, const Source& source, std::string_view type, std::string msg,
                 std::string ctx) {
    if (is_full()) {
        return;
    }
    const bool is_secret = place.secret || place.type.is_secret;
    errors_.push_back({.type = std::string(type),
                       .loc = location(place.step),
                       .msg = std::move(msg),
                       .input = input(place.type, is_secret, source),
                       .ctx = std::move(ctx)});
}

void Faults::add_missing(const Step& step, const TypeInfo& owner, bool is_secret,
                         const Source& enclosing) {
    if (is_full()) {
        return;
    }
    errors_.push_back(
        {.type = "missing",
         .loc = location(step),
         .msg = "Field required",
         .input = enclosing.element == nullptr ? "null" : input(owner, is_secret, enclosing),
         .ctx = {}});
}

void Faults::add_syntax(std::string_view where, std::size_t offset, std::string_view text) {
    std::vector<LocPart> loc;
    if (!where.empty()) {
        loc.emplace_back(std::string(where));
    }
    loc.emplace_back(static_cast<std::int64_t>(offset));
    errors_.push_back({.type = "json_invalid",
                       .loc = std::move(loc),
                       .msg = "JSON decode error",
                       .input = "{}",
                       .ctx = make_object("error", text)});
}

void accept_integer(Faults& faults, const Place& place, void* target, std::int64_t value,
                    const Source& source) {
    double low = 0;
    if (integer_at_least(place, low) && static_cast<double>(value) < low) {
        refuse_bound(faults, place, source, true, low);
    } else if (static_cast<double>(value) > place.rules.at_most) {
        refuse_bound(faults, place, source, false, place.rules.at_most);
    } else if (value < place.type.int_min || value > place.type.int_max) {
        refuse_range(faults, place, source, value < place.type.int_min);
    } else {
        place.type.store_int(target, value);
    }
}

void refuse_huge_integer(Faults& faults, const Place& place, bool is_negative,
                         const Source& source) {
    double low = 0;
    if (is_negative && integer_at_least(place, low)) {
        refuse_bound(faults, place, source, true, low);
    } else if (!is_negative && place.rules.has_at_most()) {
        refuse_bound(faults, place, source, false, place.rules.at_most);
    } else {
        refuse_range(faults, place, source, is_negative);
    }
}

void accept_number(Faults& faults, const Place& place, void* target, double value,
                   const Source& source) {
    if (value < place.rules.at_least) {
        refuse_bound(faults, place, source, true, place.rules.at_least);
    } else if (value > place.rules.at_most) {
        refuse_bound(faults, place, source, false, place.rules.at_most);
    } else {
        *static_cast<double*>(target) = value;
    }
}

void accept_string(Faults& faults, const Place& place, void* target, std::string_view text,
                   const Source& source) {
    const Rules& rules = place.rules;
    // A code point is one to four bytes: most texts need not be counted.
    if (text.size() < 4 * rules.length_min || text.size() > rules.length_max) {
        const std::size_t length = code_points(text);
        if (length < rules.length_min) {
            faults.add(place, source, "string_too_short",
                       counted("String should have at least ", rules.length_min, "character"),
                       make_object("min_length", rules.length_min));
            return;
        }
        if (length > rules.length_max) {
            faults.add(place, source, "string_too_long",
                       counted("String should have at most ", rules.length_max, "character"),
                       make_object("max_length", rules.length_max));
            return;
        }
    }
    if (rules.matches != nullptr && !rules.matches(text)) {
        faults.add(place, source, "string_pattern_mismatch",
                   "String should match pattern '" + std::string(rules.pattern) + "'",
                   make_object("pattern", rules.pattern));
        return;
    }
    if (!rules.one_of.empty() && std::ranges::find(rules.one_of, text) == rules.one_of.end()) {
        refuse_choice(faults, place, rules.one_of, source);
        return;
    }
    place.type.store_text(target, text);
}

void accept_text(Faults& faults, const Place& place, void* target, std::string_view text,
                 const Source& source) {
    switch (place.type.kind) {
        case Kind::boolean:
            if (const auto value = bool_from_text(text)) {
                *static_cast<bool*>(target) = *value;
            } else {
                faults.add(place, source, "bool_parsing",
                           "Input should be a valid boolean, unable to interpret input");
            }
            return;
        case Kind::integer: {
            std::int64_t value = 0;
            const IntText outcome = int_from_text(text, value);
            if (outcome == IntText::ok) {
                accept_integer(faults, place, target, value, source);
            } else if (outcome == IntText::malformed) {
                faults.add(place, source, "int_parsing",
                           "Input should be a valid integer, unable to parse string as an integer");
            } else {
                refuse_huge_integer(faults, place, outcome == IntText::too_small, source);
            }
            return;
        }
        case Kind::number:
            if (const auto value = number_from_text(text)) {
                accept_number(faults, place, target, *value, source);
            } else {
                faults.add(place, source, "float_parsing",
                           "Input should be a valid number, unable to parse string as a number");
            }
            return;
        case Kind::choice: {
            const auto found = std::ranges::find(place.type.names, text);
            if (found == place.type.names.end()) {
                refuse_choice(faults, place, place.type.names, source);
            } else {
                place.type.store_int(target, found - place.type.names.begin());
            }
            return;
        }
        case Kind::time:
            if (const auto value = core::parse_rfc3339(text)) {
                *static_cast<core::WallTime*>(target) = *value;
            } else {
                faults.add(place, source, "datetime_parsing",
                           "Input should be a valid datetime, as in 2026-11-21T04:33:53Z");
            }
            return;
        case Kind::string: accept_string(faults, place, target, text, source); return;
        default: refuse_type(faults, place, source);
    }
}

void refuse_type(Faults& faults, const Place& place, const Source& source) {
    switch (place.type.kind) {
        case Kind::boolean:
            faults.add(place, source, "bool_type", "Input should be a valid boolean");
            return;
        case Kind::integer:
            faults.add(place, source, "int_type", "Input should be a valid integer");
            return;
        case Kind::number:
            faults.add(place, source, "float_type", "Input should be a valid number");
            return;
        case Kind::string:
            faults.add(place, source, "string_type", "Input should be a valid string");
            return;
        case Kind::choice: refuse_choice(faults, place, place.type.names, source); return;
        case Kind::time:
            faults.add(place, source, "datetime_type", "Input should be a valid datetime");
            return;
        case Kind::list:
            faults.add(place, source, "list_type", "Input should be a valid list");
            return;
        case Kind::dictionary:
            faults.add(place, source, "dict_type", "Input should be a valid dictionary");
            return;
        case Kind::object:
            faults.add(place, source, "model_attributes_type",
                       "Input should be a valid dictionary or object to extract fields from");
            return;
        case Kind::nullable:
        case Kind::raw:
            COURSESELECT_CHECK(false);  // every value fits raw, and nullable is seen through
    }
}

void check_items(Faults& faults, const Place& place, std::size_t size, const Source& source) {
    const Rules& rules = place.rules;
    if (size >= rules.items_min && size <= rules.items_max) {
        return;
    }
    const bool is_short = size < rules.items_min;
    const bool is_list = place.type.kind == Kind::list;
    const std::string_view what = is_list ? "List" : "Dictionary";
    const std::size_t bound = is_short ? rules.items_min : rules.items_max;
    std::string msg(what);
    msg += counted(is_short ? " should have at least " : " should have at most ", bound, "item");
    msg += " after validation, not " + std::to_string(size);
    faults.add(place, source, is_short ? "too_short" : "too_long", std::move(msg),
               make_object("field_type", what, is_short ? "min_length" : "max_length", bound,
                           "actual_length", size));
}

void refuse_unicode(Faults& faults, const Place& place, const Source& source) {
    faults.add(place, source, "string_unicode",
               "Input should be a valid string, unable to parse raw data as a unicode string");
}

void refuse_choice(Faults& faults, const Place& place, std::span<const std::string_view> allowed,
                   const Source& source) {
    std::string expected;
    for (std::size_t i = 0; i < allowed.size(); ++i) {
        if (i > 0) {
            expected += i + 1 == allowed.size() ? " or " : ", ";
        }
        expected.append("'").append(allowed[i]).append("'");
    }
    faults.add(place, source, "literal_error", "Input should be " + expected,
               make_object("expected", expected));
}

}  // namespace courseselect::json
