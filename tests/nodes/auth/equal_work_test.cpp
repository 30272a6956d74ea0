/// An answer must not tell by its time whether a name exists: for every path that takes a password,
/// names that exist and names that do not cost the same rounds of bcrypt. Counted, not timed.

#include <doctest/doctest.h>

#include "admin_world.hpp"

using namespace courseselect;
using test::AdminWorld;
using test::AuthFixture;

namespace {

struct WorkWorld : AdminWorld {
    WorkWorld() : AdminWorld([](Options& options) { options.guesses.enabled = false; }) {
        student("idle");
        set_active("idle", false);
        post("/admin/user/contact", R"({"username":"ada","email":"ada@example.org"})", boss);
    }
    /// Rounds that one call costs; work in the background, such as a rehash, is counted too.
    std::uint64_t rounds(const std::string& path, const std::string& body, int status,
                         const std::string& token = "") {
        const std::uint64_t before = node->state().passwords.rounds();
        CHECK(post(path, body, token).status == status);
        return node->state().passwords.rounds() - before;
    }
    std::uint64_t login_rounds(const char* path, const char* field, const std::string& name,
                               const std::string& password, int status) {
        CAPTURE(path);
        CAPTURE(name);
        CAPTURE(password.size());
        return rounds(path, json::make_object(field, name, "password", password), status);
    }
};

constexpr std::uint64_t one_check = 1 << 4;  // the tests' cost

}  // namespace

TEST_SUITE("nodes/auth/equal_work") {
    TEST_CASE("a login costs one check, whoever is asked for") {
        WorkWorld world;
        for (const char* path : {"/login/v1", "/login"}) {
            CHECK(world.login_rounds(path, "username", "nobody", "wrong one", 401) == one_check);
            CHECK(world.login_rounds(path, "username", "ada", "wrong one", 401) == one_check);
            CHECK(world.login_rounds(path, "username", "idle", "wrong one", 401) == one_check);
            CHECK(world.login_rounds(path, "username", "idle", test::good_password, 403) ==
                  one_check);
            CHECK(world.login_rounds(path, "username", "admin", "admin123", 401) == one_check);
            CHECK(world.login_rounds(path, "username", "ada", test::good_password, 200) ==
                  one_check);
        }
    }

    TEST_CASE("the same for administrators, whom nobody else can pass for") {
        WorkWorld world;
        for (const char* path : {"/login/admin", "/admin/login"}) {
            CHECK(world.login_rounds(path, "username", "nobody", "wrong one", 401) == one_check);
            CHECK(world.login_rounds(path, "username", "admin", "wrong one", 401) == one_check);
            CHECK(world.login_rounds(path, "username", "ada", test::good_password, 401) ==
                  one_check);
            CHECK(world.login_rounds(path, "username", "admin", "admin123", 200) == one_check);
        }
    }

    TEST_CASE("the same at the other door, by name and by address") {
        WorkWorld world;
        for (const char* field : {"email", "username"}) {
            CHECK(world.login_rounds("/auth/login", field, "nobody", "wrong one", 401) ==
                  one_check);
            CHECK(world.login_rounds("/auth/login", field, "ada", "wrong one", 401) == one_check);
            CHECK(world.login_rounds("/auth/login", field, "idle", test::good_password, 403) ==
                  one_check);
        }
        CHECK(world.login_rounds("/auth/login", "email", "no@example.org", "wrong one", 401) ==
              one_check);
        CHECK(world.login_rounds("/auth/login", "email", "ada@example.org", "wrong one", 401) ==
              one_check);
    }

    TEST_CASE("passwords that can match nobody cost nothing, whoever is asked for") {
        WorkWorld world;
        const std::string nul = R"("password":"a\u0000bcdef"})";
        for (const char* name : {"nobody", "ada"}) {
            const std::string body = std::string(R"({"username":")") + name + "\"," + nul;
            CHECK(world.rounds("/login/v1", body, 401) == 0);
            CHECK(world.rounds("/auth/login", body, 401) == 0);
        }
    }

    TEST_CASE("a hash of a lower cost is checked as slowly as nobody's") {
        int cost = 4;
        AuthFixture auth([&cost](AuthFixture::Options& options) { options.bcrypt_cost = cost; });
        auth.student("ada");
        cost = 6;
        auth.reopen();
        const auto rounds = [&](const char* name) {
            const std::uint64_t before = auth.node->state().passwords.rounds();
            CHECK(auth.login(name, "wrong one").status == 401);
            return auth.node->state().passwords.rounds() - before;
        };
        CHECK(rounds("nobody") == 64);
        CHECK(rounds("ada") == 64);
    }

    TEST_CASE("reset codes cost no hashing, whether they exist or not") {
        WorkWorld world;
        const auto code =
            world.post("/generate/reset-code", R"({"username":"ada"})", world.boss).text("code");
        const auto reset = [&](const std::string& typed, int status) {
            return world.rounds("/reset/2fa",
                                json::make_object("reset_code", typed, "new_totp_code", "123456"),
                                status);
        };
        CHECK(reset("ZZZZZZZZ", 400) == 0);
        CHECK(reset("no code", 400) == 0);
        CHECK(reset(code, 200) == 0);
        CHECK(reset(code, 400) == 0);
    }

    TEST_CASE("one's own password is checked once, right or wrong") {
        WorkWorld world;
        const auto change = [&](const char* old, int status) {
            return world.rounds(
                "/user/change-password",
                json::make_object("old_password", old, "new_password", test::good_password), status,
                world.ada_access);
        };
        CHECK(change("wrong one", 400) == one_check);
        CHECK(change(test::good_password.c_str(), 200) == 2 * one_check);  // and hashed anew
    }
}
