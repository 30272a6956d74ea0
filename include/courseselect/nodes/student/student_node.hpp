#pragma once
/// The student node: what a student sees and asks for (contract §5).

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "courseselect/api/service.hpp"
#include "courseselect/net/http/client.hpp"
#include "courseselect/nodes/classroom_gate.hpp"
#include "courseselect/nodes/control/settings.hpp"
#include "courseselect/nodes/node.hpp"
#include "courseselect/nodes/student/catalogue_snapshot.hpp"
#include "courseselect/nodes/student/submitter.hpp"
#include "courseselect/nodes/wire/people.hpp"
#include "courseselect/nodes/wire/selection.hpp"
#include "courseselect/nodes/wire/student.hpp"

namespace courseselect::nodes::student {

struct StudentNodeOptions {
    api::ServiceOptions service;
    SubmitterOptions submitter;
    std::chrono::milliseconds call_timeout{30'000};
    /// How old the copy of the catalogue may be; "not found" is always asked again.
    std::chrono::milliseconds snapshot_age{20};
};

/// Checks tokens itself and gives submissions to the queue. Whether a course is full or exists is
/// read from a young copy of the catalogue; the data node decides in the end.
class StudentNode final : public Node {
  public:
    StudentNode(Runtime runtime, StudentNodeOptions options,
                std::unique_ptr<const api::Authenticator> authenticator,
                std::unique_ptr<net::http::Client> data_node,
                std::unique_ptr<net::http::Client> queue_node);
    ~StudentNode() override;

    [[nodiscard]] std::string_view name() const override { return "student_node"; }
    [[nodiscard]] net::http::Handler& handler() override { return service_; }
    [[nodiscard]] api::Service& service() override { return service_; }
    void apply(const Settings& settings) override;
    [[nodiscard]] async::Task<core::Result<>> start() override;
    [[nodiscard]] async::Task<> stop() override;

  private:
    void add_selection_routes();
    void add_read_routes();

    async::Task<net::http::Response> submit(api::Context& context, core::CourseId course,
                                            std::string task_type);
    async::Task<core::Result<>> check_available(core::CourseId course);
    async::Task<core::Result<wire::CheckAnswer>> check(api::Context& context,
                                                       wire::MaybeCourse course);
    async::Task<core::Result<wire::TaskStatus>> task_status(api::Context& context,
                                                            wire::OwnTaskQuery query);
    async::Task<core::Result<wire::AvailableCourses>> available(api::Context& context,
                                                                wire::AvailableFilter query,
                                                                wire::AvailableFilter body);
    async::Task<core::Result<wire::SelectedCourses>> selected(api::Context& context);
    async::Task<core::Result<wire::CourseDetail>> detail(api::Context& context,
                                                         wire::MaybeCourse course);
    async::Task<core::Result<wire::WeekSchedule>> schedule(api::Context& context);
    async::Task<core::Result<wire::StudentStats>> stats(api::Context& context);

    /// The caller's record, from the data node.
    async::Task<core::Result<wire::Student>> caller(api::Context& context);
    /// The caller's courses, in full.
    async::Task<core::Result<std::vector<wire::Course>>> courses_of_caller(api::Context& context);
    /// Makes the copy at most that old; an older one serves while the data node is away.
    async::Task<core::Result<>> refresh(std::chrono::milliseconds age);

    Runtime runtime_;
    StudentNodeOptions options_;
    QueueSettings priorities_;
    std::unique_ptr<const api::Authenticator> authenticator_;
    std::unique_ptr<net::http::Client> data_node_;
    std::unique_ptr<net::http::Client> queue_node_;
    std::string internal_token_;
    CatalogueSnapshot snapshot_;
    Submitter submitter_;
    ClassroomGate classroom_;
    api::Service service_;
};

}  // namespace courseselect::nodes::student
