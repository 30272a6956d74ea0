// Question: does a thousand clients' entering one room at once keep other clients of the realtime
// server waiting, and what does an idle client of it cost? Workload, against the real daemons
// (`school.py` starts them): a crowd of students enters a video, then the next one, at once or over
// some time, telling each other n(n-1)/2 `user_joined_video`. Meanwhile bystanders in another
// course, on a thread of their own, ask at fixed times for what every client asks for: join_course,
// leave_course, video_progress, send_chat_message. A question counts from the moment it was due,
// whether or not the ones before it were answered, so a stall counts for everybody it kept waiting.
// Or the crowd does nothing but answer pings, and in the end each is asked for a sign of life.
// Good: p99 of the bystanders at most 100 ms, each pair of the crowd told exactly once; at most 4
// KB of resident memory an idle client, all alive. One JSON line a result.

#include <CLI/CLI.hpp>
#include <array>
#include <atomic>
#include <memory>
#include <numeric>
#include <thread>
#include <unordered_map>
#include <vector>

#include "load_client.hpp"

using namespace courseselect;
using namespace courseselect::bench;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::microseconds question_interval{1'500};  // of all bystanders together
constexpr std::chrono::milliseconds pause_between{300};
constexpr std::chrono::seconds patience{60};
constexpr std::size_t connects_at_once = 50;  // not more than a backlog holds

struct SchoolOptions {
    std::uint16_t port = 0;
    int pid = 0;
    std::string secret;
    std::string mode = "enter";
    std::size_t clients = 1'000;
    double seconds = 10;
    double spread_ms = 0;                  ///< over which the crowd comes in; 0: all at once
    std::vector<std::int64_t> students;    ///< of the crowd
    std::vector<std::int64_t> videos;      ///< one a round
    std::vector<std::int64_t> bystanders;  ///< students of another course
    std::int64_t other_course = 0;
    std::int64_t other_video = 0;
};

/// What a bystander asks for, in turn.
constexpr std::array<std::string_view, 4> question_names{"join_course", "video_progress",
                                                         "send_chat_message", "leave_course"};

struct Window {
    Clock::time_point from;
    Clock::time_point until;
};

/// Students of another course, who ask on schedule from `start` to `stop`.
class Bystanders {
  public:
    explicit Bystanders(const SchoolOptions& options)
        : options_(options), epoll_(::epoll_create1(0)), buffer_(64 * 1024) {
        for (const std::int64_t student : options.bystanders) {
            clients_.push_back(std::make_unique<LoadClient>(
                options.port, epoll_,
                student_token(options.secret, student, "bystander" + std::to_string(student))));
        }
    }
    ~Bystanders() {
        stop();
        ::close(epoll_);
    }
    Bystanders(const Bystanders&) = delete;
    Bystanders& operator=(const Bystanders&) = delete;

    /// All in the other video's room; then they begin to ask.
    void start() {
        while (accepted_ < clients_.size()) {
            turn();
        }
        for (const auto& client : clients_) {
            client->send(
                fmt::format("42[\"join_video\",{{\"video_id\":{}}}]", options_.other_video));
        }
        while (joined_ < clients_.size()) {
            turn();
        }
        started_at_ = Clock::now();
        thread_ = std::thread([this] { run(); });
    }
    /// Waits for the answers that are due; throws when something was lost or refused.
    void stop() {
        is_stopping_ = true;
        if (thread_.joinable()) {
            thread_.join();
        }
    }
    [[nodiscard]] const std::string& failure() const { return failure_; }

    /// Milliseconds from due to answered, ascending; of one kind of question, or of all.
    [[nodiscard]] std::vector<double> waited(const std::vector<Window>& windows,
                                             std::string_view name = {}) const {
        std::vector<double> waited;
        for (std::size_t i = 0; i < answered_at_.size(); ++i) {
            const Clock::time_point due = due_at(i);
            const bool is_in = std::any_of(windows.begin(), windows.end(), [due](const Window& w) {
                return w.from <= due && due < w.until;
            });
            if (is_in && (name.empty() || name == question_names[kind_of(i)])) {
                waited.push_back(
                    std::chrono::duration<double, std::milli>(answered_at_[i] - due).count());
            }
        }
        std::sort(waited.begin(), waited.end());
        return waited;
    }

  private:
    [[nodiscard]] Clock::time_point due_at(std::size_t question) const {
        return started_at_ + question * question_interval;
    }
    /// Each client asks for each kind in turn.
    [[nodiscard]] std::size_t kind_of(std::size_t question) const {
        return question / clients_.size() % question_names.size();
    }

    void run() {
        try {
            while (!is_stopping_ || answered_ < answered_at_.size()) {
                if (!is_stopping_ && Clock::now() >= due_at(answered_at_.size())) {
                    ask(answered_at_.size());
                }
                turn();
                if (is_stopping_ && Clock::now() > due_at(answered_at_.size()) + patience) {
                    throw std::runtime_error("a bystander's question was not answered");
                }
            }
        } catch (const std::exception& error) {
            failure_ = error.what();
        }
    }

    void ask(std::size_t question) {
        const std::string_view name = question_names[kind_of(question)];
        std::string fields;
        if (name == "video_progress") {
            fields = fmt::format(R"("video_id":{},"course_id":{},"progress":{},"timestamp":{})",
                                 options_.other_video, options_.other_course, question % 100,
                                 question % 600);
        } else if (name == "send_chat_message") {
            fields = fmt::format(R"("video_id":{},"message":"question {}")", options_.other_video,
                                 question);
        } else {
            fields = fmt::format(R"("course_id":{})", options_.other_course);
        }
        answered_at_.emplace_back();
        clients_[question % clients_.size()]->send(
            fmt::format("42{}[\"{}\",{{{}}}]", question, name, fields));
    }

    void turn() {
        std::array<::epoll_event, 16> events{};
        const int count = ::epoll_wait(epoll_, events.data(), events.size(), 1);
        for (int i = 0; i < count; ++i) {
            static_cast<LoadClient*>(events[static_cast<std::size_t>(i)].data.ptr)
                ->read(buffer_, [this](std::string_view text) { hear(text); });
        }
    }

    void hear(std::string_view text) {
        if (text.starts_with("43")) {
            if (text.find(R"("status":"ok")") == std::string_view::npos) {
                throw std::runtime_error("refused: " + std::string(text));
            }
            answered_at_[std::stoul(std::string(text.substr(2, text.find('[') - 2)))] =
                Clock::now();
            ++answered_;
        } else if (text.starts_with("40")) {
            ++accepted_;
        } else if (text.starts_with(R"(42["joined_video")")) {
            ++joined_;
        }
    }

    const SchoolOptions& options_;
    int epoll_;
    std::vector<char> buffer_;
    std::vector<std::unique_ptr<LoadClient>> clients_;
    std::size_t accepted_ = 0;
    std::size_t joined_ = 0;
    std::size_t answered_ = 0;
    Clock::time_point started_at_{};
    std::vector<Clock::time_point> answered_at_;  // by number of the question
    std::string failure_;                         // read after `stop`
    std::atomic<bool> is_stopping_ = false;
    std::thread thread_;
};

/// The crowd, on one epoll.
class Crowd {
  public:
    explicit Crowd(const SchoolOptions& options)
        : options_(options), epoll_(::epoll_create1(0)), buffer_(64 * 1024) {
        for (std::size_t i = 0; i < options_.students.size(); ++i) {
            places_[options_.students[i]] = i;
        }
    }
    ~Crowd() { ::close(epoll_); }
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

    [[nodiscard]] std::size_t size() const { return clients_.size(); }

    void connect() {
        for (std::size_t i = 0; i < options_.clients; ++i) {
            const std::int64_t student = options_.students[i % options_.students.size()];
            clients_.push_back(std::make_unique<LoadClient>(
                options_.port, epoll_,
                student_token(options_.secret, student, "student" + std::to_string(student))));
            numbers_[clients_.back().get()] = i;
            if (i % connects_at_once == connects_at_once - 1) {
                wait_for(welcomed_, i + 1);
            }
        }
        wait_for(welcomed_, clients_.size());
    }

    /// Ends when everybody has heard of everybody who came later.
    Window enter(std::int64_t video) {
        const std::string packet = fmt::format("42[\"join_video\",{{\"video_id\":{}}}]", video);
        heard_.assign(clients_.size(), std::vector<bool>(clients_.size()));
        joined_ = 0;
        told_ = 0;
        Window window{Clock::now(), {}};
        for (std::size_t i = 0; i < clients_.size(); ++i) {
            const double due =
                options_.spread_ms * static_cast<double>(i) / static_cast<double>(clients_.size());
            while (milliseconds_since(window.from) < due) {
                turn(1);
            }
            clients_[i]->send(packet);
        }
        wait_for(joined_, clients_.size());
        wait_for(told_, clients_.size() * (clients_.size() - 1) / 2);
        window.until = Clock::now();
        check_pairs();
        return window;
    }

    void idle(std::chrono::duration<double> time) {
        const Clock::time_point end =
            Clock::now() + std::chrono::duration_cast<Clock::duration>(time);
        while (Clock::now() < end) {
            turn(50);
        }
    }
    /// A client that was lost on the way has ended the program already (`read` throws).
    void ask_for_a_sign() {
        for (const auto& client : clients_) {
            client->send("427[\"leave_course\",{\"course_id\":1}]");
        }
        wait_for(signs_, clients_.size());
    }
    [[nodiscard]] std::uint64_t signs() const { return signs_; }
    [[nodiscard]] std::uint64_t pings() const {
        return std::accumulate(
            clients_.begin(), clients_.end(), std::uint64_t{0},
            [](std::uint64_t sum, const auto& client) { return sum + client->pings(); });
    }

  private:
    void wait_for(const std::uint64_t& count, std::size_t wanted) {
        const Clock::time_point end = Clock::now() + patience;
        while (count < wanted) {
            turn(100);
            if (Clock::now() > end) {
                throw std::runtime_error(fmt::format("{} of {}, then nothing", count, wanted));
            }
        }
    }

    void turn(int wait_ms) {
        std::array<::epoll_event, 256> events{};
        const int count = ::epoll_wait(epoll_, events.data(), events.size(), wait_ms);
        for (int i = 0; i < count; ++i) {
            auto* client = static_cast<LoadClient*>(events[static_cast<std::size_t>(i)].data.ptr);
            client->read(buffer_, [&](std::string_view text) { hear(*client, text); });
        }
    }

    void hear(const LoadClient& client, std::string_view text) {
        constexpr std::string_view told = R"(42["user_joined_video",{"user_id":")";
        if (text.starts_with(told)) {
            ++told_;
            note(client, std::stoll(std::string(text.substr(told.size(), 20))));
        } else if (text.starts_with(R"(42["joined_video")")) {
            ++joined_;
        } else if (text.starts_with(R"(42["connected")")) {
            ++welcomed_;
        } else if (text.starts_with("437")) {
            ++signs_;
        } else if (text.starts_with("44") || text.starts_with(R"(42["error")")) {
            throw std::runtime_error("refused: " + std::string(text));
        }
    }

    void note(const LoadClient& client, std::int64_t student) {
        std::vector<bool>::reference heard = heard_[numbers_.at(&client)][places_.at(student)];
        if (heard) {
            throw std::runtime_error("told twice of student " + std::to_string(student));
        }
        heard = true;
    }

    /// Of any two, the one that was there first has heard of the other.
    void check_pairs() const {
        for (std::size_t a = 0; a < heard_.size(); ++a) {
            for (std::size_t b = 0; b <= a; ++b) {
                if (heard_[a][b] == heard_[b][a] && (a != b || heard_[a][a])) {
                    throw std::runtime_error("two clients have not met each other once");
                }
            }
        }
    }

    const SchoolOptions& options_;
    int epoll_;
    std::vector<char> buffer_;
    std::vector<std::unique_ptr<LoadClient>> clients_;
    std::unordered_map<const LoadClient*, std::size_t> numbers_;
    std::unordered_map<std::int64_t, std::size_t> places_;  // of a student's client
    std::vector<std::vector<bool>> heard_;
    std::uint64_t welcomed_ = 0;
    std::uint64_t joined_ = 0;
    std::uint64_t told_ = 0;
    std::uint64_t signs_ = 0;
};

