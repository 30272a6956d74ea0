// Question: what does a chat server's fan-out cost, and how long does a message take?
// Workload: N logged-in clients in one room, ten of them talk, messages make lines of about 190
// bytes. Saturated (closed loop, WINDOW messages under way) or at an offered rate of deliveries/s
// (open loop, Poisson arrivals).
// The server is any process that speaks the protocol: its CPU and memory come from /proc.
// Good: for ours at most 0.4 of threaded_server.py's CPU a delivery when both are saturated, 0.75
// at 20,000 deliveries/s offered, and at most 4 KB of resident memory an idle client. `compare.py`
// runs both. One JSON line a result.

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "../process_usage.hpp"
#include "hostile_clients.hpp"

using namespace courseselect;
using bench::Usage;
using bench::usage_of;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t talkers = 10;
constexpr std::size_t text_bytes = 100;  // with names and time a line of about 190

struct Options {
    std::uint16_t port = 0;
    int pid = 0;
    std::size_t clients = 200;
    double rate = 0;  ///< deliveries a second; 0: saturated
    std::size_t window = 64;
    double seconds = 5;
    bool hostile = false;
    std::string name = "server";
};

std::int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch())
        .count();
}

/// One logged-in client.
struct Listener {
    int descriptor = -1;
    std::string partial;  // of a line, for those that look at lines
};

void write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
            throw std::runtime_error("the server closed a connection");
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::string ask(int descriptor, const std::string& line) {
    write_all(descriptor, line + "\n");
    std::string answer;
    char byte = 0;
    while (::recv(descriptor, &byte, 1, 0) == 1 && byte != '\n') {
        answer += byte;
    }
    return answer;
}

Listener logged_in(std::uint16_t port, std::size_t index) {
    Listener listener;
    listener.descriptor = bench::connect_to(port);
    const std::string fields =
        fmt::format(R"("username":"listener{}","password":"secret"}})", index);
    ask(listener.descriptor, R"({"type":"register",)" + fields);
    const std::string answer = ask(listener.descriptor, R"({"type":"login",)" + fields);
    if (answer.find("success") == std::string::npos) {
        throw std::runtime_error("login: " + answer);
    }
    return listener;
}

class Load {
  public:
    explicit Load(const Options& options) : options_(options), epoll_(::epoll_create1(0)) {}

    void connect_until(std::size_t count) {
        for (std::size_t i = clients_.size(); i < count; ++i) {
            clients_.push_back(logged_in(options_.port, i));
            ::epoll_event event{};
            event.events = EPOLLIN;
            event.data.u64 = i;
            ::epoll_ctl(epoll_, EPOLL_CTL_ADD, clients_.back().descriptor, &event);
        }
    }

    void run(double seconds) {
        deliveries_ = messages_ = 0;
        latencies_.clear();
        const auto start = Clock::now();
        const auto end = start + std::chrono::duration_cast<Clock::duration>(
                                     std::chrono::duration<double>(seconds));
        const double interval_ns =
            options_.rate > 0 ? 1e9 * static_cast<double>(options_.clients) / options_.rate : 0;
        // People do not speak in turn: times between messages are exponential, and seeded.
        std::mt19937_64 random(2026);
        std::exponential_distribution<double> gap(1);
        double next = static_cast<double>(now_ns());
        if (interval_ns == 0) {
            for (std::size_t i = under_way_; i < options_.window; ++i) {
                say();
            }
        }
        while (Clock::now() < end) {
            if (interval_ns > 0) {
                for (; next <= static_cast<double>(now_ns()); next += interval_ns * gap(random)) {
                    say();
                }
            }
            wait_and_read(interval_ns > 0 ? 1 : 50);
        }
        elapsed_ = std::chrono::duration<double>(Clock::now() - start).count();
    }

    [[nodiscard]] std::uint64_t deliveries() const { return deliveries_; }
    [[nodiscard]] std::uint64_t messages() const { return messages_; }
    [[nodiscard]] double elapsed() const { return elapsed_; }
    [[nodiscard]] std::size_t samples() const { return latencies_.size(); }
    /// Milliseconds, of what the talkers saw.
    [[nodiscard]] double latency(double quantile) {
        if (latencies_.empty()) {
            return 0;
        }
        const auto at =
            static_cast<std::ptrdiff_t>(quantile * static_cast<double>(latencies_.size() - 1));
        std::nth_element(latencies_.begin(), latencies_.begin() + at, latencies_.end());
        return static_cast<double>(latencies_[static_cast<std::size_t>(at)]) / 1e6;
    }

  private:
    /// Those who talk and measure sit evenly among the others: a server tells somebody first and
    /// somebody last, and how long it takes is a matter of all of them.
    [[nodiscard]] std::size_t talker_step() const {
        return std::max<std::size_t>(options_.clients / talkers, 1);
    }

    void say() {
        const std::size_t talker = next_talker_++ % talkers * talker_step() % clients_.size();
        std::string text = fmt::format("{:020}", now_ns());
        text.resize(text_bytes, '.');
        write_all(clients_[talker].descriptor,
                  fmt::format("{{\"type\":\"send_message\",\"message\":\"{}\"}}\n", text));
        ++under_way_;
    }

