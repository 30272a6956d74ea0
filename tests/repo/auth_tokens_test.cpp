#include "courseselect/repo/auth_tokens.hpp"

#include <doctest/doctest.h>

#include "auth_database.hpp"

using namespace courseselect;
using auth::UserKind;
using test::AuthDatabase;

namespace {

repo::RefreshToken token_of(const AuthDatabase& db, repo::UserKey owner, const std::string& hash,
                            const std::string& family) {
    repo::RefreshToken token;
    token.hash = hash;
    token.owner = owner;
    token.family = family;
    token.expires_at = db.clock.wall_now() + std::chrono::hours(1);
    return token;
}

std::optional<repo::RefreshToken> stored(AuthDatabase& db, const std::string& hash) {
    return repo::find_refresh_token(*db, hash).value();
}

void add_code(AuthDatabase& db, const std::string& code, std::int64_t max_uses) {
    repo::RegistrationCode made;
    made.code = code;
    made.max_uses = max_uses;
    made.tags = {"cs", "a \"quoted\" tag"};
    made.expires_at = db.clock.wall_now() + std::chrono::hours(1);
    made.created_by = 1;
    made.created_at = db.clock.wall_now();
    REQUIRE(repo::insert_code(*db, made).has_value());
}

repo::ProfileEntry profile_of(const repo::User& user, core::WallTime next_at) {
    repo::ProfileEntry entry;
    entry.user = user.key;
    entry.name = user.username;
    entry.tags = {"cs"};
    entry.code = "code";
    entry.next_at = next_at;
    return entry;
}

}  // namespace

