#include "courseselect/realtime/namespace.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "courseselect/async/completion.hpp"
#include "realtime_world.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using realtime::Admission;
using realtime::Args;
using test::RealtimeClient;
using test::RealtimeWorld;

namespace {

async::Task<Admission> admit_by_token(realtime::ConnectRequest request) {
    if (request.auth == R"({"token":"good"})") {
        co_return Admission::accept(std::make_shared<std::string>("ann"));
    }
    if (request.handshake.parameter("token") == "good") {
        co_return Admission::accept(std::make_shared<std::string>("bob"));
    }
    if (request.auth == R"({"token":"bad"})") {
        co_return Admission::refuse("invalid token", R"({"code":7})", true);
    }
    co_return Admission::refuse("no token");
}

async::Task<Admission> admit_later(async::Completion<bool>* gate) {
    const bool is_open = co_await *gate;
    co_return is_open ? Admission::accept() : Admission::refuse("closed");
}

async::Task<> join_room(realtime::SocketPointer socket, realtime::Event event) {
    const bool has_joined = socket->join(*event.args.value(0).string());
    event.ack.send(Args::of(has_joined));
    co_return;
}

async::Task<> leave_room(realtime::SocketPointer socket, realtime::Event event) {
    socket->leave(*event.args.value(0).string());
    co_return;
}

/// A namespace whose clients join and leave rooms by themselves.
struct RoomWorld {
    explicit RoomWorld(realtime::ServerOptions options = {}) : world(std::move(options)) {
        world.main().on("join", join_room).on("leave", leave_room);
    }
    std::unique_ptr<RealtimeClient> client(std::string* id = nullptr) {
        auto made = std::make_unique<RealtimeClient>(world);
        const std::string own = made->join();
        if (id != nullptr) {
            *id = own;
        }
        return made;
    }
    void join(RealtimeClient& client, const std::string& room) {
        client.send("42[\"join\",\"" + room + "\"]");
    }

    RealtimeWorld world;
};

}  // namespace

