#include "courseselect/repo/auth_control.hpp"

#include "auth_database.hpp"

using namespace courseselect;
using std::chrono::seconds;
using test::AuthDatabase;

TEST_SUITE("repo/auth_control") {
    TEST_CASE("settings are versions: the latest holds, none is changed or lost") {
        AuthDatabase db;
        CHECK_FALSE(repo::latest_settings(*db)->has_value());
        for (const std::int64_t version : {1, 2, 3}) {
            REQUIRE(repo::insert_settings(*db, {.version = version,
                                                .changed_at = db.clock.wall_now(),
                                                .changed_by = "admin:1",
                                                .json = "{}"})
                        .has_value());
        }
        CHECK(repo::latest_settings(*db)->value().version == 3);
        CHECK(repo::latest_settings(*db)->value().changed_by == "admin:1");
        const auto page = repo::settings_history(*db, 1, 1);
        REQUIRE(page->size() == 1);
        CHECK(page->front().version == 2);
        const auto again = repo::insert_settings(
            *db, {.version = 3, .changed_at = {}, .changed_by = "", .json = ""});
        CHECK(again.error().code() == core::Errc::conflict);
        CHECK_FALSE((*db).execute("UPDATE settings_versions SET json = ''").has_value());
        CHECK_FALSE((*db).execute("DELETE FROM settings_versions").has_value());
    }

    TEST_CASE("revocations are told in order from where the caller stands") {
        AuthDatabase db;
        const core::WallTime now = db.clock.wall_now();
        for (int i = 0; i < 3; ++i) {
            REQUIRE(repo::insert_revocation(*db, {.sequence = 0,
                                                  .is_session = i != 1,
                                                  .key = std::to_string(i),
                                                  .at = now,
                                                  .until = now + seconds(i)})
                        .has_value());
        }
        const auto all = repo::revocations_after(*db, 0, 2);
        REQUIRE(all->size() == 2);
        CHECK(all->at(0).key == "0");
        CHECK_FALSE(all->at(1).is_session);
        CHECK(repo::revocations_after(*db, all->back().sequence, 10)->size() == 1);
    }

    TEST_CASE("what is dead is forgotten at its very end, and no number is used again") {
        AuthDatabase db;
        const core::WallTime now = db.clock.wall_now();
        const auto add = [&](seconds life) {
            REQUIRE(
                repo::insert_revocation(
                    *db,
                    {.sequence = 0, .is_session = true, .key = "s", .at = now, .until = now + life})
                    .has_value());
        };
        add(seconds(1));
        add(seconds(2));
        CHECK(*repo::purge_revocations(*db, now, 10) == 0);
        CHECK(*repo::purge_revocations(*db, now + seconds(2), 1) == 1);
        CHECK(*repo::purge_revocations(*db, now + seconds(2), 10) == 1);
        add(seconds(3));
        CHECK(repo::revocations_after(*db, 0, 10)->front().sequence == 3);
    }
}
