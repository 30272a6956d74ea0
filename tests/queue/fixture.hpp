#pragma once
/// Calls on a task queue of either engine, run to their end.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "courseselect/async/task_group.hpp"
#include "queue/support.hpp"

namespace courseselect::test {

inline queue::NewTask wish(int student, int course, int priority = 0) {
    return {.student = core::StudentId(student),
            .course = core::CourseId(course),
            .priority = priority};
}
inline queue::NewTask keyed(int student, int course, std::string key) {
    queue::NewTask task = wish(student, course);
    task.client_ref = std::move(key);
    return task;
}
inline std::vector<int> courses_of(const std::vector<queue::Task>& tasks) {
    std::vector<int> courses;
    for (const auto& task : tasks) {
        courses.push_back(static_cast<int>(task.course.value()));
    }
    return courses;
}
inline std::vector<queue::Finished> success(const std::vector<queue::Task>& tasks) {
    std::vector<queue::Finished> finished;
    for (const auto& task : tasks) {
        finished.push_back({task.id, true, "Task completed successfully", "[]"});
    }
    return finished;
}

/// Runs one call of the queue to its end and gives back its value.
template <class T>
T await_on(async::EventLoop& loop, async::Task<T> call) {
    std::optional<T> value;
    const auto keep = [](async::Task<T> inner, std::optional<T>& out) -> async::Task<> {
        T got = co_await std::move(inner);
        out.emplace(std::move(got));
    };
    test::run(loop, keep(std::move(call), value));
    return std::move(*value);
}

template <class Engine>
struct QueueFixture : Engine {
    using Engine::Engine;

    std::vector<core::Result<queue::Submitted>> submit(std::vector<queue::NewTask> wishes) {
        return must(await_on(this->loop, this->tasks->submit(std::move(wishes))));
    }
    core::Uuid submit_one(queue::NewTask task) {
        return must(submit({std::move(task)}).front()).task_id;
    }
    core::Result<> complete(std::vector<queue::Finished> finished) {
        return await_on(this->loop, this->tasks->complete(std::move(finished)));
    }
    std::optional<queue::TaskView> status(core::Uuid id) {
        return must(await_on(this->loop, this->tasks->status(id)));
    }
    queue::CancelOutcome cancel(core::Uuid id, int student) {
        return must(await_on(this->loop, this->tasks->cancel(id, core::StudentId(student))));
    }
    queue::RetryOutcome retry(core::Uuid id) {
        return must(await_on(this->loop, this->tasks->retry(id, "data node away")));
    }
    std::vector<queue::Task> list(int student, std::optional<queue::TaskStatus> only,
                                  std::size_t limit) {
        return page({.student = core::StudentId(student), .status = only}, limit).tasks;
    }
    std::vector<queue::Task> dead_letters(std::size_t limit) {
        return page({.given_up_only = true}, limit).tasks;
    }
    queue::TaskPage page(queue::TaskFilter filter, std::size_t limit) {
        return must(await_on(this->loop, this->tasks->list(filter, limit)));
    }
};

}  // namespace courseselect::test
