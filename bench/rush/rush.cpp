#include "rush/rush.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <fstream>
#include <map>
#include <optional>

#include "courseselect/json/value.hpp"
#include "rush/databases.hpp"
#include "rush/fleet.hpp"
#include "rush/outcomes.hpp"
#include "rush/reconcile.hpp"
#include "rush/report.hpp"
#include "rush/scratch.hpp"
#include "rush/selection_requests.hpp"

namespace courseselect::bench {
namespace {

constexpr const char* rush_daemons[] = {"data", "queue", "student"};

double own_cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct DaemonUse {
    double cpu_seconds = 0;
    long resident_kib = 0;
};

/// Everything that was measured.
struct RushResult {
    SubmitTally tally;
    std::vector<std::int64_t> poll_us;
    std::size_t polls_failed = 0;
    std::size_t backlog_max = 0;
    double load_seconds = 0;
    Outcomes outcomes;
    std::map<std::string, std::size_t> decisions;
    std::map<std::string, DaemonUse> daemons;
    double generator_cpu_seconds = 0;
    Reconciliation reconciliation;
    Latencies http;
    Latencies polls;

    explicit RushResult(std::size_t requests) : tally(requests) {}
};

/// Sends the rush, and between submissions a poll of the task that was accepted last.
class RushLoad {
  public:
    RushLoad(const RushOptions& options, const Workload& workload,
             const SelectionRequests& requests, RushResult& result)
        : every_(options.poll_every),
          workload_(workload),
          requests_(requests),
          result_(result),
          progress_(terminal_, "Sending selections", workload.requests.size()) {}

    void run(LoadDriver& driver) {
        const std::size_t submissions = workload_.requests.size();
        const std::size_t polls = every_ > 0 ? submissions / every_ : 0;
        driver.run(
            submissions + polls, [this](std::size_t index, std::string& out) { write(index, out); },
            [this](const Answer& answer) { take(answer); });
        progress_.finish(result_.tally.latency_us.size());
    }

  private:
    [[nodiscard]] bool is_poll(std::size_t index) const {
        return every_ > 0 && index % (every_ + 1) == every_;
    }
    [[nodiscard]] std::size_t submission(std::size_t index) const {
        return every_ > 0 ? index - index / (every_ + 1) : index;
    }
    void write(std::size_t index, std::string& out) const {
        if (is_poll(index) && result_.tally.task_ids[last_accepted_].is_nil()) {
            out += "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";  // nothing to ask for yet
        } else if (is_poll(index)) {
            const std::string id = core::format_uuid(result_.tally.task_ids[last_accepted_]);
            requests_.write_status(workload_.requests[last_accepted_].student, id, out);
        } else {
            requests_.write(workload_.requests[submission(index)], submission(index), out);
        }
    }
    void take(const Answer& answer) {
        if (is_poll(answer.request)) {
            result_.polls_failed += answer.status != 200;
            result_.poll_us.push_back(
                std::chrono::duration_cast<std::chrono::microseconds>(answer.latency).count());
            return;
        }
        const std::size_t request = submission(answer.request);
        result_.tally.add(answer, request);
        if (!result_.tally.task_ids[request].is_nil()) {
            last_accepted_ = request;
        }
        progress_.show(result_.tally.latency_us.size());
    }

