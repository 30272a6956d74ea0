#include "courseselect/net/http/mounts.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "courseselect/async/event_loop.hpp"
#include "support/run.hpp"

using namespace courseselect;

namespace {

/// Answers with its name, and counts the connections it takes over.
class NamedMount final : public net::http::Handler, public net::http::Upgrader {
  public:
    explicit NamedMount(std::string name) : name_(std::move(name)) {}
    async::Task<net::http::Response> handle(const net::http::Request&) override {
        net::http::Response response;
        response.body = name_;
        co_return response;
    }
    void take_over(const net::http::Request&, std::unique_ptr<net::Stream>) override { ++taken; }

    int taken = 0;

  private:
    std::string name_;
};

struct MountedWorld {
    MountedWorld() {
        mounts.add("/socket.io", live);
        mounts.add("/socket.io/admin", admin);
        mounts.add("/plain", admin, nullptr);
    }
    std::string who(std::string_view path) {
        net::http::Request request;
        request.path = path;
        std::string name;
        test::run(loop, ask(mounts, request, name));
        return name;
    }
    static async::Task<> ask(net::http::Mounts& mounts, const net::http::Request& request,
                             std::string& name) {
        const net::http::Response response = co_await mounts.handle(request);
        name = response.body;
    }

    async::EventLoop loop;
    NamedMount fallback{"fallback"};
    NamedMount live{"live"};
    NamedMount admin{"admin"};
    net::http::Mounts mounts{fallback};
};

}  // namespace

TEST_SUITE("net/http/mounts") {
    TEST_CASE("a path belongs to the longest mount it lies in, else to the fallback") {
        MountedWorld world;
        CHECK(world.who("/socket.io") == "live");
        CHECK(world.who("/socket.io/") == "live");
        CHECK(world.who("/socket.io/any/thing") == "live");
        CHECK(world.who("/socket.io/admin") == "admin");
        CHECK(world.who("/socket.io/admin/x") == "admin");
        CHECK(world.who("/socket.io/administrator") == "live");
        CHECK(world.who("/socket.iox") == "fallback");
        CHECK(world.who("/") == "fallback");
        CHECK(world.who("") == "fallback");
    }

    TEST_CASE("connections go the same way; without an upgrader they are closed") {
        MountedWorld world;
        net::http::Request request;
        for (const std::string_view path : {"/socket.io/", "/plain", "/elsewhere"}) {
            request.path = path;
            world.mounts.take_over(request, nullptr);
        }
        CHECK(world.live.taken == 1);
        CHECK(world.admin.taken == 0);
        CHECK(world.fallback.taken == 0);
    }
}
