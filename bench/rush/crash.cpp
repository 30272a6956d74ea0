#include "rush/crash.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "rush/crash_people.hpp"
#include "rush/databases.hpp"
#include "rush/fleet.hpp"
#include "rush/outcomes.hpp"
#include "rush/reconcile.hpp"
#include "rush/report.hpp"
#include "rush/scratch.hpp"
#include "rush/selection_requests.hpp"

namespace courseselect::bench {
namespace {

// In the order of starting: a daemon that others call comes before them.
const std::vector<std::string> crash_daemons = {"data", "auth", "queue", "teacher", "student"};

/// Undelivered profiles are tried again after seconds, so not every round waits for them.
constexpr std::size_t rounds_between_settling = 6;

/// Kills and restarts daemons when the load has come far enough; on a thread of its own, because
/// the load goes on meanwhile. The fleet is this thread's until `join` returns.
class Killer {
  public:
    struct Kill {
        std::size_t after = 0;  ///< answers
        std::vector<std::string> victims;
    };

    Killer(Fleet& fleet, std::vector<Kill> kills)
        : fleet_(fleet), kills_(std::move(kills)), thread_([this] { run(); }) {}
    ~Killer() { finish(); }
    Killer(const Killer&) = delete;
    Killer& operator=(const Killer&) = delete;

    void answered() {
        {
            const std::scoped_lock lock(mutex_);
            ++answered_;
        }
        progressed_.notify_one();
    }
    /// Waits for the last restart; throws what a restart threw.
    void join() {
        finish();
        if (fault_) {
            std::rethrow_exception(fault_);
        }
    }

  private:
    void finish() {
        {
            const std::scoped_lock lock(mutex_);
            answered_ = static_cast<std::size_t>(-1);  // whatever is left happens now
        }
        progressed_.notify_one();
        if (thread_.joinable()) {
            thread_.join();
        }
    }
    void run() {
        try {
            for (const Kill& kill : kills_) {
                {
                    std::unique_lock lock(mutex_);
                    progressed_.wait(lock, [&] { return answered_ >= kill.after; });
                }
                for (const std::string& victim : kill.victims) {
                    fleet_.kill(victim);
                }
                for (const std::string& victim : kill.victims) {
                    fleet_.start(victim);
                }
            }
        } catch (...) {
            fault_ = std::current_exception();
        }
    }

    Fleet& fleet_;
    const std::vector<Kill> kills_;
    std::mutex mutex_;
    std::condition_variable progressed_;
    std::size_t answered_ = 0;
    std::exception_ptr fault_;
    std::thread thread_;
};

/// The daemons take turns; every fourth time all of them die.
std::vector<Killer::Kill> plan_kills(const CrashOptions& options, std::size_t round,
                                     std::mt19937_64& random) {
    std::vector<std::size_t> moments;
    for (std::size_t i = 0; i < options.kills; ++i) {
        moments.push_back(1 + random() % (options.requests - 1));
    }
    std::sort(moments.begin(), moments.end());
    std::vector<Killer::Kill> kills;
    for (std::size_t i = 0; i < options.kills; ++i) {
        const std::size_t turn = (round + i) % (crash_daemons.size() + 1);
        kills.push_back({moments[i], turn < crash_daemons.size()
                                         ? std::vector<std::string>{crash_daemons[turn]}
                                         : crash_daemons});
    }
    return kills;
}

class CrashRun {
  public:
    explicit CrashRun(const CrashOptions& options)
        : options_(options),
          random_(options.seed),
          scratch_(options.directory),
          workload_(make_workload(workload_options(options))),
          fleet_({.programs = options.programs,
                  .directory = scratch_.path(),
                  .environment = {{"COURSESELECT_DEV", "true"}, {"BCRYPT_COST", "4"}}}),
          ids_(make_term_database(fleet_.database("data"), workload_,
                                  workload_options(options).students)),
          requests_(sign_student_tokens(ids_.students, core::Secret(fleet_.options().jwt_secret)),
                    ids_.courses, {.idempotency_prefix = fmt::format("crash-{}", options.seed)}),
          tally_(workload_.requests.size()),
          people_(fleet_, ids_, options.seed) {
        for (const std::string& name : crash_daemons) {
            fleet_.start(name);
        }
    }

