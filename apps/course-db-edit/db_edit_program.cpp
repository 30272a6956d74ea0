#include "db_edit_program.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "courseselect/cli/console.hpp"
#include "courseselect/cli/prompt.hpp"
#include "courseselect/cli/text.hpp"
#include "courseselect/core/config.hpp"
#include "database_tables.hpp"

namespace courseselect::apps {
namespace {

using core::Result;
using storage::FileEditor;

constexpr int exit_failed = 1;
constexpr int exit_bad_usage = 2;
/// More rows than anybody reads, and few enough to be kept in memory for the widths of columns.
constexpr std::size_t rows_max = 100'000;

/// What the arguments say; a command uses its part.
struct Wishes {
    std::string database;
    std::string table;
    std::string column;
    std::string where;
    std::string values;
    std::string sql;
    std::string format = "table";
    std::size_t limit = 50;
    bool shows_secrets = false;
    bool is_agreed = false;
};

/// One run of the program. Each command returns when it is done or declined.
class DatabaseEdit {
  public:
    DatabaseEdit(cli::Console& console, cli::Prompter& prompter, const Wishes& wishes)
        : console_(console), prompter_(prompter), wishes_(wishes) {}

    Result<> list_tables();
    Result<> query();
    Result<> insert_record();
    Result<> update_record();
    Result<> delete_record();
    Result<> column_info();
    Result<> raw_query();

  private:
    [[nodiscard]] std::string path() const {
        return wishes_.database == "data" ? "./course_data.db"
                                          : fmt::format("./{}_data.db", wishes_.database);
    }
    [[nodiscard]] Result<std::unique_ptr<FileEditor>> open(FileEditor::Access access) const {
        return FileEditor::open(path(), access);
    }
    [[nodiscard]] Result<TableInfo> look_up_table() const;
    /// The columns of an option, all of which the table has; `empty_remedy` refuses none.
    [[nodiscard]] static Result<NamedCells> read_columns(const TableInfo& table,
                                                         std::string_view option,
                                                         const std::string& text,
                                                         const std::string& empty_remedy);
    [[nodiscard]] Result<bool> is_agreed(const std::string& question);
    void print_rows(const storage::CellTable& rows, const std::string& heading,
                    std::string_view none);

