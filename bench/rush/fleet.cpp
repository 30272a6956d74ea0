#include "rush/fleet.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "process_usage.hpp"

namespace courseselect::bench {
namespace {

constexpr const char* fleet_names[] = {"data", "auth", "teacher", "student", "queue"};

sockaddr_in fleet_address(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

std::uint16_t free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = fleet_address(0);
    socklen_t size = sizeof address;
    const bool found = ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                       ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    ::close(fd);
    if (!found) {
        throw std::runtime_error("no free TCP port");
    }
    return ntohs(address.sin_port);
}

bool answers_health(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = fleet_address(port);
    bool healthy = false;
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        const std::string request =
            "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        char answer[32] = {};
        healthy = ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) > 0 &&
                  ::recv(fd, answer, sizeof answer - 1, 0) > 12 &&
                  std::strncmp(answer + 9, "200", 3) == 0;
    }
    ::close(fd);
    return healthy;
}

std::string tail_of(const std::filesystem::path& log) {
    std::ifstream file(log);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    return text.size() > 2000 ? text.substr(text.size() - 2000) : text;
}

std::string upper(std::string text) {
    for (char& c : text) {
        c = static_cast<char>(c - 'a' + 'A');
    }
    return text;
}

}  // namespace

Fleet::Fleet(FleetOptions options) : options_(std::move(options)) {
    std::filesystem::create_directories(options_.directory);
    for (const char* name : fleet_names) {
        members_[name].port = free_port();
    }
}

Fleet::~Fleet() {
    for (const auto& [name, unused] : members_) {
        kill(name);
    }
}

const Fleet::Member& Fleet::member(const std::string& name) const { return members_.at(name); }
std::uint16_t Fleet::port(const std::string& name) const { return member(name).port; }
pid_t Fleet::pid(const std::string& name) const { return member(name).pid; }
bool Fleet::is_running(const std::string& name) const { return member(name).pid > 0; }

std::filesystem::path Fleet::database(const std::string& name) const {
    return options_.directory / ((name == "data" ? "course_data" : name + "_data") + ".db");
}

std::vector<std::string> Fleet::environment_of(const std::string& name) const {
    std::map<std::string, std::string> values = {
        {"PATH", "/usr/bin:/bin"},
        {"HOST", "127.0.0.1"},
        {"PORT", std::to_string(port(name))},
        {"INTERNAL_TOKEN", options_.internal_token},
        {"JWT_SECRET_KEY", options_.jwt_secret},
        {"USE_SOCKETS", options_.use_sockets ? "true" : "false"},
        {"SOCKET_DIR", (options_.directory / "sockets").string()},
        {"LOG_LEVEL", "warn"},
    };
    for (const auto& [other, m] : members_) {
        values[upper(other) + "_NODE_URL"] = "http://127.0.0.1:" + std::to_string(m.port);
    }
    // Sanitizer builds read their options from the environment.
    for (const char* inherited : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"}) {
        if (const char* value = std::getenv(inherited)) {
            values[inherited] = value;
        }
    }
    for (const auto& [key, value] : options_.environment) {
        values[key] = value;
    }
    std::vector<std::string> result;
    for (const auto& [key, value] : values) {
        result.push_back(key + "=" + value);
    }
    return result;
}

pid_t Fleet::launch(const std::string& name, const std::vector<std::string>& arguments,
                    const std::filesystem::path& log) const {
    const std::string program = (options_.programs / ("course-" + name + "-node")).string();
    std::vector<std::string> environment = environment_of(name);
    std::vector<char*> envp;
    for (std::string& entry : environment) {
        envp.push_back(entry.data());
    }
    envp.push_back(nullptr);
    std::vector<std::string> words = {program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) {
        argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        const int fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        ::dup2(fd, STDOUT_FILENO);
        ::dup2(fd, STDERR_FILENO);
        if (::chdir(options_.directory.c_str()) == 0) {
            ::execve(program.c_str(), argv.data(), envp.data());
        }
        ::_exit(127);
    }
    return child;
}

Fleet::CommandResult Fleet::run(const std::string& name, std::vector<std::string> arguments) {
    const std::filesystem::path log = options_.directory / (name + ".command.log");
    std::filesystem::remove(log);
    const pid_t child = launch(name, arguments, log);
    int status = 0;
    ::waitpid(child, &status, 0);
    std::ifstream file(log);
    return {.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
            .output = std::string{std::istreambuf_iterator<char>(file), {}}};
}

void Fleet::start(const std::string& name, std::chrono::milliseconds limit) {
    Member& member = members_.at(name);
    std::vector<std::string> arguments;
    if (!options_.rate_limits) {
        arguments.emplace_back("--no-rate-limit");
    }
    member.pid = launch(name, arguments, options_.directory / (name + ".log"));
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!answers_health(member.port)) {
        int status = 0;
        const bool ended = ::waitpid(member.pid, &status, WNOHANG) == member.pid;
        if (ended) {
            member.pid = 0;
        }
        if (ended || std::chrono::steady_clock::now() > deadline) {
            kill(name);
            throw std::runtime_error("course-" + name + "-node did not become healthy; its log:\n" +
                                     tail_of(options_.directory / (name + ".log")));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
}

void Fleet::kill(const std::string& name) {
    Member& member = members_.at(name);
    if (member.pid > 0) {
        ::kill(member.pid, SIGKILL);
        ::waitpid(member.pid, nullptr, 0);
        member.pid = 0;
    }
}

int Fleet::stop(const std::string& name) {
    Member& member = members_.at(name);
    if (member.pid <= 0) {
        return -1;
    }
    int status = 0;
    ::kill(member.pid, SIGTERM);
    ::waitpid(member.pid, &status, 0);
    member.pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

double Fleet::cpu_seconds(const std::string& name) const { return usage_of(pid(name)).cpu_seconds; }

long Fleet::resident_kib(const std::string& name) const { return usage_of(pid(name)).resident_kib; }

}  // namespace courseselect::bench