TEST_SUITE("realtime/namespace") {
    TEST_CASE("admission sees auth and handshake, and its data stays with the socket") {
        RealtimeWorld world;
        std::string log;
        world.main().admit(admit_by_token).on_connect([&](realtime::SocketPointer socket) {
            log += socket->data<std::string>() + ";";
            return test::nothing();
        });
        RealtimeClient ann(world);
        static_cast<void>(ann.read());
        ann.send(R"(40{"token":"good"})");
        CHECK(ann.read().starts_with("40{\"sid\":\""));
        RealtimeClient bob(world, "EIO=4&transport=websocket&token=good");
        bob.join();
        CHECK(log == "ann;bob;");
        CHECK(world.main().size() == 2);
    }

    TEST_CASE("a refusal is CONNECT_ERROR, and closes the connection only if told to") {
        RealtimeWorld world;
        world.main().admit(admit_by_token);
        RealtimeClient client(world);
        static_cast<void>(client.read());
        client.send("40");
        CHECK(client.read() == "44{\"message\":\"no token\"}|");
        client.send(R"(40{"token":"bad"})");
        CHECK(client.read() ==
              "44{\"message\":\"invalid token\",\"data\":{\"code\":7}}|closed 1000|EOF");
        CHECK(world.server().stats().refused == 2);
    }

    TEST_CASE("a refusal on polling reaches the next poll, with the end behind it") {
        RealtimeWorld world;
        world.main().admit(admit_by_token);
        const std::string sid = world.open();
        CHECK(world.post(sid, R"(40{"token":"bad"})") == "ok");
        CHECK(world.get(sid) ==
              "44{\"message\":\"invalid token\",\"data\":{\"code\":7}}\x1e"
              "1");
        CHECK(world.get(sid).starts_with("400 "));
    }

    TEST_CASE("while admission is being decided the namespace is neither entered nor asked again") {
        RealtimeWorld world;
        async::Completion<bool> gate;
        world.main().admit([&](realtime::ConnectRequest) { return admit_later(&gate); });
        RealtimeClient gone(world);
        static_cast<void>(gone.read());
        gone.send("40");
        CHECK(gone.read().empty());
        CHECK(world.main().size() == 0);
        gone.send("40");
        CHECK(gone.read() == "closed 1000|EOF");
        gate.set(true);  // nobody is left to be told
        world.turn();
        CHECK(world.main().size() == 0);
        CHECK(world.server().stats().handlers == 0);
    }

    TEST_CASE("events go to their handlers, others to the one for others, and else nowhere") {
        RealtimeWorld world;
        std::string log;
        const auto note = [&log](const char* who) {
            return [&log, who](realtime::SocketPointer, realtime::Event event) {
                log += std::string(who) + ":" + event.name + "(" + event.args.text() + ")";
                return test::nothing();
            };
        };
        world.main().on("a", note("A"));
        RealtimeClient client(world);
        client.join();
        client.send("42[\"a\",1]");
        client.send("42[\"b\",2]");
        world.main().on_other(note("O"));
        client.send("42[\"b\",3]");
        client.send("42[7,4]");
        CHECK(log == "A:a(1)O:b(3)O:7(4)");
    }

    TEST_CASE("a broadcast reaches the union of its rooms once, without the excepted") {
        RoomWorld rooms;
        std::string ids[4];
        std::vector<std::unique_ptr<RealtimeClient>> clients;
        for (std::string& id : ids) {
            clients.push_back(rooms.client(&id));
        }
        rooms.join(*clients[0], "x");
        rooms.join(*clients[1], "x");
        rooms.join(*clients[1], "y");
        rooms.join(*clients[2], "y");
        auto& nsp = rooms.world.main();
        const auto heard = [&] {
            std::string who;
            for (const auto& client : clients) {
                who += client->read().empty() ? '-' : '*';
            }
            return who;
        };
        nsp.to("x").emit("e", {});
        CHECK(heard() == "**--");
        nsp.to("x").to("y").emit("e", {});
        CHECK(heard() == "***-");
        CHECK(rooms.world.server().stats().deliveries == 5);
        nsp.to("x").to("y").except(ids[0]).emit("e", {});
        CHECK(heard() == "-**-");
        nsp.all().except("y").emit("e", {});
        CHECK(heard() == "*--*");
        nsp.to(ids[3]).emit("e", {});
        CHECK(heard() == "---*");
        nsp.to("nobody").emit("e", {});
        CHECK(heard() == "----");
        nsp.find(ids[1])->to("x").emit("e", {});
        CHECK(heard() == "*---");
        nsp.find(ids[1])->others().emit("e", {});
        CHECK(heard() == "*-**");
        nsp.to("y").disconnect();
        CHECK(clients[1]->read() == "41|");
        CHECK(clients[2]->read() == "41|");
        CHECK(nsp.size() == 2);
        CHECK(nsp.room_size("y") == 0);
        CHECK(nsp.room_size("x") == 1);
    }

    TEST_CASE("a broadcast is the same on every transport, attachments included") {
        RoomWorld rooms;
        const auto client = rooms.client();
        const std::string sid = rooms.world.open();
        CHECK(rooms.world.post(sid, "40") == "ok");
        static_cast<void>(rooms.world.get(sid));
        rooms.world.main().emit("photo", Args::of("label").add_binary("\x01\x02"));
        CHECK(client->read() ==
              "451-[\"photo\",\"label\",{\"_placeholder\":true,\"num\":0}]|bytes:\x01\x02|");
        CHECK(rooms.world.get(sid) ==
              "451-[\"photo\",\"label\",{\"_placeholder\":true,\"num\":0}]\x1e"
              "bAQI=");
    }

    TEST_CASE("those who were there hear of all arrivals, those who came of whoever came later") {
        RoomWorld rooms;
        std::string ids[3];
        std::vector<std::unique_ptr<RealtimeClient>> clients;
        for (std::string& id : ids) {
            clients.push_back(rooms.client(&id));
            rooms.join(*clients.back(), "x");
        }
        const std::string sid = rooms.world.open();
        CHECK(rooms.world.post(sid, "40") == "ok");
        static_cast<void>(rooms.world.get(sid));
        CHECK(rooms.world.post(sid, R"(42["join","x"])") == "ok");
        auto& nsp = rooms.world.main();
        const std::vector<realtime::Arrival> arrivals{{nsp.find(ids[1]), Args::of("b")},
                                                      {nullptr, Args::of("far")},
                                                      {nsp.find(ids[2]), Args::of("c")}};
        nsp.to("x").announce("in", arrivals);
        CHECK(clients[0]->read() == R"(42["in","b"]|42["in","far"]|42["in","c"]|)");
        CHECK(clients[1]->read() == R"(42["in","far"]|42["in","c"]|)");
        CHECK(clients[2]->read().empty());
        CHECK(rooms.world.get(sid) ==
              "42[\"in\",\"b\"]\x1e"
              "42[\"in\",\"far\"]\x1e"
              "42[\"in\",\"c\"]");
        CHECK(rooms.world.server().stats().deliveries == 3 + 2 + 3);
        nsp.to("x").except(ids[0]).announce("in", arrivals);
        CHECK(clients[0]->read().empty());
        nsp.to("nobody").announce("in", arrivals);
        nsp.to("x").announce("in", {});
        CHECK(clients[1]->read() == R"(42["in","far"]|42["in","c"]|)");
    }

    TEST_CASE("any arrivals, a few or many at once, are told as if each had come alone") {
        rc::check([] {
            RoomWorld rooms;
            std::vector<std::unique_ptr<RealtimeClient>> clients;
            std::vector<std::string> ids(*rc::gen::inRange<std::size_t>(1, 8));
            for (std::string& id : ids) {
                clients.push_back(rooms.client(&id));
            }
            auto& nsp = rooms.world.main();
            std::vector<std::string> expected(ids.size());
            std::size_t there = 0;
            while (there < ids.size()) {
                std::vector<realtime::Arrival> arrivals;
                const std::size_t end = *rc::gen::inRange<std::size_t>(there + 1, ids.size() + 1);
                for (; there < end; ++there) {
                    const realtime::SocketPointer socket = nsp.find(ids[there]);
                    socket->join("x");
                    arrivals.push_back({socket, Args::of(there)});
                    for (std::size_t i = 0; i < there; ++i) {
                        expected[i] += "42[\"in\"," + std::to_string(there) + "]|";
                    }
                }
                nsp.to("x").announce("in", arrivals);
            }
            for (std::size_t i = 0; i < ids.size(); ++i) {
                RC_ASSERT(clients[i]->read() == expected[i]);
            }
        });
    }

    TEST_CASE("rooms of one socket are bounded, and so are their names") {
        realtime::ServerOptions options;
        options.rooms_per_socket_max = 2;
        options.room_name_bytes_max = 4;
        RoomWorld rooms(options);
        const auto client = rooms.client();
        client->send("421[\"join\",\"a\"]");
        client->send("422[\"join\",\"four\"]");
        client->send("423[\"join\",\"c\"]");
        client->send("424[\"join\",\"a\"]");
        CHECK(client->read() == "431[true]|432[true]|433[false]|434[true]|");
        client->send("42[\"leave\",\"a\"]");
        client->send("425[\"join\",\"fives\"]");
        client->send("426[\"join\",\"c\"]");
        CHECK(client->read() == "435[false]|436[true]|");
    }

    TEST_CASE("who leaves is told to the namespace with its reason, rooms still there") {
        RoomWorld rooms;
        std::string log;
        rooms.world.main().on_disconnect(
            [&](const realtime::SocketPointer& socket, realtime::DisconnectReason reason) {
                log += std::string(realtime::reason_name(reason)) + " " +
                       std::to_string(socket->rooms().size()) + ";";
                socket->emit("too late", {});
                CHECK_FALSE(socket->is_connected());
                CHECK_FALSE(socket->join("another"));
            });
        const auto leaving = rooms.client();
        rooms.join(*leaving, "x");
        leaving->send("41");
        CHECK(leaving->read().empty());
        CHECK(log == "client namespace disconnect 1;");
        CHECK(rooms.world.main().room_size("x") == 0);
        auto lost = rooms.client();
        rooms.join(*lost, "x");
        rooms.join(*lost, "y");
        lost.reset();
        rooms.world.turn();
        CHECK(log == "client namespace disconnect 1;transport close 2;");
        CHECK(rooms.world.main().size() == 0);
    }

    TEST_CASE("any joins and leaves keep rooms and members in step") {
        CHECK(rc::check("rooms", [] {
            RoomWorld rooms;
            std::string ids[3];
            std::vector<std::unique_ptr<RealtimeClient>> clients;
            for (std::string& id : ids) {
                clients.push_back(rooms.client(&id));
            }
            auto& nsp = rooms.world.main();
            std::map<std::string, std::set<std::string>> members;
            const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 24));
            for (const int step : steps) {
                const std::string& id = ids[step % 3];
                const std::string room(1, static_cast<char>('a' + step / 3 % 4));
                if (step < 12) {
                    RC_ASSERT(nsp.find(id)->join(room));
                    members[room].insert(id);
                } else {
                    nsp.find(id)->leave(room);
                    members[room].erase(id);
                }
                for (const auto& [name, wanted] : members) {
                    std::set<std::string> found;
                    for (const auto& socket : nsp.to(name).sockets()) {
                        found.insert(socket->id());
                        RC_ASSERT(socket->is_in(name));
                    }
                    RC_ASSERT(found == wanted);
                    RC_ASSERT(nsp.room_size(name) == wanted.size());
                }
            }
        }));
    }
}
