// `import csv`: what of it people see. The work is in importer.cpp.

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <csignal>
#include <filesystem>
#include <unordered_map>
#include <utility>

#include "courseselect/cli/private_file.hpp"
#include "courseselect/cli/progress.hpp"
#include "courseselect/cli/text.hpp"
#include "courseselect/csv/cell.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/net/http/url.hpp"
#include "importer.hpp"
#include "toolbox.hpp"

namespace courseselect::cli {
namespace {

using core::Errc;

constexpr std::chrono::milliseconds bar_every{100};
constexpr std::chrono::seconds line_every{10};
constexpr std::size_t columns_usual = 80;

/// A bar that is drawn over itself on a terminal, else a line now and then; on standard error.
class ProgressView {
  public:
    ProgressView(Console& console, const core::Clock& clock, std::int64_t total)
        : console_(console),
          clock_(clock),
          progress_(total, clock.mono_now()),
          shown_at_(clock.mono_now()) {}

    void show(std::int64_t done) {
        const core::MonoTime now = clock_.mono_now();
        progress_.update(done, now);
        if (console_.options().quiet) {
            return;
        }
        const bool is_bar = console_.options().err_is_terminal;
        if (now - shown_at_ < (is_bar ? std::chrono::nanoseconds(bar_every) : line_every)) {
            return;
        }
        shown_at_ = now;
        if (is_bar) {
            console_.draw("\r" + progress_.bar(columns() - 1) + "\x1b[K");
            has_bar_ = true;
        } else {
            console_.complain(progress_.line());
        }
    }
    void clear() {
        if (std::exchange(has_bar_, false)) {
            console_.draw("\r\x1b[K");
        }
    }

  private:
    static std::size_t columns() {
        winsize size{};
        const bool is_known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
        return is_known ? size.ws_col : columns_usual;
    }

    Console& console_;
    const core::Clock& clock_;
    Progress progress_;
    core::MonoTime shown_at_;
    bool has_bar_ = false;
};

/// `line 3 (alice): Username already exists`.
std::string failure_text(const ImportFailure& failure) {
    const std::string who =
        failure.username.empty() ? "" : fmt::format(" ({})", printable(failure.username));
    return fmt::format("Line {}{}: {}", failure.line, who, printable(failure.text));
}

void add_failures(json::ObjectWriter& object, const std::map<std::int64_t, ImportFailure>& all) {
    json::ArrayWriter list(object.slot("failures"));
    for (const auto& [row, failure] : all) {
        json::ObjectWriter(list.slot())
            .add("line", failure.line)
            .add("username", failure.username)
            .add("error", failure.text);
    }
}

struct ImportCommand {
    ImportOptions options;
    std::int64_t parallel = 16;
    std::int64_t patience = 60;
    std::string output;
    bool is_dry = false;

    core::Result<int> run(Toolbox& tools) {
        options.parallel = static_cast<std::size_t>(parallel);
        options.patience = std::chrono::seconds(patience);
        std::error_code ignored;
        if (!std::filesystem::is_regular_file(options.path, ignored)) {
            return core::Error(Errc::invalid_argument, "no_file",
                               options.path + " is no regular file; it is read more than once");
        }
        COURSESELECT_TRY(AdminApi * api, tools.admin());
        return is_dry ? check(tools, *api) : import(tools, *api);
    }

    // ---- the real thing
    // --------------------------------------------------------------------------

    core::Result<int> import(Toolbox& tools, AdminApi& api) {
        tools.console.note(
            fmt::format("Importing {}s from {}...", options.user_type, printable(options.path)));
        Importer importer(api, tools.random, options);
        COURSESELECT_TRY_OK(importer.scan());
        COURSESELECT_TRY_OK(importer.resume(tools.session_file.directory() + "/imports"));
        std::optional<PrivateFile> results;
        if (!output.empty()) {
            COURSESELECT_TRY(auto file, PrivateFile::create(output));
            results.emplace(std::move(file));
        }
        const ImportTally& tally = importer.tally();
        if (tally.done_before > 0) {
            tools.console.note(fmt::format("{} of {} rows are imported already, going on.",
                                           tally.done_before, tally.total));
        }
        const auto ended = make_accounts(tools, importer);
        const auto written = results ? write_results(*results, importer) : core::Result<>();
        COURSESELECT_TRY_OK(tell(tools.console, importer));
        COURSESELECT_TRY_OK(written);
        if (!ended) {
            return with_remedy(ended.error());
        }
        if (importer.was_stopped()) {
            tools.console.complain("Run the same command again to go on.");
            return core::Error(Errc::cancelled, "stopped", "Aborted!");
        }
        if (tally.failures.empty()) {
            importer.forget_journal();
        }
        return tally.failures.empty() ? 0 : 1;
    }

