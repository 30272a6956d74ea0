#include "courseselect/nodes/auth/system_settings.hpp"

#include "courseselect/json/reader.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/nodes/auth/steps.hpp"
#include "courseselect/repo/auth_control.hpp"

namespace courseselect::nodes::accounts {
namespace {

using core::Errc;

core::Result<wire::SettingsVersion> version_from(const repo::StoredSettings& stored) {
    COURSESELECT_TRY(auto settings, json::parse<Settings>(stored.json));
    return wire::SettingsVersion{.version = stored.version,
                                 .updated_at = stored.changed_at,
                                 .updated_by = stored.changed_by,
                                 .settings = std::move(settings)};
}

}  // namespace

void SystemSettings::add_routes(api::Service& service) {
    service.add(api::get("/admin/settings")
                    .summary("Who may register.")
                    .tag("settings")
                    .access(api::Access::admin)
                    .error(404, "Admin not found"),
                [this](api::Context& context) { return registration_now(context); });
    service.add(api::put("/admin/settings")
                    .summary("Open or close registration.")
                    .tag("settings")
                    .access(api::Access::admin)
                    .optional_body<wire::RegistrationSettingsChange>()
                    .error(404, "Admin not found"),
                [this](api::Context& context, wire::RegistrationSettingsChange change) {
                    return registration(context, change);
                });
    service.add(api::get("/admin/system-settings")
                    .summary("All settings that may change while everything runs.")
                    .tag("settings")
                    .access(api::Access::admin)
                    .error(404, "Admin not found"),
                [this](api::Context& context) { return now(context); });
    service.add(api::patch("/admin/system-settings")
                    .summary("Change settings; what is left out stays.")
                    .description("All nodes follow within two seconds.")
                    .tag("settings")
                    .access(api::Access::admin)
                    .body<Settings>()
                    .example_body(R"({"courses":{"courses_per_student_max":8}})")
                    .error(400,
                           "courses.selection_opens_at must be before "
                           "courses.selection_closes_at")
                    .error(404, "Admin not found")
                    .error(409, "The settings were changed meanwhile; read them and try again"),
                [this](api::Context& context, const Settings&) { return patch(context); });
    service.add(api::get("/admin/system-settings/history")
                    .summary("Every version of the settings, and who made it.")
                    .tag("settings")
                    .access(api::Access::admin)
                    .query<wire::Page>()
                    .error(404, "Admin not found"),
                [this](api::Context& context, wire::Page page) { return history(context, page); });
}

async::Task<core::Result<>> SystemSettings::load() {
    changed_at_ = state_.runtime.clock.wall_now();
    changed_by_ = "configuration";
    auto read = [](storage::Connection& connection) { return repo::latest_settings(connection); };
    COURSESELECT_CO_TRY(const auto stored, co_await state_.readers->read(std::move(read)));
    if (!stored) {
        co_return core::Result<>();
    }
    COURSESELECT_CO_TRY(auto latest, version_from(*stored));
    changed_at_ = latest.updated_at;
    changed_by_ = std::move(latest.updated_by);
    state_.control.replace(std::move(latest.settings), latest.version);
    co_return core::Result<>();
}

async::Task<core::Result<>> SystemSettings::change(api::Context& context, Settings next) {
    COURSESELECT_CO_TRY_OK(check_settings(next));
    repo::StoredSettings stored{.version = state_.control.version() + 1,
                                .changed_at = state_.runtime.clock.wall_now(),
                                .changed_by = repo::to_string(key_of(context.who())),
                                .json = json::to_text(next)};
    const std::int64_t version = stored.version;
    const core::WallTime at = stored.changed_at;
    std::string by = stored.changed_by;
    auto store = [stored =
                      std::move(stored)](storage::Connection& connection) -> core::Result<bool> {
        auto inserted = repo::insert_settings(connection, stored);
        if (!inserted && inserted.error().code() == Errc::conflict) {
            return core::Error(Errc::conflict, "settings_changed",
                               "The settings were changed meanwhile; read them and try again");
        }
        COURSESELECT_TRY_OK(std::move(inserted));
        return true;
    };
    std::string target = "version " + std::to_string(version);
    COURSESELECT_CO_TRY_OK(
        co_await act_as_admin(state_, context, "settings", std::move(target), std::move(store)));
    changed_at_ = at;
    changed_by_ = std::move(by);
    state_.control.replace(std::move(next), version);
    co_return core::Result<>();
}

async::Task<core::Result<wire::RegistrationSettings>> SystemSettings::registration_now(
    api::Context& context) {
    COURSESELECT_CO_TRY_OK(co_await require_admin(state_, context));
    const SecuritySettings& security = state_.control.settings().security;
    co_return wire::RegistrationSettings{
        .student_registration_enabled = security.student_registration_enabled,
        .teacher_registration_enabled = security.teacher_registration_enabled,
        .updated_at = changed_at_};
}

async::Task<core::Result<wire::RegistrationSettings>> SystemSettings::registration(
    api::Context& context, wire::RegistrationSettingsChange change_wanted) {
    Settings next = state_.control.settings();
    SecuritySettings& security = next.security;
    security.student_registration_enabled =
        change_wanted.student_registration_enabled.value_or(security.student_registration_enabled);
    security.teacher_registration_enabled =
        change_wanted.teacher_registration_enabled.value_or(security.teacher_registration_enabled);
    COURSESELECT_CO_TRY_OK(co_await change(context, std::move(next)));
    auto answer = co_await registration_now(context);
    co_return answer;
}

async::Task<core::Result<wire::SettingsVersion>> SystemSettings::now(api::Context& context) {
    COURSESELECT_CO_TRY_OK(co_await require_admin(state_, context));
    co_return wire::SettingsVersion{.version = state_.control.version(),
                                    .updated_at = changed_at_,
                                    .updated_by = changed_by_,
                                    .settings = state_.control.settings()};
}

async::Task<core::Result<wire::SettingsVersion>> SystemSettings::patch(api::Context& context) {
    // The body was checked; read over the present settings it changes only what it names.
    Settings next = state_.control.settings();
    const auto faults =
        json::read_document(json::type_of<Settings>(), &next, context.request.body, "body");
    COURSESELECT_CHECK(faults.empty());
    COURSESELECT_CO_TRY_OK(co_await change(context, std::move(next)));
    auto answer = co_await now(context);
    co_return answer;
}

async::Task<core::Result<wire::SettingsHistory>> SystemSettings::history(api::Context& context,
                                                                         wire::Page page) {
    COURSESELECT_CO_TRY_OK(co_await require_admin(state_, context));
    auto read = [page](storage::Connection& connection) {
        return repo::settings_history(connection, page.offset(), page.page_size);
    };
    COURSESELECT_CO_TRY(const auto stored, co_await state_.readers->read(std::move(read)));
    wire::SettingsHistory answer;
    for (const repo::StoredSettings& one : stored) {
        COURSESELECT_CO_TRY(auto version, version_from(one));
        answer.versions.push_back(std::move(version));
    }
    co_return answer;
}

}  // namespace courseselect::nodes::accounts
