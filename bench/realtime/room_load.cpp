// Question: what does a room of a Socket.IO server cost, for each delivery, connection and idle
// client? Workload: N WebSocket clients with tokens in one room; a talker says messages of about
// 190 bytes on the wire, WINDOW at a time (saturated) or at an offered rate of deliveries/s, or
// everybody enters at once, or nobody does anything but answer pings, and in the end each is asked
// for a sign of life. Beside them one client on a thread of its own asks every 5 ms: what it waits
// is the server's doing, not the time this program needs for the others.
// Good, against the same events on npm socket.io: at most 0.4 of its CPU a delivery saturated, 0.55
// at 40,000/s offered, a fifth a connection, 4 KB of resident memory an idle client. `compare.py`
// runs both. One JSON line a result.

#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "load_client.hpp"

using namespace courseselect;
using namespace courseselect::bench;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t text_bytes = 130;  // with name and head about 190
constexpr std::chrono::milliseconds ask_interval{5};
constexpr std::chrono::milliseconds warm_up{300};

struct LoadOptions {
    std::uint16_t port = 0;
    int pid = 0;
    std::size_t clients = 200;
    double rate = 0;  ///< deliveries a second; 0: saturated
    std::size_t window = 64;
    double seconds = 3;
    std::string mode = "say";
    std::string name = "server";
    std::string secret;
};

/// Asks every 5 ms, from its construction to `stop`, and notes how long each answer took.
/// Connected before anything is measured, it also warms the server up.
class Asker {
  public:
    Asker(const LoadOptions& options, const std::string& token)
        : epoll_(::epoll_create1(0)),
          client_(options.port, epoll_, token),
          thread_([this] { run(); }) {}
    ~Asker() {
        stop();
        ::close(epoll_);
    }
    Asker(const Asker&) = delete;
    Asker& operator=(const Asker&) = delete;

    void wait_until_answered() const {
        const Clock::time_point start = Clock::now();
        while (answers_ == 0) {
            if (is_lost_ || milliseconds_since(start) > 10'000) {
                throw std::runtime_error("the server does not answer");
            }
            std::this_thread::yield();
        }
    }
    /// What came before is not counted.
    void start_measuring() { is_measuring_ = true; }
    void stop() {
        is_stopping_ = true;
        if (thread_.joinable()) {
            thread_.join();
        }
        std::sort(waited_.begin(), waited_.end());
    }
    /// After `stop`.
    [[nodiscard]] double quantile(double part) const { return bench::quantile(waited_, part); }

  private:
    void run() {
        try {
            while (!is_stopping_) {
                turn();
            }
        } catch (const std::exception&) {
            is_lost_ = true;
        }
    }
    void turn() {
        if (is_accepted_ && !is_asking_ && Clock::now() >= asked_at_ + ask_interval) {
            is_asking_ = true;
            asked_at_ = Clock::now();
            client_.send("427[\"ask\",1]");
        }
        ::epoll_event event{};
        if (::epoll_wait(epoll_, &event, 1, 1) == 1) {
            client_.read(buffer_, [this](std::string_view text) { hear(text); });
        }
    }
    void hear(std::string_view text) {
        if (text.starts_with("40")) {
            is_accepted_ = true;
        } else if (text == "437[1]") {
            is_asking_ = false;
            ++answers_;
            if (is_measuring_) {
                waited_.push_back(milliseconds_since(asked_at_));
            }
        }
    }

    int epoll_;
    LoadClient client_;
    std::array<char, 4096> buffer_{};
    std::vector<double> waited_;
    Clock::time_point asked_at_{};
    bool is_accepted_ = false;
    bool is_asking_ = false;
    std::atomic<std::uint64_t> answers_ = 0;
    std::atomic<bool> is_measuring_ = false;
    std::atomic<bool> is_stopping_ = false;
    std::atomic<bool> is_lost_ = false;
    std::thread thread_;
};

