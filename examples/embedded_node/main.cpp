// A node inside a program of one's own: the data node answers its routes, and the program's own
// service the rest, on one port, in one process. The database is in memory here; name a file to
// keep it.

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

#include "courseselect/api/service.hpp"
#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/net/http/server.hpp"
#include "courseselect/net/http/service_client.hpp"
#include "courseselect/nodes/data/data_node.hpp"

using namespace courseselect;
using namespace std::chrono_literals;

struct Menu {
    std::string lunch;
};

template <>
struct courseselect::json::Describe<Menu> {
    static constexpr auto fields() {
        return object("Menu", "What the canteen has.", field<&Menu::lunch>("lunch"));
    }
};

namespace {

constexpr const char* token = "an example's internal token, kept secret";

async::Task<core::Result<Menu>> menu(api::Context& /*context*/) { co_return Menu{"noodles"}; }

/// The seam: what begins with /campus/ is ours, the node has the rest.
class Campus final : public net::http::Handler {
  public:
    Campus(const core::Clock& clock, net::http::Handler& node) : own_(clock, {}), node_(node) {
        own_.add(api::get("/campus/menu").summary("What is for lunch."), menu);
    }
    async::Task<net::http::Response> handle(const net::http::Request& request) override {
        return request.path.starts_with("/campus/") ? own_.handle(request) : node_.handle(request);
    }

  private:
    api::Service own_;
    net::http::Handler& node_;
};

async::Task<> call(net::http::Client& client, net::http::Method method, std::string target,
                   std::string body) {
    net::http::ClientRequest request;
    request.method = method;
    request.target = target;
    request.body = std::move(body);
    request.headers.push_back({"Internal-Token", token});
    const auto answer = co_await client.send(std::move(request), 5s);
    if (answer) {
        const bool is_short = answer->body.size() < 80;
        std::printf("%s: %d %s\n", target.c_str(), answer->status,
                    is_short ? answer->body.c_str() : "...");
    } else {
        std::printf("%s: %s\n", target.c_str(), answer.error().to_string().c_str());
    }
}

async::Task<> live(async::EventLoop& loop, nodes::Node& node, net::http::Server& server,
                   net::http::Client& client) {
    using net::http::Method;
    const auto started = co_await node.start();
    if (started) {
        co_await call(client, Method::get, "/campus/menu", "");
        co_await call(client, Method::post, "/add/student", R"({"student_name":"Ada"})");
        co_await call(client, Method::post, "/add/student", R"({"student_name":"Ada"})");
        co_await server.stop(1s);
        co_await node.stop();
    }
    loop.stop();
}

}  // namespace

int main() {
    async::EventLoop loop;
    const core::SystemClock clock;
    crypto::SystemRandomSource random;
    nodes::data::DataNodeOptions options;
    options.database = {};  // in memory
    options.service.internal_token = core::Secret(token);
    nodes::data::DataNode node({loop, clock, random}, options);
    Campus campus(clock, node.handler());
    net::http::Server server(loop, clock, {}, campus);
    if (!server.listen(net::TcpAddress{})) {
        return 1;
    }
    net::http::ServiceOptions where{.use_sockets = false};
    where.url = "http://127.0.0.1:" + std::to_string(server.port());
    const auto client = net::http::make_service_client(loop, clock, where);
    if (!client) {
        return 1;
    }
    async::TaskGroup tasks(loop);
    loop.post([&] { tasks.spawn(live(loop, node, server, **client)); });
    loop.run();
    return 0;
}
