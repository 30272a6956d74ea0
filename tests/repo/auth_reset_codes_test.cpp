#include "courseselect/repo/auth_reset_codes.hpp"

#include <doctest/doctest.h>

#include "auth_database.hpp"

using namespace courseselect;
using auth::UserKind;
using test::AuthDatabase;

namespace {

repo::ResetCode code_of(const AuthDatabase& db, std::string text, repo::UserKey user) {
    repo::ResetCode code;
    code.code = std::move(text);
    code.user = user;
    code.username = "alice";
    code.expires_at = db.clock.wall_now() + std::chrono::hours(1);
    code.created_by = 1;
    code.created_at = db.clock.wall_now();
    return code;
}

}  // namespace

TEST_SUITE("repo/auth_reset_codes") {
    TEST_CASE("codes are found as they were stored and listed newest first") {
        AuthDatabase db;
        const auto alice = db.add(UserKind::student, 1, "alice");
        CHECK(repo::insert_reset_code(*db, code_of(db, "AAAAAAAA", alice.key)).has_value());
        CHECK(repo::insert_reset_code(*db, code_of(db, "BBBBBBBB", alice.key)).has_value());
        CHECK(repo::insert_reset_code(*db, code_of(db, "BBBBBBBB", alice.key)).error().code() ==
              core::Errc::conflict);
        const auto found = repo::find_reset_code(*db, "AAAAAAAA").value().value();
        CHECK(found.id == 1);
        CHECK(found.user == alice.key);
        CHECK(found.username == "alice");
        CHECK(found.tries_left == repo::reset_code_tries_max);
        CHECK_FALSE(found.is_used);
        CHECK(found.expires_at == db.clock.wall_now() + std::chrono::hours(1));
        CHECK_FALSE(repo::find_reset_code(*db, "CCCCCCCC").value().has_value());
        CHECK(repo::count_reset_codes(*db).value() == 2);
        const auto page = repo::list_reset_codes(*db, 0, 1).value();
        CHECK(page.size() == 1);
        CHECK(page.front().code == "BBBBBBBB");
        CHECK(repo::list_reset_codes(*db, 1, 9).value().front().code == "AAAAAAAA");
    }

    TEST_CASE("tries end at none, and one reset uses all codes of its user") {
        AuthDatabase db;
        const auto alice = db.add(UserKind::student, 1, "alice");
        const auto other = db.add(UserKind::teacher, 1, "curie");
        CHECK(repo::insert_reset_code(*db, code_of(db, "AAAAAAAA", alice.key)).has_value());
        CHECK(repo::insert_reset_code(*db, code_of(db, "BBBBBBBB", alice.key)).has_value());
        CHECK(repo::insert_reset_code(*db, code_of(db, "CCCCCCCC", other.key)).has_value());
        for (std::int64_t i = 0; i < repo::reset_code_tries_max; ++i) {
            CHECK(repo::spend_reset_try(*db, 1).has_value());
        }
        CHECK(repo::spend_reset_try(*db, 1).error().reason() == "check_violation");
        CHECK(repo::use_reset_codes(*db, alice.key).has_value());
        CHECK(repo::find_reset_code(*db, "AAAAAAAA").value()->is_used);
        CHECK(repo::find_reset_code(*db, "BBBBBBBB").value()->is_used);
        CHECK_FALSE(repo::find_reset_code(*db, "CCCCCCCC").value()->is_used);
    }

    TEST_CASE("a code follows its user's number and outlives the user") {
        AuthDatabase db;
        const auto alice = db.add(UserKind::student, 1, "alice");
        CHECK(repo::insert_reset_code(*db, code_of(db, "AAAAAAAA", alice.key)).has_value());
        CHECK(repo::change_user_id(*db, alice.key, 7).has_value());
        CHECK(repo::find_reset_code(*db, "AAAAAAAA").value()->user ==
              repo::UserKey{UserKind::student, 7});
        CHECK(repo::delete_user(*db, {UserKind::student, 7}).has_value());
        const auto orphan = repo::find_reset_code(*db, "AAAAAAAA").value().value();
        CHECK_FALSE(orphan.user.has_value());
        CHECK(orphan.username == "alice");
    }
}
