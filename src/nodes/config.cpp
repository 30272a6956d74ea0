#include "courseselect/nodes/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <utility>

#include "courseselect/crypto/signature.hpp"

namespace courseselect::nodes {
namespace {

using core::Environment;

std::string upper_name(Service service) {
    std::string name(service_name(service));
    for (char& c : name) {
        c = static_cast<char>(c - 'a' + 'A');
    }
    return name;
}

/// `course_data.db`, `auth_data.db`, `queue_data.db` in the working directory (contract §1.6).
std::string default_database(Service service) {
    return service == Service::data ? "sqlite:///./course_data.db"
                                    : fmt::format("sqlite:///./{}_data.db", service_name(service));
}

bool has_database(Service service) {
    return service == Service::data || service == Service::auth || service == Service::queue ||
           service == Service::realtime;
}

/// `<NAME>_BURST` requests at once, then `<NAME>_PER_MINUTE`.
ratelimit::BucketOptions read_bucket(Environment& environment, const std::string& name,
                                     const ratelimit::BucketOptions& usual) {
    const core::IntegerBounds bounds{.min = 1, .max = 1'000'000};
    const auto per_minute = static_cast<std::int64_t>(60 * usual.refill_per_second + 0.5);
    return {.capacity = environment.integer(name + "_BURST", usual.capacity, bounds),
            .refill_per_second =
                static_cast<double>(environment.integer(name + "_PER_MINUTE", per_minute, bounds)) /
                60.0};
}

/// The text of the file that the setting names; empty when it is not set or a fault was noted.
std::string read_key_file(Environment& environment, const std::string& name) {
    const std::string path = environment.text(name, "");
    if (path.empty()) {
        return "";
    }
    std::ifstream file(path, std::ios::binary);
    std::string pem(crypto::pem_bytes_max + 1, '\0');
    file.read(pem.data(), static_cast<std::streamsize>(pem.size()));
    pem.resize(static_cast<std::size_t>(file.gcount()));
    if (pem.empty()) {
        environment.add_fault(name + ": the file " + path + " cannot be read");
    }
    return pem;
}

/// `JWT_PRIVATE_KEY_FILE` is the auth node's; who only checks tokens needs `JWT_PUBLIC_KEY_FILE`.
void read_jwt_keys(Environment& environment, CommonConfig& common) {
    common.jwt_private_key = core::Secret(read_key_file(environment, "JWT_PRIVATE_KEY_FILE"));
    common.jwt_public_key = read_key_file(environment, "JWT_PUBLIC_KEY_FILE");
    if (!common.jwt_public_key.empty()) {
        const auto key = crypto::PublicKey::from_pem(common.jwt_public_key);
        if (!key) {
            environment.add_fault("JWT_PUBLIC_KEY_FILE: " + key.error().detail());
            return;
        }
        common.jwt_public_key = key->to_pem();
    }
    if (common.jwt_private_key.empty()) {
        return;
    }
    const auto key = crypto::PrivateKey::from_pem(common.jwt_private_key);
    if (!key) {
        environment.add_fault("JWT_PRIVATE_KEY_FILE: " + key.error().detail());
        return;
    }
    const std::string own = key->public_key().to_pem();
    if (!common.jwt_public_key.empty() && common.jwt_public_key != own) {
        environment.add_fault("JWT_PUBLIC_KEY_FILE: not the key of JWT_PRIVATE_KEY_FILE");
    }
    common.jwt_public_key = own;
}

/// Without settings each kind of user has its own lifetimes (contract §1.4).
auth::TokenLifetimes read_lifetimes(Environment& environment) {
    auth::TokenLifetimes lifetimes;
    const std::int64_t access =
        environment.integer("JWT_ACCESS_TOKEN_EXPIRES", 0, {.min = 60, .max = 86'400});
    if (access != 0) {
        lifetimes.student_access = lifetimes.teacher_access = lifetimes.admin_access =
            std::chrono::seconds(access);
    }
    lifetimes.refresh = std::chrono::seconds(environment.integer(
        "JWT_REFRESH_TOKEN_EXPIRES", lifetimes.refresh.count(), {.min = 60, .max = 31'536'000}));
    return lifetimes;
}

CommonConfig read_common(Environment& environment) {
    CommonConfig common;
    common.dev = environment.boolean("COURSESELECT_DEV", false);
    common.internal_token = environment.required_secret("INTERNAL_TOKEN");
    common.jwt_secret = environment.required_secret("JWT_SECRET_KEY");
    read_jwt_keys(environment, common);
    common.rate_limits = environment.boolean("RATE_LIMITS", true);
    common.bearer_bucket = read_bucket(environment, "BEARER", common.bearer_bucket);
    common.use_sockets = environment.boolean("USE_SOCKETS", true);
    common.socket_directory = environment.text(
        "SOCKET_DIR",
        (std::filesystem::temp_directory_path() / "course-selection-sockets").string());
    for (const Service service : all_services) {
        std::string url = environment.text(upper_name(service) + "_NODE_URL", "");
        if (!url.empty()) {
            common.urls.emplace(service, std::move(url));
        }
    }
    common.cors_origins = environment.list(
        "CORS_ORIGINS",
        common.dev ? std::vector<std::string>{"http://localhost:3000", "http://localhost:5173",
                                              "http://localhost:8080"}
                   : std::vector<std::string>{});
    const auto proxies =
        ratelimit::parse_networks(environment.text("TRUSTED_PROXIES", "127.0.0.1,::1"));
    if (proxies) {
        common.trusted_proxies = *proxies;
    } else {
        environment.add_fault("TRUSTED_PROXIES: " + proxies.error().detail());
    }
    common.body_bytes_max = static_cast<std::size_t>(
        environment.bytes("BODY_BYTES_MAX", 1024 * 1024, {.min = 1024, .max = 64 * 1024 * 1024}));
    common.metrics_open = environment.boolean("METRICS_OPEN", false);
    return common;
}

AuthConfig read_auth(Environment& environment, bool dev) {
    AuthConfig auth;
    auth.admin_password = environment.secret("ADMIN_PASSWORD");
    auth.super_admin_password = environment.secret("SUPER_ADMIN_PASSWORD");
    if (dev && auth.admin_password.empty()) {
        auth.admin_password = core::Secret("admin123");
    }
    if (dev && auth.super_admin_password.empty()) {
        auth.super_admin_password = core::Secret("super123");
    }
    // Below 10 a stolen hash is guessed too quickly; tests set COURSESELECT_DEV and may go lower.
    auth.bcrypt_cost =
        static_cast<int>(environment.integer("BCRYPT_COST", 10, {.min = dev ? 4 : 10, .max = 16}));
    auth.lifetimes = read_lifetimes(environment);
    auth.smtp_password = environment.secret("SMTP_PASSWORD");
    auth.sms_authorization = environment.secret("SMS_AUTHORIZATION");
    auth.notification_ca_file = environment.text("NOTIFICATION_CA_FILE", "");
    auth.notification_templates = environment.text("NOTIFICATION_TEMPLATES", "");
    return auth;
}

QueueConfig read_queue(Environment& environment) {
    const QueueConfig usual;
    return {.student = read_bucket(environment, "QUEUE_STUDENT", usual.student),
            .address = read_bucket(environment, "QUEUE_ADDRESS", usual.address)};
}

realtime::RealtimeBounds read_realtime(Environment& environment) {
    const realtime::RealtimeBounds usual;
    const core::DurationBounds beat{.min = std::chrono::milliseconds{100},
                                    .max = std::chrono::minutes{10}};
    const auto count = [&environment](const std::string& name, std::size_t fallback,
                                      std::int64_t max) {
        return static_cast<std::size_t>(
            environment.integer(name, static_cast<std::int64_t>(fallback), {.min = 1, .max = max}));
    };
    realtime::RealtimeBounds bounds;
    bounds.ping_interval =
        environment.duration("REALTIME_PING_INTERVAL", usual.ping_interval, beat);
    bounds.ping_timeout = environment.duration("REALTIME_PING_TIMEOUT", usual.ping_timeout, beat);
    bounds.payload_bytes_max = static_cast<std::size_t>(environment.bytes(
        "REALTIME_PAYLOAD_BYTES_MAX", static_cast<std::int64_t>(usual.payload_bytes_max),
        {.min = 1'000, .max = 64 * 1024 * 1024}));
    bounds.connections_max = count("REALTIME_CONNECTIONS_MAX", usual.connections_max, 1'000'000);
    bounds.connections_per_address_max =
        count("REALTIME_CONNECTIONS_PER_ADDRESS", usual.connections_per_address_max, 1'000'000);
    bounds.rooms_per_connection_max =
        count("REALTIME_ROOMS_PER_CONNECTION", usual.rooms_per_connection_max, 10'000);
    bounds.messages_per_second_max =
        count("REALTIME_MESSAGES_PER_SECOND", usual.messages_per_second_max, 100'000);
    bounds.messages_burst = count("REALTIME_MESSAGES_BURST", usual.messages_burst, 1'000'000);
    return bounds;
}

SharingConfig read_sharing(Environment& environment) {
    SharingConfig sharing;
    const core::Secret url = environment.secret("REDIS_URL");  // it may hold a password
    if (!url.empty()) {
        auto address = redis::parse_address(url.reveal());
        if (address) {
            sharing.redis = *std::move(address);
        } else {
            environment.add_fault("REDIS_URL: " + address.error().detail());
        }
    }
    sharing.channel = environment.text("REDIS_CHANNEL", "courseselect:realtime");
    return sharing;
}

storage::DatabaseOptions read_database(Environment& environment) {
    storage::DatabaseOptions options;
    const std::string durability =
        environment.choice("DATABASE_DURABILITY", "full", {"full", "normal", "off"});
    options.durability = durability == "full"     ? storage::Durability::full
                         : durability == "normal" ? storage::Durability::normal
                                                  : storage::Durability::off;
    return options;
}

domain::LedgerLimits read_limits(Environment& environment) {
    domain::LedgerLimits limits;
    limits.courses_max = static_cast<std::uint32_t>(
        environment.integer("COURSES_MAX_PER_STUDENT", 0, {.min = 0, .max = 1'000}));
    limits.credits_max = domain::Credits::from_hundredths(
        100 * environment.integer("CREDITS_MAX_PER_STUDENT", 0, {.min = 0, .max = 10'000}));
    limits.conflict_check = environment.boolean("CHECK_TIME_CONFLICTS", true);
    limits.tag_check = environment.boolean("CHECK_TAGS", true);
    return limits;
}

/// One service takes HOST, PORT and DATABASE_URL; several take DATA_PORT, DATA_DATABASE_URL ...
Listeners read_listeners(Environment& environment, Service service, bool alone,
                         const CommonConfig& common) {
    Listeners listeners;
    listeners.host = environment.text("HOST", "127.0.0.1");
    listeners.port = static_cast<std::uint16_t>(
        environment.integer(alone ? "PORT" : upper_name(service) + "_PORT", default_port(service),
                            {.min = 0, .max = 65'535}));
    if (common.use_sockets) {
        listeners.socket_path =
            fmt::format("{}/{}_node.sock", common.socket_directory, service_name(service));
    }
    net::TlsFiles tls{.certificate_chain = environment.text("TLS_CERTIFICATE", ""),
                      .private_key = environment.text("TLS_PRIVATE_KEY", "")};
    if (tls.certificate_chain.empty() != tls.private_key.empty()) {
        environment.add_fault("TLS_CERTIFICATE and TLS_PRIVATE_KEY: set both or none");
    } else if (!tls.certificate_chain.empty()) {
        listeners.tls = std::move(tls);
    }
    return listeners;
}

/// `SOCKET_PEER_UIDS=0,33`: who may connect to the unix sockets; unset: whoever may open the file.
std::vector<std::uint32_t> read_peer_uids(Environment& environment) {
    std::vector<std::uint32_t> uids;
    for (const std::string& item : environment.list("SOCKET_PEER_UIDS", {})) {
        std::uint32_t uid = 0;
        const auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), uid);
        if (error != std::errc{} || end != item.data() + item.size()) {
            environment.add_fault("SOCKET_PEER_UIDS: '" + item +
                                  "' is no user id; give numbers separated by commas");
            continue;
        }
        uids.push_back(uid);
    }
    return uids;
}

core::log::LogOptions read_log(Environment& environment) {
    core::log::LogOptions options;
    options.level = read_log_level(environment);
    options.file = environment.text("LOG_FILE", "");
    return options;
}

}  // namespace

std::string_view service_name(Service service) {
    switch (service) {
        case Service::data: return "data";
        case Service::auth: return "auth";
        case Service::teacher: return "teacher";
        case Service::student: return "student";
        case Service::queue: return "queue";
        case Service::realtime: return "realtime";
    }
    return "";
}

std::uint16_t default_port(Service service) {
    constexpr std::uint16_t realtime_port = 5000;
    return service == Service::realtime
               ? realtime_port
               : static_cast<std::uint16_t>(8001 + static_cast<int>(service));
}

core::log::Level read_log_level(Environment& environment) {
    const std::string text =
        environment.choice("LOG_LEVEL", "info", {"debug", "info", "warn", "error", "off"});
    return core::log::parse_level(text).value_or(core::log::Level::info);
}

ProgramConfig read_config(Environment& environment, const std::vector<Service>& services) {
    ProgramConfig config;
    config.common = read_common(environment);
    config.auth = read_auth(environment, config.common.dev);
    config.queue = read_queue(environment);
    config.realtime = read_realtime(environment);
    config.sharing = read_sharing(environment);
    config.limits = read_limits(environment);
    config.database = read_database(environment);
    config.log = read_log(environment);
    config.host.server.body_bytes_max = config.common.body_bytes_max;
    config.host.server.unix_peer_uids = read_peer_uids(environment);
    config.host.io_threads =
        static_cast<std::size_t>(environment.integer("IO_THREADS", 1, {.min = 1, .max = 64}));
    config.host.stop_deadline = environment.duration(
        "STOP_DEADLINE", config.host.stop_deadline,
        {.min = std::chrono::milliseconds{100}, .max = std::chrono::minutes{5}});
    const bool signs = std::find(services.begin(), services.end(), Service::auth) != services.end();
    if (signs && config.common.jwt_private_key.empty() && !config.common.jwt_public_key.empty()) {
        environment.add_fault(
            "JWT_PUBLIC_KEY_FILE: the auth node signs, so it needs JWT_PRIVATE_KEY_FILE too");
    }
    const bool alone = services.size() == 1;
    for (const Service service : services) {
        config.listeners.emplace(service,
                                 read_listeners(environment, service, alone, config.common));
        if (!has_database(service)) {
            continue;
        }
        const std::string name = alone ? "DATABASE_URL" : upper_name(service) + "_DATABASE_URL";
        const auto url =
            storage::DatabaseUrl::parse(environment.text(name, default_database(service)));
        if (url) {
            config.database_urls.emplace(service, *url);
        } else {
            environment.add_fault(name + ": " + url.error().detail());
        }
    }
    return config;
}

}  // namespace courseselect::nodes
