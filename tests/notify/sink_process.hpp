#pragma once
/// Starts tests/notify/sink.py: a real mail server or HTTP gateway that tells what it got.

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "courseselect/json/value.hpp"

namespace courseselect::test {

class SinkProcess {
  public:
    explicit SinkProcess(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"/usr/bin/python3", COURSESELECT_SINK});
        std::array<int, 2> input{};
        std::array<int, 2> output{};
        if (::pipe(input.data()) != 0 || ::pipe(output.data()) != 0) {
            throw std::runtime_error("pipe failed");
        }
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
        posix_spawn_file_actions_addclose(&actions, input[1]);
        posix_spawn_file_actions_addclose(&actions, output[0]);
        std::vector<char*> argv;
        for (std::string& argument : arguments) {
            argv.push_back(argument.data());
        }
        argv.push_back(nullptr);
        if (::posix_spawn(&pid_, "/usr/bin/python3", &actions, nullptr, argv.data(), ::environ) !=
            0) {
            throw std::runtime_error("/usr/bin/python3 (with aiosmtpd) did not start");
        }
        posix_spawn_file_actions_destroy(&actions);
        ::close(input[0]);
        ::close(output[1]);
        input_ = input[1];
        lines_ = ::fdopen(output[0], "r");
        const std::string first = line();
        if (!first.starts_with("port ")) {
            throw std::runtime_error("the sink did not start");
        }
        port_ = static_cast<std::uint16_t>(std::stoi(first.substr(5)));
    }
    ~SinkProcess() {
        ::close(input_);  // the sink ends with its input
        std::fclose(lines_);
        ::waitpid(pid_, nullptr, 0);
    }
    SinkProcess(const SinkProcess&) = delete;
    SinkProcess& operator=(const SinkProcess&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// The next message it got. The text lives as long as the value is used.
    [[nodiscard]] std::string next() { return line(); }

  private:
    std::string line() {
        char* text = nullptr;
        std::size_t size = 0;
        const ssize_t length = ::getline(&text, &size, lines_);
        std::string read = length > 0 ? std::string(text, static_cast<std::size_t>(length)) : "";
        std::free(text);
        return read;
    }

    pid_t pid_ = -1;
    int input_ = -1;
    std::FILE* lines_ = nullptr;
    std::uint16_t port_ = 0;
};

}  // namespace courseselect::test
