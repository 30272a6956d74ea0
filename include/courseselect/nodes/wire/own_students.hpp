#pragma once
/// The students of a teacher, between nodes.

#include <vector>

#include "courseselect/core/ids.hpp"
#include "courseselect/json/describe.hpp"

namespace courseselect::nodes::wire {

/// Answer of `GET /internal/teacher/students`: who has a seat in a course of the teacher's.
struct OwnStudents {
    std::vector<core::StudentId> student_ids;  ///< ascending, each once
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

template <>
struct Describe<nodes::wire::OwnStudents> {
    static constexpr auto fields() {
        return object("OwnStudents", "Students with a seat in a course of the teacher's.",
                      field<&nodes::wire::OwnStudents::student_ids>("student_ids"));
    }
};

}  // namespace courseselect::json
