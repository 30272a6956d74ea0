#include "courseselect/repo/auth_wallets.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "auth_database.hpp"

using namespace courseselect;
using auth::UserKind;
using repo::WalletEntry;
using test::AuthDatabase;

namespace {

struct WalletWorld : AuthDatabase {
    WalletWorld() { wallet = wallet_of(add(UserKind::student, 1, "alice").key); }

    [[nodiscard]] repo::Wallet wallet_of(repo::UserKey key) {
        const auto user = repo::find_user(**this, key).value().value();
        return repo::find_wallet(**this, user.oid).value().value();
    }
    core::Result<WalletEntry> enter(std::int64_t amount, std::string request) {
        return repo::add_wallet_entry(**this, wallet,
                                      {.amount = amount,
                                       .reason = "for a test",
                                       .request = std::move(request),
                                       .actor = "admin:1",
                                       .created_at = clock.wall_now()});
    }
    [[nodiscard]] std::int64_t balance() {
        return repo::find_wallet(**this, wallet.owner).value()->balance;
    }

    repo::Wallet wallet;
};

}  // namespace

TEST_SUITE("repo/auth_wallets") {
    TEST_CASE("entries are numbered, add up and are listed newest first") {
        WalletWorld db;
        CHECK(db.balance() == 0);
        const auto first = db.enter(1050, "a").value();
        CHECK(first.number == 1);
        CHECK(first.balance == 1050);
        CHECK(db.enter(-50, "b").value().balance == 1000);
        CHECK(db.balance() == 1000);
        const auto entries = repo::wallet_entries(*db, db.wallet.id, 0, 10).value();
        REQUIRE(entries.size() == 2);
        CHECK(entries[0].number == 2);
        CHECK(entries[0].amount == -50);
        CHECK(entries[1].reason == "for a test");
        CHECK(entries[1].actor == "admin:1");
        CHECK(entries[1].created_at == db.clock.wall_now());
        CHECK(repo::wallet_entries(*db, db.wallet.id, 1, 10).value().size() == 1);
    }

    TEST_CASE("a request counts once, and never for another amount") {
        WalletWorld db;
        REQUIRE(db.enter(500, "a").has_value());
        const auto again = db.enter(500, "a").value();
        CHECK(again.number == 1);
        CHECK(db.balance() == 500);
        CHECK(db.enter(501, "a").error().reason() == "request_reused");
        CHECK(db.enter(500, "b").value().number == 2);
    }

    TEST_CASE("a balance stays between nothing and its maximum, both included") {
        WalletWorld db;
        CHECK(db.enter(-1, "a").error().reason() == "wallet_range");
        CHECK(db.enter(repo::wallet_balance_max + 1, "b").error().reason() == "wallet_range");
        REQUIRE(db.enter(repo::wallet_balance_max, "c").has_value());
        CHECK(db.enter(1, "d").error().reason() == "wallet_range");
        CHECK(db.enter(std::numeric_limits<std::int64_t>::min(), "e").error().reason() ==
              "wallet_range");
        CHECK(db.enter(-repo::wallet_balance_max, "f").value().balance == 0);
    }

    TEST_CASE("no entry and no wallet is changed, replaced, deleted or made up") {
        WalletWorld db;
        REQUIRE(db.enter(500, "a").has_value());
        for (const char* sql :
             {"UPDATE wallet_entries SET amount = 900", "UPDATE wallet_entries SET reason = ''",
              "DELETE FROM wallet_entries", "DELETE FROM wallets",
              "UPDATE wallets SET owner = 'me'",
              "INSERT OR REPLACE INTO wallet_entries VALUES (1, 1, 900, 900, '', 'a', '', 0)",
              "INSERT OR REPLACE INTO wallet_entries VALUES (1, 2, 900, 1400, '', 'a', '', 0)",
              "INSERT INTO wallet_entries VALUES (1, 2, 900, 900, '', 'b', '', 0)",
              "INSERT INTO wallet_entries VALUES (1, 3, 900, 1400, '', 'b', '', 0)"}) {
            CAPTURE(sql);
            CHECK_FALSE((*db).execute(sql).has_value());
        }
        CHECK(db.balance() == 500);
        CHECK(repo::wallet_entries(*db, db.wallet.id, 0, 10).value().size() == 1);
    }

    TEST_CASE("whatever is entered, the balance is the sum of the entries and never negative") {
        CHECK(rc::check("sum is balance", [] {
            WalletWorld db;
            const auto amounts =
                *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange(-500, 1'000));
            std::int64_t expected = 0;
            for (std::size_t i = 0; i < amounts.size(); ++i) {
                const bool fits = amounts[i] != 0 && expected + amounts[i] >= 0;
                const auto entered = db.enter(amounts[i], std::to_string(i));
                RC_ASSERT(entered.has_value() == fits);
                expected += fits ? amounts[i] : 0;
            }
            RC_ASSERT(db.balance() == expected);
            RC_ASSERT(db.number("SELECT COALESCE(sum(amount), 0) FROM wallet_entries") == expected);
        }));
    }
}
