#include "courseselect/json/reader.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "courseselect/core/check.hpp"
#include "document.hpp"
#include "syntax.hpp"
#include "validation.hpp"

namespace courseselect::json {
namespace {

namespace dom = simdjson::dom;

constexpr Rules no_rules{};
constexpr std::size_t fields_max = 64;
/// Items that a list has room for at once: enough for most, and little for a hostile document.
constexpr std::size_t reserved_items_max = 64;

/// Walks a document and the tables of a type side by side.
class DocumentReader {
  public:
    /// Text without a backslash holds no string that the parser has unescaped.
    DocumentReader(Faults& faults, std::string_view text)
        : faults_(faults), has_escapes_(text.find('\\') != std::string_view::npos) {}

    // NOLINTNEXTLINE(misc-no-recursion): the depth is that of the declared types
    void read(const Place& place, void* target, const dom::element& value) {
        switch (place.type.kind) {
            case Kind::nullable:
                if (value.is_null()) {
                    place.type.clear(target);
                } else {
                    const Place inner{*place.type.item, place.rules, place.item_rules, place.step,
                                      place.secret};
                    read(inner, place.type.engage(target), value);
                }
                return;
            case Kind::object: read_object(place, target, value); return;
            case Kind::list: read_list(place, target, value); return;
            case Kind::dictionary: read_dictionary(place, target, value); return;
            case Kind::raw: {
                std::string text;
                append_element(text, value);
                place.type.store_text(target, text);
                return;
            }
            default: read_scalar(place, target, value);
        }
    }

  private:
    void read_scalar(const Place& place, void* target, const dom::element& value) {
        const Source source{&value, {}};
        const Kind kind = place.type.kind;
        switch (value.type()) {
            case dom::element_type::STRING: {
                const std::string_view text(value);
                if (!is_valid_unicode(text)) {
                    refuse_unicode(faults_, place, source);
                } else if (kind == Kind::string) {
                    accept_string(faults_, place, target, text, source);
                } else {
                    accept_text(faults_, place, target, text, source);
                }
                return;
            }
            case dom::element_type::INT64:
                read_whole(place, target, std::int64_t(value), source);
                return;
            case dom::element_type::UINT64:
                if (kind == Kind::integer) {
                    refuse_huge_integer(faults_, place, false, source);
                    return;
                }
                read_double(place, target, static_cast<double>(std::uint64_t(value)), source);
                return;
            case dom::element_type::DOUBLE:
                read_double(place, target, double(value), source);
                return;
            case dom::element_type::BOOL:
                if (kind == Kind::boolean) {
                    *static_cast<bool*>(target) = bool(value);
                    return;
                }
                break;
            default: break;
        }
        refuse_type(faults_, place, source);
    }

    /// simdjson 3.0 turns an escaped lone low surrogate into bytes that are not UTF-8; it has
    /// checked all others.
    [[nodiscard]] bool is_valid_unicode(std::string_view text) const {
        return !has_escapes_ || find_invalid_utf8(text) == std::string_view::npos;
    }

    void read_whole(const Place& place, void* target, std::int64_t value, const Source& source) {
        if (place.type.kind == Kind::integer) {
            accept_integer(faults_, place, target, value, source);
        } else {
            read_double(place, target, static_cast<double>(value), source);
        }
    }

    void read_double(const Place& place, void* target, double value, const Source& source) {
        constexpr double int64_end = 9223372036854775808.0;  // 2^63
        switch (place.type.kind) {
            case Kind::number: accept_number(faults_, place, target, value, source); return;
            case Kind::integer:
                if (value != std::trunc(value)) {
                    faults_.add(place, source, "int_from_float",
                                "Input should be a valid integer, got a number with a fractional "
                                "part");
                } else if (value < -int64_end || value >= int64_end) {
                    refuse_huge_integer(faults_, place, value < 0, source);
                } else {
                    accept_integer(faults_, place, target, static_cast<std::int64_t>(value),
                                   source);
                }
                return;
            case Kind::boolean:
                if (value == 0 || value == 1) {
                    *static_cast<bool*>(target) = value == 1;
                } else {
                    faults_.add(place, source, "bool_parsing",
                                "Input should be a valid boolean, unable to interpret input");
                }
                return;
            default: refuse_type(faults_, place, source);
        }
    }

    // NOLINTNEXTLINE(misc-no-recursion)
    void read_object(const Place& place, void* target, const dom::element& value) {
        if (!value.is_object()) {
            refuse_type(faults_, place, {&value, {}});
            return;
        }
        const auto fields = place.type.fields;
        std::array<dom::element, fields_max> found;
        std::uint64_t present = 0;
        std::size_t expected = 0;  // documents mostly keep the declared order
        for (const dom::key_value_pair member : dom::object(value)) {
            const std::size_t index = find_field(fields, member.key, expected);
            if (index < fields.size()) {
                found[index] = member.value;  // of a repeated key the last one counts
                present |= std::uint64_t{1} << index;
                expected = index + 1;
            }
        }
        for (std::size_t i = 0; i < fields.size() && !faults_.is_full(); ++i) {
            const FieldInfo& field = fields[i];
            const Step step{&place.step, field.name};
            if ((present >> i & 1U) != 0) {
                const Place inner{*field.type, field.rules, field.item_rules, step,
                                  place.secret || field.secret};
                read(inner, field.address(target), found[i]);
            } else if (field.required) {
                faults_.add_missing(step, place.type, place.secret, {&value, {}});
            }
        }
    }

    static std::size_t find_field(std::span<const FieldInfo> fields, std::string_view name,
                                  std::size_t expected) {
        if (expected < fields.size() && fields[expected].name == name) {
            return expected;
        }
        std::size_t index = 0;
        while (index < fields.size() && fields[index].name != name) {
            ++index;
        }
        return index;
    }

