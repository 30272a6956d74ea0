#pragma once
/// A teacher as the catalogue keeps it (contract §2.2).

#include <string>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/ids.hpp"

namespace courseselect::domain {

/// One teacher. Which courses are theirs is `Catalogue::courses_of`, read from the courses.
struct Teacher {
    core::TeacherId id;
    std::string name;  ///< unique among teachers
    core::WallTime created_at{};
    core::WallTime updated_at{};

    friend bool operator==(const Teacher&, const Teacher&) = default;
};

}  // namespace courseselect::domain
