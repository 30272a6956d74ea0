#pragma once
/// Writes described types, and small objects by hand, into one string; no tree in between.
///
/// Doubles are the shortest text that reads back equal and always look like floats (`3.0`), NaN
/// and infinities become null; integers are exact. Strings are escaped as RFC 8259 asks, UTF-8
/// passes through, bytes that are not UTF-8 become U+FFFD.
/// Thread-safety: any thread.

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "courseselect/json/describe.hpp"

namespace courseselect::json {

/// Appends a value of a type known by its tables.
void append_value(std::string& out, const TypeInfo& type, const void* value);

/// Appends `text` as a JSON string, quotes included.
void append_string(std::string& out, std::string_view text);
void append_integer(std::string& out, std::int64_t value);
void append_number(std::string& out, double value);

/// Appends anything that can be described; also string literals and views.
template <class T>
void append(std::string& out, const T& value) {
    if constexpr (std::is_same_v<T, std::nullptr_t>) {
        out += "null";
    } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
        append_string(out, value);
    } else if constexpr (std::is_same_v<T, bool>) {
        out += value ? "true" : "false";
    } else if constexpr (std::unsigned_integral<T>) {
        append_integer(out, static_cast<std::int64_t>(value));
    } else {
        append_value(out, type_of<T>(), &value);
    }
}

/// The JSON text of a value.
template <class T>
[[nodiscard]] std::string to_text(const T& value) {
    std::string out;
    append(out, value);
    return out;
}

class ArrayWriter;

/// An object written member by member; closed by the destructor.
///
///     std::string body;
///     { json::ObjectWriter object(body); object.add("success", true).add("message", text); }
class ObjectWriter {
  public:
    explicit ObjectWriter(std::string& out) : out_(&out) { out += '{'; }
    ObjectWriter(const ObjectWriter&) = delete;
    ObjectWriter& operator=(const ObjectWriter&) = delete;
    ~ObjectWriter() { *out_ += '}'; }

    template <class T>
    ObjectWriter& add(std::string_view name, const T& value) {
        key(name);
        append(*out_, value);
        return *this;
    }
    /// `json_text` is copied unchecked.
    ObjectWriter& add_raw(std::string_view name, std::string_view json_text) {
        key(name);
        out_->append(json_text);
        return *this;
    }
    /// Writes the name and hands out the buffer; the caller appends exactly one value.
    std::string& slot(std::string_view name) {
        key(name);
        return *out_;
    }

  private:
    void key(std::string_view name);

    std::string* out_;
    bool is_first_ = true;
};

/// A list written item by item; closed by the destructor.
class ArrayWriter {
  public:
    explicit ArrayWriter(std::string& out) : out_(&out) { out += '['; }
    ArrayWriter(const ArrayWriter&) = delete;
    ArrayWriter& operator=(const ArrayWriter&) = delete;
    ~ArrayWriter() { *out_ += ']'; }

    template <class T>
    ArrayWriter& add(const T& value) {
        append(slot(), value);
        return *this;
    }
    ArrayWriter& add_raw(std::string_view json_text) {
        slot().append(json_text);
        return *this;
    }
    /// Hands out the buffer; the caller appends exactly one value.
    std::string& slot() {
        if (!is_first_) {
            *out_ += ',';
        }
        is_first_ = false;
        return *out_;
    }

  private:
    std::string* out_;
    bool is_first_ = true;
};

namespace detail {
inline void add_members(ObjectWriter&) {}
template <class T, class... Rest>
void add_members(ObjectWriter& object, std::string_view name, const T& value, const Rest&... rest) {
    object.add(name, value);
    add_members(object, rest...);
}
}  // namespace detail

/// A small object in one line: `make_object("success", true, "message", "Course deleted")`.
template <class... NamesAndValues>
[[nodiscard]] std::string make_object(const NamesAndValues&... names_and_values) {
    static_assert(sizeof...(NamesAndValues) % 2 == 0, "names and values alternate");
    std::string out;
    {
        ObjectWriter object(out);
        detail::add_members(object, names_and_values...);
    }
    return out;
}

}  // namespace courseselect::json
