#pragma once
/// A student as the catalogue keeps it (contract §2.2).

#include <string>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/ids.hpp"

namespace courseselect::domain {

/// One student. The courses are in the seat ledger, in one place only.
struct Student {
    core::StudentId id;
    std::string name;                 ///< unique among students
    std::vector<std::string> tags{};  ///< order kept, compared exactly
    core::WallTime created_at{};
    core::WallTime updated_at{};

    friend bool operator==(const Student&, const Student&) = default;
};

}  // namespace courseselect::domain
