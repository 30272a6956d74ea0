#include "courseselect/net/listener.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "http/server_fixture.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;
using net::ListeningSocket;
using net::TcpAddress;
using net::UnixAddress;

namespace {

::mode_t mode_of(const std::string& path) {
    struct ::stat file {};
    REQUIRE(::lstat(path.c_str(), &file) == 0);
    return file.st_mode & 07777;
}

}  // namespace

TEST_SUITE("net/listener") {
    TEST_CASE("port 0 is chosen by the system, and a taken port is a conflict") {
        auto first = ListeningSocket::open(TcpAddress{}, 16);
        REQUIRE(first);
        CHECK(first->port() > 0);
        const auto second = ListeningSocket::open(TcpAddress{.port = first->port()}, 16);
        REQUIRE_FALSE(second);
        CHECK(second.error().code() == core::Errc::conflict);
        CHECK(second.error().reason() == "address_in_use");
    }

    TEST_CASE("SO_REUSEPORT lets several listen") {
        auto first = ListeningSocket::open(TcpAddress{.reuse_port = true}, 16);
        REQUIRE(first);
        CHECK(ListeningSocket::open(TcpAddress{.port = first->port(), .reuse_port = true}, 16)
                  .has_value());
    }

    TEST_CASE("a host that is no address is refused") {
        const auto listening = ListeningSocket::open(TcpAddress{.host = "no.such.host.invalid"}, 1);
        REQUIRE_FALSE(listening);
        CHECK(listening.error().code() == core::Errc::invalid_argument);
    }

    TEST_CASE("a socket's directory and file are private, and the file goes at the end") {
        test::TempDir dir;
        const std::string path = dir.file("sockets/node.sock");
        {
            auto listening = ListeningSocket::open(UnixAddress{.path = path}, 16);
            REQUIRE(listening);
            CHECK(mode_of(path) == 0600);
            CHECK(mode_of(dir.file("sockets")) == 0700);
            CHECK(listening->is_unix());
        }
        CHECK_FALSE(std::filesystem::exists(path));
        CHECK(std::filesystem::is_empty(dir.file("sockets")));
        auto wide = ListeningSocket::open(UnixAddress{.path = path, .mode = 0666}, 16);
        REQUIRE(wide);
        CHECK(mode_of(path) == 0666);
    }

    TEST_CASE("a socket on which somebody listens is left alone") {
        test::TempDir dir;
        const UnixAddress address{.path = dir.file("node.sock")};
        auto first = ListeningSocket::open(address, 16);
        REQUIRE(first);
        const auto second = ListeningSocket::open(address, 16);
        REQUIRE_FALSE(second);
        CHECK(second.error().code() == core::Errc::conflict);
        CHECK_NOTHROW(test::RawClient(address.path));
    }

    TEST_CASE("a stale socket is replaced, another kind of file never") {
        test::TempDir dir;
        const UnixAddress address{.path = dir.file("node.sock")};
        {
            const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
            ::sockaddr_un name{};
            name.sun_family = AF_UNIX;
            std::memcpy(name.sun_path, address.path.data(), address.path.size());
            REQUIRE(::bind(dead, reinterpret_cast<::sockaddr*>(&name), sizeof name) == 0);
            ::close(dead);
        }
        CHECK(ListeningSocket::open(address, 16).has_value());
        std::ofstream(address.path) << "precious";
        const auto refused = ListeningSocket::open(address, 16);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().reason() == "not_a_socket");
        CHECK(std::filesystem::file_size(address.path) == 8);
    }

    TEST_CASE("a file that somebody else has put there since is not removed") {
        test::TempDir dir;
        const UnixAddress address{.path = dir.file("node.sock")};
        {
            auto listening = ListeningSocket::open(address, 16);
            REQUIRE(listening);
            std::filesystem::remove(address.path);
            std::ofstream(address.path) << "theirs";
        }
        CHECK(std::filesystem::exists(address.path));
    }

    TEST_CASE("the path's length has a bound") {
        test::TempDir dir;
        CHECK_FALSE(ListeningSocket::open(UnixAddress{.path = ""}, 1));
        const std::string too_long = dir.file(std::string(108, 'x'));
        CHECK_FALSE(ListeningSocket::open(UnixAddress{.path = too_long}, 1));
    }

    TEST_CASE("the server knows who is at the other end") {
        test::TempDir dir;
        test::ServerFixture fixture;
        const std::string path = dir.file("node.sock");
        REQUIRE(fixture.server().listen(UnixAddress{.path = path}));
        fixture.start();
        test::RawClient local(path);
        local.send("GET /peer HTTP/1.1\r\nHost: a\r\n\r\n");
        CHECK(local.read_answer().ends_with("unix " + std::to_string(::getuid()) + " " +
                                            std::to_string(::getpid())));
        test::RawClient remote = fixture.connect();
        remote.send("GET /peer HTTP/1.1\r\nHost: a\r\n\r\n");
        CHECK(remote.read_answer().ends_with("127.0.0.1 0 0"));
    }
}
