#include "courseselect/nodes/auth/user_rules.hpp"

#include <doctest/doctest.h>

#include "courseselect/json/writer.hpp"

using namespace courseselect;
namespace accounts = nodes::accounts;
using core::Errc;

TEST_SUITE("nodes/auth/user_rules") {
    TEST_CASE("hundredths are credits") {
        CHECK(accounts::credits(0) == 0.0);
        CHECK(accounts::credits(1235) == 12.35);
        CHECK(accounts::credits(-5) == -0.05);
        CHECK(accounts::credits(repo::wallet_balance_max) == 1e12);
    }

    TEST_CASE("what the contract calls a conflict is one, and nothing else becomes one") {
        for (const char* reason :
             {"username_taken", "email_taken", "last_admin", "request_reused", "wallet_range"}) {
            const auto error = accounts::as_conflict({Errc::failed_precondition, reason, "text"});
            CHECK(error.code() == Errc::conflict);
            CHECK(error.reason() == reason);
            CHECK(error.detail() == "text");
        }
        CHECK(accounts::as_conflict({Errc::failed_precondition, "other", ""}).code() ==
              Errc::failed_precondition);
        CHECK(accounts::as_conflict({Errc::not_found, "email_taken", ""}).code() ==
              Errc::not_found);
        CHECK(*accounts::as_conflict(core::Result<int>(7)) == 7);
    }

    TEST_CASE("a user of the wire has the six fields of the contract") {
        repo::User user;
        user.oid = "0123456789abcdef01234567";
        user.username = "zoe";
        user.is_active = false;
        CHECK(json::to_text(accounts::to_wire(user))
                  .starts_with(R"({"_id":"0123456789abcdef01234567","email":null,"username":"zoe",)"
                               R"("status":"inactive","created_at":)"));
    }
}
