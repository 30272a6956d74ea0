#include "courseselect/auth/principal.hpp"

#include <doctest/doctest.h>

using namespace courseselect;
using auth::Principal;
using auth::UserKind;

namespace {

constexpr UserKind every_kind[] = {UserKind::student, UserKind::teacher, UserKind::admin};

}  // namespace

TEST_SUITE("auth/principal") {
    TEST_CASE("every kind has the contract's name and is read back from it") {
        CHECK(auth::user_kind_name(UserKind::student) == "student");
        CHECK(auth::user_kind_name(UserKind::teacher) == "teacher");
        CHECK(auth::user_kind_name(UserKind::admin) == "admin");
        for (const UserKind kind : every_kind) {
            CHECK(auth::parse_user_kind(auth::user_kind_name(kind)) == kind);
        }
    }

    TEST_CASE("other spellings are no kind") {
        for (const char* bad : {"", "Student", "ADMIN", "admin ", " admin", "admins", "root",
                                "super_admin", "student\n"}) {
            CAPTURE(bad);
            CHECK_FALSE(auth::parse_user_kind(bad));
        }
    }

    TEST_CASE("who may do what: one table") {
        struct Row {
            UserKind kind;
            bool student, teacher_or_admin, admin;
        };
        for (const Row& row : {Row{UserKind::student, true, false, false},
                               Row{UserKind::teacher, false, true, false},
                               Row{UserKind::admin, false, true, true}}) {
            CHECK(auth::is_student(row.kind) == row.student);
            CHECK(auth::is_teacher_or_admin(row.kind) == row.teacher_or_admin);
            CHECK(auth::is_admin(row.kind) == row.admin);
        }
    }

    TEST_CASE("only a student has a student's id") {
        for (const UserKind kind : every_kind) {
            const auto id = auth::student_id(Principal{kind, 7, "x"});
            CHECK(id.has_value() == (kind == UserKind::student));
            CHECK(id.value_or(core::StudentId(7)) == core::StudentId(7));
        }
    }

    TEST_CASE("the same number of another kind is somebody else") {
        const Principal student{UserKind::student, 1, "li"};
        CHECK(student == Principal{UserKind::student, 1, "li"});
        CHECK_FALSE(student == Principal{UserKind::teacher, 1, "li"});
        CHECK_FALSE(student == Principal{UserKind::student, 2, "li"});
        CHECK_FALSE(student == Principal{UserKind::student, 1, "wang"});
    }
}