void enter(const SchoolOptions& options) {
    Crowd crowd(options);
    crowd.connect();
    Bystanders bystanders(options);
    bystanders.start();
    std::vector<Window> windows;
    std::vector<double> seconds;
    double cpu = 0;
    for (const std::int64_t video : options.videos) {
        crowd.idle(pause_between);
        const double before = usage_of(options.pid).cpu_seconds;
        windows.push_back(crowd.enter(video));
        cpu += usage_of(options.pid).cpu_seconds - before;
        seconds.push_back(
            std::chrono::duration<double>(windows.back().until - windows.back().from).count());
    }
    bystanders.stop();
    if (!bystanders.failure().empty()) {
        throw std::runtime_error(bystanders.failure());
    }
    std::sort(seconds.begin(), seconds.end());
    const std::vector<double> all = bystanders.waited(windows);
    std::string kinds;
    for (const std::string_view name : question_names) {
        kinds += fmt::format(",\"{}_p99_ms\":{:.1f}", name,
                             quantile(bystanders.waited(windows, name), 0.99));
    }
    fmt::print(
        "{{\"mode\":\"enter\",\"clients\":{},\"spread_ms\":{},\"rounds\":{},\"deliveries\":{},"
        "\"seconds_median\":{:.2f},\"server_cpu_seconds\":{:.2f},\"samples\":{},\"p50_ms\":{:.1f},"
        "\"p99_ms\":{:.1f},\"p999_ms\":{:.1f},\"max_ms\":{:.1f}{}}}\n",
        crowd.size(), options.spread_ms, windows.size(),
        windows.size() * crowd.size() * (crowd.size() - 1) / 2, quantile(seconds, 0.5),
        cpu / static_cast<double>(windows.size()), all.size(), quantile(all, 0.5),
        quantile(all, 0.99), quantile(all, 0.999), quantile(all, 1), kinds);
}