    void wait_and_read(int timeout_ms) {
        std::array<::epoll_event, 256> events;
        const int count = ::epoll_wait(epoll_, events.data(), events.size(), timeout_ms);
        for (int i = 0; i < count; ++i) {
            const std::size_t index = events[static_cast<std::size_t>(i)].data.u64;
            const auto size =
                ::recv(clients_[index].descriptor, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
            if (size == 0) {
                throw std::runtime_error("the server closed a connection");
            }
            if (size > 0) {
                take(index, {buffer_.data(), static_cast<std::size_t>(size)});
            }
        }
    }

    void take(std::size_t index, std::string_view bytes) {
        if (index % talker_step() != 0) {
            deliveries_ += static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
            return;
        }
        std::string& partial = clients_[index].partial;
        partial.append(bytes);
        std::size_t begin = 0;
        for (auto end = partial.find('\n'); end != std::string::npos;
             end = partial.find('\n', begin)) {
            take_line(index, std::string_view(partial).substr(begin, end - begin));
            begin = end + 1;
        }
        partial.erase(0, begin);
    }

    void take_line(std::size_t index, std::string_view line) {
        ++deliveries_;
        const auto at = line.find("\"message\":");
        const auto digits = line.find_first_of("0123456789", at);
        if (line.find("new_message") == std::string_view::npos ||
            digits == std::string_view::npos) {
            throw std::runtime_error("unexpected: " + std::string(line));
        }
        latencies_.push_back(now_ns() - std::stoll(std::string(line.substr(digits, 20))));
        if (index == 0) {
            ++messages_;
            --under_way_;
            if (options_.rate == 0) {
                say();
            }
        }
    }

    const Options& options_;
    int epoll_;
    std::vector<Listener> clients_;
    std::vector<char> buffer_ = std::vector<char>(256 * 1024);
    std::vector<std::int64_t> latencies_;
    std::size_t next_talker_ = 0;
    std::size_t under_way_ = 0;
    std::uint64_t deliveries_ = 0;
    std::uint64_t messages_ = 0;
    double elapsed_ = 0;
};

void report(const Options& options, Load& load, const Usage& before, const Usage& after,
            double idle_kib, double own_cpu) {
    const double cpu = after.cpu_seconds - before.cpu_seconds;
    const auto deliveries = static_cast<double>(load.deliveries());
    fmt::print(
        "{{\"bench\":\"chat_fan_out\",\"server\":\"{}\",\"clients\":{},\"offered\":{:.0f},"
        "\"hostile\":{},\"deliveries_per_second\":{:.0f},\"stored_per_second\":{:.0f},"
        "\"samples\":{},\"p50_ms\":{:.2f},\"p99_ms\":{:.2f},\"server_cpu_us_per_delivery\":{:.2f},"
        "\"idle_client_kib\":{:.1f},\"peak_mib\":{:.1f},\"generator_cpu_share\":{:.2f}}}\n",
        options.name, options.clients, options.rate, options.hostile, deliveries / load.elapsed(),
        static_cast<double>(load.messages()) / load.elapsed(), load.samples(), load.latency(0.5),
        load.latency(0.99), deliveries > 0 ? 1e6 * cpu / deliveries : 0, idle_kib,
        static_cast<double>(after.peak_kib) / 1024, own_cpu / load.elapsed());
}

double own_cpu_seconds() {
    ::rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const ::timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void run_bench(const Options& options) {
    // The first quarter of the clients warms caches and pools; what the rest adds is the price of a
    // client.
    const std::size_t first = options.clients / 4;
    Load load(options);
    load.connect_until(first);
    const Usage warm = usage_of(options.pid);
    load.connect_until(options.clients);
    const Usage idle = usage_of(options.pid);
    const double idle_kib = static_cast<double>(idle.resident_kib - warm.resident_kib) /
                            static_cast<double>(options.clients - first);
    load.run(std::min(1.0, options.seconds));  // warm-up
    bench::HostileClients hostile;
    if (options.hostile) {
        hostile.start(options.port);
    }
    const Usage before = usage_of(options.pid);
    const double own_before = own_cpu_seconds();
    load.run(options.seconds);
    const double own_cpu = own_cpu_seconds() - own_before;
    const Usage after = usage_of(options.pid);
    hostile.stop();
    report(options, load, before, after, idle_kib, own_cpu);
    if (load.deliveries() == 0) {
        throw std::runtime_error("nothing was delivered");
    }
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app("Measures the fan-out of a chat server; see the first lines of this file.");
    app.add_option("--port", options.port)->required();
    app.add_option("--pid", options.pid, "Of the server")->required();
    app.add_option("--clients", options.clients);
    app.add_option("--rate", options.rate, "Deliveries a second offered; 0: saturated");
    app.add_option("--window", options.window, "Messages under way when saturated");
    app.add_option("--seconds", options.seconds);
    app.add_flag("--hostile", options.hostile, "With clients that misbehave beside the others");
    app.add_option("--name", options.name);
    CLI11_PARSE(app, argc, argv);
    try {
        run_bench(options);
    } catch (const std::exception& error) {
        fmt::print(stderr, "fan_out_bench: {}\n", error.what());
        return 1;
    }
}
