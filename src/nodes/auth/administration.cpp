#include "courseselect/nodes/auth/administration.hpp"

#include <fmt/format.h>

#include "courseselect/auth/codes.hpp"
#include "courseselect/nodes/auth/steps.hpp"
#include "courseselect/repo/auth_tokens.hpp"

namespace courseselect::nodes::accounts {
namespace {

namespace auth = courseselect::auth;
using core::Errc;

core::Result<> check_first_password(const core::Secret& password, bool dev) {
    const std::string_view text = password.reveal();
    if (!dev && (is_documented_password(password) || text.size() < 8)) {
        return core::Error(Errc::invalid_argument, "admin_password",
                           "the first administrators need passwords of at least 8 characters that "
                           "are not the documented ones");
    }
    return auth::PasswordPolicy{}.check(text);
}

}  // namespace

bool is_documented_password(const core::Secret& password) {
    return password.reveal() == "admin123" || password.reveal() == "super123";
}

void Administration::add_routes(api::Service& service) {
    service.add(api::post("/add/admin")
                    .summary("Make an administrator.")
                    .tag("administration")
                    .access(api::Access::admin)
                    .body<wire::AdminCreate>()
                    .error(400, "Admin already exists")
                    .error(404, "Admin not found"),
                [this](api::Context& context, wire::AdminCreate body) {
                    return add_admin(context, std::move(body));
                });
    for (const char* const path :
         {"/generate/registration-code", "/admin/registration-codes"}) {  // the second: contract §7
        service.add(api::post(path)
                        .summary("Make registration codes.")
                        .tag("administration")
                        .access(api::Access::admin)
                        .body<wire::CodeRequest>()
                        .error(404, "Admin not found"),
                    [this](api::Context& context, wire::CodeRequest body) {
                        return make_codes(context, std::move(body));
                    });
    }
}

async::Task<core::Result<>> Administration::make_first_admins() {
    auto look = [](storage::Connection& connection) { return repo::has_admins(connection); };
    COURSESELECT_CO_TRY(const bool present, co_await state_.readers->read(std::move(look)));
    if (present) {
        auto kept = co_await check_kept_passwords();
        co_return kept;
    }
    const AuthNodeOptions& options = state_.options;
    COURSESELECT_CO_TRY_OK(check_first_password(options.admin_password, options.dev));
    if (!options.super_admin_password.empty()) {
        COURSESELECT_CO_TRY_OK(check_first_password(options.super_admin_password, options.dev));
    }
    COURSESELECT_CO_TRY_OK(co_await make_first_admin("admin", options.admin_password));
    if (!options.super_admin_password.empty()) {
        COURSESELECT_CO_TRY_OK(
            co_await make_first_admin("super_admin", options.super_admin_password));
    }
    co_return core::Result<>();
}

async::Task<core::Result<>> Administration::check_kept_passwords() {
    constexpr std::pair<const char*, const char*> documented[] = {{"admin", "admin123"},
                                                                  {"super_admin", "super123"}};
    for (const auto& [name, password] : documented) {
        if (state_.options.dev) {
            break;
        }
        auto find = [name = std::string(name)](storage::Connection& connection) {
            return repo::find_user(connection, name);
        };
        COURSESELECT_CO_TRY(auto admin, co_await state_.readers->read(std::move(find)));
        if (!admin) {
            continue;
        }
        core::Secret tried(password);
        COURSESELECT_CO_TRY(
            const bool is_kept,
            co_await state_.passwords.verify(std::move(tried), std::move(admin->password_hash)));
        if (is_kept) {
            co_return core::Error(
                Errc::failed_precondition, "documented_password",
                fmt::format("the account {} still has its documented password, from a start with "
                            "--dev; start with --dev and change it, or begin with an empty data "
                            "directory",
                            name));
        }
    }
    co_return core::Result<>();
}

async::Task<core::Result<>> Administration::make_first_admin(std::string name,
                                                             core::Secret password) {
    COURSESELECT_CO_TRY(auto admin, co_await new_admin(std::move(name), std::move(password)));
    admin.must_change_password = true;
    repo::AuditEntry event = state_.own_event("first_admin", admin.username);
    auto make = [admin = std::move(admin), event = std::move(event)](
                    storage::Connection& connection) mutable -> core::Result<> {
        COURSESELECT_TRY(admin.key.id, repo::take_id(connection, UserKind::admin));
        COURSESELECT_TRY_OK(repo::insert_user(connection, admin));
        return repo::append_audit(connection, event);
    };
    auto made = co_await state_.writes->run(std::move(make));
    co_return made;
}

async::Task<core::Result<repo::User>> Administration::new_admin(std::string name,
                                                                core::Secret password) {
    repo::User admin;
    admin.key.kind = UserKind::admin;
    admin.username = std::move(name);
    COURSESELECT_CO_TRY(admin.password_hash, co_await state_.passwords.hash(std::move(password)));
    admin.created_at = admin.updated_at = state_.runtime.clock.wall_now();
    co_return admin;
}

async::Task<core::Result<wire::Done>> Administration::add_admin(api::Context& context,
                                                                wire::AdminCreate body) {
    COURSESELECT_CO_TRY_OK(state_.guesses.admit(context));
    COURSESELECT_CO_TRY(auto admin,
                        co_await new_admin(std::move(body.username), std::move(body.password)));
    std::string name = admin.username;
    auto make =
        [admin = std::move(admin)](storage::Connection& connection) mutable -> core::Result<bool> {
        COURSESELECT_TRY(const auto other, repo::find_user(connection, admin.username));
        if (other) {
            return core::Error(Errc::invalid_argument, "name_taken",
                               other->key.kind == UserKind::admin ? "Admin already exists"
                                                                  : "Username already exists");
        }
        COURSESELECT_TRY(admin.key.id, repo::take_id(connection, UserKind::admin));
        COURSESELECT_TRY_OK(repo::insert_user(connection, admin));
        return true;
    };
    COURSESELECT_CO_TRY_OK(
        co_await act_as_admin(state_, context, "add_admin", std::move(name), std::move(make)));
    co_return wire::Done{.message = "Admin created successfully"};
}

async::Task<core::Result<wire::CodesMade>> Administration::make_codes(api::Context& context,
                                                                      wire::CodeRequest body) {
    const core::WallTime now = state_.runtime.clock.wall_now();
    std::vector<repo::RegistrationCode> codes;
    std::vector<wire::CodeMade> shown;
    for (std::int64_t i = 0; i < body.count; ++i) {
        repo::RegistrationCode code{
            .code = auth::make_registration_code(state_.runtime.random),
            .kind = body.user_type == "student" ? UserKind::student : UserKind::teacher,
            .max_uses = body.max_uses,
            .uses = 0,
            .tags = body.code_tags,
            .expires_at = now + std::chrono::days(body.expires_days),
            .created_by = context.who().id,
            .created_at = now};
        shown.push_back({code.code, body.user_type, code.expires_at, code.tags, code.max_uses});
        codes.push_back(std::move(code));
    }
    auto store = [codes = std::move(codes)](storage::Connection& connection) -> core::Result<bool> {
        for (const repo::RegistrationCode& code : codes) {
            COURSESELECT_TRY_OK(repo::insert_code(connection, code));
        }
        return true;
    };
    std::string target =
        fmt::format("{} codes for {}s, {} uses each", body.count, body.user_type, body.max_uses);
    COURSESELECT_CO_TRY_OK(
        co_await act_as_admin(state_, context, "make_codes", std::move(target), std::move(store)));
    wire::CodesMade made;
    if (body.count > 1) {
        made.codes = std::move(shown);
        made.count = body.count;
        co_return made;
    }
    wire::CodeMade& only = shown.front();
    made.code = std::move(only.code);
    made.user_type = std::move(only.user_type);
    made.expires_at = only.expires_at;
    made.code_tags = std::move(only.code_tags);
    made.max_uses = only.max_uses;
    co_return made;
}

}  // namespace courseselect::nodes::accounts
