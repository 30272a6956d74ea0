#include "courseselect/cli/services.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "courseselect/net/http/service_client.hpp"

namespace courseselect::cli {
namespace {

using core::Errc;

std::size_t index_of(Node node) { return static_cast<std::size_t>(node); }

/// 8001 to 8005 (contract/http-api, first table).
std::uint16_t default_port_of(Node node) {
    return static_cast<std::uint16_t>(8001 + index_of(node));
}

std::string variable_of(Node node) {
    std::string name(node_name(node));
    for (char& c : name) {
        c = static_cast<char>(c - 'a' + 'A');
    }
    return name + "_NODE_URL";
}

/// "body.username: Field required" of one entry of a validation error.
std::string fault_text(const json::Value& fault) {
    std::string place;
    for (const json::Value& part : fault["loc"].items()) {
        const std::string word = part.string().value_or(part.text());
        if (word != "body" && word != "query") {
            place += (place.empty() ? "" : ".") + word;
        }
    }
    const std::string said = fault["msg"].string().value_or("is not valid");
    return place.empty() ? said : place + ": " + said;
}

Errc errc_of(int status) {
    switch (status) {
        case 401: return Errc::unauthenticated;
        case 403: return Errc::permission_denied;
        case 404: return Errc::not_found;
        case 409: return Errc::conflict;
        case 429: return Errc::resource_exhausted;
        default: return status >= 500 ? Errc::unavailable : Errc::invalid_argument;
    }
}

}  // namespace

std::string_view node_name(Node node) {
    constexpr std::array<std::string_view, all_nodes.size()> names{"data", "auth", "teacher",
                                                                   "student", "queue"};
    return names[index_of(node)];
}

ServiceSettings read_service_settings(core::Environment& environment) {
    ServiceSettings settings;
    for (const Node node : all_nodes) {
        settings.urls[index_of(node)] = environment.text(variable_of(node), "");
    }
    settings.use_sockets = environment.boolean("USE_SOCKETS", true);
    std::error_code ignored;
    settings.socket_directory = environment.text(
        "SOCKET_DIR",
        (std::filesystem::temp_directory_path(ignored) / "course-selection-sockets").string());
    settings.internal_token = environment.secret("INTERNAL_TOKEN");
    return settings;
}

Services::Services(ServiceSettings settings, const core::Clock& clock)
    : settings_(std::move(settings)), clock_(clock), loop_(std::make_unique<async::EventLoop>()) {}

Services::~Services() {
    for (auto& client : clients_) {
        client.reset();
    }
    loop_->poll();  // handlers of the sockets that were just closed
}

void Services::set_url(Node node, std::string url) {
    settings_.urls[index_of(node)] = std::move(url);
    is_direct_[index_of(node)] = true;
    clients_[index_of(node)].reset();
}

std::string Services::url(Node node) const {
    const std::string& given = settings_.urls[index_of(node)];
    return given.empty() ? fmt::format("http://localhost:{}", default_port_of(node)) : given;
}

core::Result<net::http::Client*> Services::client(Node node) {
    auto& client = clients_[index_of(node)];
    if (client == nullptr) {
        const net::http::ServiceOptions options{
            .name = std::string(node_name(node)),
            .default_port = default_port_of(node),
            .use_sockets = settings_.use_sockets && !is_direct_[index_of(node)],
            .socket_directory = settings_.socket_directory,
            .url = settings_.urls[index_of(node)]};
        auto made = net::http::make_service_client(*loop_, clock_, options);
        if (!made) {
            return core::Error(
                Errc::invalid_argument, "bad_address",
                fmt::format("{} (or SOCKET_DIR): {}", variable_of(node), made.error().detail()));
        }
        client = *std::move(made);
    }
    return client.get();
}

async::Task<core::Result<net::http::ClientResponse>> Services::send(
    Node node, net::http::ClientRequest request, std::chrono::milliseconds timeout) {
    COURSESELECT_CO_TRY(net::http::Client * chosen, client(node));
    auto response = co_await chosen->send(std::move(request), timeout);
    if (response) {
        co_return response;
    }
    const core::Error& error = response.error();
    if (error.code() == Errc::outcome_unknown) {
        co_return core::Error(
            Errc::outcome_unknown, "no_answer",
            fmt::format("The {} node gave no answer ({}); what was asked may have been done",
                        node_name(node), error.detail()));
    }
    std::string why = error.detail();
    if (const std::string address = url(node) + ": "; why.starts_with(address)) {
        why.erase(0, address.size());
    }
    co_return core::Error(Errc::unavailable, "unreachable",
                          fmt::format("Cannot reach the {} node at {}: {}; see: course-cli status",
                                      node_name(node), url(node), why));
}

std::string refusal_text(const net::http::ClientResponse& response) {
    std::string text;
    if (const auto body = json::Value::parse(response.body)) {
        text = (*body)["detail"].string().value_or((*body)["error"].string().value_or(""));
        for (const json::Value& fault : (*body)["detail"].items()) {
            text += (text.empty() ? "" : "; ") + fault_text(fault);
        }
        for (const json::Value& fault : (*body)["errors"].items()) {
            text += (text.empty() ? "" : "; ") + fault["field"].string().value_or("") + ": " +
                    fault["message"].string().value_or("");
        }
    }
    if (text.empty()) {
        text = fmt::format("the server answered {} {}", response.status,
                           net::http::status_text(response.status));
    }
    return text;
}

core::Error refusal_error(const net::http::ClientResponse& response) {
    std::string text = refusal_text(response);
    if (response.status == 503) {
        text += "; see: course-cli status";
    }
    return {errc_of(response.status), "refused", std::move(text)};
}

core::Result<json::Value> answer_of(const net::http::ClientResponse& response) {
    if (response.status < 200 || response.status >= 300) {
        return refusal_error(response);
    }
    return json::Value::parse(response.body);
}

}  // namespace courseselect::cli