    /// The declared rules reach the innermost items; lists in between have none.
    static const Rules& rules_of_items(const Place& place) {
        const TypeInfo* inner = place.type.item;
        while (inner->kind == Kind::nullable) {
            inner = inner->item;
        }
        const bool is_container = inner->kind == Kind::list || inner->kind == Kind::dictionary;
        return is_container ? no_rules : place.item_rules;
    }

    // NOLINTNEXTLINE(misc-no-recursion)
    void read_list(const Place& place, void* target, const dom::element& value) {
        if (!value.is_array()) {
            refuse_type(faults_, place, {&value, {}});
            return;
        }
        place.type.clear(target);
        const std::size_t size = dom::array(value).size();
        place.type.reserve(target, std::min({size, place.rules.items_max, reserved_items_max}));
        const Rules& rules = rules_of_items(place);
        std::int64_t index = 0;
        for (const dom::element item : dom::array(value)) {
            if (faults_.is_full() || static_cast<std::size_t>(index) > place.rules.items_max) {
                break;
            }
            const Step step{&place.step, {}, index++};
            read({*place.type.item, rules, place.item_rules, step, place.secret},
                 place.type.append(target), item);
        }
        check_items(faults_, place, size, {&value, {}});
    }

    // NOLINTNEXTLINE(misc-no-recursion)
    void read_dictionary(const Place& place, void* target, const dom::element& value) {
        if (!value.is_object()) {
            refuse_type(faults_, place, {&value, {}});
            return;
        }
        place.type.clear(target);
        const auto keys = place.rules.keys;
        const Rules& rules = rules_of_items(place);
        for (const dom::key_value_pair member : dom::object(value)) {
            if (faults_.is_full() || place.type.size(target) > place.rules.items_max) {
                break;
            }
            const Step step{&place.step, member.key};
            const Step key_step{&step, "[key]"};
            const Place key_place{detail::type_info<std::string>, no_rules, no_rules, key_step,
                                  place.secret};
            if (!is_valid_unicode(member.key)) {
                refuse_unicode(faults_, key_place, {nullptr, member.key});
                continue;
            }
            if (!keys.empty() && std::ranges::find(keys, member.key) == keys.end()) {
                refuse_choice(faults_, key_place, keys, {nullptr, member.key});
                continue;
            }
            read({*place.type.item, rules, place.item_rules, step, place.secret},
                 place.type.slot(target, member.key), member.value);
        }
        check_items(faults_, place, place.type.size(target), {&value, {}});
    }

    Faults& faults_;
    const bool has_escapes_;
};

/// One described field from the parameters of its name.
class PairsReader {
  public:
    PairsReader(Faults& faults, std::span<const NameValue> pairs)
        : faults_(faults), pairs_(pairs) {}

    void read(const FieldInfo& field, const TypeInfo& owner, void* member, const Step& step) {
        const TypeInfo* type = field.type;
        std::size_t count = 0;
        std::string_view last;
        for (const NameValue& pair : pairs_) {
            if (is_value_of(field, pair)) {
                last = pair.value;
                ++count;
            }
        }
        if (count == 0) {
            if (field.required) {
                faults_.add_missing(step, owner, false, {});
            }
            return;
        }
        if (type->kind == Kind::nullable) {
            member = type->engage(member);
            type = type->item;
        }
        if (type->kind != Kind::list) {
            accept({*type, field.rules, field.item_rules, step, field.secret}, member, last);
            return;
        }
        type->clear(member);
        std::int64_t index = 0;
        for (const NameValue& pair : pairs_) {
            if (is_value_of(field, pair) && !faults_.is_full()) {
                const Step item{&step, {}, index++};
                accept({*type->item, field.item_rules, no_rules, item, field.secret},
                       type->append(member), pair.value);
            }
        }
        check_items(faults_, {*type, field.rules, field.item_rules, step, field.secret}, count,
                    {nullptr, last});
    }

  private:
    static bool is_value_of(const FieldInfo& field, const NameValue& pair) {
        return pair.name == field.name && !(field.empty_is_absent && pair.value.empty());
    }
    void accept(const Place& place, void* target, std::string_view text) {
        if (find_invalid_utf8(text) != std::string_view::npos) {
            refuse_unicode(faults_, place, {nullptr, text});
            return;
        }
        accept_text(faults_, place, target, text, {nullptr, text});
    }

    Faults& faults_;
    std::span<const NameValue> pairs_;
};

}  // namespace

std::vector<FieldError> read_document(const TypeInfo& type, void* target, std::string_view text,
                                      std::string_view where, const ReadOptions& options) {
    Faults faults(type, options);
    const Step root{nullptr, where};
    if (text.empty() && !where.empty()) {
        faults.add_missing(root, type, false, {});
        return faults.take();
    }
    BufferLease buffer(text.size());
    dom::element document;
    if (!(*buffer).load(text, options, document)) {
        faults.add_syntax(where, (*buffer).fault_offset(), (*buffer).fault_text());
        return faults.take();
    }
    DocumentReader(faults, text).read({type, no_rules, no_rules, root, false}, target, document);
    return faults.take();
}

std::vector<FieldError> read_pairs(const TypeInfo& type, void* target,
                                   std::span<const NameValue> pairs, std::string_view where,
                                   const ReadOptions& options) {
    COURSESELECT_CHECK(type.kind == Kind::object);
    Faults faults(type, options);
    const Step root{nullptr, where};
    PairsReader reader(faults, pairs);
    for (const FieldInfo& field : type.fields) {
        reader.read(field, type, field.address(target), Step{&root, field.name});
    }
    return faults.take();
}

}  // namespace courseselect::json
