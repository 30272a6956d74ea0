#include "courseselect/json/value.hpp"

#include <cmath>
#include <cstring>

#include "document.hpp"

namespace courseselect::json {

namespace dom = simdjson::dom;

struct Value::Document {
    DocumentBuffer buffer;
};

/// Converts between a place in the header's bytes and simdjson's element.
struct ValueAccess {
    static_assert(sizeof(dom::element) <= 16 && std::is_trivially_copyable_v<dom::element>);

    static dom::element element(const Value& value) {
        dom::element result;
        std::memcpy(static_cast<void*>(&result), value.node_.data(), sizeof result);
        return result;
    }
    static Value make(std::shared_ptr<const Value::Document> document, dom::element element) {
        Value value;
        value.document_ = std::move(document);
        std::memcpy(value.node_.data(), static_cast<const void*>(&element), sizeof element);
        return value;
    }
    static Value sibling(const Value& value, dom::element element) {
        return make(value.document_, element);
    }
};

core::Result<Value> Value::parse(std::string_view text, const ReadOptions& options) {
    auto document = std::make_shared<Document>();
    dom::element root;
    if (!document->buffer.load(text, options, root)) {
        return core::Error(core::Errc::data_corrupt, "json",
                           document->buffer.fault_text() + " (byte " +
                               std::to_string(document->buffer.fault_offset()) + ")");
    }
    return ValueAccess::make(std::move(document), root);
}

bool Value::is_null() const { return exists() && ValueAccess::element(*this).is_null(); }
bool Value::is_object() const { return exists() && ValueAccess::element(*this).is_object(); }
bool Value::is_array() const { return exists() && ValueAccess::element(*this).is_array(); }

Value Value::operator[](std::string_view name) const {
    Value found;
    if (is_object()) {
        for (const dom::key_value_pair member : dom::object(ValueAccess::element(*this))) {
            if (member.key == name) {
                found = ValueAccess::sibling(*this, member.value);
            }
        }
    }
    return found;
}

Value Value::operator[](std::size_t index) const {
    dom::element item;
    if (is_array() && dom::array(ValueAccess::element(*this)).at(index).get(item) == 0) {
        return ValueAccess::sibling(*this, item);
    }
    return {};
}

std::optional<std::string> Value::string() const {
    if (!exists() || !ValueAccess::element(*this).is_string()) {
        return std::nullopt;
    }
    return std::string(std::string_view(ValueAccess::element(*this)));
}

std::optional<std::int64_t> Value::integer() const {
    if (!exists()) {
        return std::nullopt;
    }
    const dom::element element = ValueAccess::element(*this);
    if (element.is_int64()) {
        return std::int64_t(element);
    }
    constexpr double int64_end = 9223372036854775808.0;  // 2^63
    const auto value = number();
    if (value && *value == std::trunc(*value) && *value >= -int64_end && *value < int64_end) {
        return static_cast<std::int64_t>(*value);
    }
    return std::nullopt;
}

std::optional<double> Value::number() const {
    if (!exists() || !ValueAccess::element(*this).is_number()) {
        return std::nullopt;
    }
    double value = 0;
    if (ValueAccess::element(*this).get(value) != simdjson::SUCCESS) {
        return std::nullopt;
    }
    return value;
}

std::optional<bool> Value::boolean() const {
    if (!exists() || !ValueAccess::element(*this).is_bool()) {
        return std::nullopt;
    }
    return bool(ValueAccess::element(*this));
}

std::vector<Value> Value::items() const {
    std::vector<Value> result;
    if (is_array()) {
        for (const dom::element item : dom::array(ValueAccess::element(*this))) {
            result.push_back(ValueAccess::sibling(*this, item));
        }
    }
    return result;
}

std::vector<std::pair<std::string, Value>> Value::members() const {
    std::vector<std::pair<std::string, Value>> result;
    if (is_object()) {
        for (const dom::key_value_pair member : dom::object(ValueAccess::element(*this))) {
            result.emplace_back(std::string(member.key), ValueAccess::sibling(*this, member.value));
        }
    }
    return result;
}

std::size_t Value::size() const { return is_array() ? items().size() : members().size(); }

std::string Value::text() const {
    std::string result;
    if (exists()) {
        append_element(result, ValueAccess::element(*this));
    } else {
        result = "null";
    }
    return result;
}

}  // namespace courseselect::json
