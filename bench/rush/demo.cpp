#include "rush/demo.hpp"

#include <fmt/format.h>

#include <map>
#include <thread>

#include "rush/databases.hpp"
#include "rush/outcomes.hpp"
#include "rush/reconcile.hpp"
#include "rush/selection_requests.hpp"

namespace courseselect::bench {
namespace {

constexpr std::size_t hottest_shown = 10;

/// Where the databases stand before the rush, to show only what it did.
struct Before {
    std::int64_t task = 0;
    std::int64_t decision = 0;
};

/// The first term number that the catalogue has no courses of.
int next_term(storage::Connection& data) {
    const auto first = [](const storage::Row& row) { return row.get<int>(0); };
    const auto count =
        expect(data.one("SELECT count(*) FROM teachers WHERE name LIKE 'demo%-teacher001'", first),
               "looking for earlier terms");
    return count.value_or(0) + 1;
}

SubmitTally send_rush(const DemoOptions& options, const Workload& workload, const School& school,
                      const Terminal& terminal) {
    SelectionRequestOptions request_options;
    request_options.idempotency_prefix = fmt::format("demo{}", school.term);
    for (std::size_t i = 0; i < school.student_tokens.size(); ++i) {
        request_options.addresses.push_back(person_address(school.term, i));
    }
    const SelectionRequests requests(school.student_tokens, school.courses, request_options);
    SubmitTally tally(workload.requests.size());
    Progress progress(terminal, "Selection is open", workload.requests.size());
    LoadDriver driver({.port = options.school.ports.student, .connections = options.connections});
    driver.run(
        workload.requests.size(),
        [&](std::size_t index, std::string& out) {
            requests.write(workload.requests[index], index, out);
        },
        [&](const Answer& answer) {
            tally.add(answer, answer.request);
            progress.show(tally.latency_us.size(),
                          fmt::format("{} accepted", grouped(tally.accepted)));
        });
    progress.finish(tally.latency_us.size(), fmt::format("{} accepted", grouped(tally.accepted)));
    return tally;
}

/// Shows the queue running empty.
void await_decisions(storage::Connection& queue, std::int64_t accepted, const Terminal& terminal) {
    Progress progress(terminal, "Deciding", static_cast<std::size_t>(accepted));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{120};
    while (const std::int64_t open = count_undecided(queue)) {
        if (std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error(fmt::format("{} tasks are still undecided", open));
        }
        progress.show(static_cast<std::size_t>(std::max<std::int64_t>(0, accepted - open)));
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    progress.finish(static_cast<std::size_t>(accepted));
}

/// Refusals of both places under one name: at the door "400 Course is full", later "course_full".
std::vector<Figure> refusals(const SubmitTally& tally,
                             const std::map<std::string, std::size_t>& decisions) {
    std::vector<Figure> figures;
    for (const auto& [why, count] : tally.refused) {
        figures.push_back({fmt::format("at submission: {}", why), grouped(count)});
    }
    for (const auto& [code, count] : decisions) {
        if (code != "accepted") {
            figures.push_back({fmt::format("by decision: {}", code), grouped(count)});
        }
    }
    return figures;
}

void print_result(const Terminal& terminal, const School& school, const SubmitTally& tally,
                  const Outcomes& outcomes, const std::map<std::string, std::size_t>& decisions) {
    const auto seats = decisions.find("accepted");
    const Latencies& wait = outcomes.submit_to_decision;
    print_report(
        terminal, fmt::format("selection rush, term {}", school.term),
        {{"",
          {{"requests submitted", grouped(tally.latency_us.size())},
           {"queued for decision", grouped(tally.accepted)},
           {"seats given", terminal.bold(grouped(seats == decisions.end() ? 0 : seats->second))},
           {"decisions", terminal.bold(fmt::format("{:.0f}/s", outcomes.decisions_per_second()))},
           {"submit to decision",
            fmt::format("p50 {}   p99 {}", in_milliseconds(wait.p50), in_milliseconds(wait.p99))}}},
         {"refused", refusals(tally, decisions)}});
}

Reconciliation check(const DemoOptions& options, const SubmitTally& tally) {
    ReconcileOptions what{.data_database = options.data_database,
                          .queue_database = options.queue_database,
                          .answered = tally.accepted_ids(),
                          .internal_token = options.internal_token};
    if (!options.data_node.empty() && !options.internal_token.empty()) {
        what.data_node = expect(net::http::ServiceAddress::parse(options.data_node), "data node");
    }
    return reconcile(what);
}

}  // namespace

int run_demo(const DemoOptions& options) {
    const Terminal terminal = Terminal::standard_output();
    const std::size_t students = options.school.students;
    const Workload workload = make_workload({.seed = options.seed,
                                             .students = students,
                                             .courses = options.courses,
                                             .requests = students * options.requests_per_student});
    ReadOnlyDatabase data(options.data_database);
    ReadOnlyDatabase queue(options.queue_database);
    fmt::print("{}\n", terminal.bold(fmt::format(
                           "A term opens: {} courses, {} students, {} selections, {:.0f} % of "
                           "them for the top tenth.",
                           options.courses, students, grouped(workload.requests.size()),
                           100 * workload.top_tenth_share())));
    const School school =
        open_school(options.school, workload, next_term(data.connection()), terminal);
    const Before before{last_task(queue.connection()), last_decision(data.connection())};
    const SubmitTally tally = send_rush(options, workload, school, terminal);
    await_decisions(queue.connection(), static_cast<std::int64_t>(tally.accepted), terminal);

    std::map<std::int64_t, std::int64_t> wanted;
    for (const PlannedRequest& request : workload.requests) {
        ++wanted[school.courses[request.course].value()];
    }
    print_result(terminal, school, tally, read_outcomes(queue.connection(), before.task),
                 count_decisions(data.connection(), before.decision));
    print_seats(terminal, hottest_courses(data.connection(), wanted, hottest_shown));
    const Reconciliation result = check(options, tally);
    fmt::print("{}\n", result.is_clean() ? terminal.green(result.verdict())
                                         : terminal.red(result.verdict()));
    for (const std::string& fault : result.faults) {
        fmt::print("  {}\n", fault);
    }
    if (tally.failed > 0) {
        fmt::print("{}\n", terminal.red(fmt::format("{} requests failed", tally.failed)));
    }
    return result.is_clean() && tally.failed == 0 ? 0 : 1;
}

}  // namespace courseselect::bench
