#pragma once
/// A data node's state on a fresh database file, without sockets.

#include <memory>
#include <string>
#include <vector>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/crypto/random.hpp"
#include "courseselect/nodes/data/catalogue_editor.hpp"
#include "courseselect/nodes/data/data_state.hpp"
#include "courseselect/nodes/data/selection_engine.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

namespace courseselect::test {

class DataFixture {
  public:
    explicit DataFixture(domain::LedgerLimits limits = {}) : limits_(limits) { open(); }
    ~DataFixture() { close(); }

    void open() {
        auto opened = nodes::data::DataState::open({loop, clock, random},
                                                   {.path = dir.file("course_data.db")},
                                                   {.faults = &faults}, limits_);
        if (!opened) {
            throw std::runtime_error(opened.error().to_string());
        }
        state = *std::move(opened);
        engine = std::make_unique<nodes::data::SelectionEngine>(*state);
        editor = std::make_unique<nodes::data::CatalogueEditor>(*state);
    }
    void close() {
        if (state) {
            test::run(loop, engine->stop());
            test::run(loop, state->close());
        }
        editor.reset();
        engine.reset();
        state.reset();
    }

    core::CourseId add_course(const std::string& name, int capacity) {
        nodes::wire::CourseCreate course;
        course.course_name = name;
        course.course_credit = 3;
        course.course_type = "elective";
        course.course_teacher_id = core::TeacherId(1);
        course.course_location = "A1";
        course.course_capacity = capacity;
        return wait(editor->add_course(std::move(course))).course_id;
    }
    core::StudentId add_student(const std::string& name) {
        nodes::wire::StudentCreate student;
        student.student_name = name;
        return wait(editor->add_student(std::move(student))).student_id;
    }

    nodes::data::SelectionTask task(core::StudentId student, core::CourseId course,
                                    domain::RequestKind kind = domain::RequestKind::select) {
        return {.id = core::make_uuid_v4(random.array<16>()),
                .kind = kind,
                .student = student,
                .course = course};
    }
    std::vector<nodes::data::SelectionOutcome> decide(
        std::vector<nodes::data::SelectionTask> tasks) {
        return wait(engine->decide(std::move(tasks)));
    }

    /// The value of a task that must succeed.
    template <class T>
    T wait(async::Task<core::Result<T>> task) {
        auto result = wait_result(std::move(task));
        if (!result) {
            throw std::runtime_error(result.error().to_string());
        }
        return *std::move(result);
    }
    template <class T>
    core::Result<T> wait_result(async::Task<core::Result<T>> task) {
        std::optional<core::Result<T>> out;
        test::run(loop, keep(std::move(task), out));
        return *std::move(out);
    }

    async::EventLoop loop;
    core::ManualClock clock;
    crypto::SeededRandomSource random{7};
    storage::Faults faults;
    TempDir dir;
    std::unique_ptr<nodes::data::DataState> state;
    std::unique_ptr<nodes::data::SelectionEngine> engine;
    std::unique_ptr<nodes::data::CatalogueEditor> editor;

  private:
    template <class T>
    static async::Task<> keep(async::Task<core::Result<T>> task,
                              std::optional<core::Result<T>>& out) {
        auto result = co_await std::move(task);
        out.emplace(std::move(result));
    }

    domain::LedgerLimits limits_;
};

}  // namespace courseselect::test
