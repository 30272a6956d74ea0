#include "courseselect/repo/auth_schema.hpp"

#include <doctest/doctest.h>

#include "auth_database.hpp"

using namespace courseselect;
using auth::UserKind;
using test::AuthDatabase;

namespace {

repo::AuditEntry login_of(const AuthDatabase& db) {
    repo::AuditEntry entry;
    entry.time = db.clock.wall_now();
    entry.actor = "student:1";
    entry.action = "login";
    entry.outcome = "ok";
    return entry;
}

}  // namespace

TEST_SUITE("repo/auth_schema") {
    TEST_CASE("the schema is brought up to date once; versions have no gaps") {
        AuthDatabase db;
        int version = 0;
        for (const storage::Migration& step : repo::auth_migrations()) {
            CHECK(step.version == ++version);
        }
        CHECK(storage::schema_version(*db).value() == version);
        CHECK(storage::migrate(*db, repo::auth_migrations(), db.clock).has_value());
    }

    TEST_CASE("profiles of the first schema count as promised, so that nobody loses an account") {
        core::ManualClock clock;
        auto database = storage::Database::open({});
        REQUIRE(database.has_value());
        auto writer = (*database)->connect_writer();
        REQUIRE(writer.has_value());
        storage::Connection& connection = **writer;
        REQUIRE(storage::migrate(connection, repo::auth_migrations().first(1), clock).has_value());
        REQUIRE(connection
                    .execute("INSERT INTO users (kind, id, username, password_hash, is_active, "
                             "must_change_password, created_at, updated_at) "
                             "VALUES ('student', 1, 'alice', 'h', 1, 0, 0, 0)")
                    .has_value());
        REQUIRE(
            connection
                .execute("INSERT INTO profile_outbox (kind, user_id, name, tags, code, next_at) "
                         "VALUES ('student', 1, 'alice', '[]', 'c', 0)")
                .has_value());
        REQUIRE(storage::migrate(connection, repo::auth_migrations(), clock).has_value());
        CHECK(repo::due_profiles(connection, clock.wall_now(), 1).value().front().is_promised);
    }

    TEST_CASE("the audit only grows: no row is changed or deleted") {
        AuthDatabase db;
        REQUIRE(repo::append_audit(*db, login_of(db)).has_value());
        CHECK_FALSE((*db).execute("DELETE FROM audit").has_value());
        CHECK_FALSE((*db).execute("UPDATE audit SET outcome = 'changed'").has_value());
        CHECK_FALSE(
            (*db)
                .execute("INSERT OR REPLACE INTO audit (sequence, time, actor, action, target, "
                         "address, request_id, outcome) VALUES (1, 0, '', '', '', '', '', '')")
                .has_value());
        REQUIRE(repo::append_audit(*db, login_of(db)).has_value());
        CHECK(db.number("SELECT count(*) FROM audit WHERE outcome = 'ok'") == 2);
    }

    TEST_CASE("the schema refuses what may not be, whoever asks") {
        AuthDatabase db;
        db.add(UserKind::student, 1, "alice");
        const auto refused = [&](std::string_view sql) {
            const auto done = (*db).execute(sql);
            return done ? std::string("accepted") : std::string(done.error().reason());
        };
        CHECK(refused("UPDATE users SET kind = 'guest'") == "check_violation");
        CHECK(refused("UPDATE users SET id = 0") == "check_violation");
        CHECK(refused("UPDATE users SET is_active = 2") == "check_violation");
        CHECK(refused("UPDATE users SET username = NULL") == "not_null_violation");
        CHECK(
            refused("INSERT INTO registration_codes VALUES ('c', 'admin', 1, 0, '[]', 0, 1, 0)") ==
            "check_violation");
        CHECK(refused(
                  "INSERT INTO registration_codes VALUES ('c', 'student', 1, 2, '[]', 0, 1, 0)") ==
              "check_violation");
        CHECK(refused(
                  "INSERT INTO registration_codes VALUES ('c', 'student', 0, 0, '[]', 0, 1, 0)") ==
              "check_violation");
        CHECK(refused("INSERT INTO id_blocks VALUES ('student', 5, 4, 9)") == "check_violation");
        CHECK(
            refused("INSERT INTO profile_outbox VALUES ('student', 9, 'x', '[]', 'c', 0, 0, 0)") ==
            "foreign_key_violation");
    }

    TEST_CASE("no question that a request asks scans a table") {
        AuthDatabase db;
        const std::string plans[] = {
            db.plan("EXPLAIN QUERY PLAN SELECT id FROM users WHERE username = ?", "alice"),
            db.plan("EXPLAIN QUERY PLAN SELECT username FROM users WHERE kind = ? AND id = ?",
                    "student", 1),
            db.plan("EXPLAIN QUERY PLAN SELECT 1 FROM users WHERE kind = 'admin' LIMIT 1"),
            db.plan("EXPLAIN QUERY PLAN SELECT family FROM refresh_tokens WHERE hash = ?", "h"),
            db.plan("EXPLAIN QUERY PLAN UPDATE refresh_tokens SET revoked_at = 1 "
                    "WHERE family = ?",
                    "f"),
            db.plan("EXPLAIN QUERY PLAN DELETE FROM refresh_tokens WHERE kind = ? AND user_id = ?",
                    "student", 1),
            db.plan("EXPLAIN QUERY PLAN SELECT hash FROM refresh_tokens WHERE expires_at <= ? "
                    "ORDER BY expires_at LIMIT ?",
                    1, 1),
            db.plan("EXPLAIN QUERY PLAN SELECT uses FROM registration_codes WHERE code = ?", "c"),
            db.plan("EXPLAIN QUERY PLAN SELECT name FROM profile_outbox WHERE next_at <= ? "
                    "ORDER BY next_at LIMIT ?",
                    1, 1),
            db.plan("EXPLAIN QUERY PLAN SELECT first_id FROM id_blocks WHERE kind = ? AND "
                    "next_id < end_id ORDER BY first_id LIMIT 1",
                    "student")};
        for (const std::string& plan : plans) {
            CAPTURE(plan);
            CHECK(plan.find("SEARCH") != std::string::npos);
            CHECK(plan.find("SCAN") == std::string::npos);
            CHECK(plan.find("TEMP B-TREE") == std::string::npos);
        }
    }
}
