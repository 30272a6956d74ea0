#pragma once
/// `/admin/student/update-tags`, `/admin/student/batch-import-tags` and `/admin/tags/available`:
/// students' tags, which the data node keeps (contract §3.4).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/api/service.hpp"
#include "courseselect/nodes/auth/data_calls.hpp"
#include "courseselect/nodes/wire/course.hpp"
#include "courseselect/nodes/wire/people_batch.hpp"
#include "courseselect/nodes/wire/user_admin.hpp"

namespace courseselect::nodes::accounts {

/// One line of an import that is not empty.
struct TagLine {
    std::int64_t number = 0;  ///< from 1, empty lines counted
    std::string username;
    std::vector<std::string> tags;
    std::string error;  ///< empty: it can be read
};
/// Reads `username,tag1,tag2,...` line by line: blanks around a field and empty fields do not
/// count, nor does a byte order mark.
[[nodiscard]] std::vector<TagLine> read_tag_lines(std::string_view csv_text);

/// An import is one look at the accounts and one call to the data node, which merges in one
/// transaction.
/// Ownership: borrows both. Thread-safety: the runtime's loop.
class StudentTags {
  public:
    StudentTags(AuthState& state, net::http::Client& data_node)
        : state_(state), data_(state, data_node) {}
    void add_routes(api::Service& service);

  private:
    async::Task<core::Result<wire::Done>> update(api::Context& context, wire::TagsUpdate body);
    async::Task<core::Result<wire::TagImportDone>> import(api::Context& context,
                                                          wire::TagImport body);
    async::Task<core::Result<wire::Tags>> available(api::Context& context, wire::TagFilter filter);
    /// What the data node has to merge: the students behind the lines that can be read.
    [[nodiscard]] async::Task<core::Result<wire::StudentTagsList>> resolve(
        api::Context& context, std::vector<TagLine>& lines);

    AuthState& state_;
    DataCalls data_;
};

}  // namespace courseselect::nodes::accounts
