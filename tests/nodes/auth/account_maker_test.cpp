#include "courseselect/nodes/auth/account_maker.hpp"

#include <doctest/doctest.h>

#include "fixture.hpp"

using namespace courseselect;
using test::AuthFixture;
using test::DataMode;

namespace {

/// After everything has settled: the account is whole in both nodes, or nowhere and the code as
/// good as new. Returns whether it exists.
bool check_whole(AuthFixture& auth) {
    const bool exists = auth.count("SELECT count(*) FROM users WHERE username = 'alice'") == 1;
    CHECK(auth.count("SELECT uses FROM registration_codes") == (exists ? 1 : 0));
    CHECK(auth.count("SELECT count(*) FROM profile_outbox") == 0);
    CHECK(auth.data.knows("student", "alice") == exists);
    CHECK(auth.login("alice").status == (exists ? 200 : 401));
    if (exists) {
        const auto id = auth.count("SELECT id FROM users WHERE username = 'alice'");
        CHECK(auth.data.names["student"][id] == "alice");
    }
    return exists;
}

/// Registers alice with `counter` set to fail at its nth call; false once it is out of reach.
bool fails_at(std::atomic<std::int64_t> storage::Faults::*counter, std::int64_t nth, DataMode mode,
              bool restarts) {
    AuthFixture auth;
    const std::string code = auth.code();
    test::run(auth.loop, auth.node->deliver_profiles());
    auth.data.mode = mode;
    auth.faults.*counter = nth;
    const auto answer = auth.post("/register/v1", auth.registration("alice", "student", code));
    const bool struck = auth.faults.*counter <= 0;
    auth.faults.*counter = 0;
    if (mode == DataMode::refuses) {
        CHECK(answer.status >= 500);
    } else if (!struck) {
        CHECK(answer.status == 200);
    }
    if (restarts) {
        auth.reopen();
    }
    if (mode == DataMode::away) {
        auth.data.mode = DataMode::works;
    }
    auth.clock.advance(std::chrono::minutes(2));
    test::run(auth.loop, auth.node->deliver_profiles());
    const bool exists = check_whole(auth);
    CHECK((exists || answer.status != 200));  // what was promised is there
    CHECK((!exists || mode != DataMode::refuses));
    return struck;
}

}  // namespace

TEST_SUITE("nodes/auth/account_maker") {
    TEST_CASE("whichever statement of a registration fails, nothing stays half made") {
        for (const DataMode mode : {DataMode::works, DataMode::away, DataMode::refuses}) {
            for (const bool restarts : {false, true}) {
                CAPTURE(static_cast<int>(mode));
                CAPTURE(restarts);
                std::int64_t nth = 1;
                while (fails_at(&storage::Faults::statement, nth, mode, restarts)) {
                    CAPTURE(nth);
                    ++nth;
                    REQUIRE(nth < 200);
                }
                CHECK(nth > 10);  // a registration runs more statements than that
            }
        }
    }

    TEST_CASE("whichever commit of a registration fails, nothing stays half made") {
        for (const DataMode mode : {DataMode::works, DataMode::away, DataMode::refuses}) {
            for (const bool restarts : {false, true}) {
                CAPTURE(static_cast<int>(mode));
                CAPTURE(restarts);
                std::int64_t nth = 1;
                while (fails_at(&storage::Faults::commit, nth, mode, restarts)) {
                    ++nth;
                    REQUIRE(nth < 20);
                }
                CHECK(nth > 2);  // the account, then the promise or the undoing
            }
        }
    }

    TEST_CASE("a refusal of the data node undoes everything, and the code is good again") {
        AuthFixture auth;
        const std::string code = auth.code();
        auth.data.mode = DataMode::refuses;
        const auto refused = auth.post("/register/v1", auth.registration("alice", "student", code));
        CHECK(refused.status == 500);
        CHECK(refused.detail() == "Internal Server Error");
        CHECK_FALSE(check_whole(auth));
        CHECK(auth.count("SELECT count(*) FROM audit WHERE action = 'register_undone'") == 1);
        auth.data.mode = DataMode::works;
        CHECK(auth.post("/register/v1", auth.registration("alice", "student", code)).status == 200);
    }
}