    /// An interrupt lets the rows under way come to their end; a second one does not wait.
    static core::Result<> make_accounts(Toolbox& tools, Importer& importer) {
        ProgressView view(tools.console, tools.clock, importer.tally().total);
        asio::signal_set interrupts(tools.services.loop().context(), SIGINT, SIGTERM);
        const std::function<void(const asio::error_code&, int)> on_interrupt =
            [&](const asio::error_code& error, int) {
                if (error) {
                    return;
                }
                if (importer.was_stopped()) {
                    ::_exit(1);
                }
                importer.stop();
                view.clear();
                tools.console.complain(
                    fmt::format("Finishing {} accounts under way; again to stop at once.",
                                importer.under_way()));
                interrupts.async_wait(on_interrupt);
            };
        interrupts.async_wait(on_interrupt);
        auto ended =
            tools.services.run(importer.run([&view](std::int64_t done) { view.show(done); }));
        interrupts.cancel();
        tools.services.loop().poll();  // the cancelled wait
        view.clear();
        watch_interrupts();
        return ended;
    }

    static core::Error with_remedy(const core::Error& error) {
        return {error.code(), "import_stopped",
                error.detail() + "\n  Run the same command again to go on."};
    }

    /// Every row with what became of it, in the order of the file.
    template <class Take>
    core::Result<> for_each_row(const Importer& importer, Take take) const {
        COURSESELECT_TRY(auto file, ImportFile::open(options.path, options.makes_passwords));
        while (true) {
            COURSESELECT_TRY(const auto row, file.next());
            if (!row || row->number > importer.tally().total) {
                return {};
            }
            COURSESELECT_TRY_OK(take(*row));
        }
    }

    core::Result<> write_results(PrivateFile& file, const Importer& importer) const {
        COURSESELECT_TRY_OK(file.write("username,password,name,status\n"));
        COURSESELECT_TRY_OK(for_each_row(importer, [&](const UserRow& row) {
            const auto& failures = importer.tally().failures;
            const auto failure = failures.find(row.number);
            const bool is_done = importer.is_done(row.number);
            const std::string status = is_done ? "success"
                                       : failure == failures.end()
                                           ? "failed: not imported yet"
                                           : "failed: " + failure->second.text;
            const std::string password = is_done ? importer.password_of(row.number) : "";
            return file.write(fmt::format("{},{},{},{}\n", csv::written_cell(row.username),
                                          password.empty() ? "***" : password,
                                          csv::written_cell(row.name), csv::written_cell(status)));
        }));
        return file.commit();
    }

    core::Result<> tell(Console& console, const Importer& importer) const {
        const ImportTally& tally = importer.tally();
        const auto failed = std::ssize(tally.failures);
        std::string document;
        {
            json::ObjectWriter object(document);
            object.add("total", tally.total)
                .add("success", tally.succeeded)
                .add("failed", std::int64_t{failed})
                .add("imported_before", tally.done_before)
                .add("already_there", tally.already_there);
            add_failures(object, tally.failures);
            if (console.options().json && options.makes_passwords && output.empty()) {
                json::ArrayWriter accounts(object.slot("accounts"));
                COURSESELECT_TRY_OK(for_each_made(importer, [&](const UserRow& row) {
                    json::ObjectWriter(accounts.slot())
                        .add("username", row.username)
                        .add("password", importer.password_of(row.number));
                }));
            }
        }
        console.json(document);
        console.data("Import Results:\n");
        console.data(fmt::format("  Total: {}\n  Success: {}\n  Failed: {}\n", tally.total,
                                 tally.succeeded, failed));
        if (tally.already_there > 0) {
            console.data(fmt::format("  Already there: {}\n", tally.already_there));
        }
        for (const auto& [row, failure] : tally.failures) {
            console.data("  " + failure_text(failure) + "\n");
        }
        if (!console.options().json && options.makes_passwords && output.empty()) {
            console.data("Generated passwords:\n");
            COURSESELECT_TRY_OK(for_each_made(importer, [&](const UserRow& row) {
                console.data(fmt::format("  {}: {}\n", printable(row.username),
                                         importer.password_of(row.number)));
            }));
        }
        return console.finish();
    }

    /// Rows whose account has a password that was made here.
    template <class Take>
    core::Result<> for_each_made(const Importer& importer, Take take) const {
        return for_each_row(importer, [&](const UserRow& row) -> core::Result<> {
            if (importer.is_done(row.number) && !importer.password_of(row.number).empty()) {
                take(row);
            }
            return {};
        });
    }

    // ---- --dry-run
    // -------------------------------------------------------------------------------

    /// Who has an account: by user name what else is known, and all addresses.
    struct Present {
        NameBook names;
        NameBook addresses;
        std::unordered_map<std::int64_t, std::size_t> accounts;  ///< number in `names` -> digest
    };

    static std::size_t digest_of(const std::string& kind, const std::string& name) {
        return std::hash<std::string>()(kind + "\n" + name);
    }

