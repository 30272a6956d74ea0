#include "courseselect/repo/auth_sessions.hpp"

#include "auth_database.hpp"
#include "courseselect/repo/auth_control.hpp"

using namespace courseselect;
using auth::UserKind;
using std::chrono::seconds;
using test::AuthDatabase;

namespace {

void open(AuthDatabase& db, repo::UserKey owner, const std::string& id, seconds at) {
    const core::WallTime time = db.clock.wall_now() + at;
    REQUIRE(repo::insert_session(*db, {.id = id,
                                       .owner = owner,
                                       .created_at = time,
                                       .last_seen_at = time,
                                       .address = "192.0.2.1"})
                .has_value());
    REQUIRE(repo::insert_refresh_token(*db, {.hash = "hash of " + id,
                                             .owner = owner,
                                             .family = id,
                                             .is_complete = true,
                                             .expires_at = time + std::chrono::hours(1),
                                             .revoked_at = {},
                                             .replaced_by = {}})
                .has_value());
}

}  // namespace

TEST_SUITE("repo/auth_sessions") {
    TEST_CASE("a session is found with all its parts, and remembers its last use") {
        AuthDatabase db;
        const auto ann = db.add(UserKind::student, 1, "ann").key;
        open(db, ann, "s1", seconds(0));
        const core::WallTime later = db.clock.wall_now() + seconds(5);
        REQUIRE(repo::touch_session(*db, "s1", later).has_value());
        const auto found = repo::find_session_row(*db, "s1");
        REQUIRE(found->has_value());
        CHECK((*found)->owner == ann);
        CHECK((*found)->created_at == db.clock.wall_now());
        CHECK((*found)->last_seen_at == later);
        CHECK((*found)->address == "192.0.2.1");
        CHECK_FALSE(repo::find_session_row(*db, "s2")->has_value());
    }

    TEST_CASE("an ended session takes its tokens along and leaves a revocation") {
        AuthDatabase db;
        const auto ann = db.add(UserKind::student, 1, "ann").key;
        open(db, ann, "s1", seconds(0));
        open(db, ann, "s2", seconds(1));
        const core::WallTime now = db.clock.wall_now();
        REQUIRE(repo::end_session(*db, "s1", now, seconds(60)).has_value());
        CHECK_FALSE(repo::find_session_row(*db, "s1")->has_value());
        CHECK(repo::find_session_row(*db, "s2")->has_value());
        CHECK(db.number("SELECT count(*) FROM refresh_tokens") == 1);
        const auto told = repo::revocations_after(*db, 0, 10);
        REQUIRE(told->size() == 1);
        CHECK(told->front().is_session);
        CHECK(told->front().key == "s1");
        CHECK(told->front().until == now + seconds(60));
    }

    TEST_CASE("a session that ends by itself is told to nobody") {
        AuthDatabase db;
        const auto ann = db.add(UserKind::student, 1, "ann").key;
        open(db, ann, "s1", seconds(0));
        REQUIRE(repo::end_session(*db, "s1", db.clock.wall_now(), seconds(0)).has_value());
        CHECK(repo::revocations_after(*db, 0, 10)->empty());
    }

    TEST_CASE("all sessions of a user end, and tokens that name none; another user's live on") {
        AuthDatabase db;
        const auto ann = db.add(UserKind::student, 1, "ann").key;
        const auto tom = db.add(UserKind::teacher, 1, "tom").key;
        open(db, ann, "s1", seconds(0));
        open(db, ann, "s2", seconds(1));
        open(db, tom, "s3", seconds(2));
        REQUIRE(repo::end_sessions_of(*db, ann, db.clock.wall_now(), seconds(60)).has_value());
        CHECK(repo::sessions_of(*db, ann)->empty());
        CHECK(repo::sessions_of(*db, tom)->size() == 1);
        const auto told = repo::revocations_after(*db, 0, 10);
        REQUIRE(told->size() == 3);
        CHECK_FALSE(told->at(2).is_session);
        CHECK(told->at(2).key == "student:1");
    }

    TEST_CASE("the oldest sessions end until so many are left") {
        AuthDatabase db;
        const auto ann = db.add(UserKind::student, 1, "ann").key;
        for (int i = 0; i < 4; ++i) {
            open(db, ann, "s" + std::to_string(i), seconds(i));
        }
        REQUIRE(
            repo::end_oldest_sessions(*db, ann, 2, db.clock.wall_now(), seconds(60)).has_value());
        const auto left = repo::sessions_of(*db, ann);
        REQUIRE(left->size() == 2);
        CHECK(left->at(0).id == "s2");
        REQUIRE(
            repo::end_oldest_sessions(*db, ann, 2, db.clock.wall_now(), seconds(60)).has_value());
        CHECK(repo::sessions_of(*db, ann)->size() == 2);
    }

    TEST_CASE("idle sessions are found by an index, the longest idle first") {
        AuthDatabase db;
        const auto ann = db.add(UserKind::student, 1, "ann").key;
        for (int i = 0; i < 3; ++i) {
            open(db, ann, "s" + std::to_string(i), seconds(i));
        }
        const auto two = db.clock.wall_now() + seconds(2);
        const auto idle = repo::idle_sessions(*db, two, two, 1);
        REQUIRE(idle->size() == 1);
        CHECK(idle->front().id == "s0");
        CHECK(db.plan("EXPLAIN QUERY PLAN SELECT id FROM sessions WHERE last_seen_at < ? "
                      "AND (kind <> 'admin' OR last_seen_at < ?) ORDER BY last_seen_at LIMIT ?",
                      two, two, 1)
                  .find("sessions_by_use") != std::string::npos);
    }

    TEST_CASE("sessions follow their user to another number, and vanish with the user") {
        AuthDatabase db;
        const auto ann = db.add(UserKind::student, 1, "ann").key;
        open(db, ann, "s1", seconds(0));
        REQUIRE(repo::change_user_id(*db, ann, 7).has_value());
        const repo::UserKey moved{UserKind::student, 7};
        CHECK(repo::sessions_of(*db, moved)->size() == 1);
        REQUIRE(repo::delete_user(*db, moved).has_value());
        CHECK(db.number("SELECT count(*) FROM sessions") == 0);
    }
}