/// All clients on one epoll, and what they have heard.
class Load {
  public:
    explicit Load(const LoadOptions& options)
        : options_(options), epoll_(::epoll_create1(0)), buffer_(64 * 1024) {}
    ~Load() { ::close(epoll_); }
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    void run() {
        asker_ = std::make_unique<Asker>(options_, token_);
        asker_->wait_until_answered();
        if (options_.mode == "idle") {
            asker_->stop();
        }
        const Usage before = usage_of(options_.pid);
        connect_all();
        const Usage connected = usage_of(options_.pid);
        if (options_.mode == "enter") {
            enter_all();
            return;
        }
        if (options_.mode == "idle") {
            idle(before, connected);
            return;
        }
        join_all();
        talk();
        asker_->stop();
        const double per_connection =
            (connected.cpu_seconds - before.cpu_seconds) / static_cast<double>(options_.clients);
        fmt::print(
            "{{\"name\":\"{}\",\"mode\":\"{}\",\"clients\":{},\"offered\":{},"
            "\"deliveries_per_second\":{:.0f},\"server_cpu_us_per_delivery\":{:.2f},"
            "\"connect_cpu_us\":{:.0f},\"client_kib\":{:.2f},\"ask_p50_ms\":{:.2f},"
            "\"ask_p99_ms\":{:.2f}}}\n",
            options_.name, options_.mode, options_.clients, options_.rate,
            static_cast<double>(measured_) / measured_seconds_,
            measured_cpu_ / static_cast<double>(std::max<std::uint64_t>(measured_, 1)) * 1e6,
            per_connection * 1e6,
            static_cast<double>(connected.resident_kib - before.resident_kib) /
                static_cast<double>(options_.clients),
            asker_->quantile(0.5), asker_->quantile(0.99));
    }

  private:
    void connect_all() {
        const std::size_t talkers = options_.mode == "say" ? 1 : 0;
        for (std::size_t i = 0; i < options_.clients + talkers; ++i) {
            clients_.push_back(std::make_unique<LoadClient>(options_.port, epoll_, token_));
            if (i % 50 == 49) {
                wait_for(accepted_, i + 1);  // not more at once than a backlog holds
            }
        }
        wait_for(accepted_, clients_.size());
    }

    void join_all() {
        for (std::size_t i = 0; i < options_.clients; ++i) {
            clients_[i]->send("420[\"join\"]");
        }
        wait_for(acks_, options_.clients);
    }

    LoadClient& talker() { return *clients_[options_.clients]; }

    void talk() {
        const std::string message = "42[\"say\",\"" + std::string(text_bytes, 'x') + "\"]";
        std::uint64_t said = 0;
        const Clock::time_point start = Clock::now();
        const Clock::time_point measured_from = start + warm_up;
        const Clock::time_point end =
            measured_from + std::chrono::microseconds(static_cast<long>(options_.seconds * 1e6));
        bool is_measuring = false;
        std::uint64_t deliveries_before = 0;
        Usage before;
        while (Clock::now() < end) {
            const double due = options_.rate / static_cast<double>(options_.clients) *
                               milliseconds_since(start) / 1000;
            while (options_.rate > 0 ? static_cast<double>(said) < due
                                     : said < deliveries_ / options_.clients + options_.window) {
                talker().send(message);
                ++said;
            }
            turn(1);
            if (!is_measuring && Clock::now() >= measured_from) {
                is_measuring = true;
                deliveries_before = deliveries_;
                before = usage_of(options_.pid);
                asker_->start_measuring();
            }
        }
        measured_ = deliveries_ - deliveries_before;
        measured_cpu_ = usage_of(options_.pid).cpu_seconds - before.cpu_seconds;
        measured_seconds_ = milliseconds_since(measured_from) / 1000;
    }

    /// Half a million deliveries for a thousand clients.
    void enter_all() {
        const Clock::time_point start = Clock::now();
        const double cpu = usage_of(options_.pid).cpu_seconds;
        asker_->start_measuring();
        for (std::size_t i = 0; i < options_.clients; ++i) {
            clients_[i]->send("420[\"enter\"]");
        }
        wait_for(entered_, options_.clients * (options_.clients - 1) / 2);
        asker_->stop();
        fmt::print(
            "{{\"name\":\"{}\",\"mode\":\"enter\",\"clients\":{},\"deliveries\":{},"
            "\"seconds\":{:.2f},\"server_cpu_seconds\":{:.2f},\"ask_p50_ms\":{:.2f},"
            "\"ask_p99_ms\":{:.2f}}}\n",
            options_.name, options_.clients, entered_, milliseconds_since(start) / 1000,
            usage_of(options_.pid).cpu_seconds - cpu, asker_->quantile(0.5),
            asker_->quantile(0.99));
    }