    /// False when something does not reconcile.
    bool run_round(std::size_t round) {
        std::vector<Killer::Kill> kills = plan_kills(options_, round, random_);
        const std::string story = describe(kills);
        LoadDriver driver({.port = fleet_.port("student"),
                           .connections = options_.connections,
                           .time_max = std::chrono::seconds{60},
                           .repeat_failures = true});
        const std::size_t base = round * options_.requests;
        people_.start(round);
        Killer killer(fleet_, std::move(kills));
        driver.run(
            options_.requests,
            [&](std::size_t index, std::string& out) {
                requests_.write(workload_.requests[base + index], base + index, out);
            },
            [&](const Answer& answer) {
                tally_.add(answer, base + answer.request);
                killer.answered();
            });
        killer.join();
        people_.finish();
        repeats_ += driver.repeats();
        const bool settled =
            (round + 1) % rounds_between_settling == 0 || round + 1 == options_.rounds;
        const Reconciliation result = check(settled);
        fmt::print("round {:>3}: {:<44} {:>5} sent again, {:>6} decisions  {}\n", round + 1, story,
                   driver.repeats(), result.decisions, result.is_clean() ? "clean" : "FAULTY");
        for (const std::string& fault : result.faults) {
            fmt::print("  {}\n", fault);
        }
        std::fflush(stdout);
        last_ = result;
        return result.is_clean();
    }

    [[nodiscard]] const Reconciliation& last() const { return last_; }
    [[nodiscard]] std::size_t repeats() const { return repeats_; }
    [[nodiscard]] const SubmitTally& tally() const { return tally_; }
    [[nodiscard]] const CrashPeople& people() const { return people_; }
    /// Requests whose repeat was refused ("Course is full") though the first try was stored: the
    /// student learns of that task only from the list of tasks.
    [[nodiscard]] std::size_t stored_but_refused() const { return last_.tasks - tally_.accepted; }

  private:
    static WorkloadOptions workload_options(const CrashOptions& options) {
        WorkloadOptions workload;
        workload.seed = options.seed;
        workload.requests = options.rounds * options.requests;
        workload.students = std::max<std::size_t>(50, workload.requests / 6);
        workload.courses = 60;
        workload.seats_per_request = 0.7;
        return workload;
    }
    static std::string describe(const std::vector<Killer::Kill>& kills) {
        std::string story;
        for (const Killer::Kill& kill : kills) {
            story +=
                fmt::format("{}{} killed after {}", story.empty() ? "" : ", ",
                            kill.victims.size() == 1 ? kill.victims.front() : "all", kill.after);
        }
        return story;
    }
    Reconciliation check(bool settled) {
        ReadOnlyDatabase queue(fleet_.database("queue"));
        wait_until_decided(queue.connection(), std::chrono::seconds{30});
        net::http::ServiceAddress data_node{.host = "127.0.0.1", .port = fleet_.port("data")};
        std::vector<core::Uuid> ids = tally_.accepted_ids();
        Reconciliation result = reconcile({.data_database = fleet_.database("data"),
                                           .queue_database = fleet_.database("queue"),
                                           .answered = ids,
                                           .data_node = data_node,
                                           .internal_token = fleet_.options().internal_token});
        const std::set<core::Uuid> different(ids.begin(), ids.end());
        if (different.size() != ids.size()) {
            ++result.fault_count;
            result.faults.push_back("two requests were answered with the same task id");
        }
        for (std::string& fault : people_.check(settled)) {
            ++result.fault_count;
            result.faults.push_back(std::move(fault));
        }
        return result;
    }

    const CrashOptions options_;
    std::mt19937_64 random_;
    Scratch scratch_;
    Workload workload_;
    Fleet fleet_;
    TermIds ids_;
    SelectionRequests requests_;
    SubmitTally tally_;
    CrashPeople people_;
    std::size_t repeats_ = 0;
    Reconciliation last_;
};

}  // namespace

int run_crash(const CrashOptions& options) {
    fmt::print("seed {}\n", options.seed);
    CrashRun run(options);
    std::size_t faulty = 0;
    for (std::size_t round = 0; round < options.rounds; ++round) {
        faulty += run.run_round(round) ? 0 : 1;
    }
    if (options.rounds >= rounds_between_settling && run.people().logouts() == 0) {
        fmt::print("  nobody could log out, so nothing is known about tokens\n");
        ++faulty;
    }
    const Terminal terminal = Terminal::standard_output();
    fmt::print("{} rounds, {} kills, {} requests answered, {} accepted, {} sent again\n",
               options.rounds, options.rounds * options.kills,
               grouped(run.tally().latency_us.size()), grouped(run.tally().accepted),
               grouped(run.repeats()));
    fmt::print("{} people registered, {} logged out, {} seats given and taken back\n",
               run.people().registrations(), run.people().logouts(), run.people().seats_moved());
    fmt::print("{} requests were stored at the first try and refused at the repeat\n",
               run.stored_but_refused());
    const std::string verdict = run.last().verdict();
    fmt::print("{}\n", faulty == 0 ? terminal.green(verdict) : terminal.red(verdict));
    return faulty == 0 ? 0 : 1;
}

}  // namespace courseselect::bench
