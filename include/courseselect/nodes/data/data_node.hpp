#pragma once
/// The data node: courses, people, enrolments (contract §2).

#include <memory>
#include <string_view>
#include <vector>

#include "courseselect/api/service.hpp"
#include "courseselect/nodes/data/catalogue_editor.hpp"
#include "courseselect/nodes/data/classroom.hpp"
#include "courseselect/nodes/data/data_state.hpp"
#include "courseselect/nodes/data/selection_engine.hpp"
#include "courseselect/nodes/events/publisher.hpp"
#include "courseselect/nodes/node.hpp"
#include "courseselect/nodes/wire/own_students.hpp"
#include "courseselect/nodes/wire/selection.hpp"

namespace courseselect::nodes::data {

struct DataNodeOptions {
    storage::DatabaseUrl database{.path = "course_data.db"};
    storage::DatabaseOptions storage;
    domain::LedgerLimits limits;
    api::ServiceOptions service;
};

/// Reads come from memory, changes go through `CatalogueEditor`, seats through `SelectionEngine`.
/// Beside the contract's paths it serves the other nodes: `POST /internal/decisions` (batches),
/// `GET /internal/catalogue` (what changed), `GET /internal/events` (the outbox),
/// `POST /internal/ids`, and `/internal/classroom/...` for what happens around a course. It tells
/// the realtime server what happened (`report_to`).
class DataNode final : public Node {
  public:
    DataNode(Runtime runtime, DataNodeOptions options);
    ~DataNode() override;

    [[nodiscard]] std::string_view name() const override { return "data_node"; }
    [[nodiscard]] net::http::Handler& handler() override { return service_; }
    /// The routes, for tests that walk them.
    [[nodiscard]] api::Service& service() override { return service_; }
    void apply(const Settings& settings) override;
    void report_to(std::vector<std::unique_ptr<net::http::Client>> realtime) override;
    [[nodiscard]] std::size_t outboxes() const override { return 2; }
    [[nodiscard]] async::Task<core::Result<>> start() override;
    [[nodiscard]] async::Task<> stop() override;
    [[nodiscard]] NodeParts parts() override;

  private:
    void add_course_routes();
    void add_student_routes();
    void add_teacher_routes();
    void add_tag_routes();
    void add_selection_routes();
    void add_resource_routes();
    void add_internal_routes();
    void add_batch_routes();
    void add_classroom_routes();
    void add_video_routes();
    void add_quiz_routes();
    void start_publishers();

    async::Task<core::Result<std::vector<wire::Course>>> list_courses(std::int64_t limit);
    async::Task<core::Result<wire::Course>> find_course(core::CourseId id);
    async::Task<core::Result<wire::CoursePage>> filter_courses(wire::CourseFilter filter);
    async::Task<core::Result<wire::CourseStudents>> course_students(core::CourseId id);
    async::Task<core::Result<wire::Student>> find_student(core::StudentId id);
    async::Task<net::http::Response> update_student(wire::StudentUpdate query,
                                                    wire::StudentUpdate body);
    async::Task<core::Result<std::vector<wire::Person>>> list_students(std::int64_t limit);
    async::Task<core::Result<std::vector<wire::Person>>> list_teachers(std::int64_t limit);
    async::Task<core::Result<wire::Teacher>> find_teacher(core::TeacherId id);
    async::Task<core::Result<wire::OwnStudents>> own_students(core::TeacherId id);
    async::Task<core::Result<wire::Done>> select_one(wire::Selection selection,
                                                     domain::RequestKind kind);
    async::Task<core::Result<wire::DecisionBatchAnswer>> decide(wire::DecisionBatch batch);
    async::Task<core::Result<wire::Catalogue>> catalogue(wire::CatalogueQuery query);
    async::Task<core::Result<wire::SelectionEvents>> events(wire::EventQuery query);
    async::Task<core::Result<wire::SelectionCheck>> check(wire::Selection selection);

    Runtime runtime_;
    DataNodeOptions options_;
    std::unique_ptr<DataState> state_;
    std::unique_ptr<SelectionEngine> engine_;
    std::unique_ptr<CatalogueEditor> editor_;
    std::unique_ptr<Classroom> classroom_;
    std::vector<std::unique_ptr<net::http::Client>> realtime_;  // until the publishers take them
    std::vector<std::unique_ptr<events::Publisher>> publishers_;
    api::Service service_;
};

}  // namespace courseselect::nodes::data