TEST_SUITE("repo/auth_tokens") {
    TEST_CASE("a token is stored, completed and found by its hash alone") {
        AuthDatabase db;
        const auto alice = db.add(UserKind::student, 1, "alice").key;
        REQUIRE(repo::insert_refresh_token(*db, token_of(db, alice, "h1", "f1")).has_value());
        CHECK_FALSE(stored(db, "h2").has_value());
        auto found = stored(db, "h1");
        REQUIRE(found.has_value());
        CHECK(found->owner == alice);
        CHECK(found->family == "f1");
        CHECK_FALSE(found->is_complete);
        CHECK_FALSE(found->revoked_at.has_value());
        CHECK(found->replaced_by.empty());
        REQUIRE(repo::complete_refresh_token(*db, "h1").has_value());
        CHECK(stored(db, "h1")->is_complete);
    }

    TEST_CASE("a token needs its user, and a hash is stored once") {
        AuthDatabase db;
        const repo::UserKey nobody{UserKind::student, 1};
        CHECK(repo::insert_refresh_token(*db, token_of(db, nobody, "h", "f")).error().reason() ==
              "foreign_key_violation");
        db.add(UserKind::student, 1, "alice");
        REQUIRE(repo::insert_refresh_token(*db, token_of(db, nobody, "h", "f")).has_value());
        CHECK(repo::insert_refresh_token(*db, token_of(db, nobody, "h", "f")).error().reason() ==
              "unique_violation");
    }

    TEST_CASE("rotation names the successor, and others live on") {
        AuthDatabase db;
        const auto alice = db.add(UserKind::student, 1, "alice").key;
        const core::WallTime now = db.clock.wall_now();
        REQUIRE(repo::insert_refresh_token(*db, token_of(db, alice, "h1", "f1")).has_value());
        REQUIRE(repo::insert_refresh_token(*db, token_of(db, alice, "other", "f2")).has_value());
        const auto next = token_of(db, alice, "h2", "f1");
        REQUIRE(repo::rotate_refresh_token(*db, "h1", next, now).has_value());
        CHECK(stored(db, "h1")->replaced_by == "h2");
        CHECK(stored(db, "h1")->revoked_at == now);
        CHECK_FALSE(stored(db, "h2")->revoked_at.has_value());
        CHECK_FALSE(stored(db, "other")->revoked_at.has_value());
    }

    TEST_CASE("tokens of one user go without touching those of the same number and another kind") {
        AuthDatabase db;
        const auto alice = db.add(UserKind::student, 1, "alice").key;
        const auto tina = db.add(UserKind::teacher, 1, "tina").key;
        const auto root = db.add(UserKind::admin, 1, "root").key;
        for (const auto& key : {alice, tina, root}) {
            REQUIRE(repo::insert_refresh_token(
                        *db, token_of(db, key, repo::to_string(key), repo::to_string(key)))
                        .has_value());
        }
        REQUIRE(repo::delete_refresh_tokens(*db, tina).has_value());
        CHECK(stored(db, "student:1").has_value());
        CHECK_FALSE(stored(db, "teacher:1").has_value());
        CHECK(stored(db, "admin:1").has_value());
    }

    TEST_CASE("tokens and profile follow their user to another id, and vanish with the user") {
        AuthDatabase db;
        const auto alice = db.add(UserKind::student, 1, "alice");
        REQUIRE(repo::insert_refresh_token(*db, token_of(db, alice.key, "h", "f")).has_value());
        REQUIRE(repo::insert_profile(*db, profile_of(alice, db.clock.wall_now())).has_value());
        REQUIRE(repo::change_user_id(*db, alice.key, 9).has_value());
        CHECK(stored(db, "h")->owner == repo::UserKey{UserKind::student, 9});
        CHECK(repo::due_profiles(*db, db.clock.wall_now(), 9).value().front().user.id == 9);
        REQUIRE(repo::delete_user(*db, {UserKind::student, 9}).has_value());
        CHECK_FALSE(stored(db, "h").has_value());
        CHECK(repo::due_profiles(*db, db.clock.wall_now(), 9).value().empty());
    }

    TEST_CASE("a purge takes the dead, oldest first, and at most what it was told") {
        AuthDatabase db;
        const auto alice = db.add(UserKind::student, 1, "alice").key;
        const core::WallTime now = db.clock.wall_now();
        for (const int seconds : {-2, 0, -1, 1}) {
            auto token = token_of(db, alice, std::to_string(seconds), "f");
            token.expires_at = now + std::chrono::seconds(seconds);
            REQUIRE(repo::insert_refresh_token(*db, token).has_value());
        }
        CHECK(repo::purge_refresh_tokens(*db, now, 2).value() == 2);
        CHECK(stored(db, "0").has_value());
        CHECK(repo::purge_refresh_tokens(*db, now, 2).value() == 1);
        CHECK(repo::purge_refresh_tokens(*db, now, 2).value() == 0);
        CHECK(stored(db, "1").has_value());
    }

    TEST_CASE("a code is used as often as it says, and a use can be given back") {
        AuthDatabase db;
        add_code(db, "code", 2);
        CHECK_FALSE(repo::find_code(*db, "CODE").value().has_value());
        CHECK(repo::find_code(*db, "code").value()->tags ==
              std::vector<std::string>{"cs", "a \"quoted\" tag"});
        REQUIRE(repo::use_code(*db, "code").has_value());
        REQUIRE(repo::use_code(*db, "code").has_value());
        CHECK(repo::use_code(*db, "code").error().reason() == "check_violation");
        CHECK(repo::find_code(*db, "code").value()->uses == 2);
        REQUIRE(repo::give_code_back(*db, "code").has_value());
        CHECK(repo::find_code(*db, "code").value()->uses == 1);
        REQUIRE(repo::use_code(*db, "code").has_value());
        CHECK(repo::give_code_back(*db, "unknown").has_value());
    }

    TEST_CASE("no code has fewer uses than none") {
        AuthDatabase db;
        add_code(db, "code", 1);
        CHECK(repo::give_code_back(*db, "code").error().reason() == "check_violation");
    }

    TEST_CASE("profiles come when they are due, the longest waiting first") {
        AuthDatabase db;
        const core::WallTime now = db.clock.wall_now();
        const auto alice = db.add(UserKind::student, 1, "alice");
        const auto bob = db.add(UserKind::student, 2, "bob");
        const auto tina = db.add(UserKind::teacher, 1, "tina");
        using std::chrono::seconds;
        REQUIRE(repo::insert_profile(*db, profile_of(alice, now)).has_value());
        REQUIRE(repo::insert_profile(*db, profile_of(bob, now - seconds(1))).has_value());
        REQUIRE(repo::insert_profile(*db, profile_of(tina, now + seconds(1))).has_value());
        const auto due = repo::due_profiles(*db, now, 9).value();
        REQUIRE(due.size() == 2);
        CHECK(due[0].user == bob.key);
        CHECK(due[1].user == alice.key);
        CHECK(due[1].tags == std::vector<std::string>{"cs"});
        CHECK(due[1].code == "code");
        CHECK_FALSE(due[1].is_promised);
        CHECK(repo::due_profiles(*db, now, 1).value().size() == 1);
        REQUIRE(repo::postpone_profile(*db, bob.key, now + seconds(5)).has_value());
        CHECK(repo::due_profiles(*db, now, 9).value().size() == 1);
        REQUIRE(repo::promise_profile(*db, alice.key, now).has_value());
        const auto promised = repo::due_profiles(*db, now, 9).value();
        CHECK(promised.front().is_promised);
        CHECK(promised.front().attempts == 1);
        REQUIRE(repo::delete_profile(*db, alice.key).has_value());
        CHECK(repo::due_profiles(*db, now, 9).value().empty());
        REQUIRE(repo::make_profiles_due(*db).has_value());
        CHECK(repo::due_profiles(*db, now, 9).value().size() == 2);
    }
}