    const std::size_t every_;
    const Workload& workload_;
    const SelectionRequests& requests_;
    RushResult& result_;
    const Terminal terminal_ = Terminal::standard_output();
    Progress progress_;
    std::size_t last_accepted_ = 0;
};

std::vector<Figure> counted(const std::map<std::string, std::size_t>& counts) {
    std::vector<Figure> figures;
    for (const auto& [name, count] : counts) {
        figures.push_back({name, grouped(count)});
    }
    return figures;
}

std::string percentiles(const Latencies& of) {
    return fmt::format("p50 {}   p99 {}   p99.9 {}   max {}", in_milliseconds(of.p50),
                       in_milliseconds(of.p99), in_milliseconds(of.p999), in_milliseconds(of.max));
}

void print_result(const RushOptions& options, const Workload& workload, const RushResult& result) {
    const Terminal terminal = Terminal::standard_output();
    std::vector<Figure> cost;
    for (const auto& [name, use] : result.daemons) {
        cost.push_back({fmt::format("course-{}-node", name),
                        fmt::format("{:.2f} s CPU, {:.1f} MB resident", use.cpu_seconds,
                                    static_cast<double>(use.resident_kib) / 1024)});
    }
    cost.push_back({"load generator", fmt::format("{:.2f} s CPU", result.generator_cpu_seconds)});
    const std::string mode = options.rate > 0
                                 ? fmt::format("open loop, {:.0f} requests/s, at most {} behind",
                                               options.rate, grouped(result.backlog_max))
                                 : fmt::format("closed loop, {} connections", options.connections);
    print_report(
        terminal, options.workload.one_hot_course ? "rush on one hot course" : "rush",
        {{"",
          {{"load", mode},
           {"top tenth of courses",
            fmt::format("{:.0f} % of the requests", 100 * workload.top_tenth_share())},
           {"submitted", grouped(result.tally.latency_us.size())},
           {"accepted for decision", grouped(result.tally.accepted)},
           {"answers", fmt::format("{:.0f}/s", static_cast<double>(workload.requests.size()) /
                                                   result.load_seconds)},
           {"durable decisions",
            terminal.bold(fmt::format("{:.0f}/s", result.outcomes.decisions_per_second()))},
           {"submit to decision", percentiles(result.outcomes.submit_to_decision)},
           {"answer to a submission", percentiles(result.http)},
           {"answer to a status poll", percentiles(result.polls)}}},
         {"turned away at once", counted(result.tally.refused)},
         {"decisions", counted(result.decisions)},
         {"cost", cost}});
}

std::string json_line(const RushOptions& options, const RushResult& result) {
    std::string daemons;
    for (const auto& [name, use] : result.daemons) {
        daemons += fmt::format("{}\"{}\":{{\"cpu_s\":{:.3f},\"resident_kib\":{}}}",
                               daemons.empty() ? "" : ",", name, use.cpu_seconds, use.resident_kib);
    }
    const auto latency = [](const Latencies& of) {
        return fmt::format(R"({{"p50_ms":{:.3f},"p99_ms":{:.3f},"p999_ms":{:.3f}}})", of.p50,
                           of.p99, of.p999);
    };
    return fmt::format(
        R"({{"bench":"rush","compiler":"{}","seed":{},"students":{},"courses":{},"requests":{},)"
        R"("connections":{},"rate":{},"hot":{},"accepted":{},"failed":{},"decided":{},)"
        R"("decisions_per_s":{:.1f},"submit_to_decision":{},"http":{},"poll":{},"backlog_max":{},)"
        R"("generator_cpu_s":{:.3f},"daemons":{{{}}},"clean":{}}})",
        __VERSION__, options.workload.seed, options.workload.students, options.workload.courses,
        options.workload.requests, options.connections, options.rate,
        options.workload.one_hot_course, result.tally.accepted, result.tally.failed,
        result.outcomes.decided, result.outcomes.decisions_per_second(),
        latency(result.outcomes.submit_to_decision), latency(result.http), latency(result.polls),
        result.backlog_max, result.generator_cpu_seconds, daemons,
        result.reconciliation.is_clean());
}

/// Sends the load and measures what it costs.
void measure(const RushOptions& options, const Workload& workload,
             const SelectionRequests& requests, Fleet& fleet, RushResult& result) {
    ReadOnlyDatabase queue(fleet.database("queue"));
    std::map<std::string, double> cpu_before;
    for (const char* name : rush_daemons) {
        cpu_before[name] = fleet.cpu_seconds(name);
    }
    const double own_before = own_cpu_seconds();
    LoadDriver driver(
        {.port = fleet.port("student"), .connections = options.connections, .rate = options.rate});
    RushLoad load(options, workload, requests, result);
    const auto begin = std::chrono::steady_clock::now();
    load.run(driver);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    result.load_seconds = elapsed.count();
    result.generator_cpu_seconds = own_cpu_seconds() - own_before;
    wait_until_decided(queue.connection(), std::chrono::seconds{120});
    result.backlog_max = driver.backlog_max();
    for (const char* name : rush_daemons) {
        result.daemons[name] = {.cpu_seconds = fleet.cpu_seconds(name) - cpu_before[name],
                                .resident_kib = fleet.resident_kib(name)};
    }
    result.outcomes = read_outcomes(queue.connection());
    ReadOnlyDatabase data(fleet.database("data"));
    result.decisions = count_decisions(data.connection());
    result.http = Latencies::of(result.tally.latency_us);
    result.polls = Latencies::of(result.poll_us);
}

}  // namespace

int run_rush(const RushOptions& options) {
    const Scratch scratch(options.directory);
    const Workload workload = make_workload(options.workload);
    Fleet fleet({.programs = options.programs, .directory = scratch.path()});
    const TermIds ids =
        make_term_database(fleet.database("data"), workload, options.workload.students);
    const SelectionRequests requests(
        sign_student_tokens(ids.students, core::Secret(fleet.options().jwt_secret)), ids.courses);
    for (const char* name : rush_daemons) {
        fleet.start(name);
    }
    RushResult result(workload.requests.size());
    measure(options, workload, requests, fleet, result);
    net::http::ServiceAddress data_node{.host = "127.0.0.1", .port = fleet.port("data")};
    result.reconciliation = reconcile({.data_database = fleet.database("data"),
                                       .queue_database = fleet.database("queue"),
                                       .answered = result.tally.accepted_ids(),
                                       .data_node = data_node,
                                       .internal_token = fleet.options().internal_token});
    print_result(options, workload, result);
    const bool good =
        result.reconciliation.is_clean() && result.tally.failed == 0 && result.polls_failed == 0;
    const Terminal terminal = Terminal::standard_output();
    fmt::print("{}\n", good ? terminal.green(result.reconciliation.verdict())
                            : terminal.red(result.reconciliation.verdict()));
    for (const std::string& fault : result.reconciliation.faults) {
        fmt::print("  {}\n", fault);
    }
    if (result.tally.failed + result.polls_failed > 0) {
        fmt::print("{} requests and {} polls failed\n", result.tally.failed, result.polls_failed);
    }
    const std::string line = json_line(options, result);
    if (!options.json_file.empty()) {
        std::ofstream(options.json_file, std::ios::app) << line << '\n';
    }
    return good ? 0 : 1;
}

}  // namespace courseselect::bench
