#pragma once
/// Makes the `TypeInfo` of a C++ type. Not API.

#include <array>
#include <cassert>
#include <concepts>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/ids.hpp"
#include "courseselect/core/secret.hpp"
#include "courseselect/json/patch.hpp"
#include "courseselect/json/type_info.hpp"

namespace courseselect::json {

template <class T>
struct Describe;
template <class E>
struct Names;

namespace detail {

template <class T>
concept Described = requires {
    Describe<T>::fields();
};
template <class E>
concept NamedEnum = std::is_enum_v<E> && requires {
    Names<E>::values;
};

template <class T>
inline constexpr bool is_id = false;
template <class Kind>
inline constexpr bool is_id<core::Id<Kind>> = true;
template <class T>
inline constexpr bool is_nullable = false;
template <class T>
inline constexpr bool is_nullable<std::optional<T>> = true;
template <class T>
inline constexpr bool is_nullable<Patch<T>> = true;
template <class T>
inline constexpr bool unsupported = false;

template <class T>
T& as(void* target) {
    return *static_cast<T*>(target);
}
template <class T>
const T& as(const void* source) {
    return *static_cast<const T*>(source);
}

template <class T>
struct Bind {
    static_assert(unsupported<T>, "json: this type has no Describe, Names or built-in mapping");
};

template <class T>
inline constexpr TypeInfo type_info = Bind<T>::make();

template <>
struct Bind<bool> {
    static constexpr TypeInfo make() { return {.kind = Kind::boolean}; }
};
template <>
struct Bind<double> {
    static constexpr TypeInfo make() { return {.kind = Kind::number}; }
};
template <>
struct Bind<core::WallTime> {
    static constexpr TypeInfo make() { return {.kind = Kind::time}; }
};

template <class T>
requires(std::signed_integral<T> || std::same_as<T, std::uint16_t> ||
         std::same_as<T, std::uint32_t> || std::same_as<T, std::uint8_t>) struct Bind<T> {
    static constexpr TypeInfo make() {
        return {.kind = Kind::integer,
                .int_min = std::numeric_limits<T>::min(),
                .int_max = std::numeric_limits<T>::max(),
                .store_int = [](void* target,
                                std::int64_t value) { as<T>(target) = static_cast<T>(value); },
                .load_int = [](const void* source) -> std::int64_t { return as<T>(source); }};
    }
};

template <class T>
requires is_id<T>
struct Bind<T> {
    static constexpr TypeInfo make() {
        return {
            .kind = Kind::integer,
            .is_id = true,
            .int_min = std::numeric_limits<std::int64_t>::min(),
            .int_max = std::numeric_limits<std::int64_t>::max(),
            .store_int = [](void* target, std::int64_t value) { as<T>(target) = T(value); },
            .load_int = [](const void* source) -> std::int64_t { return as<T>(source).value(); }};
    }
};

template <NamedEnum E>
struct Bind<E> {
    static constexpr std::size_t count = Names<E>::values.size();
    static constexpr std::array<std::string_view, count> names = [] {
        std::array<std::string_view, count> result;
        for (std::size_t i = 0; i < count; ++i) {
            result[i] = Names<E>::values[i].text;
        }
        return result;
    }();
    static std::int64_t index_of(const void* source) {
        for (std::size_t i = 0; i < count; ++i) {
            if (Names<E>::values[i].value == as<E>(source)) {
                return static_cast<std::int64_t>(i);
            }
        }
        return -1;
    }
    static void store(void* target, std::int64_t index) {
        as<E>(target) = Names<E>::values[static_cast<std::size_t>(index)].value;
    }
    static constexpr TypeInfo make() {
        return {.kind = Kind::choice, .store_int = &store, .load_int = &index_of, .names = names};
    }
};

template <>
struct Bind<std::string> {
    static constexpr TypeInfo make() {
        return {.kind = Kind::string,
                .store_text = [](void* target,
                                 std::string_view text) { as<std::string>(target).assign(text); },
                .load_text = [](const void* source) -> std::string_view {
                    return as<std::string>(source);
                }};
    }
};
template <>
struct Bind<core::Secret> {
    static constexpr TypeInfo make() {
        return {.kind = Kind::string,
                .is_secret = true,
                .store_text =
                    [](void* target, std::string_view text) {
                        as<core::Secret>(target) = core::Secret(std::string(text));
                    },
                .load_text = [](const void* source) { return as<core::Secret>(source).reveal(); }};
    }
};
template <>
struct Bind<Raw> {
    static constexpr TypeInfo make() {
        return {.kind = Kind::raw,
                .store_text = [](void* target,
                                 std::string_view text) { as<Raw>(target).text.assign(text); },
                .load_text = [](const void* source) -> std::string_view {
                    return as<Raw>(source).text;
                }};
    }
};

template <class T>
struct Bind<std::optional<T>> {
    static constexpr TypeInfo make() {
        return {
            .kind = Kind::nullable,
            .item = &type_info<T>,
            .engage = [](void* target) -> void* { return &as<std::optional<T>>(target).emplace(); },
            .clear = [](void* target) { as<std::optional<T>>(target).reset(); },
            .peek = [](const void* source) -> const void* {
                const auto& value = as<std::optional<T>>(source);
                return value ? &*value : nullptr;
            }};
    }
};
template <class T>
struct Bind<Patch<T>> {
    static constexpr TypeInfo make() {
        return {.kind = Kind::nullable,
                .item = &type_info<T>,
                .is_patch = true,
                .engage = [](void* target) -> void* { return &as<Patch<T>>(target).emplace(); },
                .clear = [](void* target) { as<Patch<T>>(target).set_null(); },
                .peek = [](const void* source) -> const void* {
                    const auto& value = as<Patch<T>>(source).optional();
                    return value ? &*value : nullptr;
                },
                .is_absent = [](const void* source) { return as<Patch<T>>(source).is_absent(); }};
    }
};

template <class T>
struct Bind<std::vector<T>> {
    static_assert(!std::is_same_v<T, bool>, "json: std::vector<bool> has no addressable items");
    using List = std::vector<T>;
    static constexpr TypeInfo make() {
        return {.kind = Kind::list,
                .item = &type_info<T>,
                .clear = [](void* target) { as<List>(target).clear(); },
                .reserve = [](void* target, std::size_t size) { as<List>(target).reserve(size); },
                .append = [](void* target) -> void* { return &as<List>(target).emplace_back(); },
                .size = [](const void* source) { return as<List>(source).size(); },
                .at = [](const void* source, std::size_t index) -> const void* {
                    return &as<List>(source)[index];
                }};
    }
};

template <class T>
struct Bind<std::map<std::string, T>> {
    using Map = std::map<std::string, T>;
    static void visit(const void* source, void* context,
                      void (*each)(void*, std::string_view, const void*)) {
        for (const auto& [key, value] : as<Map>(source)) {
            each(context, key, &value);
        }
    }
    static constexpr TypeInfo make() {
        return {.kind = Kind::dictionary,
                .item = &type_info<T>,
                .clear = [](void* target) { as<Map>(target).clear(); },
                .size = [](const void* source) { return as<Map>(source).size(); },
                .slot = [](void* target, std::string_view key) -> void* {
                    T& fresh = as<Map>(target)[std::string(key)];
                    fresh = T{};
                    return &fresh;
                },
                .visit = &visit};
    }
};

/// The fields of another described type that the struct derives from.
template <class Base>
struct Include {};

/// `N` fields in order. `Parts` are what they came from: FieldInfo or Include<Base>. Deliberately
/// no tuple: hundreds of types are described, and each tuple of twenty parts costs the compiler
/// more than all the rest of a description.
template <std::size_t N, class... Parts>
struct Object {
    std::string_view name;
    std::string_view doc;
    std::array<FieldInfo, N> fields;
};

template <class T>
struct MemberPointer;
template <class OwnerType, class T>
struct MemberPointer<T OwnerType::*> {
    using Owner = OwnerType;
    using Type = T;
};

/// `object` is the owner of the member, or derived from it with the owner at its start.
template <auto Member>
void* member_address(void* object) {
    using Owner = typename MemberPointer<decltype(Member)>::Owner;
    return &(static_cast<Owner*>(object)->*Member);
}

template <class Part>
inline constexpr std::size_t part_size = 1;
template <class Base>
inline constexpr std::size_t part_size<Include<Base>> = Describe<Base>::fields().fields.size();

constexpr void add_part(FieldInfo*& out, const FieldInfo& field) { *out++ = field; }
template <class Base>
constexpr void add_part(FieldInfo*& out, const Include<Base>&) {
    for (const FieldInfo& field : Describe<Base>::fields().fields) {
        *out++ = field;
    }
}

template <class Owner, class Part>
inline constexpr bool is_part_of = true;
template <class Owner, class Base>
inline constexpr bool is_part_of<Owner, Include<Base>> = std::is_base_of_v<Base, Owner>;

/// Fields of a base are reached through the derived object's own address.
template <class Owner, class Part>
bool is_at_start(const Owner&, const Part*) {
    return true;
}
template <class Owner, class Base>
bool is_at_start(const Owner& object, const Include<Base>*) {
    return static_cast<const void*>(static_cast<const Base*>(&object)) == &object;
}

template <class Owner, std::size_t N, class... Parts>
constexpr bool are_parts_of(const Object<N, Parts...>&) {
    return (is_part_of<Owner, Parts> && ...);
}
template <class Owner, std::size_t N, class... Parts>
bool are_at_start(const Owner& owner, const Object<N, Parts...>&) {
    return (is_at_start(owner, static_cast<const Parts*>(nullptr)) && ...);
}

template <Described T>
struct Bind<T> {
    static constexpr auto object = Describe<T>::fields();
    static_assert(object.fields.size() <= 64, "json: a described type has at most 64 fields");
    static_assert(are_parts_of<T>(object), "json: include<Base>() needs a derived struct");
    static const void* prototype() {
        static const T instance{};
        assert(are_at_start(instance, object) && "json: include<Base>() needs the first base");
        return &instance;
    }
    static constexpr TypeInfo make() {
        return {.kind = Kind::object,
                .name = object.name,
                .doc = object.doc,
                .fields = object.fields,
                .prototype = &prototype};
    }
};

template <std::size_t N>
struct FixedText {
    constexpr FixedText(const char (&text)[N]) {
        for (std::size_t i = 0; i < N; ++i) {
            chars[i] = text[i];
        }
    }
    [[nodiscard]] constexpr std::string_view view() const { return {chars, N - 1}; }
    char chars[N]{};
};
template <FixedText... Texts>
inline constexpr std::array<std::string_view, sizeof...(Texts)> text_list{Texts.view()...};

}  // namespace detail
}  // namespace courseselect::json
