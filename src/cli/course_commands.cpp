// `course list|import|export`.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <utility>

#include "courseselect/cli/csv_file.hpp"
#include "courseselect/cli/private_file.hpp"
#include "courseselect/cli/table.hpp"
#include "courseselect/cli/text.hpp"
#include "courseselect/csv/cell.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/net/http/url.hpp"
#include "toolbox.hpp"

namespace courseselect::cli {
namespace {

using core::Errc;

constexpr std::int64_t courses_per_page = 500;
constexpr std::size_t batch_rows = 200;  // with notes of 500 characters well below a body's 1 MiB
constexpr std::size_t json_bytes_max = 64 * 1024 * 1024;

/// How a member of a course stands in a CSV cell.
enum class Kind : std::uint8_t { text, number, list, json };
struct Member {
    const char* name;
    Kind kind;
};
/// Contract/http-api §1.3, `CourseCreate`. Tags are separated by `;`, the timetable is JSON.
constexpr std::array course_members{
    Member{"course_name", Kind::text},         Member{"course_credit", Kind::number},
    Member{"course_type", Kind::text},         Member{"course_teacher_id", Kind::number},
    Member{"course_location", Kind::text},     Member{"course_capacity", Kind::number},
    Member{"course_time_begin", Kind::number}, Member{"course_time_end", Kind::number},
    Member{"course_schedule", Kind::json},     Member{"course_tags", Kind::list},
    Member{"course_notes", Kind::text},        Member{"course_cost", Kind::number}};

std::string cell_of(const json::Value& value, Kind kind) {
    if (!value.exists() || value.is_null()) {
        return "";
    }
    if (kind != Kind::list) {
        return value.string().value_or(value.text());
    }
    std::string tags;
    for (const json::Value& tag : value.items()) {
        tags += (tags.empty() ? "" : ";") + tag.string().value_or("");
    }
    return tags;
}

void add_cell(json::ObjectWriter& course, const Member& member, const std::string& cell) {
    if (cell.empty()) {
        return;
    }
    if (member.kind == Kind::json) {
        const bool is_json = json::Value::parse(cell).has_value();
        course.add_raw(member.name, is_json ? cell : json::to_text(cell));
    } else if (member.kind == Kind::list) {
        json::ArrayWriter tags(course.slot(member.name));
        for (std::size_t at = 0; at <= cell.size();) {
            const std::size_t end = std::min(cell.find(';', at), cell.size());
            if (end > at) {
                tags.add(cell.substr(at, end - at));
            }
            at = end + 1;
        }
    } else {
        course.add(member.name, csv::without_guard(cell));  // the node reads numbers in texts
    }
}

// ---- course list, course export
// ------------------------------------------------------------------

struct CourseFilterOptions {
    std::string search;
    std::string type;
};

template <class Take>
core::Result<> for_each_course(AdminApi& api, const CourseFilterOptions& filter, Take take) {
    for (std::int64_t page = 1;; ++page) {
        net::http::Query query;
        query.add("page", page).add("page_size", courses_per_page);
        query.add("search", std::string_view(filter.search));
        query.add("course_type", std::string_view(filter.type));
        COURSESELECT_TRY(const auto answer, api.get("/admin/courses" + query.str()));
        const auto courses = answer["courses"].items();
        for (const json::Value& course : courses) {
            COURSESELECT_TRY_OK(take(course));
        }
        if (std::ssize(courses) < courses_per_page) {
            return {};
        }
    }
}

core::Result<int> list_courses(Toolbox& tools, const CourseFilterOptions& filter) {
    COURSESELECT_TRY(AdminApi * api, tools.admin());
    Table table({{"ID", Align::right},
                 {"Course"},
                 {"Type"},
                 {"Credit", Align::right},
                 {"Teacher", Align::right},
                 {"Seats", Align::right},
                 {"Left", Align::right},
                 {"Location"}});
    std::string list;
    {
        json::ArrayWriter array(list);
        COURSESELECT_TRY_OK(for_each_course(*api, filter, [&](const json::Value& course) {
            array.add_raw(course.text());
            const auto text = [&](const char* name) { return cell_of(course[name], Kind::text); };
            table.add_row({text("course_id"), text("course_name"), text("course_type"),
                           text("course_credit"), text("course_teacher_id"),
                           text("course_capacity"), text("course_left"), text("course_location")});
            return core::Result<>();
        }));
    }
    tools.console.json(list);
    tools.console.data(table.rows() == 0 ? "No courses found\n" : table.text());
    return 0;
}

core::Result<int> export_courses(Toolbox& tools, const CourseFilterOptions& filter,
                                 const std::string& path) {
    COURSESELECT_TRY(AdminApi * api, tools.admin());
    std::string head;
    for (const Member& member : course_members) {
        head += (head.empty() ? "" : ",") + std::string(member.name);
    }
    COURSESELECT_TRY(auto file, PrivateFile::create(path));
    COURSESELECT_TRY_OK(file.write(head + "\n"));
    std::int64_t count = 0;
    COURSESELECT_TRY_OK(for_each_course(*api, filter, [&](const json::Value& course) {
        std::string line;
        for (const Member& member : course_members) {
            line += csv::written_cell(cell_of(course[member.name], member.kind)) + ",";
        }
        line.back() = '\n';
        ++count;
        return file.write(line);
    }));
    COURSESELECT_TRY_OK(file.commit());
    tools.console.report(Report(fmt::format("{} courses exported to {}", count, path))
                             .add_json("exported", std::to_string(count)));
    return 0;
}

// ---- course import
// -------------------------------------------------------------------------------

/// Courses as JSON texts, and where each stands.
struct Draft {
    std::int64_t line = 0;
    std::string text;
};

core::Result<std::vector<Draft>> read_csv(const std::string& path) {
    COURSESELECT_TRY(auto reader, CsvFile::open(path));
    COURSESELECT_TRY(const auto header, reader.next());
    const std::vector<std::string> names = header ? header->cells : std::vector<std::string>();
    if (std::find(names.begin(), names.end(), "course_name") == names.end()) {
        return core::Error(Errc::data_corrupt, "csv_header",
                           path +
                               ": the first line names no column 'course_name'; `course export` "
                               "writes all of them");
    }
    std::vector<Draft> drafts;
    while (true) {
        COURSESELECT_TRY(const auto row, reader.next());
        if (!row) {
            return drafts;
        }
        Draft draft{.line = row->line, .text = {}};
        {
            json::ObjectWriter course(draft.text);
            for (std::size_t i = 0; i < std::min(names.size(), row->cells.size()); ++i) {
                for (const Member& member : course_members) {
                    if (names[i] == member.name) {
                        add_cell(course, member, row->cells[i]);
                    }
                }
            }
        }
        drafts.push_back(std::move(draft));
    }
}

/// A list of courses, or an object with one, as `course list --json` and the nodes write it.
core::Result<std::vector<Draft>> read_json(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    auto value = json::Value::parse(text, {.document_bytes_max = json_bytes_max});
    if (!value) {
        return core::Error(Errc::data_corrupt, "json",
                           path + ": " + std::move(value).error().detail());
    }
    const json::Value list = value->is_array() ? *value : (*value)["courses"];
    std::vector<Draft> drafts;
    for (const json::Value& course : list.items()) {
        Draft draft{.line = std::ssize(drafts) + 1, .text = {}};
        {
            json::ObjectWriter object(draft.text);
            for (const Member& member : course_members) {
                if (course[member.name].exists()) {
                    object.add_raw(member.name, course[member.name].text());
                }
            }
        }
        drafts.push_back(std::move(draft));
    }
    return drafts;
}

struct CourseFailure {
    std::int64_t line = 0;
    std::string name;
    std::string text;
};

core::Result<std::int64_t> import_batch(AdminApi& api, const std::vector<Draft>& drafts,
                                        std::size_t first, std::vector<CourseFailure>& failures) {
    std::string body;
    {
        json::ArrayWriter list(body);
        for (std::size_t i = first; i < std::min(first + batch_rows, drafts.size()); ++i) {
            list.add_raw(drafts[i].text);
        }
    }
    COURSESELECT_TRY(const auto answer, api.post("/admin/courses/bulk-import", body));
    for (const json::Value& error : answer["errors"].items()) {
        const auto index = static_cast<std::size_t>(error["index"].integer().value_or(0));
        const std::int64_t line = first + index < drafts.size() ? drafts[first + index].line : 0;
        failures.push_back({line, error["course_name"].string().value_or(""),
                            error["error"].string().value_or("refused")});
    }
    return answer["imported_count"].integer().value_or(0);
}

core::Result<int> import_courses(Toolbox& tools, const std::string& path) {
    COURSESELECT_TRY(AdminApi * api, tools.admin());
    tools.console.note(fmt::format("Importing courses from {}...", printable(path)));
    COURSESELECT_TRY(const auto drafts, path.ends_with(".json") ? read_json(path) : read_csv(path));
    std::vector<CourseFailure> failures;
    std::int64_t imported = 0;
    for (std::size_t first = 0; first < drafts.size(); first += batch_rows) {
        COURSESELECT_TRY(const auto count, import_batch(*api, drafts, first, failures));
        imported += count;
    }
    const std::int64_t failed = std::ssize(failures);
    std::string document;
    {
        json::ObjectWriter object(document);
        object.add("total", imported + failed).add("success", imported).add("failed", failed);
        json::ArrayWriter list(object.slot("failures"));
        for (const CourseFailure& failure : failures) {
            json::ObjectWriter(list.slot())
                .add("line", failure.line)
                .add("course_name", failure.name)
                .add("error", failure.text);
        }
    }
    tools.console.json(document);
    tools.console.data(fmt::format("Import Results:\n  Total: {}\n  Success: {}\n  Failed: {}\n",
                                   imported + failed, imported, failed));
    for (const CourseFailure& failure : failures) {
        tools.console.data(fmt::format("  Line {} ({}): {}\n", failure.line,
                                       printable(failure.name), printable(failure.text)));
    }
    return failures.empty() ? 0 : 1;
}

void add_filter(CLI::App& command, CourseFilterOptions& filter) {
    command.add_option("--search", filter.search, "Part of name, location or notes");
    command.add_option("--type", filter.type, "For example elective");
}

}  // namespace

void add_course_commands(CLI::App& app, Toolbox& tools, Action& action) {
    CLI::App* group = app.add_subcommand("course", "Courses, one by one or as a file");
    group->require_subcommand(1);
    auto filter = std::make_shared<CourseFilterOptions>();
    CLI::App* list = group->add_subcommand("list", "Show courses and their seats");
    add_filter(*list, *filter);
    list->callback([filter, &tools, &action] {
        action = [filter, &tools] { return list_courses(tools, *filter); };
    });
    auto path = std::make_shared<std::string>();
    CLI::App* import = group->add_subcommand(
        "import", "Make courses of a CSV file as `course export` writes it, or of a .json file");
    import->add_option("FILE", *path, "CSV, or JSON when its name ends with .json")
        ->required()
        ->check(CLI::ExistingFile);
    import->callback([path, &tools, &action] {
        action = [path, &tools] { return import_courses(tools, *path);
};
}  // namespace courseselect::cli
);
CLI::App* save = group->add_subcommand("export", "Write courses into a CSV file (mode 0600)");
save->add_option("--output", *path, "The file")->required();
add_filter(*save, *filter);
save->callback([path, filter, &tools, &action] {
    action = [path, filter, &tools] { return export_courses(tools, *filter, *path); };
});
}

}  // namespace courseselect::cli
