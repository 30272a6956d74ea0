#pragma once
/// Values that plain C++ types cannot express: "not mentioned", and JSON text passed through.

#include <optional>
#include <string>
#include <utility>

#include "courseselect/core/check.hpp"

namespace courseselect::json {

/// One member of an update: absent (leave it), null (clear it) or a new value.
/// Written by the writer only when not absent.
template <class T>
class Patch {
  public:
    using value_type = T;

    /// Absent.
    Patch() = default;
    Patch(T value) : value_(std::move(value)), is_absent_(false) {}
    Patch(std::nullopt_t) : is_absent_(false) {}

    [[nodiscard]] bool is_absent() const { return is_absent_; }
    [[nodiscard]] bool is_null() const { return !is_absent_ && !value_.has_value(); }
    [[nodiscard]] bool has_value() const { return value_.has_value(); }

    /// The new value. Asking when there is none is a bug and aborts.
    [[nodiscard]] const T& operator*() const {
        COURSESELECT_CHECK(value_.has_value());
        return *value_;
    }
    [[nodiscard]] const T* operator->() const { return &**this; }
    /// The new value or nothing (cleared); only meaningful when not absent.
    [[nodiscard]] const std::optional<T>& optional() const { return value_; }

    /// Carries the change out: a no-op when absent.
    void apply_to(std::optional<T>& target) const {
        if (!is_absent_) {
            target = value_;
        }
    }
    /// For targets that cannot be null: only a value changes them.
    void apply_to(T& target) const {
        if (value_.has_value()) {
            target = *value_;
        }
    }

    /// Becomes a default value and gives access to it (used by the reader).
    T& emplace() {
        is_absent_ = false;
        return value_.emplace();
    }
    void set_null() {
        is_absent_ = false;
        value_.reset();
    }

    friend bool operator==(const Patch&, const Patch&) = default;

  private:
    std::optional<T> value_;
    bool is_absent_ = true;
};

/// JSON text, taken as it is. Reading fills it with any (checked, re-serialised) value; writing
/// copies it unchecked, so it must be valid JSON. Duplicate keys are kept.
struct Raw {
    std::string text = "null";

    friend bool operator==(const Raw&, const Raw&) = default;
};

}  // namespace courseselect::json
