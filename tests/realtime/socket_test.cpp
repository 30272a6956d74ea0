#include "courseselect/realtime/socket.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>

#include "realtime_world.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using realtime::Args;
using test::RealtimeClient;
using test::RealtimeWorld;

namespace {

/// One client and the server's side of it.
struct OneSocket {
    explicit OneSocket(realtime::ServerOptions options = {}) : world(std::move(options)) {
        client.emplace(world);
        socket = world.main().find(client->join());
        REQUIRE(socket);
    }
    realtime::Socket::OnAnswer note() {
        return [this](core::Result<Args> answer) {
            log += (answer ? answer->text() : std::string(answer.error().reason())) + ";";
        };
    }

    std::string log;  // the first to come: what the world tells when it ends is noted, too
    RealtimeWorld world;
    std::optional<RealtimeClient> client;
    realtime::SocketPointer socket;
};

async::Task<> answer_twice(realtime::SocketPointer, realtime::Event event) {
    realtime::Ack ack = std::move(event.ack);
    CHECK(static_cast<bool>(ack));
    CHECK_FALSE(static_cast<bool>(event.ack));
    ack.send(Args::of("first"));
    CHECK_FALSE(static_cast<bool>(ack));
    ack.send(Args::of("second"));
    co_return;
}

}  // namespace

TEST_SUITE("realtime/socket") {
    TEST_CASE("it emits to its client, and only in its namespace") {
        OneSocket one;
        one.socket->emit("hello", Args::of(1, "two"));
        CHECK(one.client->read() == "42[\"hello\",1,\"two\"]|");
        one.world.server().of("/x");
        const std::string other = one.client->join("/x,");
        CHECK(other != one.socket->id());
        one.world.server().of("/x").emit("there", {});
        CHECK(one.client->read() == "42/x,[\"there\"]|");
    }

    TEST_CASE("a client's ack is sent once") {
        OneSocket one;
        one.world.main().on("ask", answer_twice);
        one.client->send("425[\"ask\"]");
        CHECK(one.client->read() == "435[\"first\"]|");
    }

    TEST_CASE("answers of the client come back, with attachments, each to its question") {
        OneSocket one;
        one.socket->emit("q", Args::of(1), 1s, one.note());
        one.socket->emit("q", Args::of(2), 1s, one.note());
        CHECK(one.client->read() == "420[\"q\",1]|421[\"q\",2]|");
        one.client->send("431[\"b\"]");
        one.client->send("461-0[{\"_placeholder\":true,\"num\":0}]");
        one.client->send_binary("x");
        CHECK(one.log == "\"b\";{\"_placeholder\":true,\"num\":0};");
        one.client->send("431[\"again\"]");
        one.client->send("439[\"never asked\"]");
        CHECK(one.client->read().empty());
        CHECK(one.log == "\"b\";{\"_placeholder\":true,\"num\":0};");
    }

    TEST_CASE("a question without answer ends at its timeout, or with its client") {
        OneSocket one;
        one.socket->emit("q", {}, 1s, one.note());
        one.socket->emit("q", {}, 2s, one.note());
        one.world.advance(1s);
        CHECK(one.log == "ack_timeout;");
        one.client->send("430[]");
        CHECK(one.log == "ack_timeout;");
        one.client->end();
        CHECK(one.log == "ack_timeout;disconnected;");
        one.socket->emit("q", {}, 1s, one.note());
        CHECK(one.log == "ack_timeout;disconnected;disconnected;");
    }

    TEST_CASE("questions without answer are bounded") {
        realtime::ServerOptions options;
        options.acks_pending_max = 2;
        OneSocket one(options);
        one.socket->emit("q", {}, 1s, one.note());
        one.socket->emit("q", {}, 1s, one.note());
        CHECK(one.log.empty());
        one.socket->emit("q", {}, 1s, one.note());
        CHECK(one.log == "too_many_questions;");
    }

    TEST_CASE("disconnecting leaves one namespace, or ends the connection") {
        OneSocket one;
        one.world.server().of("/x");
        one.client->join("/x,");
        one.socket->emit("last", {});
        one.socket->disconnect();
        one.socket->emit("late", {});
        CHECK_FALSE(one.socket->is_connected());
        CHECK(one.client->read() == "42[\"last\"]|41|");
        CHECK(one.world.server().of("/x").size() == 1);
        one.client->join();
        one.world.server().of("/x").all().disconnect(true);
        CHECK(one.client->read() == "41/x,|closed 1000|EOF");
        CHECK(one.world.server().stats().sockets == 0);
    }

    TEST_CASE("every reason has the name that the reference server gives it") {
        using realtime::DisconnectReason;
        CHECK(realtime::reason_name(DisconnectReason::client_left) ==
              "client namespace disconnect");
        CHECK(realtime::reason_name(DisconnectReason::ping_timeout) == "ping timeout");
        CHECK(realtime::reason_name(DisconnectReason::transport_close) == "transport close");
        CHECK(realtime::reason_name(DisconnectReason::shutting_down) == "server shutting down");
    }
}
