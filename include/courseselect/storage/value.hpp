#pragma once
/// What can be bound to a `?` of a statement.

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/ids.hpp"

namespace courseselect::storage {

using Blob = std::span<const std::byte>;

/// A bound parameter: NULL, integer, real, text or blob. Borrows text and blobs: they must live
/// until the call they are passed to returns, which arguments of that call always do.
/// Booleans are 0 and 1, wall times are microseconds since 1970, an unset optional is NULL.
class Value {
  public:
    using Storage = std::variant<std::monostate, std::int64_t, double, std::string_view, Blob>;

    Value(std::nullptr_t) {}
    Value(std::nullopt_t) {}
    template <std::integral T>
    Value(T number) : storage_(static_cast<std::int64_t>(number)) {}
    Value(double number) : storage_(number) {}
    Value(std::string_view text) : storage_(text) {}
    Value(const std::string& text) : storage_(std::string_view(text)) {}
    Value(const char* text) : storage_(std::string_view(text)) {}
    Value(Blob bytes) : storage_(bytes) {}
    template <std::size_t N>
    Value(const std::array<std::uint8_t, N>& bytes) : storage_(std::as_bytes(std::span(bytes))) {}
    template <class Kind>
    Value(core::Id<Kind> id) : storage_(id.value()) {}
    Value(core::WallTime time) : storage_(std::int64_t{time.time_since_epoch().count()}) {}
    template <class T>
    Value(const std::optional<T>& maybe) {
        if (maybe) {
            *this = Value(*maybe);
        }
    }

    [[nodiscard]] const Storage& storage() const { return storage_; }

  private:
    Storage storage_;
};

}  // namespace courseselect::storage
