#include "courseselect/nodes/auth/auth_state.hpp"

#include "courseselect/core/encoding.hpp"
#include "courseselect/repo/auth_schema.hpp"
#include "courseselect/repo/auth_search.hpp"
#include "courseselect/repo/auth_tokens.hpp"

namespace courseselect::nodes::accounts {

namespace auth = courseselect::auth;
using core::Errc;

bool is_refusal(const core::Error& error) {
    switch (error.code()) {
        case Errc::invalid_argument:
        case Errc::unauthenticated:
        case Errc::permission_denied:
        case Errc::not_found:
        case Errc::failed_precondition: return true;
        default: return false;
    }
}

AuthState::AuthState(Runtime to_use, AuthNodeOptions given, Tokens to_sign, GuessGuard to_slow_down,
                     auth::PasswordHasher to_hash, notify::Templates to_write)
    : runtime(to_use),
      options(std::move(given)),
      tokens(std::move(to_sign)),
      guesses(std::move(to_slow_down)),
      sessions(options.lifetimes),
      control(to_use.loop, options.settings),
      notices(to_use.random, std::move(to_write)),
      tasks(to_use.loop),
      passwords(to_use.loop, std::move(to_hash), options.hashing) {}

core::Result<std::unique_ptr<AuthState>> AuthState::open(Runtime runtime, AuthNodeOptions options) {
    if (options.bcrypt_cost < auth::bcrypt_cost_production_min && !options.dev) {
        return core::Error(Errc::invalid_argument, "bcrypt_cost",
                           "a bcrypt cost below 10 is for development only");
    }
    COURSESELECT_TRY(auto hasher, auth::PasswordHasher::create({.bcrypt_cost = options.bcrypt_cost},
                                                               runtime.random));
    COURSESELECT_TRY(auto tokens, Tokens::create(runtime, options));
    COURSESELECT_TRY(auto guesses, GuessGuard::create(runtime.clock, options.guesses));
    auto templates = notify::Templates::built_in();
    if (!options.notifications.templates.empty()) {
        COURSESELECT_TRY(templates, notify::Templates::load(options.notifications.templates));
    }
    auto state =
        std::make_unique<AuthState>(runtime, std::move(options), std::move(tokens),
                                    std::move(guesses), std::move(hasher), std::move(templates));
    const AuthNodeOptions& given = state->options;
    COURSESELECT_TRY(state->database, storage::Database::open(given.database, given.storage));
    COURSESELECT_TRY(auto writer, state->database->connect_writer());
    COURSESELECT_TRY_OK(storage::migrate(*writer, repo::auth_migrations(), runtime.clock));
    COURSESELECT_TRY_OK(repo::make_profiles_due(*writer));
    COURSESELECT_TRY_OK(
        repo::begin_object_ids(*writer, core::hex_encode(state->runtime.random.bytes(5))));
    state->writes = std::make_unique<storage::WriteQueue>(runtime.loop, std::move(writer));
    COURSESELECT_TRY(state->readers, storage::ReaderPool::open(runtime.loop, *state->database));
    return state;
}

repo::AuditEntry AuthState::event(const api::Context& context, std::string action,
                                  std::string target) const {
    return {.time = runtime.clock.wall_now(),
            .actor = context.principal ? repo::to_string(key_of(*context.principal)) : "",
            .action = std::move(action),
            .target = std::move(target),
            .address = context.client_address(),
            .request_id = context.request_id,
            .outcome = {}};
}

repo::AuditEntry AuthState::own_event(std::string action, std::string target) const {
    return {.time = runtime.clock.wall_now(),
            .actor = "auth_node",
            .action = std::move(action),
            .target = std::move(target),
            .address = {},
            .request_id = {},
            .outcome = "ok"};
}

}  // namespace courseselect::nodes::accounts
