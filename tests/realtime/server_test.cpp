#include "courseselect/realtime/server.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "courseselect/async/event.hpp"
#include "realtime_world.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using realtime::Args;
using test::RealtimeClient;
using test::RealtimeWorld;

namespace {

async::Task<> wait_and_answer(async::Event* event, realtime::Event asked) {
    co_await event->wait();
    asked.ack.send(asked.args);
}

async::Task<> throw_now(realtime::SocketPointer, realtime::Event event) {
    if (event.args.size() > 0) {
        throw std::runtime_error("a secret");
    }
    throw 42;
    co_return;
}

class ExceptionNotes final : public realtime::ServerObserver {
  public:
    void on_handler_exception(std::string_view nsp, std::string_view event,
                              std::string_view what) override {
        log += std::string(nsp) + " " + std::string(event) + " " + std::string(what) + ";";
    }
    std::string log;
};

/// A server that is gone as soon as it has stopped.
class StoppedWorld final : public test::RealtimeWorldOf<realtime::Server> {
  public:
    StoppedWorld() { made_.emplace(loop, clock, random, realtime::ServerOptions()); }
    realtime::Server& server() override { return *made_; }
    void stop() {
        tasks.spawn(stop_and_destroy(*this));
        turn();
    }

  private:
    static async::Task<> stop_and_destroy(StoppedWorld& self) {
        co_await self.made_->stop();
        self.made_.reset();
    }
    std::optional<realtime::Server> made_;
};

/// One that has sent a packet of the protocol and then sees what comes.
std::string answer_to(RealtimeWorld& world, const std::string& packet) {
    RealtimeClient client(world);
    client.join();
    client.send(packet);
    return client.read();
}

}  // namespace

