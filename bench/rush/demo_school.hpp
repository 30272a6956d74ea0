#pragma once
/// A school's term made through the public APIs: what an administrator, teachers and students do
/// before the selection opens.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/core/ids.hpp"
#include "courseselect/json/value.hpp"
#include "rush/load_driver.hpp"
#include "rush/report.hpp"
#include "rush/workload.hpp"

namespace courseselect::bench {

/// TCP ports on 127.0.0.1.
struct SchoolPorts {
    std::uint16_t auth = 0;
    std::uint16_t teacher = 0;
    std::uint16_t student = 0;
};

struct SchoolOptions {
    SchoolPorts ports;
    std::string admin_name = "admin";
    std::string admin_password;
    std::size_t students = 200;
    std::size_t teachers = 8;
    std::size_t connections = 8;  ///< the auth node hashes on two threads
};

/// A term that is ready for its opening minute.
struct School {
    int term = 1;                             ///< part of every name
    std::vector<core::CourseId> courses;      ///< by index in the workload
    std::vector<std::string> course_names;    ///< as created
    std::vector<std::string> student_tokens;  ///< access tokens
};

/// The address that a simulated person has in X-Forwarded-For: another one in each term, so that
/// no limit of the last run is still in force.
[[nodiscard]] std::string person_address(int term, std::size_t person);

/// Registers teachers and students, has them log in (students with 2FA) and imports the courses.
/// `term` is the first number to try: a term whose names exist is skipped.
/// Throws std::runtime_error with the node's words when something is refused.
[[nodiscard]] School open_school(const SchoolOptions& options, const Workload& workload, int term,
                                 const Terminal& terminal);

}  // namespace courseselect::bench
