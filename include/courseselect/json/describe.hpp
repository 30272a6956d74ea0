#pragma once
/// Declares a struct once; parser, validator, writer and JSON Schema follow.
///
///     struct CourseRef { core::CourseId course_id; std::string note; };
///
///     template <>
///     struct courseselect::json::Describe<CourseRef> {
///         static constexpr auto fields() {
///             return object("CourseRef", "A course, and why it is meant.",
///                 field<&CourseRef::course_id>("course_id", doc("The course.")),
///                 field<&CourseRef::note>("note", length(0, 500), optional_with_default));
///         }
///     };
///
/// A field is required unless its type is `std::optional` or `Patch`, or it is marked
/// `optional_with_default`: then the member keeps the value its initialiser gave it.
/// Member types: bool, integers, double, std::string, core::Id, core::Secret, core::WallTime,
/// enums with `Names`, `Raw`, described structs, and std::optional, `Patch`, std::vector and
/// std::map<std::string, T> of these. At most 64 fields. A described type is default-constructible.

#include <initializer_list>
#include <span>
#include <string_view>

#include "courseselect/json/detail/bind.hpp"
#include "courseselect/json/patch.hpp"
#include "courseselect/json/type_info.hpp"

namespace courseselect::json {

/// Specialise it: `static constexpr auto fields()` returns `object(...)`.
template <class T>
struct Describe;

/// One enumerator and its text on the wire.
template <class E>
struct Name {
    E value;
    std::string_view text;
};

/// Specialise it for an enum: `static constexpr auto values = std::to_array<Name<E>>({...});`
template <class E>
struct Names;

/// The tables of `T`: what routes keep to parse, write and document a type they do not know.
template <class T>
[[nodiscard]] constexpr const TypeInfo& type_of() {
    return detail::type_info<T>;
}

/// A described struct: its name among the schemas of the API, a sentence, its fields in order.
template <class... Parts>
[[nodiscard]] constexpr auto object(std::string_view name, std::string_view doc,
                                    const Parts&... parts) {
    detail::Object<(detail::part_size<Parts> + ... + 0), Parts...> made{name, doc, {}};
    FieldInfo* out = made.fields.data();
    (detail::add_part(out, parts), ...);
    return made;
}

/// A member under the name it has on the wire; the name needs no escaping. Options follow.
template <auto Member, class... Options>
[[nodiscard]] constexpr FieldInfo field(std::string_view name, const Options&... options) {
    using T = typename detail::MemberPointer<decltype(Member)>::Type;
    FieldInfo info;
    info.name = name;
    info.type = &detail::type_info<T>;
    info.address = &detail::member_address<Member>;
    info.required = !detail::is_nullable<T>;
    info.secret = std::is_same_v<T, core::Secret>;
    (options(info), ...);
    return info;
}

/// The fields of a described base struct, in this place. It must be the first base.
template <class Base>
[[nodiscard]] constexpr detail::Include<Base> include() {
    return {};
}

// Options of a field ---------------------------------------------------------------------------

/// Numbers: smallest value allowed (`greater_than_equal`). Bounds beyond 2^53 lose precision.
[[nodiscard]] constexpr auto at_least(double bound) {
    return [bound](FieldInfo& field) { field.rules.at_least = bound; };
}
/// Numbers: largest value allowed (`less_than_equal`).
[[nodiscard]] constexpr auto at_most(double bound) {
    return [bound](FieldInfo& field) { field.rules.at_most = bound; };
}
/// Numbers: both bounds, inclusive.
[[nodiscard]] constexpr auto between(double low, double high) {
    return [low, high](FieldInfo& field) {
        field.rules.at_least = low;
        field.rules.at_most = high;
    };
}

/// Strings: bounds of the length in code points.
[[nodiscard]] constexpr auto length(std::size_t min, std::size_t max) {
    return [min, max](FieldInfo& field) {
        field.rules.length_min = min;
        field.rules.length_max = max;
    };
}
[[nodiscard]] constexpr auto length_min(std::size_t min) { return length(min, no_limit); }
[[nodiscard]] constexpr auto length_max(std::size_t max) { return length(0, max); }

/// Strings: `matches` decides, `text` (a regular expression) is what clients are told.
[[nodiscard]] constexpr auto pattern(std::string_view text, bool (*matches)(std::string_view)) {
    return [text, matches](FieldInfo& field) {
        field.rules.pattern = text;
        field.rules.matches = matches;
    };
}

/// Strings: exactly one of these, e.g. `one_of<"student", "teacher">`.
template <detail::FixedText... Texts>
inline constexpr auto one_of =
    [](FieldInfo& field) { field.rules.one_of = detail::text_list<Texts...>; };

/// Lists and dictionaries: bounds of the number of items.
[[nodiscard]] constexpr auto items(std::size_t min, std::size_t max) {
    return [min, max](FieldInfo& field) {
        field.rules.items_min = min;
        field.rules.items_max = max;
    };
}
/// Dictionaries: the keys allowed, e.g. `keys<"monday", "tuesday">`.
template <detail::FixedText... Texts>
inline constexpr auto keys =
    [](FieldInfo& field) { field.rules.keys = detail::text_list<Texts...>; };
/// Lists and dictionaries: options for the innermost items, e.g. `each(between(1, 13))`.
template <class... Options>
[[nodiscard]] constexpr auto each(Options... options) {
    return [=](FieldInfo& field) {
        FieldInfo item;
        (options(item), ...);
        field.item_rules = item.rules;
    };
}

/// May be left out; the member then keeps its initialiser's value. Null is not accepted.
inline constexpr auto optional_with_default = [](FieldInfo& field) { field.required = false; };
/// Must be mentioned though its type could be empty (`std::optional`, `Patch`).
inline constexpr auto required = [](FieldInfo& field) { field.required = true; };
/// Passwords, codes, tokens: never repeated in an error, alone or inside its object.
inline constexpr auto secret = [](FieldInfo& field) { field.secret = true; };
/// An empty optional is not written at all (else it is written as null).
inline constexpr auto omit_empty = [](FieldInfo& field) { field.omit_empty = true; };
/// Query parameters: `name=` counts as not sent.
inline constexpr auto empty_is_absent = [](FieldInfo& field) { field.empty_is_absent = true; };

/// A sentence for the API page.
[[nodiscard]] constexpr auto doc(std::string_view sentence) {
    return [sentence](FieldInfo& field) { field.doc = sentence; };
}
/// An example for the API page, as JSON text: `example("\"Algebra\"")`.
[[nodiscard]] constexpr auto example(std::string_view json_text) {
    return [json_text](FieldInfo& field) { field.example = json_text; };
}

}  // namespace courseselect::json
