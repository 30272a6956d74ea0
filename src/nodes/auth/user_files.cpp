#include "courseselect/nodes/auth/user_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "courseselect/api/error.hpp"
#include "courseselect/auth/email.hpp"
#include "courseselect/core/time_format.hpp"
#include "courseselect/csv/cell.hpp"
#include "courseselect/nodes/auth/steps.hpp"
#include "courseselect/nodes/auth/user_admin.hpp"
#include "courseselect/nodes/auth/user_rules.hpp"
#include "courseselect/nodes/wire/course.hpp"
#include "courseselect/nodes/wire/user_admin.hpp"
#include "courseselect/notify/message.hpp"
#include "courseselect/repo/auth_search.hpp"

namespace courseselect::nodes::accounts {
namespace {

namespace auth = courseselect::auth;
using core::Errc;

/// Passwords of one import that are hashed at the same time: half of the pool is left to logins.
constexpr std::size_t hashed_at_once = 2;
constexpr std::int64_t exported_max = 200'000;

std::optional<std::string> text_or_none(std::string_view text) {
    return text.empty() ? std::nullopt : std::optional(std::string(text));
}

/// Empty: the line may become an account.
std::string line_fault(const ImportLine& line, std::string_view user_type,
                       const SecuritySettings& settings) {
    const std::size_t length = line.user.username.size();
    if (length < 3 || length > wire::name_length_max || !wire::is_username(line.user.username)) {
        return "Username must have 3 to 100 characters: letters, digits, '_', '.' or '-'";
    }
    if (!user_type.empty() && !auth::parse_user_kind(user_type)) {
        return "user_type must be student, teacher or admin";
    }
    if (line.user.email && !auth::is_email(*line.user.email)) {
        return "email is no address like alice@example.org";
    }
    if (line.contact.phone && !notify::is_phone_number(*line.contact.phone)) {
        return "phone must be + and 5 to 15 digits";
    }
    if (line.contact.name.value_or("").size() > wire::name_length_max ||
        line.contact.group.value_or("").size() > wire::name_length_max) {
        return fmt::format("name and group can have at most {} bytes", wire::name_length_max);
    }
    return line.is_password_made ? ""
                                 : password_fault(line.password, settings, password_length_min);
}

/// Stores one account. A refusal becomes the line's error; nothing is written then.
core::Result<> store_line(storage::Connection& connection, ImportLine& line, const Notices& notices,
                          core::WallTime now) {
    repo::User& user = line.user;
    COURSESELECT_TRY(const auto other, repo::find_user(connection, user.username));
    if (other) {
        line.error = "User already exists";
        return {};
    }
    if (user.email) {
        COURSESELECT_TRY(const auto owner, repo::find_user_by_email(connection, *user.email));
        if (owner) {
            line.error = "Email already exists";
            return {};
        }
    }
    COURSESELECT_TRY(user.key.id, repo::take_id(connection, user.key.kind));
    COURSESELECT_TRY_OK(repo::insert_user(connection, user));
    line.contact.user = user.key;
    line.contact.email = user.email;
    COURSESELECT_TRY_OK(repo::set_contact(connection, line.contact, now));
    if (user.key.kind != UserKind::admin) {
        const repo::ProfileEntry profile{
            .user = user.key, .name = user.username, .next_at = now, .is_promised = true};
        COURSESELECT_TRY_OK(repo::insert_profile(connection, profile));
    }
    const Notice notice{.event = "account_created", .user = user.key};
    return notices.tell(connection, notice, now);
}

std::string yes_or_no(bool value) { return value ? "yes" : "no"; }

core::Result<> append_exported(storage::Connection& connection, const repo::User& user,
                               std::string& out) {
    COURSESELECT_TRY(const auto contact, repo::find_contact(connection, user.key));
    csv::append_row(out, {std::to_string(user.key.id), user.username,
                          std::string(auth::user_kind_name(user.key.kind)),
                          contact ? contact->name.value_or("") : "", user.email.value_or(""),
                          contact ? contact->phone.value_or("") : "",
                          contact ? contact->group.value_or("") : "", yes_or_no(user.is_active),
                          yes_or_no(user.has_2fa()), core::format_rfc3339(user.created_at)});
    return {};
}

core::Result<std::string> exported(storage::Connection& connection, const wire::UserExport& which) {
    std::string out;
    csv::append_row(out, {"user_id", "username", "user_type", "name", "email", "phone", "group",
                          "is_active", "has_2fa", "created_at"});
    const auto kind = auth::parse_user_kind(which.user_type.value_or(""));
    if (which.user_ids && !which.user_ids->empty()) {
        for (const std::int64_t id : *which.user_ids) {
            const repo::UserKey key{kind.value_or(UserKind::student), id};
            COURSESELECT_TRY(const auto user, repo::find_user(connection, key));
            if (user) {
                COURSESELECT_TRY_OK(append_exported(connection, *user, out));
            }
        }
        return out;
    }
    repo::UserSearch search;
    search.kind = kind;
    COURSESELECT_TRY(const auto found, repo::search_users(connection, search, 0, exported_max));
    for (const repo::User& user : found.users) {
        COURSESELECT_TRY_OK(append_exported(connection, user, out));
    }
    return out;
}

}  // namespace

ImportLine read_import_line(const csv::Table& table, const csv::Row& row,
                            const SecuritySettings& settings, crypto::RandomSource& random) {
    const auto cell = [&](std::string_view name) {
        return csv::without_guard(table.cell(row, name));
    };
    ImportLine line;
    line.line = row.line;
    line.user.username = cell("username");
    line.user.key.kind = auth::parse_user_kind(cell("user_type")).value_or(UserKind::student);
    line.user.email = text_or_none(cell("email"));
    line.contact.name = text_or_none(cell("name"));
    line.contact.phone = text_or_none(cell("phone"));
    line.contact.group = text_or_none(cell("group"));
    // As it stands: a password may begin with what a spreadsheet takes for a formula.
    const std::string_view password = table.cell(row, "password");
    line.is_password_made = password.empty();
    line.password = password.empty() ? make_password(random) : core::Secret(std::string(password));
    line.user.must_change_password = line.is_password_made;
    line.error = line_fault(line, cell("user_type"), settings);
    return line;
}

void UserFiles::add_routes(api::Service& service) {
    service.add(
        api::post("/admin/users/import")
            .summary("Make an account for each line of a CSV file.")
            .description("Columns: username, password, user_type, email, name, phone, group; all "
                         "but username may be missing or empty. Lines are judged one by one. A "
                         "line without a password gets one, which is in the answer and nowhere "
                         "else. At most 500 lines.")
            .tag("users")
            .access(api::Access::admin)
            .upload("file", "text/csv", "The first line names the columns.")
            .example_body(R"({"file":"username,password,user_type\nhedy,,student\n"})")
            .error(400, "line 1: the file has no column username")
            .error(404, "Admin not found"),
        [this](api::Context& context, api::Upload upload) {
            return import(context, std::move(upload));
        });
    service.add(api::post("/admin/users/export")
                    .summary("Users as a CSV file, without any secret.")
                    .tag("users")
                    .access(api::Access::admin)
                    .optional_body<wire::UserExport>()
                    .answers("text/csv")
                    .error(404, "Admin not found"),
                [this](api::Context& context, wire::UserExport body) {
                    return export_users(context, std::move(body));
                });
    service.add(api::get("/admin/stats")
                    .summary("How many users, sessions and courses there are.")
                    .tag("users")
                    .access(api::Access::admin)
                    .error(404, "Admin not found"),
                [this](api::Context& context) { return statistics(context); });
}

async::Task<core::Result<wire::UserImportDone>> UserFiles::import(api::Context& context,
                                                                  api::Upload upload) {
    COURSESELECT_CO_TRY_OK(co_await require_admin(state_, context));
    COURSESELECT_CO_TRY(const auto table,
                        csv::parse_table(upload.content, {.rows_max = wire::users_imported_max}));
    if (!table.column("username")) {
        co_return core::Error(Errc::invalid_argument, "no_column",
                              "line 1: the file has no column username");
    }
    std::vector<ImportLine> lines;
    for (const csv::Row& row : table.rows) {
        lines.push_back(read_import_line(table, row, state_.control.settings().security,
                                         state_.runtime.random));
    }
    COURSESELECT_CO_TRY_OK(co_await hash(lines));
    COURSESELECT_CO_TRY_OK(co_await reserve_ids(lines));
    COURSESELECT_CO_TRY(const auto stored, co_await store(context, std::move(lines)));
    wire::UserImportDone done;
    for (const ImportLine& line : stored) {
        if (!line.error.empty()) {
            ++done.failed_count;
            done.errors.push_back({line.line, line.user.username, line.error});
            continue;
        }
        ++done.success_count;
        if (line.is_password_made) {
            done.passwords.push_back({line.user.username, std::string(line.password.reveal())});
        }
    }
    co_return done;
}

async::Task<> UserFiles::hash_one(UserFiles& self, ImportLine& line) {
    auto hashed = co_await self.state_.passwords.hash(line.password, HashLane::import);
    if (hashed) {
        line.user.password_hash = *std::move(hashed);
    }
}

async::Task<core::Result<>> UserFiles::hash(std::vector<ImportLine>& lines) {
    const core::WallTime now = state_.runtime.clock.wall_now();
    std::vector<ImportLine*> good;
    for (ImportLine& line : lines) {
        line.user.created_at = line.user.updated_at = now;
        if (line.error.empty()) {
            good.push_back(&line);
        }
    }
    for (std::size_t i = 0; i < good.size(); i += hashed_at_once) {
        async::TaskGroup group(state_.runtime.loop);
        for (std::size_t k = i; k < std::min(i + hashed_at_once, good.size()); ++k) {
            group.spawn(hash_one(*this, *good[k]));
        }
        co_await group.join();
    }
    for (const ImportLine* const line : good) {
        if (line->user.password_hash.empty()) {
            co_return core::Error(Errc::resource_exhausted, "pool_full",
                                  "Too many logins at once; try again in a minute");
        }
    }
    co_return core::Result<>();
}

async::Task<core::Result<>> UserFiles::reserve_ids(const std::vector<ImportLine>& lines) {
    static constexpr UserKind kinds[] = {UserKind::student, UserKind::teacher};
    for (const UserKind kind : kinds) {
        const auto wanted =
            std::count_if(lines.begin(), lines.end(), [kind](const ImportLine& line) {
                return line.error.empty() && line.user.key.kind == kind;
            });
        // A block is smaller than an import may be.
        for (std::int64_t sure = 0; sure < wanted;) {
            sure = std::min<std::int64_t>(sure + state_.options.profiles.ids_block, wanted);
            COURSESELECT_CO_TRY_OK(co_await outbox_.ensure_ids(kind, sure));
        }
    }
    co_return core::Result<>();
}

async::Task<core::Result<std::vector<ImportLine>>> UserFiles::store(api::Context& context,
                                                                    std::vector<ImportLine> lines) {
    std::string target = fmt::format("{} lines", lines.size());
    auto write =
        [lines = std::move(lines), &notices = state_.notices,
         event = state_.event(context, "add_user"), now = state_.runtime.clock.wall_now()](
            storage::Connection& connection) mutable -> core::Result<std::vector<ImportLine>> {
        for (ImportLine& line : lines) {
            if (line.error.empty()) {
                COURSESELECT_TRY_OK(store_line(connection, line, notices, now));
            }
            event.target = fmt::format("{} {}", auth::user_kind_name(line.user.key.kind),
                                       line.user.username.substr(0, wire::name_length_max));
            event.outcome = line.error.empty() ? "ok" : line.error;
            COURSESELECT_TRY_OK(repo::append_audit(connection, event));
        }
        return std::move(lines);
    };
    auto stored =
        co_await act_as_admin(state_, context, "import_users", std::move(target), std::move(write));
    co_return stored;
}

async::Task<net::http::Response> UserFiles::export_users(api::Context& context,
                                                         wire::UserExport body) {
    std::string target = body.user_type.value_or("all");
    const auto admitted = co_await require_admin(state_, context);
    if (!admitted) {
        co_return api::error_response(admitted.error());
    }
    auto read = [body = std::move(body)](storage::Connection& connection) {
        return exported(connection, body);
    };
    auto text = co_await state_.readers->read(std::move(read));
    auto told =
        co_await record(state_, context, "export_users", std::move(target), std::move(text));
    if (!told) {
        co_return api::error_response(told.error());
    }
    net::http::Response response;
    response.headers.push_back({"Content-Type", "text/csv; charset=utf-8"});
    response.headers.push_back({"Content-Disposition", "attachment; filename=\"users.csv\""});
    response.headers.push_back({"Cache-Control", "no-store"});
    response.body = *std::move(told);
    co_return response;
}

async::Task<core::Result<wire::AdminStats>> UserFiles::statistics(api::Context& context) {
    auto count = [](storage::Connection& connection) -> core::Result<wire::AdminStats> {
        wire::AdminStats stats;
        COURSESELECT_TRY(stats.total_students,
                         repo::users_counted(connection, UserKind::student, std::nullopt));
        COURSESELECT_TRY(stats.total_teachers,
                         repo::users_counted(connection, UserKind::teacher, std::nullopt));
        COURSESELECT_TRY(stats.total_admins,
                         repo::users_counted(connection, UserKind::admin, std::nullopt));
        stats.total_users = stats.total_students + stats.total_teachers + stats.total_admins;
        COURSESELECT_TRY(stats.active_users, repo::users_counted(connection, std::nullopt, true));
        COURSESELECT_TRY(stats.users_with_2fa, repo::users_with_2fa(connection));
        COURSESELECT_TRY(stats.open_sessions, repo::count_sessions(connection));
        return stats;
    };
    COURSESELECT_CO_TRY(auto stats, co_await look_as_admin(state_, context, std::move(count)));
    const auto courses =
        co_await data_.ask<wire::CoursePage>(context, "/get/courses?page=1&page_size=1");
    if (courses) {
        stats.total_courses = courses->total;
    }
    co_return stats;
}

}  // namespace courseselect::nodes::accounts
