#pragma once
/// Who is acting: the answer of a verified token, and what every role check looks at.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "courseselect/core/ids.hpp"

namespace courseselect::auth {

/// The three kinds of user. Ids are one sequence per kind: student 1 and teacher 1 both exist.
enum class UserKind : std::uint8_t { student, teacher, admin };

/// The wire name, as in the claim `user_type` (contract §1.4): "student", "teacher", "admin".
[[nodiscard]] constexpr std::string_view user_kind_name(UserKind kind) {
    switch (kind) {
        case UserKind::student: return "student";
        case UserKind::teacher: return "teacher";
        case UserKind::admin: return "admin";
    }
    return "";
}

/// The kind with this exact wire name, or nothing.
[[nodiscard]] constexpr std::optional<UserKind> parse_user_kind(std::string_view name) {
    if (name == "student") {
        return UserKind::student;
    }
    if (name == "teacher") {
        return UserKind::teacher;
    }
    if (name == "admin") {
        return UserKind::admin;
    }
    return std::nullopt;
}

/// One user of one kind. `id` is 1 or more.
struct Principal {
    UserKind kind = UserKind::student;
    std::int64_t id = 0;
    std::string username;

    friend bool operator==(const Principal&, const Principal&) = default;
};

/// May use the student node's own paths ("Student access required").
[[nodiscard]] constexpr bool is_student(UserKind kind) { return kind == UserKind::student; }

/// May use the teacher node's paths ("Teacher or admin access required").
[[nodiscard]] constexpr bool is_teacher_or_admin(UserKind kind) {
    return kind == UserKind::teacher || kind == UserKind::admin;
}

/// May administrate users ("Admin access required").
[[nodiscard]] constexpr bool is_admin(UserKind kind) { return kind == UserKind::admin; }

/// The typed id of a principal, or nothing when it is of another kind.
[[nodiscard]] inline std::optional<core::StudentId> student_id(const Principal& who) {
    return is_student(who.kind) ? std::optional(core::StudentId(who.id)) : std::nullopt;
}

}  // namespace courseselect::auth
