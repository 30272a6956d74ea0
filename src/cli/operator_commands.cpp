// `settings`, `audit`, `queue`, `backup`, `demo`: for those who run the system.

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "courseselect/cli/private_file.hpp"
#include "courseselect/cli/table.hpp"
#include "courseselect/cli/text.hpp"
#include "courseselect/core/time_format.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/net/http/url.hpp"
#include "courseselect/storage/database.hpp"
#include "toolbox.hpp"

namespace courseselect::cli {
namespace {

using core::Errc;
using net::http::Method;

/// Of a value in a list; `settings get` shows all of it.
constexpr std::size_t value_columns_max = 60;
constexpr const char* settings_path = "/admin/system-settings";

/// The value without the quotes of a text: what people read and type.
std::string shown(const json::Value& value) {
    if (value.is_null()) {
        return "none";
    }
    return value.string().value_or(value.text());
}

/// A column of numbers or texts of a list of objects.
void show_list(Console& console, const json::Value& list, std::vector<Column> columns,
               const std::vector<const char*>& names, const std::string& nothing) {
    console.json(list.text());
    if (list.size() == 0) {
        console.data(nothing + "\n");
        return;
    }
    Table table(std::move(columns));
    for (const json::Value& item : list.items()) {
        std::vector<std::string> cells;
        for (const char* const member : names) {
            cells.push_back(item[member].is_null() ? "" : shown(item[member]));
        }
        table.add_row(cells);
    }
    console.data(table.text());
}

// ---- settings
// ------------------------------------------------------------------------------------

core::Error no_such_setting(const std::string& name) {
    return {Errc::not_found, "no_setting",
            fmt::format("There is no setting '{}'; see: course-cli settings list", name)};
}

/// "security" and "password_length_min" of "security.password_length_min".
core::Result<std::pair<std::string, std::string>> parts_of(const std::string& name) {
    const auto dot = name.find('.');
    if (dot == std::string::npos) {
        return no_such_setting(name);
    }
    return std::pair(name.substr(0, dot), name.substr(dot + 1));
}

core::Result<int> list_settings(Toolbox& tools) {
    COURSESELECT_TRY(AdminApi * api, tools.admin());
    COURSESELECT_TRY(const auto answer, api->get(settings_path));
    tools.console.json(answer.text());
    Table table({{"Setting"}, {"Value"}});
    for (const auto& [section, members] : answer["settings"].members()) {
        for (const auto& [name, value] : members.members()) {
            table.add_row({section + "." + name, fitting(shown(value), value_columns_max)});
        }
    }
    tools.console.data(table.text());
    tools.console.note(fmt::format("Version {} of {}, made by {}",
                                   answer["version"].integer().value_or(0),
                                   printable(answer["updated_at"].string().value_or("")),
                                   printable(answer["updated_by"].string().value_or(""))));
    return 0;
}

core::Result<int> get_setting(Toolbox& tools, const std::string& name) {
    COURSESELECT_TRY(const auto place, parts_of(name));
    COURSESELECT_TRY(AdminApi * api, tools.admin());
    COURSESELECT_TRY(const auto answer, api->get(settings_path));
    const json::Value value = answer["settings"][place.first][place.second];
    if (!value.exists()) {
        return no_such_setting(name);
    }
    tools.console.json(value.text());
    tools.console.data(printable(shown(value)) + "\n");
    return 0;
}

/// What was typed, as JSON of the kind the setting has: texts need no quotes.
std::string typed_value(const json::Value& present, const std::string& text) {
    if (present.is_array() && !text.starts_with('[')) {
        std::string list;
        {
            json::ArrayWriter array(list);
            for (std::size_t at = 0; at < text.size();) {
                const std::size_t end = std::min(text.find(',', at), text.size());
                array.add(text.substr(at, end - at));
                at = end + 1;
            }
        }
        return list;
    }
    // What may be empty is a moment or empty now; a text may well be "none".
    const auto present_text = present.string();
    if (text == "none" && (!present_text || core::parse_rfc3339(*present_text))) {
        return "null";
    }
    const auto parsed = json::Value::parse(text);
    return parsed && !present.string() && !parsed->string() ? text : json::to_text(text);
}

core::Result<int> set_setting(Toolbox& tools, const std::string& name, const std::string& text) {
    COURSESELECT_TRY(const auto place, parts_of(name));
    COURSESELECT_TRY(AdminApi * api, tools.admin());
    COURSESELECT_TRY(const auto answer, api->get(settings_path));
    const json::Value present = answer["settings"][place.first][place.second];
    if (!present.exists()) {
        return no_such_setting(name);
    }
    std::string body;
    {
        json::ObjectWriter change(body);
        json::ObjectWriter(change.slot(place.first))
            .add_raw(place.second, typed_value(present, text));
    }
    COURSESELECT_TRY(const auto changed, api->patch(settings_path, body));
    const json::Value value = changed["settings"][place.first][place.second];
    tools.console.report(Report(name + " is now " + shown(value))
                             .add_json("value", value.text())
                             .add_json("version", changed["version"].text()));
    return 0;
}

// ---- audit
// ---------------------------------------------------------------------------------------

struct AuditCommand {
    std::string actor, action, target, since, until;
    std::int64_t limit = 50;

