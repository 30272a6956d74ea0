#include "courseselect/repo/auth_contacts.hpp"

#include <doctest/doctest.h>

#include "auth_database.hpp"
#include "courseselect/repo/auth_search.hpp"

using namespace courseselect;
using auth::UserKind;
using test::AuthDatabase;

namespace {

void log_action(AuthDatabase& db, const std::string& actor, const std::string& address,
                const std::string& outcome) {
    repo::AuditEntry entry;
    entry.time = db.clock.wall_now();
    entry.actor = actor;
    entry.action = "login";
    entry.address = address;
    entry.outcome = outcome;
    REQUIRE(repo::append_audit(*db, entry).has_value());
}

}  // namespace

TEST_SUITE("repo/auth_contacts") {
    TEST_CASE("what a user is called and how they are reached is kept, and can be cleared") {
        AuthDatabase db;
        const auto key = db.add(UserKind::student, 7, "alice").key;
        auto contact = repo::find_contact(*db, key).value().value();
        CHECK(contact.username == "alice");
        CHECK(contact.number == 1);
        CHECK_FALSE(contact.name.has_value());
        CHECK_FALSE(contact.email.has_value());
        contact.name = "Alice Ada";
        contact.email = "a@example.org";
        contact.phone = "+123456";
        contact.group = "year1";
        REQUIRE(repo::set_contact(*db, contact, db.clock.wall_now()).has_value());
        const auto kept = repo::find_contact(*db, key).value().value();
        CHECK(kept.name == "Alice Ada");
        CHECK(kept.email == "a@example.org");
        CHECK(kept.phone == "+123456");
        CHECK(kept.group == "year1");
        CHECK(repo::search_users(*db, {.email = "a@example"}, 0, 5).value().total == 1);
        contact.email.reset();
        contact.phone.reset();
        REQUIRE(repo::set_contact(*db, contact, db.clock.wall_now()).has_value());
        CHECK_FALSE(repo::find_contact(*db, key).value()->phone.has_value());
        CHECK(repo::search_users(*db, {.email = "a@example"}, 0, 5).value().total == 0);
        CHECK_FALSE(repo::find_contact(*db, {UserKind::teacher, 7}).value().has_value());
    }

    TEST_CASE("an address is one user's, a telephone number may be several users'") {
        AuthDatabase db;
        db.add(UserKind::student, 1, "alice");
        db.add(UserKind::student, 2, "bob");
        auto alice = repo::find_contact(*db, {UserKind::student, 1}).value().value();
        auto bob = repo::find_contact(*db, {UserKind::student, 2}).value().value();
        alice.email = "home@example.org";
        alice.phone = bob.phone = "+123456";
        REQUIRE(repo::set_contact(*db, alice, db.clock.wall_now()).has_value());
        REQUIRE(repo::set_contact(*db, bob, db.clock.wall_now()).has_value());
        bob.email = "HOME@example.org";
        CHECK(repo::set_contact(*db, bob, db.clock.wall_now()).error().reason() ==
              "unique_violation");
    }

    TEST_CASE("rounds see the active users of a kind who can be reached, in order of making") {
        AuthDatabase db;
        for (const int id : {5, 4, 3, 2, 1}) {
            db.add(UserKind::student, id, "s" + std::to_string(id));
        }
        db.add(UserKind::teacher, 1, "tina");
        const auto reach = [&](repo::UserKey key, std::optional<std::string> email,
                               std::optional<std::string> phone) {
            auto contact = repo::find_contact(*db, key).value().value();
            contact.email = std::move(email);
            contact.phone = std::move(phone);
            REQUIRE(repo::set_contact(*db, contact, db.clock.wall_now()).has_value());
        };
        reach({UserKind::student, 5}, "5@example.org", std::nullopt);
        reach({UserKind::student, 4}, std::nullopt, "+123456");
        reach({UserKind::student, 2}, "2@example.org", std::nullopt);
        reach({UserKind::student, 1}, "1@example.org", std::nullopt);
        reach({UserKind::teacher, 1}, "t@example.org", std::nullopt);
        REQUIRE(
            repo::set_active(*db, {UserKind::student, 2}, false, db.clock.wall_now()).has_value());
        const auto first = repo::contacts_after(*db, UserKind::student, 0, 2).value();
        REQUIRE(first.size() == 2);
        CHECK(first[0].username == "s5");
        CHECK(first[1].username == "s4");
        const auto rest = repo::contacts_after(*db, UserKind::student, first[1].number, 2).value();
        REQUIRE(rest.size() == 1);
        CHECK(rest[0].username == "s1");
        const auto plan = db.plan(
            "EXPLAIN QUERY PLAN SELECT username FROM users WHERE is_active = 1 AND number > ? AND "
            "kind = ? AND (email IS NOT NULL OR phone IS NOT NULL) ORDER BY number LIMIT ?",
            0, "student", 2);
        CAPTURE(plan);
        CHECK(plan.find("users_by_kind (kind=? AND number>?)") != std::string::npos);
        CHECK(plan.find("TEMP B-TREE") == std::string::npos);
    }

    TEST_CASE("an address is known when one of the last 50 entries that were let in has it") {
        AuthDatabase db;
        const repo::UserKey alice{UserKind::student, 1};
        const auto known = [&](const char* address) {
            return repo::is_known_address(*db, alice, address).value();
        };
        CHECK_FALSE(known("192.0.2.1"));
        log_action(db, "student:1", "192.0.2.1", "ok");
        log_action(db, "student:1", "192.0.2.2", "inactive");
        log_action(db, "teacher:1", "192.0.2.3", "ok");
        CHECK(known("192.0.2.1"));
        CHECK_FALSE(known("192.0.2.2"));
        CHECK_FALSE(known("192.0.2.3"));
        for (std::int64_t i = 2; i < repo::known_addresses_looked_at; ++i) {
            log_action(db, "student:1", "192.0.2.9", "ok");
        }
        CHECK(known("192.0.2.1"));
        log_action(db, "student:1", "192.0.2.9", "ok");
        CHECK_FALSE(known("192.0.2.1"));
    }

    TEST_CASE("progress of a round is kept by its name") {
        AuthDatabase db;
        CHECK_FALSE(repo::find_progress(*db, "a").value().has_value());
        REQUIRE(repo::set_progress(*db, "a", 7).has_value());
        REQUIRE(repo::set_progress(*db, "b", 1).has_value());
        REQUIRE(repo::set_progress(*db, "a", 9).has_value());
        CHECK(repo::find_progress(*db, "a").value() == 9);
        REQUIRE(repo::drop_progress(*db, "a").has_value());
        CHECK_FALSE(repo::find_progress(*db, "a").value().has_value());
        CHECK(repo::find_progress(*db, "b").value() == 1);
    }
}
