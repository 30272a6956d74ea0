#include "courseselect/nodes/auth/student_tags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "courseselect/csv/table.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/net/http/url.hpp"
#include "courseselect/nodes/auth/steps.hpp"

namespace courseselect::nodes::accounts {
namespace {

using core::Errc;

constexpr const char* tags_required = "student_id and student_tags required";
constexpr const char* csv_required = "csv_text is required";
constexpr const char* bad_line = "Invalid format. Expected: username,tag1,tag2,...";
constexpr const char* student_unknown = "Student not found";
constexpr std::size_t tag_bytes_max = 100;

TagLine read_tag_line(std::int64_t number, std::vector<std::string> cells) {
    TagLine line;
    line.number = number;
    line.username = std::move(cells.front());
    for (std::size_t i = 1; i < cells.size(); ++i) {
        std::string& tag = cells[i];
        if (tag.size() > tag_bytes_max) {
            line.error = "A tag can have at most 100 bytes";
        } else if (!tag.empty()) {
            line.tags.push_back(std::move(tag));
        }
    }
    if (line.error.empty() && (line.username.empty() || line.tags.empty())) {
        line.error = bad_line;
    }
    return line;
}

wire::TagImportDone import_report(const std::vector<TagLine>& lines,
                                  const std::vector<wire::TagsMerged>& merged) {
    wire::TagImportDone done;
    std::size_t next = 0;
    for (const TagLine& line : lines) {
        std::string error = line.error;
        if (error.empty()) {
            const wire::TagsMerged& outcome = merged[next++];
            error = outcome.error;
            if (error.empty()) {
                done.details.success.push_back(
                    {line.username, outcome.tags_added, outcome.total_tags});
                continue;
            }
        }
        wire::TagImportFault fault{.line = line.number, .username = {}, .error = std::move(error)};
        if (!line.username.empty()) {
            fault.username = line.username;
        }
        done.details.failed.push_back(std::move(fault));
    }
    done.imported_count = static_cast<std::int64_t>(done.details.success.size());
    done.failed_count = static_cast<std::int64_t>(done.details.failed.size());
    done.total = done.details.total = static_cast<std::int64_t>(lines.size());
    return done;
}

}  // namespace

std::vector<TagLine> read_tag_lines(std::string_view csv_text) {
    std::vector<TagLine> lines;
    for (std::int64_t number = 1; !csv_text.empty(); ++number) {
        const std::size_t end = std::min(csv_text.find('\n'), csv_text.size());
        auto cells = csv::parse_row(csv_text.substr(0, end));  // each line by itself
        if (!cells) {
            lines.push_back({.number = number, .error = bad_line});
        } else if (!cells->empty()) {
            lines.push_back(read_tag_line(number, *std::move(cells)));
        }
        csv_text.remove_prefix(std::min(end + 1, csv_text.size()));
    }
    return lines;
}

void StudentTags::add_routes(api::Service& service) {
    service.add(api::post("/admin/student/update-tags")
                    .summary("Replace a student's tags.")
                    .tag("users")
                    .access(api::Access::admin)
                    .optional_body<wire::TagsUpdate>()
                    .error(400, tags_required)
                    .error(404, student_unknown),
                [this](api::Context& context, wire::TagsUpdate body) {
                    return update(context, std::move(body));
                });
    service.add(api::post("/admin/student/batch-import-tags")
                    .summary("Add tags to many students.")
                    .tag("users")
                    .access(api::Access::admin)
                    .optional_body<wire::TagImport>()
                    .error(400, csv_required)
                    .error(400, "At most 1000 lines can be imported at a time"),
                [this](api::Context& context, wire::TagImport body) {
                    return import(context, std::move(body));
                });
    service.add(api::get("/admin/tags/available")
                    .summary("Tags in use, most used first.")
                    .tag("users")
                    .access(api::Access::admin)
                    .query<wire::TagFilter>(),
                [this](api::Context& context, wire::TagFilter filter) {
                    return available(context, std::move(filter));
                });
}

async::Task<core::Result<wire::Done>> StudentTags::update(api::Context& context,
                                                          wire::TagsUpdate body) {
    if (!body.student_id || !body.student_tags) {
        co_return core::Error(Errc::invalid_argument, tags_required);
    }
    COURSESELECT_CO_TRY_OK(co_await require_admin(state_, context));
    const wire::StudentUpdate change{.student_id = body.student_id,
                                     .student_name = {},
                                     .student_tags = std::move(body.student_tags)};
    const auto updated =
        co_await data_.tell<wire::Student>(context, "/update/student", json::to_text(change));
    core::Result<> outcome;
    if (!updated) {
        outcome = updated.error();
    }
    std::string target = fmt::format("student:{}", change.student_id->value());
    COURSESELECT_CO_TRY_OK(
        co_await record(state_, context, "update_tags", std::move(target), std::move(outcome)));
    co_return wire::Done{.message = "Student tags updated successfully"};
}

async::Task<core::Result<wire::StudentTagsList>> StudentTags::resolve(api::Context& context,
                                                                      std::vector<TagLine>& lines) {
    auto find = [lines](storage::Connection& connection)
        -> core::Result<std::vector<std::optional<core::StudentId>>> {
        std::vector<std::optional<core::StudentId>> students;
        for (const TagLine& line : lines) {
            COURSESELECT_TRY(const auto user, repo::find_user(connection, line.username));
            const bool is_student = user && user->key.kind == UserKind::student;
            students.push_back(is_student ? std::optional(core::StudentId(user->key.id))
                                          : std::nullopt);
        }
        return students;
    };
    COURSESELECT_CO_TRY(const auto students,
                        co_await look_as_admin(state_, context, std::move(find)));
    wire::StudentTagsList list;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (!lines[i].error.empty()) {
            continue;
        }
        if (students[i]) {
            list.students.push_back({*students[i], lines[i].tags});
        } else {
            lines[i].error = student_unknown;
        }
    }
    co_return list;
}

async::Task<core::Result<wire::TagImportDone>> StudentTags::import(api::Context& context,
                                                                   wire::TagImport body) {
    std::vector<TagLine> lines = read_tag_lines(body.csv_text.value_or(""));
    if (lines.empty()) {
        co_return core::Error(Errc::invalid_argument, csv_required);
    }
    if (lines.size() > wire::tag_lines_max) {
        co_return core::Error(Errc::invalid_argument,
                              "At most 1000 lines can be imported at a time");
    }
    COURSESELECT_CO_TRY(const auto list, co_await resolve(context, lines));
    wire::TagsMergedList merged;
    if (!list.students.empty()) {
        COURSESELECT_CO_TRY(merged, co_await data_.tell<wire::TagsMergedList>(
                                        context, "/internal/students/tags", json::to_text(list)));
    }
    if (merged.students.size() != list.students.size()) {
        co_return core::Error(Errc::unavailable, "students are missing in an answer");
    }
    wire::TagImportDone done = import_report(lines, merged.students);
    std::string target = fmt::format("{} of {} lines", done.imported_count, done.total);
    const core::Result<> outcome;
    COURSESELECT_CO_TRY_OK(
        co_await record(state_, context, "import_tags", std::move(target), outcome));
    co_return done;
}

async::Task<core::Result<wire::Tags>> StudentTags::available(api::Context& context,
                                                             wire::TagFilter filter) {
    COURSESELECT_CO_TRY_OK(co_await require_admin(state_, context));
    net::http::Query query;
    query.add("tag_type", filter.tag_type);
    auto tags = co_await data_.ask<wire::Tags>(context, "/tags/available" + query.str());
    co_return tags;
}

}  // namespace courseselect::nodes::accounts