    cli::Console& console_;
    cli::Prompter& prompter_;
    const Wishes& wishes_;
};

/// The failure of a change, told as the command's; what the user typed wrongly speaks for itself.
core::Error failed_to(std::string_view what, const core::Error& error) {
    const bool is_plain = error.reason() == "invalid_json" || error.reason() == "table_not_found" ||
                          error.reason() == "column_not_found" ||
                          error.reason() == "database_absent";
    if (is_plain) {
        return error;
    }
    const char* remedy =
        error.reason() == "database_locked" ? "; stop the service that uses it first" : "";
    return {error.code(), "edit_failed",
            fmt::format("Failed to {} record: {}{}", what, error.detail(), remedy)};
}

core::Error failed_query(const core::Error& error) {
    const bool is_plain = error.reason() == "table_not_found" ||
                          error.reason() == "column_not_found" ||
                          error.reason() == "database_absent" || error.reason() == "not_a_query";
    return is_plain ? error
                    : core::Error(error.code(), "query_failed", "Query failed: " + error.detail());
}

Result<TableInfo> DatabaseEdit::look_up_table() const {
    COURSESELECT_TRY(const auto editor, open(FileEditor::Access::read_only));
    return find_table(*editor, wishes_.table);
}

Result<NamedCells> DatabaseEdit::read_columns(const TableInfo& table, std::string_view option,
                                              const std::string& text,
                                              const std::string& empty_remedy) {
    COURSESELECT_TRY(NamedCells cells, parse_named_cells(option, text));
    COURSESELECT_TRY_OK(table.check_columns(cells));
    if (cells.empty()) {
        return core::Error(core::Errc::invalid_argument, "empty_columns",
                           fmt::format("{} is empty; {}", option, empty_remedy));
    }
    return cells;
}

Result<bool> DatabaseEdit::is_agreed(const std::string& question) {
    if (wishes_.is_agreed) {
        return true;
    }
    COURSESELECT_TRY(const bool agreed, prompter_.confirm(question));
    if (!agreed) {
        console_.note("Cancelled");
    }
    return agreed;
}

void DatabaseEdit::print_rows(const storage::CellTable& rows, const std::string& heading,
                              std::string_view none) {
    if (wishes_.format == "json") {
        console_.data(json_list(rows));
    } else if (rows.rows.empty()) {
        console_.note(none);
    } else {
        console_.note(heading);
        console_.data(grid(rows));
    }
}

Result<> DatabaseEdit::list_tables() {
    COURSESELECT_TRY(const auto editor, open(FileEditor::Access::read_only));
    COURSESELECT_TRY(const auto tables, apps::list_tables(*editor));
    if (tables.empty()) {
        console_.note("No tables found in database");
        return {};
    }
    console_.note(fmt::format("Tables in {} database:", wishes_.database));
    for (const TableInfo& table : tables) {
        std::string names;
        for (const ColumnInfo& column : table.columns) {
            names += (names.empty() ? "" : ", ") + column.name;
        }
        console_.note(
            fmt::format("  📋 {} ({} columns)", cli::printable(table.name), table.columns.size()));
        console_.note("     Columns: " + cli::printable(names));
    }
    return {};
}

Result<> DatabaseEdit::query() {
    COURSESELECT_TRY(const auto editor, open(FileEditor::Access::read_only));
    COURSESELECT_TRY(const TableInfo table, find_table(*editor, wishes_.table));
    COURSESELECT_TRY(const std::int64_t total, count_rows(*editor, table));
    COURSESELECT_TRY(auto rows, read_rows(*editor, table, wishes_.limit));
    if (!wishes_.shows_secrets) {
        mask_secrets(rows);
    }
    print_rows(
        rows,
        fmt::format("Records from {}: (showing {} of {})", table.name, rows.rows.size(), total),
        "No records found");
    return {};
}

Result<> DatabaseEdit::insert_record() {
    COURSESELECT_TRY(const TableInfo table, look_up_table());
    COURSESELECT_TRY(const NamedCells values,
                     read_columns(table, "--values", wishes_.values, "name at least one column"));
    COURSESELECT_TRY(const auto editor, open(FileEditor::Access::read_write));
    COURSESELECT_TRY(const std::string key, insert_row(*editor, table, values));
    console_.success("Record inserted successfully! ID: " + key);
    return {};
}

Result<> DatabaseEdit::update_record() {
    COURSESELECT_TRY(const TableInfo table, look_up_table());
    COURSESELECT_TRY(const NamedCells where,
                     read_columns(table, "--where", wishes_.where, "it would change every row"));
    COURSESELECT_TRY(const NamedCells values,
                     read_columns(table, "--values", wishes_.values, "name at least one column"));
    COURSESELECT_TRY(
        const bool agreed,
        is_agreed(fmt::format("Are you sure you want to update records in {} where {}?", table.name,
                              cli::printable(wishes_.where))));
    if (!agreed) {
        return {};
    }
    COURSESELECT_TRY(const auto editor, open(FileEditor::Access::read_write));
    COURSESELECT_TRY(const std::int64_t changed, update_rows(*editor, table, where, values));
    console_.success(fmt::format("Updated {} record(s) successfully!", changed));
    return {};
}

Result<> DatabaseEdit::delete_record() {
    COURSESELECT_TRY(const TableInfo table, look_up_table());
    COURSESELECT_TRY(const NamedCells where,
                     read_columns(table, "--where", wishes_.where, "it would delete every row"));
    const std::string question =
        fmt::format("⚠ WARNING: Are you sure you want to DELETE records from {} where {}?",
                    table.name, cli::printable(wishes_.where));
    COURSESELECT_TRY(const bool agreed, is_agreed(console_.coloured(cli::Colour::red, question)));
    if (!agreed) {
        return {};
    }
    COURSESELECT_TRY(const auto editor, open(FileEditor::Access::read_write));
    COURSESELECT_TRY(const std::int64_t deleted, delete_rows(*editor, table, where));
    console_.success(fmt::format("Deleted {} record(s) successfully!", deleted));
    return {};
}

Result<> DatabaseEdit::column_info() {
    COURSESELECT_TRY(const TableInfo table, look_up_table());
    const ColumnInfo* column = table.find(wishes_.column);
    if (column == nullptr) {
        return core::Error(core::Errc::not_found, "column_not_found",
                           "Column not found: " + wishes_.column);
    }
    console_.note("Column: " + cli::printable(column->name));
    console_.note("  Type: " + cli::printable(column->type));
    console_.note(std::string("  Nullable: ") + (column->is_nullable ? "Yes" : "No"));
    console_.note("  Default: " + cli::printable(column->fallback.value_or("None")));
    console_.note(std::string("  Primary Key: ") + (column->is_key ? "Yes" : "No"));
    return {};
}

Result<> DatabaseEdit::raw_query() {
    COURSESELECT_TRY(const auto editor, open(FileEditor::Access::read_only));
    const auto is_hidden = [this](std::string_view column) {
        return !wishes_.shows_secrets && is_secret_column(column);
    };
    COURSESELECT_TRY(const auto rows, editor->query_typed(wishes_.sql, rows_max, is_hidden));
    print_rows(rows, fmt::format("Query Results: ({} rows)", rows.rows.size()), "No results");
    if (rows.is_cut) {
        console_.warning(fmt::format("Only the first {} rows are shown; add a LIMIT", rows_max));
    }
    return {};
}

// The command line. -------------------------------------------------------------------------------

using Action = std::function<Result<>(DatabaseEdit&)>;
using Tell = core::Error (*)(const core::Error&);

/// Declares the commands; parsing leaves the chosen one in `action`.
class CommandLine {
  public:
    CommandLine(CLI::App& app, Wishes& wishes, Action& action)
        : app_(app), wishes_(wishes), action_(action) {
        app_.require_subcommand(1);
    }

