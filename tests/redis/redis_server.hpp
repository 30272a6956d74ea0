#pragma once
/// A real redis-server on a unix socket of its own, which a test can end and start again.

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/temp_dir.hpp"

namespace courseselect::test {

/// A port of this machine that nobody listens at; a server that cannot choose one itself gets it.
inline std::uint16_t free_port() {
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::socklen_t size = sizeof address;
    auto* general = static_cast<::sockaddr*>(static_cast<void*>(&address));
    if (::bind(probe, general, size) != 0 || ::getsockname(probe, general, &size) != 0) {
        throw std::runtime_error("no free port");
    }
    ::close(probe);
    return ntohs(address.sin_port);
}

class RedisServer {
  public:
    explicit RedisServer(std::vector<std::string> more = {}) : more_(std::move(more)) { start(); }
    ~RedisServer() { end(); }
    RedisServer(const RedisServer&) = delete;
    RedisServer& operator=(const RedisServer&) = delete;

    [[nodiscard]] std::string socket_path() const { return directory_.file("redis.sock"); }
    [[nodiscard]] std::string url() const { return "unix://" + socket_path(); }

    void start() {
        std::vector<std::string> words{"redis-server",
                                       "--port",
                                       "0",
                                       "--unixsocket",
                                       socket_path(),
                                       "--save",
                                       "",
                                       "--appendonly",
                                       "no",
                                       "--dir",
                                       directory_.path().string()};
        words.insert(words.end(), more_.begin(), more_.end());
        std::vector<char*> arguments;
        for (std::string& word : words) {
            arguments.push_back(word.data());
        }
        arguments.push_back(nullptr);
        ::posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        const int failed = ::posix_spawnp(&process_, "redis-server", &actions, nullptr,
                                          arguments.data(), ::environ);
        ::posix_spawn_file_actions_destroy(&actions);
        if (failed != 0) {
            throw std::runtime_error("redis-server cannot be started: is it installed?");
        }
    }
    /// With no time to say anything to anybody.
    void end() {
        if (process_ > 0) {
            ::kill(process_, SIGKILL);
            ::waitpid(process_, nullptr, 0);
            process_ = -1;
        }
    }
    /// It keeps its connections, and does nothing.
    void freeze() const { ::kill(process_, SIGSTOP); }
    void thaw() const { ::kill(process_, SIGCONT); }

  private:
    TempDir directory_;
    std::vector<std::string> more_;
    ::pid_t process_ = -1;
};

}  // namespace courseselect::test