void idle(const SchoolOptions& options) {
    {
        SchoolOptions few = options;  // what the server keeps from then on is not a client's
        few.clients = connects_at_once;
        Crowd warm_up(few);
        warm_up.connect();
        warm_up.ask_for_a_sign();
    }
    const Usage before = usage_of(options.pid);
    Crowd crowd(options);
    crowd.connect();
    const double cpu = usage_of(options.pid).cpu_seconds;
    crowd.idle(std::chrono::duration<double>(options.seconds));
    const Usage after = usage_of(options.pid);
    crowd.ask_for_a_sign();
    fmt::print(
        "{{\"mode\":\"idle\",\"clients\":{},\"seconds\":{},\"alive\":{},\"pings\":{},"
        "\"client_kib\":{:.2f},\"idle_cpu_percent\":{:.2f}}}\n",
        crowd.size(), options.seconds, crowd.signs(), crowd.pings(),
        static_cast<double>(after.resident_kib - before.resident_kib) /
            static_cast<double>(crowd.size()),
        (after.cpu_seconds - cpu) / options.seconds * 100);
}

}  // namespace

int main(int argc, char** argv) {
    SchoolOptions options;
    CLI::App app("Load on course-realtime-server");
    app.add_option("--port", options.port)->required();
    app.add_option("--pid", options.pid, "of the server")->required();
    app.add_option("--secret", options.secret, "for the tokens")->required();
    app.add_option("--mode", options.mode)->check(CLI::IsMember({"enter", "idle"}));
    app.add_option("--clients", options.clients)->check(CLI::Range(1, 12'000));
    app.add_option("--seconds", options.seconds);
    app.add_option("--spread-ms", options.spread_ms, "over which the crowd comes in");
    app.add_option("--students", options.students)->required();
    app.add_option("--videos", options.videos);
    app.add_option("--bystanders", options.bystanders);
    app.add_option("--other-course", options.other_course);
    app.add_option("--other-video", options.other_video);
    CLI11_PARSE(app, argc, argv);
    try {
        options.mode == "idle" ? idle(options) : enter(options);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "school_load: %s\n", failure.what());
        return 1;
    }
    return 0;
}
