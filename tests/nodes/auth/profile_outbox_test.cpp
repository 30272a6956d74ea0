#include "courseselect/nodes/auth/profile_outbox.hpp"

#include <doctest/doctest.h>

#include "fixture.hpp"

using namespace courseselect;
using test::AuthFixture;
using test::DataMode;

namespace {

std::int64_t undelivered(AuthFixture& auth) {
    return auth.count("SELECT count(*) FROM profile_outbox");
}

/// Registers although the data node is away; ids were reserved before.
test::AuthAnswer register_alone(AuthFixture& auth, const std::string& name) {
    const std::string code = auth.code();
    auth.data.mode = DataMode::away;
    const auto made = auth.post("/register/v1", auth.registration(name, "student", code));
    auth.data.mode = DataMode::works;
    return made;
}

}  // namespace

TEST_SUITE("nodes/auth/profile_outbox") {
    TEST_CASE("with the data node away registration succeeds and the profile follows") {
        AuthFixture auth;
        auth.student("first");  // reserves a block of ids
        const auto made = register_alone(auth, "alice");
        CHECK(made.status == 200);
        CHECK(auth.login("alice").status == 200);
        CHECK(undelivered(auth) == 1);
        CHECK_FALSE(auth.data.knows("student", "alice"));
        test::run(auth.loop, auth.node->deliver_profiles());
        CHECK(auth.data.knows("student", "alice"));
        CHECK(undelivered(auth) == 0);
    }

    TEST_CASE("a profile that was not taken is tried again later and later") {
        AuthFixture auth;
        auth.student("first");
        register_alone(auth, "alice");
        const int asked = auth.data.profiles_asked;
        auth.data.mode = DataMode::away;
        for (const int seconds : {0, 4, 8, 16}) {
            auth.clock.advance(std::chrono::seconds(seconds));
            test::run(auth.loop, auth.node->deliver_profiles());
            const auto wait = auth.count("SELECT next_at / 1000000 FROM profile_outbox") -
                              auth.clock.wall_now().time_since_epoch().count() / 1'000'000;
            CHECK(wait == (seconds == 0 ? 4 : 2 * seconds));
        }
        auth.data.mode = DataMode::works;
        test::run(auth.loop, auth.node->deliver_profiles());
        CHECK(auth.data.profiles_asked == asked);
        auth.clock.advance(std::chrono::seconds(32));
        test::run(auth.loop, auth.node->deliver_profiles());
        CHECK(auth.data.knows("student", "alice"));
    }

    TEST_CASE("what was under way when the node stopped is due at the next start") {
        AuthFixture auth;
        auth.student("first");
        register_alone(auth, "alice");
        auth.data.mode = DataMode::away;
        test::run(auth.loop, auth.node->deliver_profiles());
        auth.data.mode = DataMode::works;
        auth.reopen();
        test::run(auth.loop, auth.node->deliver_profiles());
        CHECK(auth.data.knows("student", "alice"));
        CHECK(undelivered(auth) == 0);
    }

    TEST_CASE("an account that was promised is kept when the data node refuses it later") {
        AuthFixture auth;
        auth.student("first");
        register_alone(auth, "alice");
        auth.data.mode = DataMode::refuses;
        test::run(auth.loop, auth.node->deliver_profiles());
        CHECK(auth.login("alice").status == 200);
        CHECK(undelivered(auth) == 1);
        auth.data.mode = DataMode::works;
        auth.clock.advance(std::chrono::minutes(10));
        test::run(auth.loop, auth.node->deliver_profiles());
        CHECK(auth.data.knows("student", "alice"));
    }

    TEST_CASE("an id that is somebody else's by now gives the account another, and ends sessions") {
        AuthFixture auth;
        auth.student("first");
        const auto made = register_alone(auth, "alice");
        auth.data.names["student"][2] = "stranger";
        test::run(auth.loop, auth.node->deliver_profiles());  // finds the id taken
        test::run(auth.loop, auth.node->deliver_profiles());  // with the new id
        CHECK(auth.data.names["student"][2] == "stranger");
        CHECK(auth.data.names["student"][3] == "alice");
        CHECK(auth.count("SELECT id FROM users WHERE username = 'alice'") == 3);
        CHECK(auth.get("/check/2fa-status", made.text("refresh_token")).status == 404);
        CHECK(auth.login("alice").status == 200);
    }

    TEST_CASE("an id taken during the registration itself is replaced at once") {
        AuthFixture auth;
        auth.data.names["student"][1] = "stranger";
        const auto alice = auth.enrol("alice");
        CHECK(auth.data.names["student"][2] == "alice");
        CHECK(auth.get("/check/2fa-status", alice.refresh_token).status == 200);
    }

    TEST_CASE("without ids and without data node registration is 503 and uses nothing up") {
        AuthFixture auth([](AuthFixture::Options& options) { options.profiles.ids_low = 0; });
        const std::string code = auth.code("teacher");
        auth.data.mode = DataMode::away;
        const auto refused = auth.post("/register/v1", auth.registration("tina", "teacher", code));
        CHECK(refused.status == 503);
        CHECK(refused.detail() == "Service communication error");
        CHECK(auth.count("SELECT uses FROM registration_codes") == 0);
        auth.data.mode = DataMode::works;
        CHECK(auth.post("/register/v1", auth.registration("tina", "teacher", code)).status == 200);
    }

    TEST_CASE("blocks of ids are used up one by one and never twice") {
        AuthFixture auth([](AuthFixture::Options& options) { options.profiles.ids_low = 0; });
        auth.data.block = 3;
        const std::string code = auth.code("student", 100);
        std::vector<test::AuthCall> calls;
        for (int i = 0; i < 20; ++i) {
            calls.push_back({.path = "/register/v1",
                             .body = auth.registration("s-" + std::to_string(i), "student", code)});
        }
        for (const auto& answer : auth.all(calls)) {
            CHECK((answer.status == 200 || answer.status == 503));
        }
        CHECK(auth.data.names["student"].size() ==
              static_cast<std::size_t>(
                  auth.count("SELECT count(*) FROM users WHERE kind = 'student'")));
        CHECK(auth.count("SELECT uses FROM registration_codes") ==
              auth.count("SELECT count(*) FROM users WHERE kind = 'student'"));
    }
}
