/// Question: how many tasks a second can be submitted, handed out and completed durably?
/// Workload: `callers` coroutines, each with one call of 100 items under way, 20,000 students,
/// synchronous=FULL. First all submits, then all completes. Fixed seed.
/// Good: 60,000 a second of each.
/// Usage: task_queue_bench [directory] [tasks] [callers] [rounds]

#include <fmt/core.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>

#include "courseselect/async/task_group.hpp"
#include "courseselect/queue/sqlite_task_queue.hpp"

using namespace courseselect;

namespace {

constexpr std::size_t batch = 100;
constexpr std::uint64_t students = 20'000;

template <class T>
T must(core::Result<T> result) {
    if (!result) {
        fmt::print(stderr, "{}\n", result.error().to_string());
        std::exit(1);
    }
    if constexpr (!std::is_void_v<T>) {
        return *std::move(result);
    }
}

struct Bench {
    async::EventLoop loop;
    core::SystemClock clock;
    std::mt19937_64 random{2026};
    std::size_t left = 0;
    std::unique_ptr<queue::TaskQueue> tasks;
};

async::Task<> submit_all(Bench& bench) {
    while (bench.left > 0) {
        bench.left -= std::min(batch, bench.left);
        std::vector<queue::NewTask> wishes(batch);
        for (auto& wish : wishes) {
            wish.student =
                core::StudentId(static_cast<std::int64_t>(bench.random() % students) + 1);
            wish.course = core::CourseId(1);
        }
        auto answers = co_await bench.tasks->submit(std::move(wishes));
        must(std::move(answers));
    }
}

async::Task<> complete_all(Bench& bench) {
    while (true) {
        const auto taken = bench.tasks->take(batch);
        if (taken.empty()) {
            co_return;
        }
        std::vector<queue::Finished> finished;
        for (const auto& task : taken) {
            finished.push_back({task.id, true, "Task completed successfully", "[]"});
        }
        bench.left += finished.size();
        auto done = co_await bench.tasks->complete(std::move(finished));
        must(std::move(done));
    }
}

async::Task<> open_queue(Bench& bench, storage::WriteQueue& writer, storage::ReaderPool& readers) {
    queue::RandomBytes bytes = [&bench] {
        std::array<std::uint8_t, 16> made{};
        const std::uint64_t words[] = {bench.random(), bench.random()};
        std::memcpy(made.data(), words, sizeof words);
        return made;
    };
    auto opened =
        co_await queue::open_task_queue(bench.loop, bench.clock, writer, readers, std::move(bytes));
    bench.tasks = must(std::move(opened));
    bench.loop.stop();
}

async::Task<> stop_after(async::TaskGroup& group, Bench& bench) {
    co_await group.join();
    bench.loop.stop();
}

double seconds_of(Bench& bench, int callers, async::Task<> (*work)(Bench&)) {
    const auto start = std::chrono::steady_clock::now();
    async::TaskGroup group(bench.loop);
    for (int i = 0; i < callers; ++i) {
        group.spawn(work(bench));
    }
    async::TaskGroup watch(bench.loop);
    watch.spawn(stop_after(group, bench));
    bench.loop.run();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void run_round(const std::string& folder, std::size_t tasks, int callers) {
    Bench bench;
    const auto database = must(storage::Database::open({.path = folder + "/db"}));
    auto connection = must(database->connect_writer());
    must(storage::migrate(*connection, queue::task_queue_migrations(), bench.clock));
    storage::WriteQueue writer(bench.loop, std::move(connection));
    const auto readers = must(storage::ReaderPool::open(bench.loop, *database));
    async::TaskGroup group(bench.loop);
    group.spawn(open_queue(bench, writer, *readers));
    bench.loop.run();
    bench.left = tasks;
    const double submit = seconds_of(bench, callers, submit_all);
    const double complete = seconds_of(bench, callers, complete_all);
    fmt::print(R"({{"bench":"task_queue","tasks":{},"callers":{},"submits_per_s":{:.0f},)"
               R"("completes_per_s":{:.0f},"completed":{},"compiler":"{}"}})"
               "\n",
               tasks, callers, static_cast<double>(tasks) / submit,
               static_cast<double>(bench.left) / complete, bench.left, __VERSION__);
    bench.tasks.reset();
}

}  // namespace

int main(int argc, char** argv) {
    const std::string folder = std::string(argc > 1 ? argv[1] : ".") + "/task_queue_bench";
    const std::size_t tasks = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 100'000;
    const int callers = argc > 3 ? std::atoi(argv[3]) : 4;
    const int rounds = argc > 4 ? std::atoi(argv[4]) : 3;
    for (int round = 0; round < rounds; ++round) {
        std::filesystem::remove_all(folder);
        std::filesystem::create_directories(folder);
        run_round(folder, tasks, callers);
    }
    std::filesystem::remove_all(folder);
    return 0;
}
