#include "courseselect/nodes/assembly.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "courseselect/auth/jwt.hpp"
#include "courseselect/net/http/local_client.hpp"
#include "courseselect/net/http/service_client.hpp"
#include "courseselect/nodes/auth/auth_node.hpp"
#include "courseselect/nodes/control/control.hpp"
#include "courseselect/nodes/data/data_node.hpp"
#include "courseselect/nodes/measured_client.hpp"
#include "courseselect/nodes/queue/queue_node.hpp"
#include "courseselect/nodes/realtime/realtime_node.hpp"
#include "courseselect/nodes/service_options.hpp"
#include "courseselect/nodes/student/student_node.hpp"
#include "courseselect/nodes/teacher/teacher_node.hpp"
#include "courseselect/redis/pub_sub.hpp"

namespace courseselect::nodes {
namespace {

using ClientPointer = std::unique_ptr<net::http::Client>;
using NodePointer = std::unique_ptr<Node>;

/// The settings that hold until an administrator changes some: those of the configuration.
Settings settings_of(const ProgramConfig& config) {
    Settings settings;
    settings.courses = {.courses_per_student_max = static_cast<int>(config.limits.courses_max),
                        .credits_per_student_max = config.limits.credits_max.decimal(),
                        .check_time_conflicts = config.limits.conflict_check,
                        .check_tags = config.limits.tag_check,
                        .selection_opens_at = config.limits.window.opens,
                        .selection_closes_at = config.limits.window.closes};
    return settings;
}

core::Result<auth::JwtVerifier> token_verifier(const CommonConfig& common) {
    if (common.jwt_public_key.empty()) {
        return auth::JwtVerifier::hs256(common.jwt_secret,
                                        {.secret_bytes_min = jwt_secret_bytes_min});
    }
    COURSESELECT_TRY(auto key, crypto::PublicKey::from_pem(common.jwt_public_key));
    return auth::JwtVerifier::with_key(std::move(key));
}

/// Builds one node after the other; knows which are in this process.
class Assembler {
  public:
    Assembler(Runtime runtime, const ProgramConfig& config)
        : runtime_(runtime),
          config_(config),
          control_(std::make_unique<Control>(
              runtime, ControlOptions{.internal_token =
                                          std::string(config.common.internal_token.reveal())})) {}

    core::Result<NodePointer> make(Service service) {
        switch (service) {
            case Service::data: return remember(service, make_data());
            case Service::auth: return remember(service, make_auth());
            case Service::queue: return remember(service, make_queue());
            case Service::teacher: return remember(service, make_teacher());
            case Service::student: return remember(service, make_student());
            case Service::realtime: return remember(service, make_realtime());
        }
        return core::Error(core::Errc::internal, "unknown service");
    }

    /// Tells the node where its events go; when all nodes were made.
    core::Result<> connect_outboxes(Node& node) {
        std::vector<ClientPointer> clients;
        for (std::size_t i = 0; i < node.outboxes(); ++i) {
            COURSESELECT_TRY(auto client, plain_client_of(Service::realtime));
            clients.push_back(std::move(client));
        }
        if (!clients.empty()) {
            node.report_to(std::move(clients));
        }
        return {};
    }

    /// What follows the auth node for all nodes that were made; call it last.
    core::Result<std::unique_ptr<Control>> control() {
        COURSESELECT_TRY(auto auth, plain_client_of(Service::auth));
        control_->connect(std::move(auth));
        return std::move(control_);
    }

  private:
    core::Result<NodePointer> remember(Service service, core::Result<NodePointer> node) {
        std::vector<MeasuredClient*> upstreams = std::exchange(made_, {});
        if (node) {
            (*node)->set_upstreams(std::move(upstreams));
            local_[service] = &(*node)->handler();
        }
        return node;
    }

    /// A client that is counted; the node that is being made owns it.
    core::Result<ClientPointer> client_of(Service service) {
        COURSESELECT_TRY(auto plain, plain_client_of(service));
        auto client = std::make_unique<MeasuredClient>(
            std::move(plain), std::string(service_name(service)) + "_node", runtime_.clock);
        made_.push_back(client.get());
        return ClientPointer(std::move(client));
    }

    core::Result<ClientPointer> plain_client_of(Service service) {
        if (const auto found = local_.find(service); found != local_.end()) {
            return ClientPointer(std::make_unique<net::http::LocalClient>(
                *found->second,
                net::http::ParserLimits{.body_bytes_max = config_.common.body_bytes_max}));
        }
        const auto url = config_.common.urls.find(service);
        return net::http::make_service_client(
            runtime_.loop, runtime_.clock,
            {.name = std::string(service_name(service)),
             .default_port = default_port(service),
             .use_sockets = config_.common.use_sockets,
             .socket_directory = config_.common.socket_directory,
             .url = url == config_.common.urls.end() ? std::string() : url->second});
    }

    core::Result<std::unique_ptr<const api::Authenticator>> authenticator() {
        COURSESELECT_TRY(auto verifier, token_verifier(config_.common));
        return std::unique_ptr<const api::Authenticator>(std::make_unique<api::JwtAuthenticator>(
            std::move(verifier), runtime_.clock, api::TokenTexts(), &control_->revocations()));
    }

    api::ServiceOptions bearer_service(std::string title) {
        api::ServiceOptions options = service_options(config_.common, std::move(title));
        options.bearer_limit = bearer_limit(config_.common);
        return options;
    }

    core::Result<NodePointer> make_data() {
        return NodePointer(std::make_unique<data::DataNode>(
            runtime_, data::DataNodeOptions{
                          .database = config_.database_urls.at(Service::data),
                          .storage = config_.database,
                          .limits = config_.limits,
                          .service = service_options(config_.common, "courseselect data node")}));
    }

