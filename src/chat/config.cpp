#include "courseselect/chat/config.hpp"

#include <algorithm>
#include <utility>

namespace courseselect::chat {
namespace {

using core::Environment;

void read_listeners(Environment& environment, bool is_dev, ProgramConfig& config) {
    config.host = environment.text("CHAT_HOST", is_dev ? "127.0.0.1" : "0.0.0.0");
    config.port = static_cast<std::uint16_t>(
        environment.integer("CHAT_PORT", 5555, {.min = 0, .max = 65'535}));
    net::TlsFiles files{.certificate_chain = environment.text("TLS_CERTIFICATE", ""),
                        .private_key = environment.text("TLS_PRIVATE_KEY", "")};
    if (files.certificate_chain.empty() != files.private_key.empty()) {
        environment.add_fault("TLS_CERTIFICATE and TLS_PRIVATE_KEY: set both or none");
    } else if (!files.certificate_chain.empty()) {
        config.tls = std::move(files);
        config.tls_port = static_cast<std::uint16_t>(
            environment.integer("CHAT_TLS_PORT", 5556, {.min = 0, .max = 65'535}));
    }
}

void read_accounts(Environment& environment, bool is_dev, ProgramConfig& config) {
    // One directory with the auth node where that is configured (the contract); else our own table,
    // which tokens may join.
    const bool has_node = !environment.text("AUTH_NODE_URL", "").empty();
    const std::string accounts =
        environment.choice("CHAT_ACCOUNTS", has_node ? "auth" : "own", {"own", "auth"});
    config.server.accounts.has_passwords = accounts == "own";
    config.jwt_secret = accounts == "own" ? environment.secret("JWT_SECRET_KEY", {8, 65'536})
                                          : environment.required_secret("JWT_SECRET_KEY");
    config.server.accounts.password.characters_min = static_cast<std::size_t>(
        environment.integer("CHAT_PASSWORD_CHARACTERS_MIN", 1, {.min = 1, .max = 64}));
    // Below 10 a stolen hash is guessed too quickly; tests set COURSESELECT_DEV and may go lower.
    config.bcrypt_cost = static_cast<int>(
        environment.integer("BCRYPT_COST", 10, {.min = is_dev ? 4 : 10, .max = 16}));
}

void read_limits(Environment& environment, ServerOptions& options) {
    options.has_limits = environment.boolean("RATE_LIMITS", true);
    const core::IntegerBounds bounds{.min = 1, .max = 1'000'000};
    options.messages.capacity =
        environment.integer("CHAT_MESSAGES_BURST", options.messages.capacity, bounds);
    options.messages.refill_per_second = static_cast<double>(
        environment.integer("CHAT_MESSAGES_PER_SECOND",
                            static_cast<std::int64_t>(options.messages.refill_per_second), bounds));
    auto& lines = options.lines;
    lines.connections_max = static_cast<std::size_t>(environment.integer(
        "CHAT_CONNECTIONS_MAX", static_cast<std::int64_t>(lines.connections_max), bounds));
    lines.connections_per_address_max = static_cast<std::size_t>(
        environment.integer("CHAT_CONNECTIONS_PER_ADDRESS_MAX",
                            static_cast<std::int64_t>(lines.connections_per_address_max), bounds));
    // An answer with a page of history must fit, or nobody could ever catch up.
    lines.output_bytes_max = static_cast<std::size_t>(environment.bytes(
        "CHAT_OUTPUT_BYTES_MAX", static_cast<std::int64_t>(lines.output_bytes_max),
        {.min = static_cast<std::int64_t>(options.room.tail.page_bytes_max + 64 * 1024),
         .max = 64 * 1024 * 1024}));
    lines.idle_timeout = environment.duration(
        "CHAT_IDLE_TIMEOUT", lines.idle_timeout,
        {.min = std::chrono::milliseconds{1'000}, .max = std::chrono::hours{24 * 7}});
    // A client that answers to the ping in the last tenth, or minute, of its time stays.
    lines.quiet_after =
        lines.idle_timeout - std::min<std::chrono::milliseconds>(std::chrono::milliseconds{60'000},
                                                                 lines.idle_timeout / 10);
}

core::log::LogOptions read_chat_log(Environment& environment) {
    core::log::LogOptions options;
    const std::string text =
        environment.choice("LOG_LEVEL", "info", {"debug", "info", "warn", "error", "off"});
    options.level = core::log::parse_level(text).value_or(core::log::Level::info);
    options.file = environment.text("LOG_FILE", "");
    return options;
}

}  // namespace

ProgramConfig read_config(Environment& environment) {
    ProgramConfig config;
    const bool is_dev = environment.boolean("COURSESELECT_DEV", false);
    read_listeners(environment, is_dev, config);
    read_accounts(environment, is_dev, config);
    read_limits(environment, config.server);
    config.store.database_url = environment.text("CHAT_DATABASE_URL", "sqlite:///./chat_data.db");
    config.store.is_power_safe =
        environment.choice("DATABASE_DURABILITY", "full", {"full", "normal"}) == "full";
    config.log = read_chat_log(environment);
    return config;
}

}  // namespace courseselect::chat