    void declare() {
        add("list-tables", "List all tables of a database", &DatabaseEdit::list_tables,
            failed_query);

        CLI::App* query =
            add("query", "Show the rows of a table", &DatabaseEdit::query, failed_query);
        add_table(*query);
        query->add_option("-l,--limit", wishes_.limit, "How many rows at most")
            ->check(CLI::Range(std::size_t{1}, rows_max))
            ->capture_default_str();
        add_format(*query);

        CLI::App* insert = add("insert-record", "Add a row", &DatabaseEdit::insert_record,
                               [](const auto& e) { return failed_to("insert", e); });
        add_table(*insert);
        add_values(*insert);

        CLI::App* update =
            add("update-record", "Change the rows that match", &DatabaseEdit::update_record,
                [](const auto& e) { return failed_to("update", e); });
        add_table(*update);
        add_where(*update);
        add_values(*update);

        CLI::App* erase =
            add("delete-record", "Delete the rows that match", &DatabaseEdit::delete_record,
                [](const auto& e) { return failed_to("delete", e); });
        add_table(*erase);
        add_where(*erase);

        CLI::App* column =
            add("column-info", "Describe a column", &DatabaseEdit::column_info, failed_query);
        add_table(*column);
        column->add_option("-c,--column", wishes_.column, "The column")->required();

        CLI::App* raw =
            add("raw-query", "Run a SELECT statement", &DatabaseEdit::raw_query, failed_query);
        raw->add_option("-s,--sql", wishes_.sql, "One SELECT statement")->required();
        add_format(*raw);
    }

  private:
    using Command = Result<> (DatabaseEdit::*)();

    CLI::App* add(const char* name, const char* help, Command command, Tell tell) {
        CLI::App* below = app_.add_subcommand(name, help);
        below
            ->add_option("-d,--database", wishes_.database,
                         "./course_data.db, ./auth_data.db or ./queue_data.db")
            ->required()
            ->check(CLI::IsMember({"data", "auth", "queue"}));
        below->callback([this, command, tell] {
            action_ = [command, tell](DatabaseEdit& edit) -> Result<> {
                const Result<> done = (edit.*command)();
                return done ? done : Result<>(tell(done.error()));
            };
        });
        return below;
    }
    void add_table(CLI::App& command) {
        command.add_option("-t,--table", wishes_.table, "The table")->required();
    }
    void add_format(CLI::App& command) {
        command.add_option("-f,--format", wishes_.format, "How to print rows")
            ->check(CLI::IsMember({"table", "json"}))
            ->capture_default_str();
        command.add_flag("--show-secrets", wishes_.shows_secrets,
                         "Show password hashes and TOTP secrets too");
    }
    void add_values(CLI::App& command) {
        command.add_option("-v,--values", wishes_.values, R"(As JSON: {"column": value, ...})")
            ->required();
    }
    void add_where(CLI::App& command) {
        command
            .add_option("-w,--where", wishes_.where,
                        R"(As JSON: {"column": value, ...}; rows must equal all of it)")
            ->required();
        command.add_flag("-y,--yes", wishes_.is_agreed, "Do not ask");
    }

    CLI::App& app_;
    Wishes& wishes_;
    Action& action_;
};

/// Help goes to standard output, everything else that ends parsing is bad usage.
int end_of_parsing(const CLI::App& app, const CLI::ParseError& end) {
    if (end.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
        return app.exit(end, std::cout, std::cerr);
    }
    fmt::print(stderr, "{}: {}\nTry '--help' for what there is.\n", app.get_name(), end.what());
    return exit_bad_usage;
}

int tell_failure(cli::Console& console, const core::Error& error) {
    if (error.code() == core::Errc::cancelled) {
        console.complain("Aborted!");
        return exit_failed;
    }
    console.failure(cli::printable(error.detail()));
    if (error.reason() == "not_a_query") {
        console.complain("  Use insert-record, update-record or delete-record to change data.");
    }
    return exit_failed;
}

}  // namespace

int run_db_edit(int argc, char** argv) {
    cli::watch_interrupts();
    core::Environment environment = core::Environment::of_process();
    cli::Console console(stdout, stderr);
    console.set_options(cli::Console::options_for(stdout, stderr, environment.text("NO_COLOR", ""),
                                                  environment.text("TERM", "")));
    cli::Prompter prompter(console, STDIN_FILENO);

    CLI::App app(
        "Looks into the SQLite files of the services in this directory, and changes them past all "
        "rules of the application. Changes need the service stopped.",
        "course-db-edit");
    Wishes wishes;
    Action action;
    CommandLine command_line(app, wishes, action);  // parsing calls back into it
    command_line.declare();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& end) {
        return end_of_parsing(app, end);
    }
    DatabaseEdit edit(console, prompter, wishes);
    Result<> done = action(edit);
    const Result<> written = console.finish();
    if (done && !written) {
        done = written.error();
    }
    return done ? 0 : tell_failure(console, done.error());
}

}  // namespace courseselect::apps
