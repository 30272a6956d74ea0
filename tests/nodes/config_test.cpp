#include "courseselect/nodes/config.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "courseselect/crypto/signature.hpp"
#include "courseselect/nodes/service_options.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using nodes::Service;

namespace {

using Values = std::vector<std::pair<std::string, std::string>>;

core::Environment environment_of(const Values& values) {
    core::Environment environment;
    environment.set_variable("INTERNAL_TOKEN", "token-of-the-tests");
    environment.set_variable("JWT_SECRET_KEY", "secret-of-the-tests");
    for (const auto& [name, value] : values) {
        environment.set_variable(name, value);
    }
    return environment;
}

nodes::ProgramConfig read(const Values& values, std::vector<Service> services = {Service::data}) {
    core::Environment environment = environment_of(values);
    nodes::ProgramConfig config = nodes::read_config(environment, services);
    const auto checked = environment.check();
    CHECK_MESSAGE(checked.has_value(), (checked ? "" : checked.error().detail()));
    return config;
}

/// The faults, one a line; empty when there is none.
std::string faults(const Values& values, std::vector<Service> services = {Service::data}) {
    core::Environment environment = environment_of(values);
    static_cast<void>(nodes::read_config(environment, services));
    const auto checked = environment.check();
    return checked ? std::string() : checked.error().detail();
}

}  // namespace

