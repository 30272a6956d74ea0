#pragma once
/// The teacher node: courses of a teacher, who is in them and what they are given (contract §4).

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/api/service.hpp"
#include "courseselect/net/http/client.hpp"
#include "courseselect/nodes/classroom_gate.hpp"
#include "courseselect/nodes/node.hpp"
#include "courseselect/nodes/wire/teacher.hpp"

namespace courseselect::nodes::teacher {

struct TeacherNodeOptions {
    api::ServiceOptions service;
    /// For each call of another node.
    std::chrono::milliseconds call_timeout{30'000};
};

/// Checks tokens itself and keeps nothing: courses and seats are the data node's, accounts the auth
/// node's. Teachers act on courses of theirs, admins on all.
/// Refusals of the other nodes are passed on as contract §1.2 says.
class TeacherNode final : public Node {
  public:
    TeacherNode(Runtime runtime, TeacherNodeOptions options,
                std::unique_ptr<const api::Authenticator> authenticator,
                std::unique_ptr<net::http::Client> data_node,
                std::unique_ptr<net::http::Client> auth_node);
    ~TeacherNode() override;

    [[nodiscard]] std::string_view name() const override { return "teacher_node"; }
    [[nodiscard]] net::http::Handler& handler() override { return service_; }
    /// The routes, for tests that walk them.
    [[nodiscard]] api::Service& service() override { return service_; }
    [[nodiscard]] async::Task<core::Result<>> start() override;
    [[nodiscard]] async::Task<> stop() override;

  private:
    /// A student to be given a seat, and what the caller knows them by.
    struct Candidate {
        std::string label;
        core::StudentId student;
    };

    void add_read_routes();
    void add_course_routes();
    void add_student_routes();

    async::Task<core::Result<wire::CoursePage>> courses(api::Context& context);
    async::Task<core::Result<wire::TeacherStats>> stats(api::Context& context);
    async::Task<core::Result<wire::TaughtCourse>> detail(api::Context& context,
                                                         core::CourseId course);
    async::Task<core::Result<wire::CourseCreated>> create(api::Context& context,
                                                          wire::CourseDraft draft);
    async::Task<core::Result<wire::CourseImport>> import_courses(api::Context& context,
                                                                 std::vector<json::Raw> items);
    async::Task<core::Result<wire::CourseImport>> import_file(api::Context& context,
                                                              api::Upload upload);
    async::Task<core::Result<wire::Done>> update(api::Context& context, core::CourseId course,
                                                 wire::CourseUpdate changes);
    async::Task<core::Result<wire::Done>> remove_course(api::Context& context,
                                                        core::CourseId course);
    async::Task<core::Result<wire::CourseStudents>> course_students(api::Context& context,
                                                                    core::CourseId course);
    async::Task<core::Result<wire::StudentPage>> students(api::Context& context,
                                                          wire::StudentPageQuery query);
    async::Task<core::Result<wire::Done>> remove_student(api::Context& context,
                                                         wire::Selection selection);
    async::Task<core::Result<wire::StudentsAdded>> add_students(api::Context& context,
                                                                wire::StudentsToAdd students);
    async::Task<core::Result<wire::StudentsAdded>> add_named(api::Context& context,
                                                             wire::UsernamesToAdd names);

    /// The course, if the caller may act on it. Errors: not_found, permission_denied `Not
    /// authorized to <action> this course`.
    async::Task<core::Result<wire::Course>> own_course(api::Context& context, core::CourseId course,
                                                       std::string action);
    /// Asks for all seats in one call; adds to `answer` what became of each.
    async::Task<core::Result<wire::StudentsAdded>> take_seats(api::Context& context,
                                                              core::CourseId course,
                                                              std::vector<Candidate> candidates,
                                                              wire::StudentsAdded answer);

    template <class Answer>
    async::Task<core::Result<Answer>> ask(net::http::Client& node, const api::Context& context,
                                          std::string target);
    template <class Answer>
    async::Task<core::Result<Answer>> tell(net::http::Client& node, const api::Context& context,
                                           std::string target, std::string body);

    Runtime runtime_;
    TeacherNodeOptions options_;
    std::unique_ptr<const api::Authenticator> authenticator_;
    std::unique_ptr<net::http::Client> data_node_;
    std::unique_ptr<net::http::Client> auth_node_;
    std::string internal_token_;
    ClassroomGate classroom_;
    api::Service service_;
};

}  // namespace courseselect::nodes::teacher
