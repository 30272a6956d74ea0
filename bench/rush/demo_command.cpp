#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <stdexcept>
#include <string>

#include "courseselect/core/config.hpp"
#include "courseselect/net/http/service_address.hpp"
#include "rush/commands.hpp"
#include "rush/databases.hpp"
#include "rush/demo.hpp"

namespace courseselect::bench {
namespace {

struct DemoCommand {
    DemoOptions options;
    std::string auth = "http://127.0.0.1:8002";
    std::string teacher = "http://127.0.0.1:8003";
    std::string student = "http://127.0.0.1:8004";

    /// The load generator speaks to this machine only.
    static std::uint16_t local_port(const std::string& url) {
        const auto address = expect(net::http::ServiceAddress::parse(url), url);
        const bool local = address.kind == net::http::ServiceAddress::Kind::tcp &&
                           (address.host == "127.0.0.1" || address.host == "localhost");
        if (!local) {
            throw std::runtime_error(url + ": the demo needs http:// on this machine");
        }
        return address.port;
    }

    /// Secrets come from where the daemons have them: the environment, `.env`, `secrets.env`.
    void read_secrets() {
        core::Environment environment = core::Environment::of_process();
        environment.load_file(core::Origin::project_file, ".env");
        environment.load_file(core::Origin::secrets_file,
                              environment.text("SECRETS_FILE", "./secrets.env"));
        options.internal_token = environment.secret("INTERNAL_TOKEN").reveal();
        const core::Secret password = environment.secret("ADMIN_PASSWORD");
        options.school.admin_password =
            password.empty() ? std::string("admin123") : std::string(password.reveal());
    }

    int run() {
        options.school.ports = {.auth = local_port(auth),
                                .teacher = local_port(teacher),
                                .student = local_port(student)};
        read_secrets();
        return run_demo(options);
    }
};

}  // namespace

void add_demo_command(CLI::App& app, Action& action) {
    auto demo = std::make_shared<DemoCommand>();
    demo->options.data_node = "http://127.0.0.1:8001";
    CLI::App* command = app.add_subcommand(
        "demo", "A term's opening minute at the running daemons, through their public APIs");
    const auto url = [&](const char* name, std::string& value, const char* variable) {
        command->add_option(name, value)->envname(variable)->capture_default_str();
    };
    url("--data-node", demo->options.data_node, "DATA_NODE_URL");
    url("--auth-node", demo->auth, "AUTH_NODE_URL");
    url("--teacher-node", demo->teacher, "TEACHER_NODE_URL");
    url("--student-node", demo->student, "STUDENT_NODE_URL");
    command->add_option("--data-db", demo->options.data_database, "To reconcile")
        ->capture_default_str();
    command->add_option("--queue-db", demo->options.queue_database, "To reconcile")
        ->capture_default_str();
    command->add_option("--students", demo->options.school.students)
        ->check(CLI::Range(1, 50'000))
        ->capture_default_str();
    command->add_option("--courses", demo->options.courses)
        ->check(CLI::Range(8, 5'000))
        ->capture_default_str();
    command->add_option("--requests", demo->options.requests_per_student, "A student")
        ->check(CLI::Range(1, 10))
        ->capture_default_str();
    command->add_option("--seed", demo->options.seed)->capture_default_str();
    command->callback([demo, &action] { action = [demo] { return demo->run(); }; });
}

}  // namespace courseselect::bench
