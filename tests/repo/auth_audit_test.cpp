#include "courseselect/repo/auth_audit.hpp"

#include <doctest/doctest.h>

#include "auth_database.hpp"

using namespace courseselect;
using repo::AuditFilter;
using test::AuthDatabase;

namespace {

struct AuditWorld : AuthDatabase {
    AuditWorld() {
        begin = clock.wall_now();
        note("", "login", "alice", "bad_credentials");
        note("student:1", "login", "alice", "ok");
        note("admin:1", "settings", "version 1", "ok");
        note("admin:1", "login_admin", "admin", "ok");
    }
    void note(std::string actor, std::string action, std::string target, std::string outcome) {
        CHECK(repo::append_audit(**this, {.time = clock.wall_now(),
                                          .actor = std::move(actor),
                                          .action = std::move(action),
                                          .target = std::move(target),
                                          .address = "192.0.2.1",
                                          .request_id = "r",
                                          .outcome = std::move(outcome)})
                  .has_value());
        clock.advance(std::chrono::seconds(1));
    }
    /// The sequences found, newest first.
    std::string found(const AuditFilter& filter, std::int64_t limit = 20) {
        std::string all;
        const auto rows = repo::find_audit(**this, filter, limit);
        REQUIRE(rows.has_value());
        for (const repo::AuditRow& row : *rows) {
            all += std::to_string(row.sequence);
        }
        return all;
    }
    core::WallTime begin;
};

}  // namespace

TEST_SUITE("repo/auth_audit") {
    TEST_CASE("entries come newest first and whole") {
        AuditWorld db;
        CHECK(db.found({}) == "4321");
        const auto row = repo::find_audit(*db, {}, 1).value().front();
        CHECK(row.sequence == 4);
        CHECK(row.entry.time == db.begin + std::chrono::seconds(3));
        CHECK(row.entry.actor == "admin:1");
        CHECK(row.entry.action == "login_admin");
        CHECK(row.entry.target == "admin");
        CHECK(row.entry.address == "192.0.2.1");
        CHECK(row.entry.request_id == "r");
        CHECK(row.entry.outcome == "ok");
    }

    TEST_CASE("each condition alone and all together") {
        AuditWorld db;
        const auto at = [&](int seconds) { return db.begin + std::chrono::seconds(seconds); };
        CHECK(db.found({.actor = "admin:1"}) == "43");
        CHECK(db.found({.actor = ""}) == "1");
        CHECK(db.found({.action = "login"}) == "21");
        CHECK(db.found({.target = "alice"}) == "21");
        CHECK(db.found({.since = at(1)}) == "432");
        CHECK(db.found({.until = at(1)}) == "1");
        CHECK(db.found({.since = at(1), .until = at(3)}) == "32");
        CHECK(db.found({.before = 3}) == "21");
        CHECK(db.found({.actor = "admin:1", .action = "settings"}) == "3");
        CHECK(db.found({.action = "login", .target = "alice", .before = 2}) == "1");
        CHECK(db.found({.actor = "student:1",
                        .action = "login",
                        .target = "alice",
                        .since = at(1),
                        .until = at(2),
                        .before = 9}) == "2");
        CHECK(db.found({.actor = "student:1", .target = "bob"}).empty());
    }

    TEST_CASE("the limit is kept, and the rest begins before the last one seen") {
        AuditWorld db;
        CHECK(db.found({}, 3) == "432");
        CHECK(db.found({.before = 2}, 3) == "1");
    }

    TEST_CASE("each leading condition has its index") {
        AuthDatabase db;
        const auto plan = [&](const std::string& condition) {
            return db.plan("EXPLAIN QUERY PLAN SELECT * FROM audit WHERE sequence < ? AND " +
                               condition + " = ? ORDER BY sequence DESC LIMIT 20",
                           9, "x");
        };
        CHECK(plan("actor").find("audit_by_actor (actor=? AND sequence<?)") != std::string::npos);
        CHECK(plan("action").find("audit_by_action (action=? AND sequence<?)") !=
              std::string::npos);
        CHECK(plan("target").find("audit_by_target (target=? AND sequence<?)") !=
              std::string::npos);
        CHECK(plan("actor").find("TEMP B-TREE") == std::string::npos);
    }
}
