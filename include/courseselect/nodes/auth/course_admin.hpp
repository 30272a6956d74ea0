#pragma once
/// `/admin/courses` and `/admin/course/...`: the catalogue, which the data node keeps, for
/// administrators (contract §3.5).

#include <string>
#include <vector>

#include "courseselect/api/service.hpp"
#include "courseselect/nodes/auth/data_calls.hpp"
#include "courseselect/nodes/wire/course_admin.hpp"

namespace courseselect::nodes::accounts {

/// Passes on what an administrator asks for, and audits what was changed. Refusals of the data node
/// pass on as contract §1.2 says.
/// Ownership: borrows both. Thread-safety: the runtime's loop.
class CourseAdmin {
  public:
    CourseAdmin(AuthState& state, net::http::Client& data_node)
        : state_(state), data_(state, data_node) {}
    void add_routes(api::Service& service);

  private:
    async::Task<core::Result<wire::CoursePage>> list(api::Context& context,
                                                     wire::AdminCourseQuery query);
    async::Task<core::Result<wire::Course>> update(api::Context& context,
                                                   wire::AdminCourseUpdate body);
    async::Task<core::Result<wire::Done>> remove(api::Context& context, wire::AdminCourseRef body);
    async::Task<core::Result<wire::CourseImport>> import(api::Context& context,
                                                         std::vector<json::Raw> items);
    async::Task<core::Result<wire::TeacherAssigned>> assign(api::Context& context,
                                                            wire::AdminTeacherAssignment body);

    AuthState& state_;
    DataCalls data_;
};

}  // namespace courseselect::nodes::accounts
