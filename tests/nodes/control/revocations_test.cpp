#include "courseselect/nodes/control/revocations.hpp"

#include <doctest/doctest.h>

namespace courseselect::nodes {
namespace {

using std::chrono::seconds;

const core::WallTime start{seconds{1'700'000'000}};

auth::Claims claims(std::int64_t id, std::string session, seconds issued_after_start) {
    auth::Claims made;
    made.principal = {.kind = auth::UserKind::student, .id = id, .username = "ann"};
    made.session_id = std::move(session);
    made.issued_at = std::chrono::floor<seconds>(start) + issued_after_start;
    return made;
}

}  // namespace

TEST_SUITE("nodes/control/revocations") {
    TEST_CASE("an ended session's tokens are void, others are not") {
        RevocationList list;
        CHECK(list.admits(claims(1, "a", seconds(0))));
        list.end_session("a", start + seconds(60));
        CHECK_FALSE(list.admits(claims(1, "a", seconds(0))));
        CHECK(list.admits(claims(1, "b", seconds(0))));
        CHECK(list.admits(claims(1, "", seconds(0))));
    }

    TEST_CASE("a user's earlier tokens are void, later ones and other kinds are not") {
        RevocationList list;
        list.end_user("student:1", start + seconds(10), start + seconds(60));
        CHECK_FALSE(list.admits(claims(1, "a", seconds(9))));
        CHECK_FALSE(list.admits(claims(1, "", seconds(0))));
        CHECK(list.admits(claims(1, "a", seconds(10))));
        CHECK(list.admits(claims(2, "a", seconds(0))));
        auth::Claims teacher = claims(1, "a", seconds(0));
        teacher.principal.kind = auth::UserKind::teacher;
        CHECK(list.admits(teacher));
    }

    TEST_CASE("an entry is kept until the last token has died, and not longer") {
        RevocationList list;
        list.end_session("a", start + seconds(60));
        list.end_session("a", start + seconds(90));
        list.end_user("student:1", start, start + seconds(60));
        list.forget(start + seconds(60));
        CHECK(list.size() == 1);
        CHECK_FALSE(list.admits(claims(2, "a", seconds(0))));
        list.forget(start + seconds(90));
        CHECK(list.size() == 0);
        CHECK(list.admits(claims(2, "a", seconds(0))));
    }

    TEST_CASE("users are called by kind and number") {
        CHECK(revocation_key({.kind = auth::UserKind::teacher, .id = 7, .username = "x"}) ==
              "teacher:7");
    }
}

}  // namespace courseselect::nodes