TEST_SUITE("realtime/server") {
    TEST_CASE("a connection that joins nothing is closed, one that has joined is not") {
        realtime::ServerOptions options;
        options.connect_timeout = 5s;
        RealtimeWorld world(options);
        world.main();
        RealtimeClient idle(world);
        RealtimeClient joined(world);
        static_cast<void>(idle.read());
        joined.join();
        world.advance(5s - 1us);
        CHECK(idle.read().empty());
        world.advance(1us);
        CHECK(idle.read() == "closed 1000|EOF");
        CHECK(joined.read().empty());
        joined.send("41");
        world.advance(10s);
        CHECK(joined.read().empty());  // it has left again, which is its right
    }

    TEST_CASE("unknown namespaces are refused, broken packets close") {
        RealtimeWorld world;
        world.main();
        CHECK(answer_to(world, "40/x") == "44/x,{\"message\":\"Invalid namespace\"}|");
        CHECK(answer_to(world, "4x") == "closed 1000|EOF");
        CHECK(answer_to(world, "42{}") == "closed 1000|EOF");
        CHECK(world.server().stats().parse_errors == 2);
        CHECK(answer_to(world, "42/x,[\"a\"]") == "closed 1000|EOF");
        CHECK(answer_to(world, "40") == "closed 1000|EOF");
    }

    TEST_CASE("namespaces of one connection are bounded") {
        realtime::ServerOptions options;
        options.namespaces_per_connection_max = 2;
        RealtimeWorld world(options);
        for (const char* name : {"/", "/a", "/b"}) {
            world.server().of(name);
        }
        RealtimeClient client(world);
        client.join();
        client.join("/a,");
        client.send("40/b");
        CHECK(client.read() == "closed 1000|EOF");
    }

    TEST_CASE("attachments are bounded in number and in bytes") {
        realtime::ServerOptions options;
        options.attachments_max = 2;
        options.attachment_bytes_max = 100;
        RealtimeWorld world(options);
        int events = 0;
        world.main().on("b", [&events](realtime::SocketPointer, realtime::Event event) {
            events += static_cast<int>(event.args.attachments().size());
            return test::nothing();
        });
        const std::string two = R"(452-["b",{"_placeholder":true,"num":0},)"
                                R"({"_placeholder":true,"num":1}])";
        RealtimeClient client(world);
        client.join();
        client.send(two);
        client.send_binary(std::string(60, 'x'));
        client.send_binary(std::string(40, 'x'));
        CHECK(client.read().empty());
        CHECK(events == 2);
        client.send(two);
        client.send_binary(std::string(60, 'x'));
        client.send_binary(std::string(41, 'x'));
        CHECK(client.read() == "closed 1000|EOF");
        CHECK(answer_to(world, R"(453-["b"])") == "closed 1000|EOF");
        CHECK(events == 2);
    }

    TEST_CASE("a client's waiting handlers are bounded: its further packets wait") {
        realtime::ServerOptions options;
        options.handlers_per_connection_max = 2;
        RealtimeWorld world(options);
        async::Event gate(world.loop);
        world.main().on("slow", [&gate](realtime::SocketPointer, realtime::Event event) {
            return wait_and_answer(&gate, std::move(event));
        });
        RealtimeClient client(world);
        RealtimeClient other(world);
        client.join();
        other.join();
        for (int i = 0; i < 5; ++i) {
            client.send("42" + std::to_string(i) + "[\"slow\"," + std::to_string(i) + "]");
        }
        CHECK(world.server().stats().handlers == 2);
        other.send("420[\"slow\",9]");
        CHECK(world.server().stats().handlers == 3);
        std::string got;
        while (world.server().stats().handlers > 0) {
            gate.notify_all();
            got += client.read();
        }
        CHECK(got == "430[0]|431[1]|432[2]|433[3]|434[4]|");
        CHECK(other.read() == "430[9]|");
    }

    TEST_CASE("a handler that throws is told to the observer and to nobody else") {
        ExceptionNotes notes;
        realtime::ServerOptions options;
        options.observer = &notes;
        RealtimeWorld world(options);
        world.main().on("boom", throw_now);
        RealtimeClient client(world);
        client.join();
        client.send("421[\"boom\",1]");
        client.send("422[\"boom\"]");
        CHECK(client.read().empty());
        CHECK(notes.log == "/ boom a secret;/ boom not a std::exception;");
        CHECK(world.server().stats().handlers == 0);
    }

    TEST_CASE("handlers may outlive their client, and then answer nobody") {
        RealtimeWorld world;
        async::Event gate(world.loop);
        world.main().on("slow", [&gate](realtime::SocketPointer, realtime::Event event) {
            return wait_and_answer(&gate, std::move(event));
        });
        {
            RealtimeClient client(world);
            client.join();
            client.send("421[\"slow\"]");
            CHECK(world.server().stats().handlers == 1);
        }
        CHECK(world.server().stats().sockets == 0);
        gate.notify_all();
        world.turn();
        CHECK(world.server().stats().handlers == 0);
    }

    TEST_CASE("figures add up") {
        RealtimeWorld world;
        world.main();
        RealtimeClient client(world);
        client.join();
        world.main().emit("e", {});
        const auto stats = world.server().stats();
        CHECK(stats.sockets == 1);
        CHECK(stats.packets == 1);
        CHECK(stats.deliveries == 1);
        CHECK(stats.engine.sessions == 1);
        CHECK(stats.engine.websockets == 1);
        client.end();
        CHECK(world.server().stats().engine.websockets == 0);
    }

    TEST_CASE("stopping tells everybody and waits for the handlers") {
        RealtimeWorld world;
        std::string reason;
        async::Event gate(world.loop);
        world.main()
            .on("slow",
                [&gate](realtime::SocketPointer, realtime::Event event) {
                    return wait_and_answer(&gate, std::move(event));
                })
            .on_disconnect([&](const realtime::SocketPointer&, realtime::DisconnectReason why) {
                reason = realtime::reason_name(why);
            });
        RealtimeClient client(world);
        client.join();
        client.send("421[\"slow\"]");
        async::TaskGroup stopping(world.loop);
        stopping.spawn(world.server().stop());
        CHECK(client.read() == "closed 1001|EOF");
        CHECK(reason == "server shutting down");
        CHECK(stopping.running() == 1);
        gate.notify_all();
        world.turn();
        CHECK(stopping.running() == 0);
        CHECK(world.text(world.ask(net::http::Method::get, world.polling)).starts_with("503 "));
    }

    TEST_CASE("what was said before it stopped leaves before it has stopped, however many listen") {
        StoppedWorld world;
        auto& nsp = world.server().of("/");
        std::vector<std::unique_ptr<RealtimeClient>> clients;
        for (int i = 0; i < 200; ++i) {  // more than one turn writes to
            clients.push_back(std::make_unique<RealtimeClient>(world));
            clients.back()->join();
        }
        nsp.emit("last words", {});
        world.stop();
        for (const auto& client : clients) {
            CHECK(client->read().starts_with("42[\"last words\"]|"));
        }
    }
}
