#include "courseselect/repo/auth_users.hpp"

#include <doctest/doctest.h>

#include "auth_database.hpp"

using namespace courseselect;
using auth::UserKind;
using test::AuthDatabase;

TEST_SUITE("repo/auth_users") {
    TEST_CASE("a user is read back as it was written") {
        AuthDatabase db;
        repo::User made = db.user(UserKind::student, 7, "Alice");
        made.pending_totp_secret = core::Secret("PENDING");
        made.must_change_password = true;
        REQUIRE(repo::insert_user(*db, made).has_value());
        for (const auto& found :
             {repo::find_user(*db, "Alice").value(),
              repo::find_user(*db, repo::UserKey{UserKind::student, 7}).value()}) {
            REQUIRE(found.has_value());
            CHECK(found->key == made.key);
            CHECK(found->username == "Alice");
            CHECK(found->password_hash == "hash");
            CHECK(found->totp_secret.empty());
            CHECK(found->pending_totp_secret.reveal() == "PENDING");
            CHECK_FALSE(found->last_used_step.has_value());
            CHECK(found->is_active);
            CHECK(found->must_change_password);
            CHECK(found->created_at == db.clock.wall_now());
            CHECK_FALSE(found->has_2fa());
        }
    }

    TEST_CASE("names are found and unique whatever their case, over all kinds") {
        AuthDatabase db;
        db.add(UserKind::student, 1, "Alice");
        CHECK(repo::find_user(*db, "aLICE").value()->username == "Alice");
        CHECK_FALSE(repo::find_user(*db, "alic").value().has_value());
        for (const UserKind kind : {UserKind::student, UserKind::teacher, UserKind::admin}) {
            const auto again = repo::insert_user(*db, db.user(kind, 2, "ALICE"));
            CHECK(again.error().reason() == "unique_violation");
        }
    }

    TEST_CASE("ids are unique per kind: student 1, teacher 1 and admin 1 are three people") {
        AuthDatabase db;
        db.add(UserKind::student, 1, "alice");
        db.add(UserKind::teacher, 1, "tina");
        db.add(UserKind::admin, 1, "root");
        const auto again = repo::insert_user(*db, db.user(UserKind::student, 1, "bob"));
        CHECK(again.error().reason() == "unique_violation");
        CHECK(repo::find_user(*db, repo::UserKey{UserKind::teacher, 1}).value()->username ==
              "tina");
        CHECK(repo::to_string({UserKind::teacher, 1}) == "teacher:1");
    }

    TEST_CASE("a pending secret becomes active once, and its first code may still be used") {
        AuthDatabase db;
        const auto key = db.add(UserKind::student, 1, "alice").key;
        const core::WallTime later = db.clock.wall_now() + std::chrono::seconds(1);
        REQUIRE(repo::set_pending_totp(*db, key, core::Secret("NEW"), later).has_value());
        CHECK_FALSE(repo::find_user(*db, key).value()->has_2fa());
        REQUIRE(repo::set_used_step(*db, key, 99).has_value());
        REQUIRE(repo::activate_totp(*db, key, later).has_value());
        const auto user = repo::find_user(*db, key).value();
        CHECK(user->totp_secret.reveal() == "NEW");
        CHECK(user->pending_totp_secret.empty());
        CHECK_FALSE(user->last_used_step.has_value());
        CHECK(user->updated_at == later);
        REQUIRE(repo::set_used_step(*db, key, 100).has_value());
        CHECK(repo::find_user(*db, key).value()->last_used_step == 100);
    }

    TEST_CASE("a hash is replaced only while it is the one that was checked") {
        AuthDatabase db;
        const auto key = db.add(UserKind::student, 1, "alice").key;
        REQUIRE(repo::replace_password_hash(*db, key, "other", "new").has_value());
        CHECK(repo::find_user(*db, key).value()->password_hash == "hash");
        REQUIRE(repo::replace_password_hash(*db, key, "hash", "new").has_value());
        CHECK(repo::find_user(*db, key).value()->password_hash == "new");
    }

    TEST_CASE("users are deactivated and let in again") {
        AuthDatabase db;
        const auto key = db.add(UserKind::student, 1, "alice").key;
        const core::WallTime later = db.clock.wall_now() + std::chrono::seconds(1);
        REQUIRE(repo::set_active(*db, key, false, later).has_value());
        CHECK_FALSE(repo::find_user(*db, key).value()->is_active);
        CHECK(repo::find_user(*db, key).value()->updated_at == later);
        REQUIRE(repo::set_active(*db, key, true, later).has_value());
        CHECK(repo::find_user(*db, key).value()->is_active);
    }

    TEST_CASE("changing somebody who does not exist is an error, not a silence") {
        AuthDatabase db;
        const repo::UserKey nobody{UserKind::student, 1};
        const core::WallTime now = db.clock.wall_now();
        CHECK(repo::delete_user(*db, nobody).error().reason() == "user_missing");
        CHECK(repo::change_user_id(*db, nobody, 2).error().reason() == "user_missing");
        CHECK(repo::set_active(*db, nobody, true, now).error().reason() == "user_missing");
        CHECK(repo::activate_totp(*db, nobody, now).error().reason() == "user_missing");
        CHECK(repo::set_used_step(*db, nobody, 1).error().reason() == "user_missing");
    }

    TEST_CASE("ids come out of their blocks in order, once, per kind") {
        AuthDatabase db;
        CHECK(repo::take_id(*db, UserKind::student).error().reason() == "ids_exhausted");
        REQUIRE(repo::add_id_block(*db, UserKind::student, 10, 2).has_value());
        REQUIRE(repo::add_id_block(*db, UserKind::student, 40, 1).has_value());
        REQUIRE(repo::add_id_block(*db, UserKind::teacher, 10, 1).has_value());
        CHECK(repo::ids_left(*db, UserKind::student).value() == 3);
        CHECK(repo::take_id(*db, UserKind::student).value() == 10);
        CHECK(repo::take_id(*db, UserKind::student).value() == 11);
        CHECK(repo::take_id(*db, UserKind::student).value() == 40);
        CHECK(repo::ids_left(*db, UserKind::student).value() == 0);
        CHECK(repo::take_id(*db, UserKind::student).error().reason() == "ids_exhausted");
        CHECK(repo::take_id(*db, UserKind::teacher).value() == 10);
        CHECK(repo::take_id(*db, UserKind::admin).value() == 1);
        CHECK(repo::add_id_block(*db, UserKind::student, 10, 5).error().reason() ==
              "unique_violation");
    }

    TEST_CASE("an id that somebody has already is passed over") {
        AuthDatabase db;
        db.add(UserKind::student, 10, "alice");
        db.add(UserKind::student, 11, "bob");
        db.add(UserKind::teacher, 12, "tina");
        REQUIRE(repo::add_id_block(*db, UserKind::student, 10, 3).has_value());
        CHECK(repo::take_id(*db, UserKind::student).value() == 12);
        CHECK(repo::take_id(*db, UserKind::student).error().reason() == "ids_exhausted");
    }

    TEST_CASE("there are admins once there is one") {
        AuthDatabase db;
        db.add(UserKind::teacher, 1, "tina");
        CHECK_FALSE(repo::has_admins(*db).value());
        db.add(UserKind::admin, 1, "root");
        CHECK(repo::has_admins(*db).value());
    }
}
