#include "courseselect/repo/auth_administration.hpp"

#include <doctest/doctest.h>

#include "auth_database.hpp"

using namespace courseselect;
using auth::UserKind;
using test::AuthDatabase;

namespace {

std::string names_of(const std::vector<repo::User>& users) {
    std::string names;
    for (const repo::User& user : users) {
        names += user.username + " ";
    }
    return names;
}

}  // namespace

TEST_SUITE("repo/auth_administration") {
    TEST_CASE("users are listed newest first, by kind and by part of their name") {
        AuthDatabase db;
        for (const char* name : {"anna", "a_na", "aXna"}) {
            db.clock.advance(std::chrono::seconds(1));
            db.add(UserKind::student, db.number("SELECT count(*) + 1 FROM users"), name);
        }
        db.clock.advance(std::chrono::seconds(1));
        db.add(UserKind::teacher, 1, "hanna");
        const auto page = [&](repo::UserFilter filter, std::int64_t offset = 0,
                              std::int64_t limit = 9) {
            return names_of(repo::find_users_page(*db, filter, offset, limit).value().users);
        };
        CHECK(page({}) == "hanna aXna a_na anna ");
        CHECK(page({}, 1, 2) == "aXna a_na ");
        CHECK(page({.kind = UserKind::student, .search = ""}) == "aXna a_na anna ");
        CHECK(page({.kind = {}, .search = "ANN"}) == "hanna anna ");
        CHECK(page({.kind = {}, .search = "a_n"}) == "a_na ");
        CHECK(page({.kind = {}, .search = "%"}).empty());
        CHECK(page({.kind = {}, .search = "\\"}).empty());
        CHECK(page({.kind = UserKind::teacher, .search = "ann"}) == "hanna ");
        CHECK(page({.kind = {}, .search = "N"}) == "hanna aXna a_na anna ");
        CHECK(page({.kind = {}, .search = "nn"}) == "hanna anna ");
        CHECK(page({.kind = {}, .search = "_n"}) == "a_na ");
        CHECK(page({.kind = {}, .search = "\xc3\xa4"}).empty());
        const auto total = [&](repo::UserFilter filter) {
            return repo::find_users_page(*db, filter, 0, 1).value().total;
        };
        CHECK(total({}) == 4);
        CHECK(total({.kind = UserKind::student, .search = ""}) == 3);
        CHECK(total({.kind = {}, .search = "ann"}) == 2);
        CHECK(total({.kind = UserKind::admin, .search = "ann"}) == 0);
    }

    TEST_CASE("a page without search comes from an index, unsorted") {
        AuthDatabase db;
        const std::string all = db.plan(
            "EXPLAIN QUERY PLAN SELECT username FROM users "
            "ORDER BY created_at DESC, kind DESC, id DESC LIMIT 20");
        CHECK(all.find("users_by_age") != std::string::npos);
        CHECK(all.find("TEMP B-TREE") == std::string::npos);
        const std::string kind = db.plan(
            "EXPLAIN QUERY PLAN SELECT username FROM users WHERE kind = ? "
            "ORDER BY created_at DESC, id DESC LIMIT 20",
            "student");
        CHECK(kind.find("users_by_kind_and_age") != std::string::npos);
        CHECK(kind.find("TEMP B-TREE") == std::string::npos);
    }

    TEST_CASE("only administrators who may log in are counted") {
        AuthDatabase db;
        const auto root = db.add(UserKind::admin, 1, "root");
        db.add(UserKind::admin, 2, "boot");
        db.add(UserKind::teacher, 1, "curie");
        CHECK(repo::count_active_admins(*db).value() == 2);
        CHECK(repo::set_active(*db, root.key, false, db.clock.wall_now()).has_value());
        CHECK(repo::count_active_admins(*db).value() == 1);
    }

    TEST_CASE("names, passwords and 2FA are changed for one user alone") {
        AuthDatabase db;
        const auto alice = db.add(UserKind::student, 1, "alice");
        const auto other = db.add(UserKind::teacher, 1, "curie");
        CHECK_FALSE(repo::find_display_name(*db, alice.key).value().has_value());
        CHECK_FALSE(repo::find_display_name(*db, {UserKind::admin, 9}).value().has_value());
        CHECK(repo::set_display_name(*db, alice.key, "Alice A").has_value());
        CHECK(repo::find_display_name(*db, alice.key).value() == "Alice A");
        CHECK_FALSE(repo::find_display_name(*db, other.key).value().has_value());
        db.clock.advance(std::chrono::seconds(1));
        const auto now = db.clock.wall_now();
        CHECK(repo::set_password(*db, alice.key, "next", true, now).has_value());
        CHECK(repo::set_pending_totp(*db, alice.key, core::Secret("S"), now).has_value());
        CHECK(repo::activate_totp(*db, alice.key, now).has_value());
        CHECK(repo::set_used_step(*db, alice.key, 5).has_value());
        CHECK(repo::set_pending_totp(*db, alice.key, core::Secret("P"), now).has_value());
        CHECK(repo::clear_totp(*db, alice.key, now).has_value());
        const auto seen = repo::find_user(*db, alice.key).value().value();
        CHECK(seen.password_hash == "next");
        CHECK(seen.must_change_password);
        CHECK_FALSE(seen.has_2fa());
        CHECK(seen.pending_totp_secret.empty());
        CHECK_FALSE(seen.last_used_step.has_value());
        CHECK(seen.updated_at == now);
        CHECK(repo::find_user(*db, other.key).value()->password_hash == "hash");
    }

    TEST_CASE("a removal is noted once, comes up when it is due, and is forgotten") {
        AuthDatabase db;
        const auto now = db.clock.wall_now();
        const repo::Removal first{.user = {UserKind::student, 1},
                                  .username = "alice",
                                  .is_decided = true,
                                  .next_at = now};
        const repo::Removal second{.user = {UserKind::teacher, 1},
                                   .username = "curie",
                                   .is_decided = false,
                                   .next_at = now + std::chrono::seconds(1)};
        CHECK(repo::insert_removal(*db, first).has_value());
        CHECK(repo::insert_removal(*db, first).has_value());
        CHECK(repo::insert_removal(*db, second).has_value());
        const auto due = repo::due_removals(*db, now, 9).value();
        CHECK(due.size() == 1);
        CHECK(due.front().user == first.user);
        CHECK(due.front().username == "alice");
        CHECK(due.front().is_decided);
        const auto later = now + std::chrono::seconds(1);
        CHECK(repo::due_removals(*db, later, 9).value().size() == 2);
        CHECK(repo::due_removals(*db, later, 1).value().size() == 1);
        CHECK(repo::postpone_removal(*db, first.user, later).has_value());
        CHECK(repo::due_removals(*db, now, 9).value().empty());
        CHECK(repo::due_removals(*db, later, 9).value().front().attempts == 1);
        CHECK(repo::delete_removal(*db, first.user).has_value());
        CHECK(repo::due_removals(*db, later, 9).value().front().user == second.user);
    }
}
