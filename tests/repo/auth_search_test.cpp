#include "courseselect/repo/auth_search.hpp"

#include <doctest/doctest.h>

#include <set>

#include "auth_database.hpp"
#include "courseselect/repo/auth_wallets.hpp"

using namespace courseselect;
using auth::UserKind;
using repo::UserSearch;
using test::AuthDatabase;

namespace {

/// Alice, Alina, Bob and an inactive Malika, made in this order.
struct SearchWorld : AuthDatabase {
    SearchWorld() {
        make(1, "Alice", "alice@example.org");
        make(2, "alina", "a.lina@school.edu");
        make(3, "bob", std::nullopt);
        make(4, "Malika", "mal@example.org");
        CHECK(
            repo::set_active(**this, {UserKind::student, 4}, false, clock.wall_now()).has_value());
    }
    void make(std::int64_t id, std::string name, std::optional<std::string> email) {
        repo::User made = user(UserKind::student, id, std::move(name));
        made.email = std::move(email);
        REQUIRE(repo::insert_user(**this, made).has_value());
    }
    std::string found(const UserSearch& search, std::int64_t offset = 0, std::int64_t limit = 20) {
        const auto page = repo::search_users(**this, search, offset, limit);
        REQUIRE(page.has_value());
        std::string names = std::to_string(page->total) + ":";
        for (const repo::User& one : page->users) {
            names.append(" ").append(one.username);
        }
        return names;
    }
};

/// So many active students, made at once: prefix1, prefix2 ...
void fill(AuthDatabase& db, std::int64_t count, const std::string& prefix) {
    REQUIRE((*db)
                .execute("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                         "WHERE i < ?) INSERT INTO users (kind, id, username, password_hash, "
                         "is_active, must_change_password, created_at, updated_at) "
                         "SELECT 'student', i, ? || i, '', 1, 0, 0, 0 FROM n",
                         count, prefix)
                .has_value());
    REQUIRE((*db)
                .execute("INSERT INTO user_search (rowid, username, email, status, kind) "
                         "SELECT number, '  ' || username, '  ', 'yes', 'stu' FROM users")
                .has_value());
    REQUIRE((*db)
                .execute("INSERT INTO user_pairs (rowid, words) "
                         "SELECT number, words FROM user_pair_words")
                .has_value());
}

}  // namespace

