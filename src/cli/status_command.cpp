// `status`: every service at once.

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "courseselect/async/sleep.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/net/http/pooled_client.hpp"
#include "courseselect/net/http/service_address.hpp"
#include "courseselect/net/line_client.hpp"
#include "toolbox.hpp"

namespace courseselect::cli {
namespace {

constexpr std::uint16_t chat_port = 5555;      // contract/chat-protocol
constexpr std::uint16_t realtime_port = 5000;  // contract/realtime-events

enum class State : std::uint8_t { offline, degraded, online };

std::string_view state_name(State state) {
    switch (state) {
        case State::online: return "online";
        case State::degraded: return "degraded";
        case State::offline: break;
    }
    return "offline";
}

Colour colour_of(State state) {
    switch (state) {
        case State::online: return Colour::green;
        case State::degraded: return Colour::yellow;
        case State::offline: break;
    }
    return Colour::red;
}

struct Line {
    std::string title;  ///< "Data Node"
    std::string name;   ///< "data_node"
    State state = State::offline;
    bool is_wanted = true;  ///< counts for the exit code, and is shown when it is offline
};

async::Task<> ask_node(Services& services, Node node, Line& line) {
    net::http::ClientRequest request;
    request.target = "/health";
    const auto response = co_await services.send(node, std::move(request), status_timeout);
    if (response) {
        line.state = response->status == 200 ? State::online : State::degraded;
    } else if (response.error().code() == core::Errc::outcome_unknown) {
        line.state = State::degraded;  // somebody is there, and speaks no HTTP
    }
}

async::Task<core::Result<net::http::ClientResponse>> ask_url(Services& services, std::string url) {
    COURSESELECT_CO_TRY(auto address, net::http::ServiceAddress::parse(url));
    COURSESELECT_CO_TRY(
        const auto client,
        net::http::PooledClient::open(services.loop(), services.clock(), std::move(address)));
    net::http::ClientRequest request;
    request.target = "/health";
    auto response = co_await client->send(std::move(request), status_timeout);
    co_return response;
}

async::Task<> ask_realtime(Services& services, std::string url, Line& line) {
    const auto response = co_await ask_url(services, std::move(url));
    if (response) {
        line.state = response->status == 200 ? State::online : State::degraded;
    }
}

/// Closes a conversation that takes too long.
async::Task<> close_later(async::EventLoop& loop, net::LineClient& client, std::stop_token stop) {
    const bool is_late = co_await async::sleep_for(loop, status_timeout, stop);
    if (is_late) {
        client.close();
    }
}

/// The chat speaks lines of JSON; `ping` needs no login (contract/chat-protocol).
async::Task<> ask_chat(async::EventLoop& loop, std::string host, std::uint16_t port, Line& line) {
    const net::LineClientOptions options{.connect_timeout = status_timeout,
                                         .line_bytes_max = 65'536};
    auto client = co_await net::LineClient::connect(loop, std::move(host), port, options);
    if (!client) {
        co_return;
    }
    line.state = State::degraded;
    async::TaskGroup watchers(loop);
    watchers.spawn(close_later(loop, **client, watchers.stop_token()));
    std::string ping = "{\"type\":\"ping\"}\n";
    const auto written = co_await (*client)->write(std::move(ping));
    if (written) {
        const auto answer = co_await (*client)->read_line();
        if (answer && answer->find("\"pong\"") != std::string::npos) {
            line.state = State::online;
        }
    }
    watchers.request_stop();
    co_await watchers.join();
}

struct StatusCommand {
    std::string chat_host;
    std::int64_t chat = 0;
    std::string realtime_url;
    bool wants_all = false;

    async::Task<> ask(Services& services, std::vector<Line>& lines) const {
        async::TaskGroup questions(services.loop());
        for (std::size_t i = 0; i < all_nodes.size(); ++i) {
            questions.spawn(ask_node(services, all_nodes[i], lines[i]));
        }
        const std::string url =
            realtime_url.empty() ? fmt::format("http://127.0.0.1:{}", realtime_port) : realtime_url;
        questions.spawn(ask_realtime(services, url, lines[all_nodes.size()]));
        questions.spawn(ask_chat(services.loop(), chat_host.empty() ? "127.0.0.1" : chat_host,
                                 static_cast<std::uint16_t>(chat == 0 ? chat_port : chat),
                                 lines[all_nodes.size() + 1]));
        co_await questions.join();
    }

    core::Result<int> run(Toolbox& tools) const {
        std::vector<Line> lines;
        for (const Node node : all_nodes) {
            std::string title(node_name(node));
            std::string name = title + "_node";
            title[0] = static_cast<char>(title[0] - 'a' + 'A');
            lines.push_back({.title = title + " Node", .name = std::move(name)});
        }
        lines.push_back({.title = "Realtime Server",
                         .name = "realtime_server",
                         .is_wanted = wants_all || !realtime_url.empty()});
        lines.push_back({.title = "Chat Server",
                         .name = "chat_server",
                         .is_wanted = wants_all || chat != 0 || !chat_host.empty()});
        tools.services.run(ask(tools.services, lines));
        show(tools.console, lines);
        const bool is_good = std::all_of(lines.begin(), lines.end(), [](const Line& line) {
            return line.state == State::online || !line.is_wanted;
        });
        return is_good ? 0 : 1;
    }

    static void show(Console& console, const std::vector<Line>& lines) {
        std::string document;
        {
            json::ObjectWriter object(document);
            console.data("System Status:\n");
            for (const Line& line : lines) {
                if (!line.is_wanted && line.state != State::online) {
                    continue;
                }
                const Colour colour = colour_of(line.state);
                console.data(fmt::format("  {} {}: {}\n", console.coloured(colour, "●"), line.title,
                                         console.coloured(colour, state_name(line.state))));
                object.add(line.name, state_name(line.state));
            }
        }
        console.json(document);
    }
};

}  // namespace

void add_status_command(CLI::App& app, Toolbox& tools, Action& action) {
    auto status = std::make_shared<StatusCommand>();
    CLI::App* command =
        app.add_subcommand("status", "Ask every service how it is; exit code 0: all are online");
    command->add_option("--realtime-url", status->realtime_url, "Of the realtime server")
        ->envname("REALTIME_NODE_URL");
    command->add_option("--chat-host", status->chat_host, "Of the chat server")
        ->envname("CHAT_HOST");
    command->add_option("--chat-port", status->chat, "Of the chat server")
        ->envname("CHAT_PORT")
        ->check(CLI::Range(1, 65'535));
    command->add_flag("--all", status->wants_all,
                      "Count chat and realtime too; without it they are shown when they are online "
                      "or their address is given");
    command->callback(
        [status, &tools, &action] { action = [status, &tools] { return status->run(tools); }; });
}

}  // namespace courseselect::cli