TEST_SUITE("nodes/config") {
    TEST_CASE("without settings a node listens where the contract says") {
        for (const Service service : nodes::all_services) {
            const auto config = read({}, {service});
            const nodes::Listeners& listeners = config.listeners.at(service);
            CHECK(listeners.host == "127.0.0.1");
            CHECK(listeners.port == nodes::default_port(service));
            CHECK(listeners.socket_path.ends_with("/course-selection-sockets/" +
                                                  std::string(nodes::service_name(service)) +
                                                  "_node.sock"));
            CHECK_FALSE(listeners.tls);
        }
        CHECK(read({}).database_urls.at(Service::data).path == "./course_data.db");
        CHECK(read({}, {Service::auth}).database_urls.at(Service::auth).path == "./auth_data.db");
        CHECK(read({}, {Service::queue}).database_urls.at(Service::queue).path ==
              "./queue_data.db");
    }

    TEST_CASE("every name of the contract is heard") {
        const auto config = read({{"HOST", "0.0.0.0"},
                                  {"PORT", "9001"},
                                  {"DATABASE_URL", "sqlite:////var/lib/course.db"},
                                  {"USE_SOCKETS", "true"},
                                  {"SOCKET_DIR", "/run/courses"},
                                  {"DATA_NODE_URL", "http://a:1"},
                                  {"AUTH_NODE_URL", "http://b:2"},
                                  {"TEACHER_NODE_URL", "http://c:3"},
                                  {"STUDENT_NODE_URL", "http://d:4"},
                                  {"QUEUE_NODE_URL", "unix:///e/f.sock"},
                                  {"ADMIN_PASSWORD", "only-at-first"},
                                  {"INTERNAL_TOKEN", "another-token"},
                                  {"JWT_SECRET_KEY", "another-secret"}});
        const nodes::Listeners& listeners = config.listeners.at(Service::data);
        CHECK(listeners.host == "0.0.0.0");
        CHECK(listeners.port == 9001);
        CHECK(listeners.socket_path == "/run/courses/data_node.sock");
        CHECK(config.database_urls.at(Service::data).path == "/var/lib/course.db");
        CHECK(config.common.urls.at(Service::data) == "http://a:1");
        CHECK(config.common.urls.at(Service::auth) == "http://b:2");
        CHECK(config.common.urls.at(Service::teacher) == "http://c:3");
        CHECK(config.common.urls.at(Service::student) == "http://d:4");
        CHECK(config.common.urls.at(Service::queue) == "unix:///e/f.sock");
        CHECK(config.auth.admin_password.reveal() == "only-at-first");
        CHECK(config.common.internal_token.reveal() == "another-token");
        CHECK(config.common.jwt_secret.reveal() == "another-secret");
    }

    TEST_CASE("the realtime server's bounds are read, and refused beyond what makes sense") {
        const auto usual = read({}, {Service::realtime}).realtime;
        CHECK(nodes::default_port(Service::realtime) == 5000);
        CHECK(usual.payload_bytes_max == 1'000'000);
        const auto config = read({{"REALTIME_PAYLOAD_BYTES_MAX", "2MB"},
                                  {"REALTIME_MESSAGES_PER_SECOND", "7"},
                                  {"REALTIME_MESSAGES_BURST", "8"},
                                  {"REALTIME_ROOMS_PER_CONNECTION", "9"},
                                  {"REALTIME_CONNECTIONS_PER_ADDRESS", "10"},
                                  {"REALTIME_CONNECTIONS_MAX", "11"},
                                  {"REALTIME_PING_INTERVAL", "12s"},
                                  {"REALTIME_PING_TIMEOUT", "13s"}},
                                 {Service::realtime})
                                .realtime;
        CHECK(config.payload_bytes_max == 2'000'000);
        CHECK(config.messages_per_second_max == 7);
        CHECK(config.messages_burst == 8);
        CHECK(config.rooms_per_connection_max == 9);
        CHECK(config.connections_per_address_max == 10);
        CHECK(config.connections_max == 11);
        CHECK(config.ping_interval == std::chrono::seconds{12});
        CHECK(config.ping_timeout == std::chrono::seconds{13});
        for (const char* name : {"REALTIME_MESSAGES_PER_SECOND", "REALTIME_ROOMS_PER_CONNECTION",
                                 "REALTIME_PING_INTERVAL", "REALTIME_CONNECTIONS_MAX"}) {
            CHECK(faults({{name, "0"}}, {Service::realtime}).find(name) != std::string::npos);
        }
    }

    TEST_CASE("the Redis that realtime servers share, whose password no fault tells") {
        CHECK_FALSE(read({}, {Service::realtime}).sharing.redis);
        const auto sharing =
            read({{"REDIS_URL", "redis://:hush@127.0.0.1:7000"}, {"REDIS_CHANNEL", "north"}},
                 {Service::realtime})
                .sharing;
        REQUIRE(sharing.redis);
        CHECK(sharing.redis->port == 7000);
        CHECK(sharing.redis->password.reveal() == "hush");
        CHECK(sharing.channel == "north");
        const std::string fault =
            faults({{"REDIS_URL", "redis://:hush@cache.example.org"}}, {Service::realtime});
        CHECK(fault.find("REDIS_URL: the host must be a numeric address") != std::string::npos);
        CHECK(fault.find("hush") == std::string::npos);
    }

    TEST_CASE("without sockets there is no socket") {
        CHECK(read({{"USE_SOCKETS", "false"}}).listeners.at(Service::data).socket_path.empty());
    }

    TEST_CASE("several services in one program have names of their own") {
        const auto config = read({{"DATA_PORT", "9101"},
                                  {"QUEUE_PORT", "9105"},
                                  {"QUEUE_DATABASE_URL", "sqlite:///q.db"},
                                  {"PORT", "1"}},
                                 {Service::data, Service::queue});
        CHECK(config.listeners.at(Service::data).port == 9101);
        CHECK(config.listeners.at(Service::queue).port == 9105);
        CHECK(config.database_urls.at(Service::queue).path == "q.db");
    }

    TEST_CASE("a malformed value is a fault that names it") {
        const Values bad = {{"PORT", "65536"},
                            {"PORT", "http"},
                            {"USE_SOCKETS", "perhaps"},
                            {"DATABASE_URL", "oracle://nowhere"},
                            {"LOG_LEVEL", "chatty"},
                            {"RATE_LIMITS", "2"},
                            {"BCRYPT_COST", "9"},
                            {"BCRYPT_COST", "17"},
                            {"BODY_BYTES_MAX", "1023"},
                            {"TRUSTED_PROXIES", "10.0.0.1/8"},
                            {"IO_THREADS", "0"},
                            {"IO_THREADS", "65"},
                            {"STOP_DEADLINE", "99ms"},
                            {"STOP_DEADLINE", "301s"},
                            {"METRICS_OPEN", "maybe"},
                            {"SOCKET_PEER_UIDS", "root"},
                            {"SOCKET_PEER_UIDS", "-1"},
                            {"SOCKET_PEER_UIDS", "4294967296"},
                            {"INTERNAL_TOKEN", "short"},
                            {"JWT_SECRET_KEY", "1234567"},
                            {"DATABASE_DURABILITY", "some"}};
        for (const auto& setting : bad) {
            CAPTURE(setting.first);
            CAPTURE(setting.second);
            const std::string told = faults({setting});
            CHECK(told.find(setting.first) != std::string::npos);
        }
        CHECK(faults({{"INTERNAL_TOKEN", "short"}}).find("short") == std::string::npos);
    }

    TEST_CASE("all faults are told at once") {
        const std::string told = faults({{"PORT", "x"}, {"LOG_LEVEL", "y"}, {"USE_SOCKETS", "z"}});
        for (const char* name : {"PORT", "LOG_LEVEL", "USE_SOCKETS"}) {
            CHECK(told.find(name) != std::string::npos);
        }
    }

    TEST_CASE("a certificate needs its key") {
        CHECK(faults({{"TLS_CERTIFICATE", "a.pem"}}).find("TLS_PRIVATE_KEY") != std::string::npos);
        CHECK(read({{"TLS_CERTIFICATE", "a.pem"}, {"TLS_PRIVATE_KEY", "b.pem"}})
                  .listeners.at(Service::data)
                  .tls->private_key == "b.pem");
    }

    TEST_CASE("settings of the operation, at their bounds") {
        const auto usual = read({});
        CHECK_FALSE(usual.common.metrics_open);
        CHECK(usual.host.server.unix_peer_uids.empty());
        CHECK(usual.host.stop_deadline == 10s);
        const auto config = read({{"METRICS_OPEN", "yes"},
                                  {"SOCKET_PEER_UIDS", "0, 33,4294967295"},
                                  {"STOP_DEADLINE", "100ms"}});
        CHECK(config.common.metrics_open);
        CHECK(config.host.server.unix_peer_uids ==
              std::vector<std::uint32_t>{0, 33, 4'294'967'295});
        CHECK(config.host.stop_deadline == 100ms);
        CHECK(usual.host.io_threads == 1);
        CHECK(read({{"IO_THREADS", "64"}}).host.io_threads == 64);
        CHECK(read({{"STOP_DEADLINE", "5m"}}).host.stop_deadline == 5min);
    }

    TEST_CASE("tokens are signed with the key of a file, and checked with its public half") {
        const test::TempDir directory;
        const auto file = [&](const std::string& name, std::string_view text) {
            std::ofstream(directory.file(name)) << text;
            return directory.file(name);
        };
        const auto key = crypto::PrivateKey::generate(crypto::KeyKind::ed25519).value();
        const auto other = crypto::PrivateKey::generate(crypto::KeyKind::ed25519).value();
        const std::string mine = file("private.pem", key.to_pem().reveal());
        const std::string shared = file("public.pem", key.public_key().to_pem() + "\n\n");
        const std::string foreign = file("other.pem", other.public_key().to_pem());

        CHECK(read({}).common.jwt_public_key.empty());
        const auto signs = read({{"JWT_PRIVATE_KEY_FILE", mine}}, {Service::auth});
        CHECK(signs.common.jwt_private_key.reveal() == key.to_pem().reveal());
        CHECK(signs.common.jwt_public_key == key.public_key().to_pem());
        const auto checks = read({{"JWT_PUBLIC_KEY_FILE", shared}}, {Service::teacher});
        CHECK(checks.common.jwt_private_key.empty());
        CHECK(checks.common.jwt_public_key == key.public_key().to_pem());

        const auto fault = [&](const Values& values, Service service) {
            return faults(values, {service});
        };
        CHECK(fault({{"JWT_PUBLIC_KEY_FILE", shared}}, Service::auth)
                  .starts_with("JWT_PUBLIC_KEY_FILE: the auth node signs"));
        CHECK(fault({{"JWT_PRIVATE_KEY_FILE", mine}, {"JWT_PUBLIC_KEY_FILE", foreign}},
                    Service::auth) == "JWT_PUBLIC_KEY_FILE: not the key of JWT_PRIVATE_KEY_FILE");
        CHECK(fault({{"JWT_PRIVATE_KEY_FILE", directory.file("none")}}, Service::auth)
                  .ends_with("cannot be read"));
        CHECK(fault({{"JWT_PRIVATE_KEY_FILE", shared}}, Service::auth)
                  .starts_with("JWT_PRIVATE_KEY_FILE: "));
        CHECK(fault({{"JWT_PUBLIC_KEY_FILE", mine}}, Service::student)
                  .starts_with("JWT_PUBLIC_KEY_FILE: "));
    }

    TEST_CASE("lifetimes of tokens are those of the contract, or as told for everybody") {
        const auto usual = read({}, {Service::auth}).auth.lifetimes;
        CHECK(usual.student_access == 1800s);
        CHECK(usual.admin_access == 28'800s);
        CHECK(usual.refresh == 604'800s);
        const auto told =
            read({{"JWT_ACCESS_TOKEN_EXPIRES", "60"}, {"JWT_REFRESH_TOKEN_EXPIRES", "31536000"}},
                 {Service::auth})
                .auth.lifetimes;
        CHECK(told.student_access == 60s);
        CHECK(told.teacher_access == 60s);
        CHECK(told.admin_access == 60s);
        CHECK(told.refresh == 31'536'000s);
        for (const char* seconds : {"59", "86401", "x"}) {
            CHECK(faults({{"JWT_ACCESS_TOKEN_EXPIRES", seconds}}, {Service::auth}) != "");
        }
        for (const char* seconds : {"59", "31536001"}) {
            CHECK(faults({{"JWT_REFRESH_TOKEN_EXPIRES", seconds}}, {Service::auth}) != "");
        }
    }

    TEST_CASE("the log's level can be read alone") {
        core::Environment environment;
        environment.set_variable("LOG_LEVEL", "warn");
        CHECK(nodes::read_log_level(environment) == core::log::Level::warn);
        core::Environment bad;
        bad.set_variable("LOG_LEVEL", "loud");
        static_cast<void>(nodes::read_log_level(bad));
        CHECK_FALSE(bad.check());
    }

    TEST_CASE("the report shows values with their source, and secrets never") {
        core::Environment environment =
            environment_of({{"ADMIN_PASSWORD", "swordfish-1"}, {"DATABASE_URL", "sqlite:///x.db"}});
        environment.set_flag("PORT", "8123");
        static_cast<void>(nodes::read_config(environment, {Service::data}));
        const std::string report = environment.report();
        for (const char* secret : {"swordfish-1", "token-of-the-tests", "secret-of-the-tests"}) {
            CHECK(report.find(secret) == std::string::npos);
        }
        const auto line_of = [&report](const std::string& name) {
            const std::size_t from = report.find(name + "=");
            return from == std::string::npos ? std::string()
                                             : report.substr(from, report.find('\n', from) - from);
        };
        CHECK(line_of("PORT").find("8123") != std::string::npos);
        CHECK(line_of("PORT").find("flag") != std::string::npos);
        CHECK(line_of("DATABASE_URL").find("environment") != std::string::npos);
        CHECK(line_of("LOG_LEVEL").find("default") != std::string::npos);
        CHECK_FALSE(line_of("ADMIN_PASSWORD").empty());
    }
}

TEST_SUITE("nodes/service_options") {
    TEST_CASE("every node's document explains itself") {
        const auto options = nodes::service_options(read({}).common, "courseselect data node");
        CHECK(options.title == "courseselect data node");
        CHECK_FALSE(options.description.empty());
        for (const char* tag : {"health", "operation", "courses", "internal", "login"}) {
            CHECK_FALSE(options.tag_descriptions.at(tag).empty());
        }
    }
}
