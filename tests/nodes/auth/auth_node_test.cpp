#include "courseselect/nodes/auth/auth_node.hpp"

#include <doctest/doctest.h>

#include <set>

#include "courseselect/async/sleep.hpp"
#include "fixture.hpp"

using namespace courseselect;
using test::AuthCall;
using test::AuthFixture;

TEST_SUITE("nodes/auth/auth_node") {
    TEST_CASE("methods, paths and who may call are the contract's") {
        AuthFixture auth;
        std::set<std::string> routes;
        for (const api::RouteInfo* route : auth.node->service().routes()) {
            routes.insert(std::string(net::http::method_name(route->method)) + " " + route->path +
                          " " + std::string(api::access_name(route->access)));
        }
        for (const char* wanted :
             {"POST /register/v1 open", "POST /register/v2 refresh", "POST /login/v1 open",
              "POST /login/v2 refresh", "GET /check/2fa-status refresh",
              "POST /login/no-2fa refresh", "POST /setup/2fa/v1 refresh",
              "POST /setup/2fa/v2 refresh", "POST /refresh refresh", "POST /auth/refresh open",
              "POST /logout open", "GET /get/user bearer", "POST /login/admin open",
              "POST /add/admin admin", "POST /generate/registration-code admin",
              "GET /health open"}) {
            CAPTURE(wanted);
            CHECK(routes.contains(wanted));
        }
    }

    TEST_CASE("while passwords are being hashed the loop answers others") {
        AuthFixture auth([](AuthFixture::Options& options) { options.bcrypt_cost = 8; });
        std::vector<AuthCall> calls(32, {.path = "/login/v1"});
        for (std::size_t i = 0; i < calls.size(); ++i) {
            calls[i].body = json::make_object("username", "n" + std::to_string(i), "password", "x");
        }
        struct Storm {
            static async::Task<> log_in(AuthFixture& auth, const AuthCall& call, int& waiting) {
                net::http::Request request;
                request.method = call.method;
                request.target = request.path = call.path;
                request.body = call.body;
                request.peer.address = call.address;
                const auto answer = co_await auth.node->handler().handle(request);
                CHECK(answer.status == 401);
                --waiting;
            }
            static async::Task<> run(AuthFixture& auth, const std::vector<AuthCall>& calls,
                                     int& answered) {
                int waiting = static_cast<int>(calls.size());
                async::TaskGroup group(auth.loop);
                for (const AuthCall& call : calls) {
                    group.spawn(log_in(auth, call, waiting));
                }
                net::http::Request request;
                request.target = request.path = "/health";
                while (waiting > 0) {
                    co_await async::yield(auth.loop);
                    const auto answer = co_await auth.node->handler().handle(request);
                    answered += answer.status == 200 ? 1 : 0;
                }
                co_await group.join();
            }
        };
        int answered = 0;
        test::run(auth.loop, Storm::run(auth, calls, answered));
        CHECK(answered > 10 * 32);  // hashing on the loop would let in one between two passwords
    }

    TEST_CASE("more passwords than the queue holds are refused as busy, not lost") {
        AuthFixture auth([](AuthFixture::Options& options) {
            options.hashing.people = {.threads = 1, .queued_max = 2, .niceness = 0};
            options.bcrypt_cost = 8;
        });
        std::vector<AuthCall> calls;
        for (int i = 0; i < 12; ++i) {
            calls.push_back(
                {.path = "/login/v1",
                 .body = json::make_object("username", "n" + std::to_string(i), "password", "x")});
        }
        int busy = 0;
        for (const auto& answer : auth.all(calls)) {
            CHECK((answer.status == 401 || answer.status == 503));
            if (answer.status == 503) {
                ++busy;
                CHECK(answer.header("Retry-After") == "1");
            }
        }
        CHECK(busy >= 1);
        CHECK(auth.login("nobody").status == 401);
    }

    TEST_CASE("accounts, sessions and codes outlive the process") {
        AuthFixture auth;
        const auto alice = auth.student("alice");
        const auto token = auth.login("alice").text("refresh_token");
        const std::string code = auth.code();
        auth.reopen();
        CHECK(auth.post("/login/v2", auth.totp(alice), token).status == 200);
        CHECK(auth.post("/register/v1", auth.registration("bob", "student", code)).status == 200);
    }
}
