#include "courseselect/realtime/engine.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include <map>
#include <string>

#include "realtime_world.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
namespace engine = courseselect::realtime::engine;

namespace {

/// Echoes, and writes down what it hears.
class EngineEcho final : public engine::Service {
  public:
    struct Handler final : engine::SessionHandler {
        Handler(EngineEcho& service, engine::Session& session)
            : owner(service), session_of(session) {}
        void on_text(std::string_view text) override {
            owner.log.append("t(").append(text.substr(0, 20)).append(")");
            if (text == "close") {
                session_of.send_text("bye");
                session_of.close();
            } else if (text == "pause") {
                session_of.pause();
            } else {
                session_of.send_text(text);
            }
        }
        void on_binary(std::string_view bytes) override { session_of.send_binary(bytes); }
        void on_close(engine::CloseReason why) override {
            owner.log += "end" + std::to_string(static_cast<int>(why));
        }
        EngineEcho& owner;
        engine::Session& session_of;
    };

    std::unique_ptr<engine::SessionHandler> on_open(engine::Session& session) override {
        last = &session;
        return std::make_unique<Handler>(*this, session);
    }

    std::string log;
    engine::Session* last = nullptr;
};

class EngineWorld final : public test::RealtimeWorldOf<engine::Server> {
  public:
    explicit EngineWorld(engine::Options options = {}) {
        made_.emplace(loop, clock, random, std::move(options), service);
    }
    ~EngineWorld() {
        made_->close_all();
        turn();
    }
    engine::Server& server() override { return *made_; }

    EngineEcho service;

  private:
    std::optional<engine::Server> made_;
};
using EngineClient = test::SocketClient<engine::Server>;

std::string end_of(engine::CloseReason why) {
    return "end" + std::to_string(static_cast<int>(why));
}

}  // namespace

