// The transport rule of contract/http-api §1.1: the socket when its file exists and answers, else
// NAME_NODE_URL, else the default port.

#include "courseselect/net/http/service_client.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client_bench.hpp"
#include "courseselect/net/http/server.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using net::http::Client;
using net::http::Request;
using net::http::Response;
using net::http::Server;

namespace {

/// Answers with its name and the target it was asked for.
class Place final : public net::http::Handler {
  public:
    explicit Place(std::string name) : name_(std::move(name)) {}
    async::Task<Response> handle(const Request& request) override {
        Response response;
        response.body = name_ + " " + std::string(request.target);
        co_return response;
    }

  private:
    std::string name_;
};

/// A port on which nobody listens.
std::uint16_t closed_port() { return net::ListeningSocket::open(net::TcpAddress{}, 1)->port(); }

/// One service that listens at four places: each can be there or not.
class World {
  public:
    World() {
        for (Server* server : {&default_server_, &url_server_}) {
            REQUIRE(server->listen(net::TcpAddress{}).has_value());
        }
        REQUIRE(other_server_.listen(net::UnixAddress{.path = other_path()}).has_value());
    }
    ~World() {
        client_.reset();
        close_socket();
        for (Server* server : {&default_server_, &url_server_, &other_server_}) {
            test::run(loop_, server->stop(1s));
        }
    }
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    [[nodiscard]] std::string socket_path() const { return dir_.file("data_node.sock"); }
    [[nodiscard]] std::string other_path() const { return dir_.file("other.sock"); }
    [[nodiscard]] std::string url() const {
        return "http://127.0.0.1:" + std::to_string(url_server_.port());
    }

    void open_socket() {
        socket_server_ =
            std::make_unique<Server>(loop_, clock_, net::http::ServerOptions{}, socket_);
        REQUIRE(socket_server_->listen(net::UnixAddress{.path = socket_path()}).has_value());
    }
    void close_socket() {
        if (socket_server_) {
            test::run(loop_, socket_server_->stop(1s));
            socket_server_.reset();
        }
    }
    void connect(bool use_sockets, const std::string& service_url, bool has_default = true) {
        auto made = net::http::make_service_client(
            loop_, clock_,
            {.name = "data",
             .default_port = has_default ? default_server_.port() : closed_port(),
             .use_sockets = use_sockets,
             .socket_directory = dir_.path().string(),
             .url = service_url},
            {.tick = 1ms});
        REQUIRE(made.has_value());
        client_ = *std::move(made);
    }
    std::string ask(const std::string& target = "/x") {
        const auto answer = test::send_and_wait(loop_, *client_, {.target = target});
        return answer ? answer->body : test::word(answer);
    }

    core::ManualClock clock_;

  private:
    test::TempDir dir_;
    async::EventLoop loop_;
    Place socket_{"socket"};
    Place default_{"default"};
    Place url_{"url"};
    Place other_{"other"};
    std::unique_ptr<Server> socket_server_;
    Server default_server_{loop_, clock_, {}, default_};
    Server url_server_{loop_, clock_, {}, url_};
    Server other_server_{loop_, clock_, {}, other_};
    std::unique_ptr<Client> client_;
};

enum class SocketFile : std::uint8_t { missing, no_socket, nobody_listens, answers };

void prepare(World& world, SocketFile file) {
    switch (file) {
        case SocketFile::missing: break;
        case SocketFile::no_socket: std::ofstream(world.socket_path()) << "stale"; break;
        case SocketFile::nobody_listens: {
            // A listener removes only its own file, so one that was moved away is left behind.
            auto listener =
                net::ListeningSocket::open(net::UnixAddress{.path = world.socket_path() + "2"}, 1);
            REQUIRE(listener.has_value());
            std::filesystem::rename(world.socket_path() + "2", world.socket_path());
            break;
        }
        case SocketFile::answers: world.open_socket(); break;
    }
}

}  // namespace

TEST_SUITE("net/http/service_client") {
    TEST_CASE("every combination of USE_SOCKETS, the socket's file and NAME_NODE_URL") {
        enum class Url : std::uint8_t { none, answers, dead, socket, socket_and_path, dead_socket };
        const std::vector<std::pair<Url, std::string>> fallbacks{
            {Url::none, "default /x"},
            {Url::answers, "url /x"},
            {Url::dead, "unavailable"},
            {Url::socket, "other /x"},
            {Url::socket_and_path, "other /base/x"},
            {Url::dead_socket, "unavailable"}};
        for (const bool use_sockets : {true, false}) {
            for (const SocketFile file : {SocketFile::missing, SocketFile::no_socket,
                                          SocketFile::nobody_listens, SocketFile::answers}) {
                World world;
                prepare(world, file);
                const std::vector<std::string> urls{
                    "",
                    world.url(),
                    "http://127.0.0.1:" + std::to_string(closed_port()),
                    "unix://" + world.other_path(),
                    "unix://" + world.other_path() + "/base",
                    "unix://" + world.other_path() + ".d/gone.sock"};
                for (const auto& [url, fallback] : fallbacks) {
                    CAPTURE(use_sockets);
                    CAPTURE(static_cast<int>(file));
                    CAPTURE(urls[static_cast<std::size_t>(url)]);
                    world.connect(use_sockets, urls[static_cast<std::size_t>(url)]);
                    const bool by_socket = use_sockets && file == SocketFile::answers;
                    CHECK(world.ask() == (by_socket ? "socket /x" : fallback));
                }
            }
        }
    }

    TEST_CASE("with a URL the default port is not asked, without one it is the last resort") {
        World world;
        world.connect(true, "http://127.0.0.1:" + std::to_string(closed_port()));
        CHECK(world.ask() == "unavailable");
        world.connect(true, "");
        CHECK(world.ask() == "default /x");
        world.connect(true, "", false);
        CHECK(world.ask() == "unavailable");
    }

    TEST_CASE("to the URL while the socket is away, and back when it returns, without a restart") {
        World world;
        world.open_socket();
        world.connect(true, world.url());
        for (int round = 0; round < 3; ++round) {
            CHECK(world.ask() == "socket /x");
            world.close_socket();
            CHECK(world.ask() == "url /x");
            world.open_socket();
            CHECK(world.ask() == "url /x");  // not yet asked again
            world.clock_.advance(1s);
            CHECK(world.ask() == "socket /x");
        }
    }

    TEST_CASE("when the stand-in fails too, the first way is asked at once") {
        World world;
        world.connect(true, "http://127.0.0.1:" + std::to_string(closed_port()));
        CHECK(world.ask() == "unavailable");
        world.open_socket();
        CHECK(world.ask() == "socket /x");
        world.connect(true, "unix://" + world.other_path());
        CHECK(world.ask("/a?b=c") == "socket /a?b=c");
    }

    TEST_CASE("a wrong address is told when the client is made") {
        async::EventLoop loop;
        core::ManualClock clock;
        const auto made = net::http::make_service_client(
            loop, clock, {.name = "data", .default_port = 1, .url = "localhost:8001"});
        REQUIRE_FALSE(made);
        CHECK(made.error().code() == core::Errc::invalid_argument);
        CHECK(made.error().detail().find("localhost:8001") != std::string::npos);
    }
}
