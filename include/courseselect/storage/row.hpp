#pragma once
/// Typed access to the row a query stands on.

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "courseselect/core/check.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/ids.hpp"
#include "courseselect/storage/value.hpp"

namespace courseselect::storage {

enum class ValueType : std::uint8_t { null, integer, real, text, blob };

namespace detail {
template <class T>
struct RowType {
    static constexpr bool is_optional = false, is_id = false, is_bytes = false;
};
template <class T>
struct RowType<std::optional<T>> : RowType<void> {
    static constexpr bool is_optional = true;
};
template <class Kind>
struct RowType<core::Id<Kind>> : RowType<void> {
    static constexpr bool is_id = true;
};
template <std::size_t N>
struct RowType<std::array<std::uint8_t, N>> : RowType<void> {
    static constexpr bool is_bytes = true;
};
}  // namespace detail

/// One row, valid only inside the callback it is passed to; so are views taken from it.
/// Columns count from 0. A column of another type than asked for (NULL included) yields an empty
/// value and makes the whole query fail with data_corrupt `column_type`; so does a number that does
/// not fit. A column number out of range is a bug and aborts.
class Row {
  public:
    /// T: bool, integers, double, std::string, std::string_view, Blob, std::vector<std::byte>,
    /// std::array<std::uint8_t, N>, core::Id, core::WallTime, or std::optional of one of them.
    template <class T>
    [[nodiscard]] T get(int column) const {
        using Kind = detail::RowType<T>;
        if constexpr (Kind::is_optional) {
            if (is_null(column)) {
                return std::nullopt;
            }
            return get<typename T::value_type>(column);
        } else if constexpr (std::is_same_v<T, bool>) {
            return get<std::int64_t>(column) != 0;
        } else if constexpr (std::integral<T>) {
            return integer_as<T>(column);
        } else if constexpr (std::is_same_v<T, double>) {
            const bool number = has(column, ValueType::integer) || expect(column, ValueType::real);
            return number ? real(column) : 0.0;
        } else if constexpr (Kind::is_id) {
            return T(get<std::int64_t>(column));
        } else if constexpr (std::is_same_v<T, core::WallTime>) {
            return T(std::chrono::microseconds(get<std::int64_t>(column)));
        } else if constexpr (std::is_same_v<T, Blob>) {
            return expect(column, ValueType::blob) ? blob(column) : Blob();
        } else if constexpr (std::is_same_v<T, std::vector<std::byte>>) {
            const Blob bytes = get<Blob>(column);
            return T(bytes.begin(), bytes.end());
        } else if constexpr (Kind::is_bytes) {
            return bytes_as<T>(column);
        } else {
            return expect(column, ValueType::text) ? T(text(column)) : T();
        }
    }

    [[nodiscard]] bool is_null(int column) const { return type(column) == ValueType::null; }
    [[nodiscard]] virtual int columns() const = 0;
    [[nodiscard]] virtual ValueType type(int column) const = 0;

    /// The first column that was asked for with a wrong type, or -1. For engines.
    [[nodiscard]] int faulty_column() const { return faulty_column_; }

  protected:
    ~Row() = default;
    [[nodiscard]] virtual std::int64_t integer(int column) const = 0;
    [[nodiscard]] virtual double real(int column) const = 0;
    [[nodiscard]] virtual std::string_view text(int column) const = 0;
    [[nodiscard]] virtual Blob blob(int column) const = 0;

  private:
    [[nodiscard]] bool has(int column, ValueType wanted) const {
        COURSESELECT_CHECK(column >= 0 && column < columns());
        return type(column) == wanted;
    }
    [[nodiscard]] bool expect(int column, ValueType wanted) const {
        return has(column, wanted) || fault(column);
    }
    bool fault(int column) const {
        if (faulty_column_ < 0) {
            faulty_column_ = column;
        }
        return false;
    }
    template <class T>
    [[nodiscard]] T integer_as(int column) const {
        const std::int64_t wide = expect(column, ValueType::integer) ? integer(column) : 0;
        const T narrow = static_cast<T>(wide);
        if (static_cast<std::int64_t>(narrow) != wide || (narrow < T{}) != (wide < 0)) {
            fault(column);
            return T{};
        }
        return narrow;
    }
    template <class T>
    [[nodiscard]] T bytes_as(int column) const {
        T bytes{};
        const Blob stored = get<Blob>(column);
        if (stored.size() != bytes.size()) {
            fault(column);
            return bytes;
        }
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            bytes[i] = std::to_integer<std::uint8_t>(stored[i]);
        }
        return bytes;
    }

    mutable int faulty_column_ = -1;
};

}  // namespace courseselect::storage