    /// A client that was lost on the way has ended the program already (`read` throws).
    void idle(const Usage& before, const Usage& connected) {
        const Clock::time_point start = Clock::now();
        const double cpu = usage_of(options_.pid).cpu_seconds;
        while (milliseconds_since(start) < options_.seconds * 1000) {
            turn(100);
        }
        const Usage after = usage_of(options_.pid);
        for (const auto& client : clients_) {
            client->send("427[\"ask\",1]");
        }
        wait_for(answers_, clients_.size());
        const auto clients = static_cast<double>(clients_.size());
        fmt::print(
            "{{\"name\":\"{}\",\"mode\":\"idle\",\"clients\":{},\"seconds\":{},\"alive\":{},"
            "\"pings\":{},\"client_kib\":{:.2f},\"connect_cpu_us\":{:.0f},"
            "\"idle_cpu_percent\":{:.2f}}}\n",
            options_.name, clients_.size(), options_.seconds, answers_,
            std::accumulate(clients_.begin(), clients_.end(), std::uint64_t{0},
                            [](auto sum, const auto& client) { return sum + client->pings(); }),
            static_cast<double>(after.resident_kib - before.resident_kib) / clients,
            (connected.cpu_seconds - before.cpu_seconds) / clients * 1e6,
            (after.cpu_seconds - cpu) / options_.seconds * 100);
    }

    void turn(int wait_ms) {
        std::array<::epoll_event, 256> events{};
        const int count = ::epoll_wait(epoll_, events.data(), events.size(), wait_ms);
        for (int i = 0; i < count; ++i) {
            static_cast<LoadClient*>(events[static_cast<std::size_t>(i)].data.ptr)
                ->read(buffer_, [this](std::string_view text) { hear(text); });
        }
    }

    void hear(std::string_view text) {
        if (text.starts_with("42[\"said\"")) {
            ++deliveries_;
        } else if (text.starts_with("42[\"entered\"")) {
            ++entered_;
        } else if (text.starts_with("40")) {
            ++accepted_;
        } else if (text == "437[1]") {
            ++answers_;
        } else if (text.starts_with("430")) {
            ++acks_;
        } else if (text.starts_with("44")) {
            throw std::runtime_error("refused: " + std::string(text));
        }
    }

    void wait_for(const std::uint64_t& count, std::size_t wanted) {
        const Clock::time_point start = Clock::now();
        while (count < wanted) {
            turn(100);
            if (milliseconds_since(start) > 30'000) {
                throw std::runtime_error("the server does not answer");
            }
        }
    }

    const LoadOptions options_;
    int epoll_;
    std::vector<char> buffer_;
    const std::string token_ = student_token(options_.secret, 1, "student_of_the_bench");
    std::vector<std::unique_ptr<LoadClient>> clients_;  // and behind them the talker
    std::unique_ptr<Asker> asker_;
    std::uint64_t answers_ = 0;
    std::uint64_t accepted_ = 0;
    std::uint64_t acks_ = 0;
    std::uint64_t deliveries_ = 0;
    std::uint64_t entered_ = 0;
    std::uint64_t measured_ = 0;
    double measured_cpu_ = 0;
    double measured_seconds_ = 1;
};

}  // namespace

int main(int argc, char** argv) {
    LoadOptions options;
    CLI::App app("Load on one room of a Socket.IO server");
    app.add_option("--port", options.port)->required();
    app.add_option("--pid", options.pid, "of the server")->required();
    app.add_option("--secret", options.secret, "for the tokens")->required();
    app.add_option("--clients", options.clients)->check(CLI::Range(1, 12'000));
    app.add_option("--rate", options.rate, "deliveries a second; 0: saturated");
    app.add_option("--window", options.window);
    app.add_option("--seconds", options.seconds);
    app.add_option("--mode", options.mode)->check(CLI::IsMember({"say", "enter", "idle"}));
    app.add_option("--name", options.name);
    CLI11_PARSE(app, argc, argv);
    try {
        Load(options).run();
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "room_load: %s\n", failure.what());
        return 1;
    }
    return 0;
}
