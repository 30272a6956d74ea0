// A durable work queue: tasks survive their worker. One process submits five tasks, a worker is
// killed while it is busy with the third, and the next worker finds the three that are left.
//
// The worker that was killed may have done the third one without having said so. That is why a
// task carries an id: whoever runs it looks first whether it has done this id before.

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/crypto/random.hpp"
#include "courseselect/queue/sqlite_task_queue.hpp"
#include "courseselect/storage/database.hpp"

using namespace courseselect;

namespace {

/// The queue and what it stands on. Destroyed in the opposite order.
struct Queue {
    const core::SystemClock clock;
    std::unique_ptr<storage::Database> database;
    std::unique_ptr<storage::WriteQueue> writes;
    std::unique_ptr<storage::ReaderPool> readers;
    std::unique_ptr<queue::TaskQueue> tasks;
};

async::Task<core::Result<>> open(async::EventLoop& loop, std::string path, Queue& queue) {
    COURSESELECT_CO_TRY(queue.database, storage::Database::open({.path = path}));
    COURSESELECT_CO_TRY(auto writer, queue.database->connect_writer());
    COURSESELECT_CO_TRY_OK(storage::migrate(*writer, queue::task_queue_migrations(), queue.clock));
    queue.writes = std::make_unique<storage::WriteQueue>(loop, std::move(writer));
    COURSESELECT_CO_TRY(queue.readers, storage::ReaderPool::open(loop, *queue.database));
    queue::RandomBytes random = [] { return crypto::SystemRandomSource().array<16>(); };
    COURSESELECT_CO_TRY(queue.tasks,
                        co_await queue::open_task_queue(loop, queue.clock, *queue.writes,
                                                        *queue.readers, std::move(random)));
    co_return core::Result<>();
}

async::Task<core::Result<>> submit(Queue& queue) {
    std::vector<queue::NewTask> wishes;
    for (int student = 1; student <= 5; ++student) {
        wishes.push_back({.student = core::StudentId(student), .course = core::CourseId(9)});
    }
    COURSESELECT_CO_TRY(const auto accepted, co_await queue.tasks->submit(std::move(wishes)));
    std::printf("%zu tasks are on disk\n", accepted.size());
    co_return core::Result<>();
}

/// Does what there is. `dies_at`: the task in the middle of which the process is killed; 0: none.
async::Task<core::Result<>> work(Queue& queue, int dies_at) {
    const std::vector<queue::Task> tasks = queue.tasks->take(100);
    std::printf("a worker takes %zu tasks\n", tasks.size());
    int number = 0;
    for (const queue::Task& task : tasks) {
        ++number;
        if (number == dies_at) {
            std::fflush(stdout);
            std::raise(SIGKILL);
        }
        std::vector<queue::Finished> finished;
        finished.push_back({.task_id = task.id, .success = true, .message = "done"});
        COURSESELECT_CO_TRY_OK(co_await queue.tasks->complete(std::move(finished)));
        std::printf("the wish of student %d is done\n", static_cast<int>(task.student.value()));
    }
    co_return core::Result<>();
}

using Job = async::Task<core::Result<>> (*)(Queue& queue, int argument);

async::Task<> run_job(async::EventLoop& loop, std::string path, Queue& queue, Job job, int argument,
                      int& exit_code) {
    const auto opened = co_await open(loop, std::move(path), queue);
    if (opened) {
        const auto done = co_await job(queue, argument);
        exit_code = done ? 0 : 1;
        co_await queue.tasks->close();
        co_await queue.writes->stop();
    } else {
        std::printf("%s\n", opened.error().to_string().c_str());
    }
    loop.stop();
}

/// Runs the job in a process of its own, as a service would, and says how it ended.
void in_process(const std::string& path, Job job, int argument) {
    std::fflush(stdout);
    const ::pid_t process = ::fork();
    if (process == 0) {
        int exit_code = 1;
        {
            async::EventLoop loop;
            Queue queue;
            async::TaskGroup group(loop);
            loop.post([&] { group.spawn(run_job(loop, path, queue, job, argument, exit_code)); });
            loop.run();
        }
        std::fflush(stdout);
        std::_Exit(exit_code);
    }
    int status = 0;
    ::waitpid(process, &status, 0);
    if (WIFSIGNALED(status)) {
        std::printf("killed by signal %d\n", WTERMSIG(status));
    }
}

}  // namespace

int main() {
    std::string directory = (std::filesystem::temp_directory_path() / "queue-XXXXXX").string();
    if (::mkdtemp(directory.data()) == nullptr) {
        return 1;
    }
    const std::string path = directory + "/queue.db";
    in_process(
        path, [](Queue& queue, int) { return submit(queue); }, 0);
    in_process(path, work, 3);
    in_process(path, work, 0);
    in_process(path, work, 0);
    std::filesystem::remove_all(directory);
    return 0;
}
