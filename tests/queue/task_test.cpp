#include "courseselect/queue/task.hpp"

#include <doctest/doctest.h>

using namespace courseselect;
using queue::Task;
using queue::TaskStatus;
using queue::TaskType;

TEST_SUITE("queue/task") {
    TEST_CASE("types and states have the contract's names") {
        CHECK(queue::name_of(TaskType::select) == "select");
        CHECK(queue::name_of(TaskType::deselect) == "deselect");
        CHECK(queue::name_of(TaskStatus::pending) == "pending");
        CHECK(queue::name_of(TaskStatus::processing) == "processing");
        CHECK(queue::name_of(TaskStatus::completed) == "completed");
        CHECK(queue::name_of(TaskStatus::failed) == "failed");
    }

    TEST_CASE("a state is read back from its name and from nothing else") {
        for (const TaskStatus status : {TaskStatus::pending, TaskStatus::processing,
                                        TaskStatus::completed, TaskStatus::failed}) {
            CHECK(queue::parse_task_status(queue::name_of(status)) == status);
        }
        for (const char* bad : {"", "Pending", "done", "failed ", "cancelled", "dead"}) {
            CAPTURE(bad);
            CHECK_FALSE(queue::parse_task_status(bad));
        }
    }

    TEST_CASE("a task is finished once it is completed or failed") {
        Task task;
        CHECK_FALSE(task.is_finished());
        task.status = TaskStatus::processing;
        CHECK_FALSE(task.is_finished());
        task.status = TaskStatus::completed;
        CHECK(task.is_finished());
        task.status = TaskStatus::failed;
        CHECK(task.is_finished());
    }

    TEST_CASE("what nobody filled in is empty") {
        const queue::NewTask wish;
        CHECK_FALSE(wish.student.is_set());
        CHECK(wish.type == TaskType::select);
        CHECK(wish.priority == 0);
        CHECK_FALSE(wish.client_ref);
        CHECK(queue::Finished{}.reasons_json == "[]");
        CHECK(queue::CancelOutcome{}.kind == queue::CancelOutcome::Kind::not_found);
    }
}
