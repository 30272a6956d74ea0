#pragma once
/// Starts tests/notify/sink.py: a real mail server or HTTP gateway that tells what it got.

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
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
        output_ = ::fdopen(output[0], "r");
        const std::string first = read_line();
        if (!first.starts_with("port ")) {
            throw std::runtime_error("the sink did not start");
        }
        port_ = static_cast<std::uint16_t>(std::stoi(first.substr(5)));
        reader_ = std::thread([this] { read_all(); });
    }
    ~SinkProcess() {
        ::close(input_);  // the sink ends with its input
        reader_.join();
        std::fclose(output_);
        ::waitpid(pid_, nullptr, 0);
    }
    SinkProcess(const SinkProcess&) = delete;
    SinkProcess& operator=(const SinkProcess&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// Waits for the next message it got; empty when the sink has ended.
    [[nodiscard]] std::string next() {
        std::unique_lock lock(mutex_);
        is_news_.wait(lock, [&] { return !lines_.empty() || is_ended_; });
        if (lines_.empty()) {
            return "";
        }
        std::string line = std::move(lines_.front());
        lines_.pop_front();
        return line;
    }

  private:
    std::string read_line() {
        char* text = nullptr;
        std::size_t size = 0;
        const ssize_t length = ::getline(&text, &size, output_);
        std::string read = length > 0 ? std::string(text, static_cast<std::size_t>(length)) : "";
        std::free(text);
        return read;
    }
    /// Takes what it prints whether somebody asks for it or not: a full pipe would stop the sink.
    void read_all() {
        bool is_more = true;
        while (is_more) {
            std::string line = read_line();
            const std::lock_guard lock(mutex_);
            is_more = !line.empty();
            if (is_more) {
                lines_.push_back(std::move(line));
            } else {
                is_ended_ = true;
            }
            is_news_.notify_all();
        }
    }

    pid_t pid_ = -1;
    int input_ = -1;
    std::FILE* output_ = nullptr;
    std::uint16_t port_ = 0;
    std::mutex mutex_;
    std::condition_variable is_news_;
    std::deque<std::string> lines_;
    bool is_ended_ = false;
    std::thread reader_;
};

}  // namespace courseselect::test
