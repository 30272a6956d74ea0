#include "courseselect/chat/program.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "courseselect/async/blocking_pool.hpp"
#include "courseselect/async/completion.hpp"
#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/auth/jwt.hpp"
#include "courseselect/auth/password.hpp"
#include "courseselect/chat/config.hpp"
#include "courseselect/chat/server.hpp"
#include "courseselect/core/log.hpp"
#include "courseselect/core/program.hpp"
#include "courseselect/crypto/random.hpp"
#include "courseselect/net/tls.hpp"
#include "courseselect/postgres/postgres_database.hpp"

namespace courseselect::chat {
namespace {

constexpr const char* program_version = "courseselect 0.1.0";
using core::exit_bad_configuration;
using core::ProgramFlags;

/// The flags are the strongest layer; the secrets that the auth node may have made, the weakest.
void load_layers(core::Environment& environment, const ProgramFlags& flags) {
    flags.add_to(environment, "CHAT_");
    environment.load_file(core::Origin::project_file, ".env");
    environment.load_file(core::Origin::secrets_file,
                          environment.text("SECRETS_FILE", "./secrets.env"));
}

/// Everything of the program that must live as long as its server, built in this order.
class ChatProgram {
  public:
    explicit ChatProgram(const ProgramConfig& config)
        : config_(config),
          ends_(loop_.context(), SIGTERM, SIGINT),
          reloads_(loop_.context(), SIGHUP) {}

    int run() {
        int exit_code = 1;
        {
            async::TaskGroup group(loop_);
            loop_.post([&] { group.spawn(serve(exit_code)); });
            loop_.run();
            while (group.running() > 0) {
                loop_.poll();
            }
        }
        loop_.poll();  // handlers of cancelled waits
        return exit_code;
    }

  private:
    core::Result<> open() {
        COURSESELECT_TRY_OK(open_store());
        COURSESELECT_TRY(
            hasher_, auth::PasswordHasher::create({.bcrypt_cost = config_.bcrypt_cost}, random_));
        if (!config_.jwt_secret.empty()) {
            COURSESELECT_TRY(tokens_,
                             auth::JwtVerifier::hs256(config_.jwt_secret, {.secret_bytes_min = 8}));
        }
        if (config_.tls) {
            COURSESELECT_TRY(tls_, net::TlsContext::open(*config_.tls));
        }
        COURSESELECT_TRY(server_, Server::create({.loop = loop_,
                                                  .clock = clock_,
                                                  .store = *store_,
                                                  .hasher = *hasher_,
                                                  .pool = pool_,
                                                  .tokens = tokens_ ? &*tokens_ : nullptr},
                                                 config_.server));
        return {};
    }

    core::Result<> open_store() {
        if (!postgres::is_postgres_url(config_.store.database_url)) {
            COURSESELECT_TRY(store_, repo::open_chat_store(loop_, config_.store, clock_));
            return {};
        }
        const auto durability =
            config_.store.is_power_safe ? storage::Durability::full : storage::Durability::normal;
        COURSESELECT_TRY(auto database,
                         postgres::open_database(core::Secret(config_.store.database_url),
                                                 {.durability = durability}));
        COURSESELECT_TRY(store_, repo::open_chat_store(loop_, std::move(database),
                                                       repo::ChatDialect::postgres, clock_));
        return {};
    }

    core::Result<> listen() {
        COURSESELECT_TRY_OK(server_->listen({.host = config_.host, .port = config_.port}));
        if (tls_) {
            COURSESELECT_TRY_OK(
                server_->listen({.host = config_.host, .port = config_.tls_port}, tls_.get()));
        }
        core::log::info("listening", {{"service", "chat_server"},
                                      {"host", config_.host},
                                      {"port", server_->port()},
                                      {"tls_port", server_->port(1)}});
        return {};
    }

    async::Task<> serve(int& exit_code) {
        core::Result<> started = open();
        if (started) {
            started = co_await server_->start();
        }
        if (started) {
            started = listen();
        }
        exit_code = started ? 0 : 1;
        if (started) {
            co_await end_signal();
            core::log::info("stopping");
        } else {
            core::log::error("start_failed", {{"error", started.error()}});
        }
        if (server_) {
            co_await server_->stop(config_.stop_deadline);
        }
        if (store_) {
            co_await store_->stop();
        }
        reloads_.cancel();
        loop_.stop();
    }

    async::Task<> end_signal() {
        async::Completion<bool> told;
        ends_.async_wait([&told](const asio::error_code& error, int) { told.set(!error); });
        watch_reloads();
        co_await told;
    }

    void watch_reloads() {
        reloads_.async_wait([this](const asio::error_code& error, int) {
            if (error) {
                return;
            }
            if (tls_) {
                const auto reloaded = tls_->reload();
                if (!reloaded) {
                    core::log::error("certificate_reload_failed", {{"error", reloaded.error()}});
                }
            }
            watch_reloads();
        });
    }

    const ProgramConfig& config_;
    async::EventLoop loop_;
    core::SystemClock clock_;
    crypto::SystemRandomSource random_;
    std::unique_ptr<repo::ChatStore> store_;
    std::optional<auth::PasswordHasher> hasher_;
    std::optional<auth::JwtVerifier> tokens_;
    std::unique_ptr<net::TlsContext> tls_;
    async::BlockingPool pool_{{.threads = 2, .queued_max = 1'024, .niceness = 10}};
    std::unique_ptr<Server> server_;
    asio::signal_set ends_;
    asio::signal_set reloads_;
};

/// A connection is a descriptor; the usual soft limit of 1,024 is for programs that use select().
void raise_descriptor_limit(std::size_t connections_max) {
    ::rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return;
    }
    const ::rlim_t wanted = connections_max + 512;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = std::min<::rlim_t>(wanted, limit.rlim_max);
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur < wanted) {
        core::log::warn("few_descriptors", {{"limit", std::uint64_t{limit.rlim_cur}},
                                            {"wanted", std::uint64_t{wanted}}});
    }
}

int run_with(core::Environment& environment, const ProgramFlags& flags) {
    load_layers(environment, flags);
    const ProgramConfig config = read_config(environment);
    if (const auto exit_code = core::conclude(environment, flags)) {
        return *exit_code;
    }
    auto log = core::log::Session::open(config.log);
    if (!log) {
        fmt::print(stderr, "{}\n", log.error().detail());
        return exit_bad_configuration;
    }
    raise_descriptor_limit(config.server.lines.connections_max);
    return ChatProgram(config).run();
}

}  // namespace

int run_program(int argc, char** argv) {
    // A peer that closes early is an error of the write, not the end of the program.
    std::signal(SIGPIPE, SIG_IGN);
    ProgramFlags flags;
    CLI::App app(
        "The chat server of the courseselect backend: JSON objects, one a line. Try it with\n"
        "nc localhost 5555. It is configured by environment variables and .env files;\n"
        "--check-config shows them all.");
    app.set_version_flag("--version", program_version);
    app.add_flag("--dev", flags.is_dev, "For trying out: this machine only, cheap hashing allowed");
    app.add_flag("--no-rate-limit", flags.no_rate_limit, "For benchmarks");
    app.add_flag("--check-config", flags.check_config,
                 "Print the effective configuration, secrets masked, and exit");
    app.add_option("--host", flags.host, "Address to listen on (CHAT_HOST)");
    app.add_option("--port", flags.port, "TCP port to listen on (CHAT_PORT)");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : exit_bad_configuration;
    }
    core::Environment environment = core::Environment::of_process();
    return run_with(environment, flags);
}

}  // namespace courseselect::chat