    core::Result<int> run(Toolbox& tools) const {
        COURSESELECT_TRY(AdminApi * api, tools.admin());
        std::string list;
        Table table({{"Time"}, {"Actor"}, {"Action"}, {"Target"}, {"Address"}, {"Outcome"}});
        COURSESELECT_TRY_OK(collect(*api, list, table));
        tools.console.json(list);
        tools.console.data(table.rows() == 0 ? "No entries found\n" : table.text());
        return 0;
    }

    /// Pages, newest first, until there are enough.
    core::Result<> collect(AdminApi& api, std::string& list, Table& table) const {
        json::ArrayWriter array(list);
        std::optional<std::int64_t> before;
        for (std::int64_t left = limit; left > 0;) {
            net::http::Query query;
            query.add("actor", std::string_view(actor))
                .add("action", std::string_view(action))
                .add("target", std::string_view(target))
                .add("since", std::string_view(since))
                .add("until", std::string_view(until))
                .add("page_size", std::min<std::int64_t>(left, 1'000));
            if (before) {
                query.add("before", *before);
            }
            COURSESELECT_TRY(const auto page, api.get("/audit" + query.str()));
            for (const json::Value& entry : page["entries"].items()) {
                array.add_raw(entry.text());
                table.add_row({shown(entry["time"]), shown(entry["actor"]), shown(entry["action"]),
                               shown(entry["target"]), shown(entry["source_address"]),
                               shown(entry["outcome"])});
                --left;
            }
            before = page["next_before"].integer();
            if (!before) {
                break;
            }
        }
        return {};
    }
};

// ---- queue
// ---------------------------------------------------------------------------------------

core::Result<int> queue_stats(Toolbox& tools) {
    COURSESELECT_TRY(AdminApi * api, tools.admin());
    COURSESELECT_TRY(const auto answer, api->internal(Node::queue, Method::get, "/queue/stats"));
    tools.console.json(answer.text());
    const auto line = [&](const char* label, const char* member) {
        tools.console.data(fmt::format("  {}: {}\n", label, answer[member].text()));
    };
    tools.console.data("Queue:\n");
    line("Pending", "pending_tasks");
    line("Processing", "processing_tasks");
    line("Completed today", "completed_tasks_today");
    line("Failed today", "failed_tasks_today");
    line("Seconds a task", "average_processing_time");
    line("Length", "queue_length");
    return 0;
}

struct TasksCommand {
    std::optional<std::int64_t> student_id;
    std::string status;
    std::int64_t limit = 50;

    core::Result<int> run(Toolbox& tools) const {
        COURSESELECT_TRY(AdminApi * api, tools.admin());
        std::string list;
        COURSESELECT_TRY_OK(collect(*api, list));
        COURSESELECT_TRY(const auto tasks, json::Value::parse(list));
        show_list(tools.console, tasks,
                  {{"Task"},
                   {"Student", Align::right},
                   {"Course", Align::right},
                   {"Type"},
                   {"Status"},
                   {"Attempts", Align::right},
                   {"Created"},
                   {"Message"}},
                  {"task_id", "student_id", "course_id", "task_type", "status", "attempts",
                   "created_at", "message"},
                  "No tasks found");
        return 0;
    }

    /// Pages, newest first, until there are enough.
    core::Result<> collect(AdminApi& api, std::string& list) const {
        json::ArrayWriter array(list);
        std::optional<std::string> before;
        for (std::int64_t left = limit; left > 0;) {
            net::http::Query query;
            if (student_id) {
                query.add("student_id", *student_id);
            }
            query.add("status_filter", std::string_view(status))
                .add("before", before)
                .add("limit", std::min<std::int64_t>(left, 1'000));
            COURSESELECT_TRY(const auto page,
                             api.internal(Node::queue, Method::get, "/queue/tasks" + query.str()));
            for (const json::Value& task : page["tasks"].items()) {
                array.add_raw(task.text());
                --left;
            }
            before = page["next_before"].string();
            if (!before) {
                break;
            }
        }
        return {};
    }
};

core::Result<json::Value> find_task(AdminApi& api, const std::string& id) {
    net::http::Query query;
    query.add("task_id", std::string_view(id));
    return api.internal(Node::queue, Method::get, "/queue/task" + query.str());
}

/// The failed task as a new one. Its key makes it the same new task however often this is asked
/// for.
core::Result<int> retry_task(Toolbox& tools, const std::string& id) {
    COURSESELECT_TRY(AdminApi * api, tools.admin());
    COURSESELECT_TRY(const auto task, find_task(*api, id));
    const std::string status = task["status"].string().value_or("");
    if (status != "failed") {
        return core::Error(Errc::failed_precondition, "not_failed",
                           "Cannot retry task with status: " + status);
    }
    const std::string body =
        json::make_object("student_id", task["student_id"].integer().value_or(0), "course_id",
                          task["course_id"].integer().value_or(0), "task_type",
                          task["task_type"].string().value_or(""), "priority",
                          task["priority"].integer().value_or(0), "client_ref", "retry:" + id);
    COURSESELECT_TRY(const auto answer,
                     api->internal(Node::queue, Method::post, "/queue/submit", body));
    tools.console.report(
        Report("Task queued again")
            .add("Task", "task_id", shown(answer["task_id"]))
            .add("Position", "position", answer["position"].integer().value_or(0)));
    return 0;
}

core::Result<int> cancel_task(Toolbox& tools, const std::string& id) {
    COURSESELECT_TRY(AdminApi * api, tools.admin());
    COURSESELECT_TRY(const auto task, find_task(*api, id));
    net::http::Query query;
    query.add("task_id", std::string_view(id))
        .add("student_id", task["student_id"].integer().value_or(0));
    COURSESELECT_TRY_OK(api->internal(Node::queue, Method::post, "/queue/cancel" + query.str()));
    tools.console.report(Report("Task cancelled").add_json("task_id", json::to_text(id)));
    return 0;
}

// ---- backup
// --------------------------------------------------------------------------------------

struct BackupCommand {
    std::string from;
    std::string to;

    core::Result<int> run(Toolbox& tools) const {
        COURSESELECT_TRY_OK(make_private_directory(to));
        std::int64_t files = 0;
        std::string names;
        {
            json::ArrayWriter list(names);
            for (const char* const name :
                 {"course_data.db", "auth_data.db", "queue_data.db", "chat_data.db"}) {
                const std::string source = from + "/" + name;
                std::error_code ignored;
                if (!std::filesystem::is_regular_file(source, ignored)) {
                    continue;
                }
                COURSESELECT_TRY_OK(copy(source, to + "/" + name));
                tools.console.data(fmt::format("  {}\n", printable(to + "/" + name)));
                list.add(to + "/" + name);
                ++files;
            }
        }
        if (files == 0) {
            return core::Error(Errc::not_found, "no_database",
                               fmt::format("There is no database in {}; name its directory with "
                                           "--from",
                                           from));
        }
        tools.console.report(
            Report(fmt::format("{} databases saved in {}", files, to)).add_json("files", names));
        return 0;
    }

    /// A consistent copy while the daemons write.
    static core::Result<> copy(const std::string& source, const std::string& target) {
        COURSESELECT_TRY(const auto database,
                         storage::Database::open({.path = source},
                                                 {.read_only = true, .check_after_crash = false}));
        return database->backup_to(target);
    }
};

// ---- demo
// ----------------------------------------------------------------------------------------

/// The rush of the start script; its program stands beside this one.
core::Result<int> run_demo(Toolbox& tools, std::vector<std::string> arguments) {
    std::error_code ignored;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", ignored);
    const std::string program = (self.parent_path() / "course-bench").string();
    std::vector<char*> words{const_cast<char*>(program.c_str()), const_cast<char*>("demo")};
    for (std::string& argument : arguments) {
        words.push_back(argument.data());
    }
    words.push_back(nullptr);
    COURSESELECT_TRY_OK(tools.console.finish());
    ::execv(program.c_str(), words.data());
    return core::Error(Errc::not_found, "no_bench",
                       fmt::format("Cannot run {}: {}; ./start_backend.sh --demo builds it",
                                   program, std::generic_category().message(errno)));
}

void add_settings(CLI::App& app, Toolbox& tools, Action& action) {
    CLI::App* group = app.add_subcommand("settings", "What may change while everything runs");
    group->require_subcommand(1);
    group->add_subcommand("list", "Show all")->callback([&tools, &action] {
        action = [&tools] { return list_settings(tools); };
    });
    auto name = std::make_shared<std::string>();
    CLI::App* get = group->add_subcommand("get", "Show one");
    get->add_option("NAME", *name, "For example security.password_length_min")->required();
    get->callback(
        [name, &tools, &action] { action = [name, &tools] { return get_setting(tools, *name); }; });
    auto value = std::make_shared<std::string>();
    CLI::App* set = group->add_subcommand("set", "Change one; all nodes follow within seconds");
    set->add_option("NAME", *name, "For example security.password_length_min")->required();
    set->add_option("VALUE", *value, "A number, true, false, a text, texts with commas, or none")
        ->required();
    set->callback([name, value, &tools, &action] {
        action = [name, value, &tools] { return set_setting(tools, *name, *value); };
    });
}

/// A moment as the audit takes it: RFC 3339.
std::string check_moment(const std::string& text) {
    return core::parse_rfc3339(text) ? "" : "not like 2026-11-21T10:30:00Z: " + text;
}

void add_audit(CLI::App& app, Toolbox& tools, Action& action) {
    auto audit = std::make_shared<AuditCommand>();
    CLI::App* command = app.add_subcommand("audit", "Who did what, newest first");
    command->add_option("--actor", audit->actor, "For example admin:1");
    command->add_option("--action", audit->action, "For example login");
    command->add_option("--target", audit->target, "What it was done to");
    command->add_option("--since", audit->since, "For example 2026-11-21T10:30:00Z")
        ->check(check_moment);
    command->add_option("--until", audit->until, "This moment is not included")
        ->check(check_moment);
    command->add_option("--limit", audit->limit, "How many")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    command->callback(
        [audit, &tools, &action] { action = [audit, &tools] { return audit->run(tools); }; });
}

void add_queue(CLI::App& app, Toolbox& tools, Action& action) {
    CLI::App* group = app.add_subcommand("queue", "Selections on their way (needs INTERNAL_TOKEN)");
    group->require_subcommand(1);
    group->add_subcommand("stats", "Show how it is doing")->callback([&tools, &action] {
        action = [&tools] { return queue_stats(tools); };
    });
    auto tasks = std::make_shared<TasksCommand>();
    CLI::App* list = group->add_subcommand("tasks", "Show tasks, newest first");
    list->add_option("--student-id", tasks->student_id, "Only this student's")
        ->check(CLI::PositiveNumber);
    list->add_option("--status", tasks->status, "Only these; dead: failed after too many attempts")
        ->check(CLI::IsMember({"pending", "processing", "completed", "failed", "dead"}));
    list->add_option("--limit", tasks->limit, "How many")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    list->callback(
        [tasks, &tools, &action] { action = [tasks, &tools] { return tasks->run(tools); }; });
    auto task = std::make_shared<std::string>();
    CLI::App* retry = group->add_subcommand("retry", "Queue a failed task once more");
    retry->add_option("TASK_ID", *task, "As `queue tasks` shows it")->required();
    retry->callback(
        [task, &tools, &action] { action = [task, &tools] { return retry_task(tools, *task); }; });
    CLI::App* cancel = group->add_subcommand("cancel", "Take a waiting task back");
    cancel->add_option("TASK_ID", *task, "As `queue tasks` shows it")->required();
    cancel->callback(
        [task, &tools, &action] { action = [task, &tools] { return cancel_task(tools, *task); }; });
}

}  // namespace

void add_operator_commands(CLI::App& app, Toolbox& tools, Action& action) {
    add_settings(app, tools, action);
    add_audit(app, tools, action);
    add_queue(app, tools, action);
    auto backup = std::make_shared<BackupCommand>();
    CLI::App* command = app.add_subcommand(
        "backup", "Save the databases of this machine while the daemons run; needs no login");
    command->add_option("--from", backup->from, "Where the databases are")
        ->default_str("data")
        ->check(CLI::ExistingDirectory);
    backup->from = "data";
    command->add_option("--output", backup->to, "Directory to save them in (mode 0700)")
        ->required();
    command->callback(
        [backup, &tools, &action] { action = [backup, &tools] { return backup->run(tools); }; });
    auto arguments = std::make_shared<std::vector<std::string>>();
    CLI::App* demo = app.add_subcommand(
        "demo", "A term's opening minute at the running daemons, with a table of how it went");
    demo->prefix_command();
    demo->callback([demo, arguments, &tools, &action] {
        *arguments = demo->remaining();
        action = [arguments, &tools] { return run_demo(tools, *arguments); };
    });
}

}  // namespace courseselect::cli