    static core::Result<Present> find_present(AdminApi& api) {
        Present present;
        std::int64_t number = 0;
        constexpr std::int64_t page_size = 1'000;
        for (std::int64_t page = 1;; ++page) {
            net::http::Query query;
            query.add("page", page).add("page_size", page_size);
            COURSESELECT_TRY(const auto answer, api.get("/admin/users" + query.str()));
            const auto users = answer["users"].items();
            for (const json::Value& user : users) {
                ++number;
                present.names.add(user["username"].string().value_or(""), number);
                present.accounts.emplace(number, digest_of(user["user_type"].string().value_or(""),
                                                           user["name"].string().value_or("")));
                if (const auto email = user["email"].string()) {
                    present.addresses.add(*email, number);
                }
            }
            if (std::ssize(users) < page_size) {
                return present;
            }
        }
    }

    /// What the server would say of a row that is good by itself; "" when it would take it, or has
    /// it already.
    std::string server_problem(Present& present, const UserRow& row, bool& is_there) const {
        // Rows that are not known yet are numbered below zero, so that they match no account.
        const auto named = present.names.add(row.username, -row.number);
        is_there = named && *named > 0 &&
                   present.accounts.at(*named) == digest_of(options.user_type, row.name);
        if (is_there) {
            return "";
        }
        if (named && *named > 0) {
            return "Username already exists";
        }
        if (!row.email.empty()) {
            const auto addressed = present.addresses.add(row.email, -row.number);
            if (addressed && *addressed > 0) {
                return "Email already exists";
            }
        }
        return "";
    }

    core::Result<int> check(Toolbox& tools, AdminApi& api) const {
        tools.console.note(fmt::format("Checking {}s in {}, nothing is imported...",
                                       options.user_type, printable(options.path)));
        COURSESELECT_TRY(auto file, ImportFile::open(options.path, options.makes_passwords));
        COURSESELECT_TRY(auto present, find_present(api));
        std::map<std::int64_t, ImportFailure> problems;
        std::int64_t total = 0;
        std::int64_t there = 0;
        core::Result<std::optional<UserRow>> row = file.next();
        for (; row && *row; row = file.next()) {
            ++total;
            bool is_there = false;
            const std::string problem = (*row)->problem.empty()
                                            ? server_problem(present, **row, is_there)
                                            : (*row)->problem;
            there += is_there ? 1 : 0;
            if (!problem.empty()) {
                problems.emplace((*row)->number,
                                 ImportFailure{(*row)->line, (*row)->username, problem});
            }
        }
        tell_check(tools.console, total, there, problems);
        COURSESELECT_TRY_OK(row);  // where the file cannot be read any further
        return problems.empty() ? 0 : 1;
    }

    static void tell_check(Console& console, std::int64_t total, std::int64_t there,
                           const std::map<std::int64_t, ImportFailure>& problems) {
        const auto bad = std::int64_t{std::ssize(problems)};
        std::string document;
        {
            json::ObjectWriter object(document);
            object.add("total", total).add("good", total - bad).add("problems", bad);
            object.add("already_there", there);
            add_failures(object, problems);
        }
        console.json(document);
        for (const auto& [row, problem] : problems) {
            console.data("  " + failure_text(problem) + "\n");
        }
        console.data(fmt::format("Dry Run Results:\n  Total: {}\n  Good: {}\n  Problems: {}\n",
                                 total, total - bad, bad));
        if (there > 0) {
            console.data(fmt::format("  Already there: {}\n", there));
        }
    }
};

}  // namespace

void add_import_commands(CLI::App& app, Toolbox& tools, Action& action) {
    CLI::App* group = app.add_subcommand("import", "Make many accounts");
    group->require_subcommand(1);
    auto import = std::make_shared<ImportCommand>();
    CLI::App* command = group->add_subcommand(
        "csv",
        "Make an account for every row; run again after an interrupt, it goes on where it was");
    command
        ->add_option("FILE", import->options.path,
                     "With a header: username,password,name,email in any order")
        ->required()
        ->check(CLI::ExistingFile);
    add_user_type(*command, import->options.user_type)->required();
    command->add_flag("--generate-passwords", import->options.makes_passwords,
                      "New passwords for all, whatever the file has");
    command->add_option("--output", import->output,
                        "File for username,password,name,status of every row (mode 0600)");
    command->add_flag("--dry-run", import->is_dry, "Import nothing, list every problem by line");
    command->add_option("--parallel", import->parallel, "Rows under way at a time")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    command
        ->add_option("--patience", import->patience, "Seconds to wait for a service that is away")
        ->check(CLI::Range(0, 86'400))
        ->capture_default_str();
    command->callback(
        [import, &tools, &action] { action = [import, &tools] { return import->run(tools); }; });
}

}  // namespace courseselect::cli