    core::Result<NodePointer> make_queue() {
        COURSESELECT_TRY(auto data, client_of(Service::data));
        queue::QueueNodeOptions options;
        options.database = config_.database_urls.at(Service::queue);
        options.storage = config_.database;
        options.service = service_options(config_.common, "courseselect queue node");
        if (config_.common.rate_limits) {
            options.student_limit = ratelimit::LimiterOptions{.bucket = config_.queue.student};
            options.address_limit = ratelimit::LimiterOptions{.bucket = config_.queue.address};
        }
        return NodePointer(
            std::make_unique<queue::QueueNode>(runtime_, std::move(options), std::move(data)));
    }

    core::Result<NodePointer> make_student() {
        COURSESELECT_TRY(auto data, client_of(Service::data));
        COURSESELECT_TRY(auto queue, client_of(Service::queue));
        COURSESELECT_TRY(auto tokens, authenticator());
        student::StudentNodeOptions options;
        options.service = bearer_service("courseselect student node");
        return NodePointer(std::make_unique<student::StudentNode>(
            runtime_, std::move(options), std::move(tokens), std::move(data), std::move(queue)));
    }

    core::Result<NodePointer> make_teacher() {
        COURSESELECT_TRY(auto data, client_of(Service::data));
        COURSESELECT_TRY(auto auth, client_of(Service::auth));
        COURSESELECT_TRY(auto tokens, authenticator());
        teacher::TeacherNodeOptions options;
        options.service = bearer_service("courseselect teacher node");
        return NodePointer(std::make_unique<teacher::TeacherNode>(
            runtime_, std::move(options), std::move(tokens), std::move(data), std::move(auth)));
    }

    core::Result<NodePointer> make_realtime() {
        COURSESELECT_TRY(auto data, client_of(Service::data));
        COURSESELECT_TRY(auto auth, client_of(Service::auth));
        COURSESELECT_TRY(auto student, client_of(Service::student));
        COURSESELECT_TRY(auto verifier,
                         auth::JwtVerifier::hs256(config_.common.jwt_secret,
                                                  {.secret_bytes_min = jwt_secret_bytes_min}));
        COURSESELECT_TRY(auto tokens, authenticator());
        realtime::RealtimeNodeOptions options;
        options.database = config_.database_urls.at(Service::realtime);
        options.storage = config_.database;
        options.service = bearer_service("courseselect realtime server");
        options.bounds = config_.realtime;
        std::unique_ptr<redis::Channel> others;
        if (config_.sharing.redis) {
            redis::PubSubOptions sharing;
            sharing.address = *config_.sharing.redis;
            sharing.channel = config_.sharing.channel;
            others =
                std::make_unique<redis::PubSub>(runtime_.loop, runtime_.clock, std::move(sharing));
        }
        return NodePointer(std::make_unique<realtime::RealtimeNode>(
            runtime_, std::move(options), std::move(verifier), std::move(tokens),
            control_->revocations(),
            realtime::Neighbours{std::move(data), std::move(auth), std::move(student),
                                 std::move(others)}));
    }

    core::Result<NodePointer> make_auth() {
        COURSESELECT_TRY(auto data, client_of(Service::data));
        const CommonConfig& common = config_.common;
        accounts::AuthNodeOptions options;
        options.database = config_.database_urls.at(Service::auth);
        options.storage = config_.database;
        options.service = service_options(common, "courseselect auth node");
        options.jwt_secret = common.jwt_secret;
        options.jwt_secret_bytes_min = jwt_secret_bytes_min;
        options.jwt_private_key = common.jwt_private_key;
        options.lifetimes = config_.auth.lifetimes;
        options.bcrypt_cost = config_.auth.bcrypt_cost;
        options.dev = common.dev;
        options.admin_password = config_.auth.admin_password;
        options.super_admin_password = config_.auth.super_admin_password;
        options.guesses.enabled = common.rate_limits;
        options.settings = settings_of(config_);
        options.settings.security.open_registration_enabled = common.dev;
        options.notifications.smtp_password = config_.auth.smtp_password;
        options.notifications.sms_authorization = config_.auth.sms_authorization;
        options.notifications.ca_file = config_.auth.notification_ca_file;
        options.notifications.templates = config_.auth.notification_templates;
        COURSESELECT_TRY(auto node,
                         accounts::AuthNode::open(runtime_, std::move(options), std::move(data)));
        return NodePointer(std::move(node));
    }

    Runtime runtime_;
    const ProgramConfig& config_;
    std::unique_ptr<Control> control_;
    std::map<Service, net::http::Handler*> local_;
    std::vector<MeasuredClient*> made_;  // for the node that is being made
};

}  // namespace

core::Result<> assemble(Host& host, Runtime runtime, const ProgramConfig& config,
                        const std::vector<Service>& services) {
    Assembler assembler(runtime, config);
    std::vector<Node*> nodes;
    for (const Service service : all_services) {
        if (std::find(services.begin(), services.end(), service) == services.end()) {
            continue;
        }
        COURSESELECT_TRY(auto node, assembler.make(service));
        nodes.push_back(node.get());
        host.add(std::move(node), config.listeners.at(service));
    }
    for (Node* const node : nodes) {
        COURSESELECT_TRY_OK(assembler.connect_outboxes(*node));
    }
    COURSESELECT_TRY(auto control, assembler.control());
    host.follow(std::move(control));
    return {};
}

}  // namespace courseselect::nodes
