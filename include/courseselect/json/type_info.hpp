#pragma once
/// The tables that one non-template reader, writer and schema printer walk. `describe.hpp` makes
/// them at compile time; nobody fills them by hand.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace courseselect::json {

enum class Kind : std::uint8_t {
    boolean,
    integer,     ///< integers and `core::Id`
    number,      ///< double
    string,      ///< std::string and `core::Secret`
    choice,      ///< a C++ enum, on the wire one of a list of strings
    time,        ///< `core::WallTime`, RFC 3339
    raw,         ///< any JSON value, as text
    nullable,    ///< std::optional and `Patch`
    list,        ///< std::vector
    dictionary,  ///< std::map<std::string, T>
    object,      ///< a described struct
};

inline constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

/// What a value must satisfy beyond its type. Lengths count code points.
struct Rules {
    double at_least = -std::numeric_limits<double>::infinity();
    double at_most = std::numeric_limits<double>::infinity();
    std::size_t length_min = 0;
    std::size_t length_max = no_limit;
    std::size_t items_min = 0;
    std::size_t items_max = no_limit;
    std::string_view pattern;
    bool (*matches)(std::string_view text) = nullptr;
    std::span<const std::string_view> one_of;
    std::span<const std::string_view> keys;

    [[nodiscard]] constexpr bool has_at_least() const {
        return at_least > -std::numeric_limits<double>::infinity();
    }
    [[nodiscard]] constexpr bool has_at_most() const {
        return at_most < std::numeric_limits<double>::infinity();
    }
};

struct TypeInfo;

/// One member of a described struct.
struct FieldInfo {
    std::string_view name;
    const TypeInfo* type = nullptr;
    /// The member's address in an object of the described type.
    void* (*address)(void* object) = nullptr;
    Rules rules;               ///< for the value, or the value inside an optional
    Rules item_rules;          ///< for the innermost items of a list or dictionary
    std::string_view doc;      ///< a sentence for the API page
    std::string_view example;  ///< JSON text
    bool required = true;
    bool secret = false;           ///< never appears in an error
    bool omit_empty = false;       ///< an empty optional is left out instead of written as null
    bool empty_is_absent = false;  ///< in a query `name=` counts as not sent
};

/// How values of one C++ type are reached through `void*`. Only the members of its kind are set.
struct TypeInfo {
    Kind kind = Kind::raw;

    bool is_id = false;      ///< integer: a core::Id, so at least 1 unless the field says otherwise
    bool is_secret = false;  ///< string: a core::Secret
    std::int64_t int_min = 0;
    std::int64_t int_max = 0;
    void (*store_int)(void* target, std::int64_t value) = nullptr;  ///< choice: index in `names`
    std::int64_t (*load_int)(const void* source) = nullptr;         ///< choice: index in `names`
    std::span<const std::string_view> names{};                      ///< choice

    void (*store_text)(void* target, std::string_view text) = nullptr;  ///< string, raw
    std::string_view (*load_text)(const void* source) = nullptr;

    const TypeInfo* item = nullptr;  ///< nullable, list, dictionary: what is inside

    bool is_patch = false;
    void* (*engage)(void* target) = nullptr;            ///< nullable: makes a value, its address
    void (*clear)(void* target) = nullptr;              ///< nullable: null; containers: empty
    const void* (*peek)(const void* source) = nullptr;  ///< nullable: the value or nullptr
    bool (*is_absent)(const void* source) = nullptr;    ///< patch

    void (*reserve)(void* target, std::size_t size) = nullptr;  ///< list: room for so many items
    void* (*append)(void* target) = nullptr;                    ///< list: a new last item
    std::size_t (*size)(const void* source) = nullptr;
    const void* (*at)(const void* source, std::size_t index) = nullptr;

    void* (*slot)(void* target, std::string_view key) = nullptr;  ///< dictionary: found or made
    void (*visit)(const void* source, void* context,
                  void (*each)(void* context, std::string_view key,
                               const void* value)) = nullptr;  ///< dictionary, in key order

    std::string_view name{};  ///< object: its name among the schemas
    std::string_view doc{};
    std::span<const FieldInfo> fields{};
    const void* (*prototype)() = nullptr;  ///< object: a default-constructed one
};

}  // namespace courseselect::json
