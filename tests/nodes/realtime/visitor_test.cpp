#include "courseselect/nodes/realtime/visitor.hpp"

#include <doctest/doctest.h>

#include "courseselect/nodes/control/revocations.hpp"

using namespace courseselect;
using courseselect::realtime::ConnectRequest;
using nodes::realtime::Door;

namespace {

const core::Secret door_secret{"0123456789abcdef0123456789abcdef"};

struct Hall {
    std::string token(std::chrono::seconds life = std::chrono::hours{1},
                      auth::TokenType type = auth::TokenType::access) {
        const auto signer = auth::JwtSigner::hs256(door_secret);
        auth::Claims claims;
        claims.principal = {auth::UserKind::student, 17, "alice"};
        claims.type = type;
        claims.expires_at = std::chrono::floor<std::chrono::seconds>(clock.wall_now()) + life;
        claims.issued_at = std::chrono::floor<std::chrono::seconds>(clock.wall_now());
        claims.session_id = "session-1";
        return *signer->sign(claims);
    }
    std::string refusal(const ConnectRequest& request) {
        const auto visitor = door.open(request);
        return visitor ? std::string() : visitor.error().detail();
    }
    static ConnectRequest with_payload(const std::string& token) {
        ConnectRequest request;
        request.auth = R"({"token":")" + token + "\"}";
        return request;
    }

    core::ManualClock clock;
    nodes::RevocationList gone;
    Door door{*auth::JwtVerifier::hs256(door_secret), clock, gone};
};

}  // namespace

TEST_SUITE("nodes/realtime/visitor") {
    TEST_CASE("the token may come in three places, and the CONNECT payload goes first") {
        Hall hall;
        const std::string token = hall.token();
        CHECK(hall.refusal(Hall::with_payload(token)) == "");
        CHECK(hall.refusal(Hall::with_payload("Bearer " + token)) == "");
        ConnectRequest by_query;
        by_query.auth = "{}";
        by_query.handshake.query = "EIO=4&transport=websocket&token=" + token;
        CHECK(hall.refusal(by_query) == "");
        ConnectRequest by_header;
        by_header.auth = "{}";
        by_header.handshake.headers.push_back({"Authorization", "Bearer " + token});
        CHECK(hall.refusal(by_header) == "");
        by_header.auth = R"({"token":"rubbish"})";
        CHECK(hall.refusal(by_header) == "invalid token");
    }

    TEST_CASE("nobody comes in without a good access token") {
        Hall hall;
        ConnectRequest empty;
        empty.auth = "{}";
        CHECK(hall.refusal(empty) == "authentication required");
        empty.auth = R"({"token":""})";
        CHECK(hall.refusal(empty) == "authentication required");
        empty.auth = R"({"token":7})";
        CHECK(hall.refusal(empty) == "authentication required");
        CHECK(hall.refusal(Hall::with_payload("a.b.c")) == "invalid token");
        CHECK(hall.refusal(Hall::with_payload(
                  hall.token(std::chrono::hours{1}, auth::TokenType::refresh))) == "invalid token");
        CHECK(hall.refusal(Hall::with_payload(hall.token(std::chrono::seconds{0}))) ==
              "token expired");
        hall.gone.end_session("session-1", hall.clock.wall_now() + std::chrono::hours{1});
        CHECK(hall.refusal(Hall::with_payload(hall.token())) == "invalid token");
    }

    TEST_CASE("who is in has to go when the token dies or is taken back") {
        Hall hall;
        const auto visitor =
            hall.door.open(Hall::with_payload(hall.token(std::chrono::seconds{60})));
        REQUIRE(visitor);
        CHECK(visitor->key == "student:17");
        CHECK(visitor->id == "17");
        CHECK(visitor->room == "user_student_17");
        CHECK_FALSE(hall.door.objection(*visitor));
        hall.clock.advance(std::chrono::seconds{59});
        CHECK_FALSE(hall.door.objection(*visitor));
        hall.clock.advance(std::chrono::seconds{1});
        CHECK(hall.door.objection(*visitor) == "token expired");
        const auto other = hall.door.open(Hall::with_payload(hall.token()));
        REQUIRE(other);
        hall.gone.end_user("student:17", hall.clock.wall_now() + std::chrono::seconds{1},
                           hall.clock.wall_now() + std::chrono::hours{1});
        CHECK(hall.door.objection(*other) == "token revoked");
    }
}
