#pragma once
/// Courses as a CSV file (`POST /teacher/courses/import`, contract §7).

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/csv/table.hpp"
#include "courseselect/json/patch.hpp"

namespace courseselect::nodes::teacher {

/// Courses of one file.
inline constexpr std::size_t courses_imported_max = 1'000;

/// One item of `/bulk/import/courses` for each line: columns are called as the fields of
/// `CourseCreate`, empty cells are left out. Tags are apart by `;`. A schedule is JSON, or like
/// `monday:1-2,5;friday:3`. What is wrong in a cell is the data node's to say, line by line.
/// Errors: invalid_argument (the file cannot be read, has too many lines, or no `course_name`).
[[nodiscard]] core::Result<std::vector<json::Raw>> read_course_file(std::string_view content);

}  // namespace courseselect::nodes::teacher
