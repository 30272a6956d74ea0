#pragma once
/// Distinct types for the numbers that name people and courses (contract §1.3: int >= 1, one
/// sequence per kind).

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace courseselect::core {

/// A positive 64-bit number of one kind; 0 means "none". Different kinds do not convert.
template <class Kind>
class Id {
  public:
    constexpr Id() = default;
    constexpr explicit Id(std::int64_t value) : value_(value) {}

    [[nodiscard]] constexpr std::int64_t value() const { return value_; }
    [[nodiscard]] constexpr bool is_set() const { return value_ > 0; }
    friend constexpr auto operator<=>(const Id&, const Id&) = default;

  private:
    std::int64_t value_ = 0;
};

using CourseId = Id<struct CourseKind>;
using StudentId = Id<struct StudentKind>;
using TeacherId = Id<struct TeacherKind>;
using AdminId = Id<struct AdminKind>;

}  // namespace courseselect::core

template <class Kind>
struct std::hash<courseselect::core::Id<Kind>> {
    std::size_t operator()(courseselect::core::Id<Kind> id) const noexcept {
        return std::hash<std::int64_t>{}(id.value());
    }
};