TEST_SUITE("realtime/engine") {
    TEST_CASE("the open packet tells the options, and ids are not repeated") {
        engine::Options options;
        options.ping_interval = 1234ms;
        options.payload_bytes_max = 5000;
        EngineWorld world(options);
        const std::string text = world.text(world.ask(net::http::Method::get, world.polling));
        const std::string sid = world.id_in(text);
        CHECK(text == "0{\"sid\":\"" + sid +
                          "\",\"upgrades\":[\"websocket\"],\"pingInterval\":1234,"
                          "\"pingTimeout\":20000,\"maxPayload\":5000}");
        CHECK(sid.size() == 24);
        CHECK(world.open() != sid);
        EngineClient client(world);
        CHECK(client.read().find("\"upgrades\":[]") != std::string::npos);
        options.allows_upgrade = false;
        EngineWorld without(options);
        CHECK(without.text(without.ask(net::http::Method::get, without.polling))
                  .find("\"upgrades\":[]") != std::string::npos);
    }

    TEST_CASE("the deadline of a silent session is exact, and looked at by every request") {
        EngineWorld world;
        const std::string sid = world.open();
        world.advance(25s);
        world.clock.advance(20s - 1us);
        CHECK(world.get(sid) == "2");
        world.clock.advance(1us);
        CHECK(world.get(sid) == "400 {\"code\":1,\"message\":\"Session ID unknown\"}");
        CHECK(world.service.log == end_of(engine::CloseReason::ping_timeout));
        CHECK(world.server().stats().ping_timeouts == 1);
        CHECK(world.server().stats().sessions == 0);
    }

    TEST_CASE("pings come an interval after each pong, and pongs keep the session") {
        EngineWorld world;
        EngineClient client(world);
        static_cast<void>(client.read());
        for (int i = 0; i < 3; ++i) {
            world.advance(25s - 1us);
            CHECK(client.read().empty());
            world.advance(1us);
            CHECK(client.read() == "2|");
            world.advance(19s);
            client.send("3");
            CHECK(client.read().empty());
        }
        world.advance(25s);
        world.advance(20s);
        CHECK(client.read() == "2|closed 1000|EOF");
        CHECK(world.service.log == end_of(engine::CloseReason::ping_timeout));
    }

    TEST_CASE("a server that was busy does not make its clients pay") {
        EngineWorld world;
        EngineClient client(world);
        static_cast<void>(client.read());
        world.advance(40s);  // the ping leaves 15 s late
        CHECK(client.read() == "2|");
        world.advance(20s - 1us);
        CHECK(world.service.log.empty());
        world.advance(1us);
        CHECK(world.service.log == end_of(engine::CloseReason::ping_timeout));
    }

    TEST_CASE("what is sent in one turn is one payload") {
        EngineWorld world;
        const std::string sid = world.open();
        const auto waiting = world.ask(net::http::Method::get, world.polling + "&sid=" + sid);
        CHECK(world.text(waiting) == "waits");
        world.service.last->send_text("a");
        world.service.last->send_binary("\x01\x02");
        world.service.last->send_text("b");
        world.turn();
        CHECK(world.text(waiting) ==
              "4a\x1e"
              "bAQI=\x1e"
              "4b");
    }

    TEST_CASE("an answer to a poll has at most 16 packets, the next has the others") {
        EngineWorld world;
        const std::string sid = world.open();
        for (int i = 0; i < 17; ++i) {
            world.service.last->send_text("x");
        }
        world.turn();
        const auto packets = [&] {
            const auto poll = world.ask(net::http::Method::get, world.polling + "&sid=" + sid);
            const std::string text = world.text(poll);
            return 1 + std::count(text.begin(), text.end(), '\x1e');
        };
        CHECK(packets() == 16);
        CHECK(packets() == 1);
        CHECK(world.service.last->unsent_bytes() == 0);
    }

    TEST_CASE("closing on polling lets the next poll fetch what was left") {
        EngineWorld world;
        const std::string sid = world.open();
        CHECK(world.post(sid, "4close") == "ok");
        CHECK(world.service.log == "t(close)" + end_of(engine::CloseReason::forced_close));
        CHECK(world.post(sid, "4late").starts_with("400 "));
        CHECK(world.get(sid) ==
              "4bye\x1e"
              "1");
        CHECK(world.get(sid).starts_with("400 "));
        // Nobody fetches it: forgotten after the ping timeout.
        const std::string other = world.open();
        CHECK(world.post(other, "4close") == "ok");
        CHECK(world.server().stats().sessions == 1);
        world.advance(20s);
        CHECK(world.server().stats().sessions == 0);
    }

    TEST_CASE("closing on WebSocket sends what was said before") {
        EngineWorld world;
        EngineClient client(world);
        static_cast<void>(client.read());
        client.send("4close");
        CHECK(client.read() == "4bye|closed 1000|EOF");
        CHECK(world.server().stats().websockets == 0);
    }

    TEST_CASE("an upgrade that is not finished is closed at its timeout, the session stays") {
        EngineWorld world;
        const std::string sid = world.open();
        EngineClient probe(world, "EIO=4&transport=websocket&sid=" + sid);
        probe.send("2probe");
        CHECK(probe.read() == "3probe|");
        world.advance(10s - 1us);
        CHECK(probe.read().empty());
        world.advance(1us);
        CHECK(probe.read() == "closed 1000|EOF");
        CHECK(world.post(sid, "4hello") == "ok");
        CHECK(world.get(sid) == "4hello");
    }

    TEST_CASE("the sessions are bounded, in all and for each address") {
        engine::Options options;
        options.sessions_max = 3;
        options.sessions_per_address_max = 2;
        EngineWorld world(options);
        const std::string first = world.open();
        world.open();
        CHECK(world.text(world.ask(net::http::Method::get, world.polling)).starts_with("503 "));
        world.address = "127.0.0.2";
        world.open();
        world.address = "127.0.0.3";
        CHECK(world.text(world.ask(net::http::Method::get, world.polling)).starts_with("503 "));
        CHECK(world.server().stats().refused == 2);
        CHECK(world.post(first, "1") == "ok");
        world.address = "127.0.0.1";
        world.open();
        CHECK(world.server().stats().sessions == 3);
    }

    TEST_CASE("who does not fetch is closed at the bound, from the loop") {
        engine::Options options;
        options.unsent_bytes_max = 1000;
        EngineWorld world(options);
        const std::string sid = world.open();
        world.service.last->send_text(std::string(900, 'x'));
        CHECK(world.service.last->unsent_bytes() > 900);
        world.service.last->send_text(std::string(200, 'x'));
        CHECK(world.service.log.empty());
        world.turn();
        CHECK(world.service.log == end_of(engine::CloseReason::too_slow));
        CHECK(world.get(sid).starts_with("400 "));
        CHECK(world.server().stats().overflows == 1);
    }

    TEST_CASE("a payload has so many packets and no more") {
        engine::Options options;
        options.packets_per_payload_max = 3;
        EngineWorld world(options);
        CHECK(world.post(world.open(),
                         "4a\x1e"
                         "4b\x1e"
                         "4c") == "ok");
        const std::string sid = world.open();
        CHECK(world
                  .post(sid,
                        "4a\x1e"
                        "4b\x1e"
                        "4c\x1e"
                        "4d")
                  .starts_with("400 "));
        CHECK(world.get(sid).starts_with("400 "));
    }

    TEST_CASE("who sends faster than allowed waits, on both transports, and loses nothing") {
        engine::Options options;
        options.messages_per_second_max = 10;
        options.messages_burst = 2;
        EngineWorld world(options);
        const std::string sid = world.open();
        const auto posted = world.ask(net::http::Method::post, world.polling + "&sid=" + sid,
                                      "4a\x1e"
                                      "4b\x1e"
                                      "4c\x1e"
                                      "4d");
        CHECK(world.service.log == "t(a)t(b)t(c)");
        CHECK(world.text(posted) == "waits");
        world.advance(100ms);
        CHECK(world.service.log == "t(a)t(b)t(c)t(d)");
        world.advance(100ms);
        CHECK(world.text(posted) == "ok");
        world.service.log.clear();
        EngineClient client(world);
        for (const char* text : {"4a", "4b", "4c", "4d"}) {
            client.send(text);
        }
        CHECK(world.service.log == "t(a)t(b)t(c)");
        world.advance(100ms);
        CHECK(world.service.log == "t(a)t(b)t(c)t(d)");
    }

    TEST_CASE("a second POST while one waits ends the session") {
        EngineWorld world;
        const std::string sid = world.open();
        const auto first = world.ask(net::http::Method::post, world.polling + "&sid=" + sid,
                                     "4pause\x1e"
                                     "4next");
        CHECK(world.text(first) == "waits");
        CHECK(world.post(sid, "4x").starts_with("400 "));
        CHECK(world.get(sid).starts_with("400 "));
        CHECK(world.service.log == "t(pause)" + end_of(engine::CloseReason::transport_error));
        CHECK(world.text(first) == "ok");
    }

    TEST_CASE("a paused client is not taken for a dead one") {
        EngineWorld world;
        EngineClient client(world);
        static_cast<void>(client.read());
        client.send("4pause");
        world.advance(25s);
        CHECK(client.read() == "2|");
        client.send("3");
        world.advance(20s);
        CHECK(world.service.log == "t(pause)");
        world.service.last->resume();
        world.turn();
        world.advance(24s);
        CHECK(world.service.log == "t(pause)");
    }

    TEST_CASE("a gate may refuse first requests, and says why") {
        EngineWorld world;
        world.server().set_gate([](const net::http::Request& request) {
            return request.header("X-Pass") ? std::nullopt : std::optional<std::string>("No pass");
        });
        CHECK(world.text(world.ask(net::http::Method::get, world.polling)) ==
              "403 {\"code\":4,\"message\":\"No pass\"}");
        const auto passed =
            world.ask(net::http::Method::get, world.polling, "", {{"X-Pass", "yes"}});
        CHECK(world.text(passed).starts_with("0{"));
    }

    TEST_CASE("limits count by the address that a proxy names") {
        engine::Options options;
        options.sessions_per_address_max = 1;
        EngineWorld world(options);
        world.server().set_address_of([](const net::http::Request& request) {
            return std::string(request.header("X-Forwarded-For").value_or("-"));
        });
        for (const std::string_view address : {"1.1.1.1", "2.2.2.2"}) {
            const auto answer = world.ask(net::http::Method::get, world.polling, "",
                                          {{"X-Forwarded-For", address}});
            CHECK(world.text(answer).starts_with("0{"));
            CHECK(world.service.last->handshake().address == address);
        }
        CHECK(world
                  .text(world.ask(net::http::Method::get, world.polling, "",
                                  {{"X-Forwarded-For", "1.1.1.1"}}))
                  .starts_with("503 "));
    }

    TEST_CASE("the handshake keeps the query and the fields that were asked for") {
        EngineWorld world;
        static_cast<void>(world.ask(net::http::Method::get, world.polling + "&token=a%20b&x", "",
                                    {{"Authorization", "Bearer t"}, {"Cookie", "c"}}));
        const engine::Handshake& handshake = world.service.last->handshake();
        CHECK(handshake.parameter("token") == "a b");
        CHECK(handshake.parameter("x") == "");
        CHECK_FALSE(handshake.parameter("y"));
        CHECK(handshake.header("authorization") == "Bearer t");
        CHECK_FALSE(handshake.header("cookie"));
    }

    TEST_CASE("origins are answered as configured") {
        const auto origin_answer = [](std::vector<std::string> origins, std::string_view origin) {
            engine::Options options;
            options.cors_origins = std::move(origins);
            EngineWorld world(options);
            const auto answer =
                world.ask(net::http::Method::get, world.polling, "", {{"Origin", origin}});
            for (const auto& field : (*answer)->headers) {
                if (field.name == "Access-Control-Allow-Origin") {
                    return field.value;
                }
            }
            return std::string("none");
        };
        CHECK(origin_answer({"*"}, "http://a") == "*");
        CHECK(origin_answer({"http://a", "http://b"}, "http://b") == "http://b");
        CHECK(origin_answer({"http://a"}, "http://c") == "none");
        CHECK(origin_answer({}, "http://a") == "none");
    }

    TEST_CASE("transports that are switched off are unknown") {
        engine::Options options;
        options.allows_polling = false;
        EngineWorld world(options);
        CHECK(world.text(world.ask(net::http::Method::get, world.polling)) ==
              "400 {\"code\":0,\"message\":\"Transport unknown\"}");
        CHECK(world.text(world.ask(net::http::Method::get, "EIO=4&transport=%zz")) ==
              "400 {\"code\":3,\"message\":\"Bad request\"}");
    }

    TEST_CASE("closing all answers polls, closes sockets and refuses newcomers") {
        EngineWorld world;
        const std::string sid = world.open();
        const auto waiting = world.ask(net::http::Method::get, world.polling + "&sid=" + sid);
        EngineClient client(world);
        static_cast<void>(client.read());
        world.server().close_all();
        CHECK(world.text(waiting) == "1");
        CHECK(client.read() == "closed 1001|EOF");
        CHECK(world.server().stats().sessions == 0);
        CHECK(world.text(world.ask(net::http::Method::get, world.polling)).starts_with("503 "));
    }
}