TEST_SUITE("repo/auth_search") {
    TEST_CASE("every user has an oid that stays, and a wallet") {
        AuthDatabase db;
        REQUIRE(repo::begin_object_ids(*db, "0123456789").has_value());
        std::set<std::string> oids;
        for (int id = 1; id <= 50; ++id) {
            const auto key = db.add(UserKind::teacher, id, "t" + std::to_string(id)).key;
            const auto user = repo::find_user(*db, key).value().value();
            CHECK(user.oid.size() == 24);
            CHECK(user.oid.find_first_not_of("0123456789abcdef") == std::string::npos);
            CHECK(user.oid.substr(8, 10) == "0123456789");
            CHECK(repo::find_user_by_oid(*db, user.oid).value()->key == key);
            const auto wallet = repo::find_wallet(*db, user.oid).value().value();
            CHECK(wallet.balance == 0);
            CHECK(oids.insert(user.oid).second);
            CHECK(oids.insert(wallet.oid).second);
        }
        const auto before = repo::find_user(*db, "t7").value().value();
        REQUIRE(repo::change_user_id(*db, before.key, 700).has_value());
        CHECK(repo::find_user_by_oid(*db, before.oid).value()->key.id == 700);
        CHECK(repo::find_wallet(*db, before.oid).value().has_value());
    }

    TEST_CASE("the first four bytes of an oid are the second in which the user was made") {
        AuthDatabase db;
        const auto user = db.add(UserKind::student, 1, "alice");
        const auto oid = repo::find_user(*db, user.key).value()->oid;
        const auto seconds = user.created_at.time_since_epoch().count() / 1'000'000;
        CHECK(std::stoll(oid.substr(0, 8), nullptr, 16) == (seconds & 0xffffffff));
    }

    TEST_CASE("the counter of ids wraps at three bytes") {
        AuthDatabase db;
        REQUIRE((*db).execute("UPDATE object_ids SET counter = 16777213").has_value());
        for (int id = 1; id <= 3; ++id) {
            db.add(UserKind::student, id, "s" + std::to_string(id));
        }
        CHECK(repo::find_user(*db, "s1").value()->oid.ends_with("fffffe"));
        CHECK(repo::find_user(*db, "s2").value()->oid.ends_with("000000"));
        CHECK(db.number("SELECT count(DISTINCT oid) FROM wallets") == 3);
    }

    TEST_CASE("an address is found whatever its case, and is one user's") {
        SearchWorld db;
        CHECK(repo::find_user_by_email(*db, "ALICE@Example.ORG").value()->username == "Alice");
        CHECK_FALSE(repo::find_user_by_email(*db, "alice@example").value().has_value());
        const repo::UserKey bob{UserKind::student, 3};
        const auto taken =
            repo::change_user(*db, bob, {.email = "Alice@example.org"}, db.clock.wall_now());
        CHECK(taken.error().reason() == "unique_violation");
    }

    TEST_CASE("parts are found from three characters on, beginnings from one") {
        SearchWorld db;
        CHECK(db.found({}) == "4: Alice alina bob Malika");
        CHECK(db.found({.username = "ALI"}) == "3: Alice alina Malika");
        CHECK(db.found({.username = "lik"}) == "1: Malika");
        CHECK(db.found({.username = "al"}) == "2: Alice alina");
        CHECK(db.found({.username = "A"}) == "2: Alice alina");
        CHECK(db.found({.username = "li"}) == "0:");
        CHECK(db.found({.email = "@example.org"}) == "2: Alice Malika");
        CHECK(db.found({.email = "a."}) == "1: alina");
        CHECK(db.found({.username = "alice2"}) == "0:");
    }

    TEST_CASE("one or two characters are found anywhere where that is asked for") {
        SearchWorld db;
        db.make(5, "x.y_z-1", std::nullopt);
        const auto short_part = [&](std::string text, std::optional<bool> is_active = {}) {
            return db.found({.username = std::move(text),
                             .is_active = is_active,
                             .newest_first = true,
                             .is_short_anywhere = true});
        };
        CHECK(short_part("li") == "3: Malika alina Alice");
        CHECK(short_part("AL") == "3: Malika alina Alice");
        CHECK(short_part("O") == "1: bob");
        CHECK(short_part("ca") == "0:");
        for (const char* text : {".", "y_", "_", "z-", "-1", "1"}) {
            CAPTURE(text);
            CHECK(short_part(text) == "1: x.y_z-1");
        }
        CHECK(short_part("li", true) == "2: alina Alice");
        CHECK(short_part("li", false) == "1: Malika");
        for (const char* text : {"%", "*", "\"", "l*", "a ", "NO", "st", "i\""}) {
            CAPTURE(text);
            CHECK(short_part(text) == "0:");
        }
        const UserSearch with_address{
            .username = "li", .email = "example", .is_short_anywhere = true};
        CHECK(db.found(with_address) == "2: Alice Malika");
        const repo::UserKey bob{UserKind::student, 3};
        REQUIRE(repo::change_user(*db, bob, {.username = "eve"}, db.clock.wall_now()).has_value());
        CHECK(short_part("bo") == "0:");
        CHECK(short_part("ve") == "1: eve");
        REQUIRE(repo::set_active(*db, bob, false, db.clock.wall_now()).has_value());
        CHECK(short_part("ve", true) == "0:");
        REQUIRE(repo::delete_user(*db, bob).has_value());
        CHECK(db.number("SELECT count(*) FROM user_pairs") == 4);
    }

    TEST_CASE("all that is asked for must fit") {
        SearchWorld db;
        CHECK(db.found({.username = "ali", .email = "example"}) == "2: Alice Malika");
        CHECK(db.found({.username = "ali", .is_active = true}) == "2: Alice alina");
        CHECK(db.found({.username = "ali", .is_active = false}) == "1: Malika");
        CHECK(db.found({.is_active = false}) == "1: Malika");
        CHECK(db.found({.is_active = true}) == "3: Alice alina bob");
        CHECK(db.found({.username = "a", .email = "a.", .is_active = true}) == "1: alina");
    }

    TEST_CASE("what means something to the index is only text") {
        SearchWorld db;
        for (const char* text : {"\"", "\"\"\"", "ali*", "ali OR bob", "^ali", "username : ali",
                                 "%", "___", "(ali", "al\xc3\xaf", "\xff\xfe\xfd", "ali\n"}) {
            CAPTURE(text);
            CHECK(db.found({.username = text}) == "0:");
            CHECK(db.found({.email = text}) == "0:");
        }
    }

    TEST_CASE("pages follow each other in the order of making; the total is of all") {
        SearchWorld db;
        CHECK(db.found({.username = "ali"}, 0, 2) == "3: Alice alina");
        CHECK(db.found({.username = "ali"}, 2, 2) == "3: Malika");
        CHECK(db.found({.username = "ali"}, 4, 2) == "3:");
        CHECK(db.found({}, 3, 2) == "4: Malika");
        CHECK(db.found({.is_active = true}, 1, 1) == "3: alina");
    }

    TEST_CASE("changes and deletions show at once") {
        SearchWorld db;
        const repo::UserKey alice{UserKind::student, 1};
        REQUIRE(repo::change_user(*db, alice, {.username = "carol", .email = "c@d.ef"},
                                  db.clock.wall_now())
                    .has_value());
        CHECK(db.found({.username = "alice"}) == "0:");
        CHECK(db.found({.username = "car", .email = "c@d"}) == "1: carol");
        REQUIRE(
            repo::change_user(*db, alice, {.is_active = false}, db.clock.wall_now()).has_value());
        CHECK(db.found({.username = "car", .is_active = true}) == "0:");
        CHECK(db.found({.is_active = false}) == "2: carol Malika");
        REQUIRE(repo::delete_user(*db, alice).has_value());
        CHECK(db.found({.username = "car"}) == "0:");
        CHECK(db.found({}) == "3: alina bob Malika");
        CHECK(db.number("SELECT count(*) FROM user_search") == 3);
        CHECK(db.number("SELECT sum(users) FROM user_counts") == 3);
        CHECK(db.number("SELECT count(*) FROM wallets") == 4);  // accounts stay
    }

    TEST_CASE("a list is sifted by the same rules") {
        SearchWorld db;
        const UserSearch searches[] = {{},
                                       {.username = "ALI"},
                                       {.username = "al"},
                                       {.username = "li"},
                                       {.email = "example"},
                                       {.email = "a."},
                                       {.is_active = false},
                                       {.username = "ali", .is_active = true}};
        const auto everybody = repo::search_users(*db, {}, 0, 20).value();
        for (const UserSearch& search : searches) {
            std::string sifted;
            for (const repo::User& user : everybody.users) {
                sifted += repo::is_wanted(search, user) ? " " + user.username : "";
            }
            const std::string found = db.found(search);
            CHECK(found.substr(found.find(':') + 1) == sifted);
        }
    }

    TEST_CASE("matches are counted to 1,000 and to the end of the page; 10,000 can be reached") {
        AuthDatabase db;
        fill(db, repo::found_users_max, "pupil");
        const auto look = [&](const UserSearch& search, std::int64_t offset, std::int64_t limit) {
            return repo::search_users(*db, search, offset, limit).value();
        };
        const UserSearch pupils{.username = "pupil"};
        CHECK(look(pupils, 0, 1).total == repo::counted_users_max);
        CHECK_FALSE(look(pupils, 0, 1).is_exact);
        CHECK(look({.username = "pupil1"}, 0, 1).total == repo::counted_users_max);
        CHECK(look({.username = "pupil12"}, 0, 1).total == 111);
        CHECK(look({.username = "pupil12"}, 0, 1).is_exact);
        const auto deep = look(pupils, 5'000, 100);
        CHECK(deep.total == 5'100);
        CHECK_FALSE(deep.is_exact);
        REQUIRE(deep.users.size() == 100);
        CHECK(deep.users.front().username == "pupil5001");
        const auto last = look(pupils, repo::found_users_max - 5, 5);
        CHECK(last.total == repo::found_users_max);
        CHECK(last.is_exact);
        CHECK(last.users.back().username == "pupil10000");
        db.add(UserKind::student, 20'000, "pupil_more");
        const auto more = look(pupils, repo::found_users_max - 5, 5);
        CHECK(more.total == repo::found_users_max);
        CHECK_FALSE(more.is_exact);
        CHECK(look(pupils, repo::found_users_max, 5).users.empty());
        CHECK(look({}, 0, 1).total == repo::found_users_max + 1);
        UserSearch newest = pupils;
        newest.newest_first = true;
        CHECK(look(newest, 0, 1).users.front().username == "pupil_more");
        CHECK(look(newest, 1, 1).users.front().username == "pupil10000");
    }

    TEST_CASE("few of a kind or status are found the same way as many are") {
        AuthDatabase db;
        fill(db, repo::walked_users_max + 1, "pupil");
        for (int id = 1; id <= 30; ++id) {
            db.add(UserKind::teacher, id, "pupil_teacher" + std::to_string(id));
        }
        REQUIRE(
            repo::set_active(*db, {UserKind::student, 7}, false, db.clock.wall_now()).has_value());
        const auto found = [&](UserSearch search) {
            const auto page = repo::search_users(*db, search, 0, 2).value();
            return std::to_string(page.total) + (page.users.empty() ? "" : " ") +
                   (page.users.empty() ? "" : page.users.front().username);
        };
        CHECK(found({.username = "pupil", .is_active = false}) == "1 pupil7");
        CHECK(found({.username = "Pupil_T", .kind = UserKind::teacher}) == "30 pupil_teacher1");
        CHECK(found({.username = "teacher1", .kind = UserKind::teacher}) == "11 pupil_teacher1");
        CHECK(found({.username = "teacher1", .kind = UserKind::student}) == "0");
        CHECK(found({.username = "pupil2", .kind = UserKind::student}) == "113 pupil2");
        CHECK(found({.username = "pu", .kind = UserKind::teacher}) == "30 pupil_teacher1");
        CHECK(found({.username = "up", .kind = UserKind::teacher}) == "0");
        CHECK(found({.username = "%", .kind = UserKind::teacher}) == "0");
        CHECK(found({.is_active = true, .kind = UserKind::student}) ==
              std::to_string(repo::walked_users_max) + " pupil1");
        UserSearch part{.username = "07"};
        CHECK(found(part) == "0");
        part.is_short_anywhere = true;
        CHECK(found(part) == "29 pupil107");
        part.kind = UserKind::teacher;
        CHECK(found(part) == "0");
    }

    TEST_CASE("a database of before gets ids, wallets and an index for all its users") {
        core::ManualClock clock;
        auto database = storage::Database::open({}).value();
        auto opened = database->connect_writer();
        storage::Connection& old = **opened;
        const auto steps = repo::auth_migrations();
        REQUIRE(storage::migrate(old, steps.first(6), clock).has_value());
        REQUIRE(old.run_script("INSERT INTO users (kind, id, username, password_hash, is_active, "
                               "must_change_password, email, created_at, updated_at) VALUES "
                               "('admin', 1, 'root', '', 1, 0, '', 1700000000000000, 0), "
                               "('student', 1, 'alice', '', 1, 0, 'A@b.co', 1700000001000000, 0), "
                               "('student', 2, 'alina', '', 0, 0, 'a@B.co', 1700000002000000, 0), "
                               "('teacher', 1, 'tina', '', 1, 0, NULL, 1700000003000000, 0)")
                    .has_value());
        REQUIRE(storage::migrate(old, steps, clock).has_value());
        const auto alice = repo::find_user_by_email(old, "a@b.co").value().value();
        CHECK(alice.username == "alice");
        CHECK(alice.oid.starts_with("6553f101"));
        CHECK(alice.origin == repo::UserOrigin::code);
        CHECK(repo::find_user(old, "root").value()->origin == repo::UserOrigin::admin);
        CHECK_FALSE(repo::find_user(old, "root").value()->email.has_value());
        CHECK_FALSE(repo::find_user(old, "alina").value()->email.has_value());
        const auto found = repo::search_users(old, {.username = "ali"}, 0, 10).value();
        CHECK(found.total == 2);
        const UserSearch pair{.username = "in", .is_short_anywhere = true};
        CHECK(repo::search_users(old, pair, 0, 10).value().total == 2);
        CHECK(repo::search_users(old, {.is_active = false}, 0, 10).value().total == 1);
        const auto everybody = repo::search_users(old, {}, 0, 10).value();
        REQUIRE(everybody.users.size() == 4);
        std::set<std::string> oids;
        for (const repo::User& user : everybody.users) {
            CHECK(oids.insert(user.oid).second);
            CHECK(oids.insert(repo::find_wallet(old, user.oid).value()->oid).second);
        }
        repo::User late;
        late.key = {UserKind::student, 3};
        late.username = "late";
        REQUIRE(repo::insert_user(old, late).has_value());
        CHECK(oids.insert(repo::find_user(old, "late").value()->oid).second);
    }

    TEST_CASE("every search is answered from an index") {
        AuthDatabase db;
        const auto all_indexed = [](const std::string& plan) {
            CAPTURE(plan);
            CHECK(plan.find("SCAN users\n") == std::string::npos);
            CHECK(plan.find("USE TEMP B-TREE") == std::string::npos);
            return plan;
        };
        const std::string select = "EXPLAIN QUERY PLAN SELECT * FROM users WHERE ";
        const auto text = all_indexed(
            db.plan(select + "number IN (SELECT rowid FROM user_search WHERE user_search MATCH ? "
                             "ORDER BY rowid LIMIT ? OFFSET ?) ORDER BY number",
                    "username : \"ali\"", 20, 0));
        CHECK(text.find("user_search VIRTUAL TABLE INDEX") != std::string::npos);
        CHECK(text.find("users_by_number (number=?)") != std::string::npos);
        const auto pairs = all_indexed(
            db.plan(select + "number IN (SELECT rowid FROM user_pairs WHERE user_pairs MATCH ? "
                             "ORDER BY rowid DESC LIMIT ? OFFSET ?) ORDER BY number DESC",
                    "\"al\" AND active", 20, 0));
        CHECK(pairs.find("user_pairs VIRTUAL TABLE INDEX") != std::string::npos);
        const auto status =
            all_indexed(db.plan(select + "number IN (SELECT number FROM users WHERE is_active = ? "
                                         "ORDER BY number LIMIT ? OFFSET ?) ORDER BY number",
                                true, 20, 0));
        CHECK(status.find("COVERING INDEX users_by_status (is_active=?)") != std::string::npos);
        const auto walked = [&](const std::string& index, const std::string& condition) {
            return all_indexed(
                db.plan(select + "number IN (SELECT number FROM users INDEXED BY " + index +
                            " WHERE " + condition +
                            " AND username LIKE ?4 ESCAPE '\\' AND COALESCE(email, '') LIKE ?5 "
                            "ESCAPE '\\' ORDER BY number DESC LIMIT ?6 OFFSET ?7) "
                            "ORDER BY number DESC",
                        "student", 0, 1, "%a%", "%", 20, 0));
        };
        CHECK(walked("users_by_kind", "kind = ?1 AND is_active BETWEEN ?2 AND ?3")
                  .find("SEARCH users USING COVERING INDEX users_by_kind (kind=?)") !=
              std::string::npos);
        CHECK(walked("users_by_status", "?1 = ?1 AND is_active = ?2 AND ?3 = ?3")
                  .find("SEARCH users USING COVERING INDEX users_by_status (is_active=?)") !=
              std::string::npos);
        CHECK(walked("users_walked", "?1 = ?1 AND is_active BETWEEN ?2 AND ?3")
                  .find("SCAN users USING COVERING INDEX users_walked") != std::string::npos);
        CHECK(db.plan(select + "oid = ?", "x").find("users_by_oid (oid=?)") != std::string::npos);
        CHECK(db.plan(select + "email = ? COLLATE NOCASE", "x").find("users_by_email (email=?)") !=
              std::string::npos);
    }
}
