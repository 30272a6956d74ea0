#include "courseselect/nodes/auth/wallets.hpp"

#include <doctest/doctest.h>

#include "user_world.hpp"

using namespace courseselect;
using test::member_names;
using test::UserWorld;

namespace {

std::string entry(const std::string& amount, const std::string& key = "k1") {
    return R"({"amount":)" + amount + R"(,"reason":"Prize","idempotency_key":")" + key + "\"}";
}

}  // namespace

TEST_SUITE("nodes/auth/wallets") {
    TEST_CASE("an entry changes the balance once, whatever the retries, to the hundredth") {
        UserWorld world;
        const auto zoe = world.joined("zoe");
        const std::string path = "/admin/wallets/" + zoe.id + "/entries";
        const auto made = world.post(path, entry("12.35"), world.boss);
        CHECK(made.status == 201);
        CHECK(member_names(made.body) == "message entry wallet");
        CHECK(member_names(made.body["entry"]) ==
              "number amount balance reason idempotency_key made_by created_at");
        CHECK(made.body["entry"]["made_by"].string() == "admin:1");
        CHECK(made.body["wallet"]["balance"].number() == 12.35);
        CHECK(world.post(path, entry("12.35"), world.boss).body["entry"]["number"].integer() == 1);
        CHECK(
            world.post(path, entry("-0.05", "k2"), world.boss).body["wallet"]["balance"].number() ==
            12.3);
        const auto me = world.get("/auth/me", zoe.access);
        CHECK(me.body["data"]["wallet"]["balance"].number() == 12.3);
        const auto list = world.get(path, world.boss);
        CHECK(member_names(list.body) == "wallet entries");
        CHECK(list.body["entries"].size() == 2);
        CHECK(list.body["entries"][0]["amount"].number() == -0.05);
        CHECK(world.get(path + "?page=2&page_size=1", world.boss)
                  .body["entries"][0]["number"]
                  .integer() == 1);
        CHECK(world.count("SELECT count(*) FROM audit WHERE action = 'wallet_entry' AND "
                          "actor = 'admin:1' AND target = '" +
                          zoe.id + "'") == 3);
    }

    TEST_CASE("amounts have two decimals at most and are not 0; the rest is asked for too") {
        UserWorld world;
        const std::string path = "/admin/wallets/" + world.oid_of("ada") + "/entries";
        for (const char* amount : {"0", "0.001", "1.005", "0.0", "1e-9"}) {
            CAPTURE(amount);
            CHECK(world.fields_of(world.post(path, entry(amount), world.boss)) == "amount");
        }
        CHECK(world.fields_of(world.post(path, entry("1000000001"), world.boss)) == "amount");
        CHECK(world.post(path, entry("1000000000"), world.boss).status == 201);
        CHECK(world.fields_of(world.post(path, "{}", world.boss)) ==
              "amount reason idempotency_key");
        CHECK(world.count("SELECT count(*) FROM wallet_entries") == 1);
    }

    TEST_CASE("an entry is refused for every reason there is") {
        UserWorld world;
        const std::string path = "/admin/wallets/" + world.oid_of("ada") + "/entries";
        world.post(path, entry("5"), world.boss);
        const auto call = [&](const std::string& body, const std::string& token) {
            return test::AuthCall{.path = path, .body = body, .token = token};
        };
        check_user_refusals(
            world,
            {{"nobody", call(entry("1"), ""), 401, "Authorization required"},
             {"owner", call(entry("1"), world.ada_access), 403, "Admin access required"},
             {"teacher", call(entry("1"), world.teacher_access), 403, "Admin access required"},
             {"unknown",
              {.path = "/admin/wallets/0123456789abcdef01234567/entries",
               .body = entry("1"),
               .token = world.boss},
              404,
              "User not found"},
             {"key of another amount", call(entry("6"), world.boss), 409,
              "This request made an entry of another amount; use a new one"},
             {"below nothing", call(entry("-5.01", "k2"), world.boss), 409,
              "The balance would leave its range of 0 to a million million credits"}});
        CHECK(world.audited("wallet_entry") == "wallet_range");
        CHECK(world.get(path, world.ada_access).status == 403);
    }

    TEST_CASE("what was in a wallet can be read when its owner is gone") {
        UserWorld world;
        const auto zoe = world.joined("zoe");
        const std::string path = "/admin/wallets/" + zoe.id + "/entries";
        world.post(path, entry("5"), world.boss);
        CHECK(world.remove("/auth/" + zoe.id, zoe.access).status == 200);
        CHECK(world.get(path, world.boss).body["entries"].size() == 1);
    }
}
