#include "courseselect/net/http/blocking_client.hpp"

#include <optional>
#include <utility>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/net/http/fallback_client.hpp"

namespace courseselect::net::http {

struct BlockingClient::State {
    async::EventLoop loop;
    core::SystemClock clock;
    std::unique_ptr<FallbackClient> client;
};

namespace {

async::Task<> send_and_stop(async::EventLoop& loop, Client& client, ClientRequest request,
                            std::chrono::milliseconds timeout,
                            std::optional<core::Result<ClientResponse>>& answer) {
    auto result = co_await client.send(std::move(request), timeout);
    answer.emplace(std::move(result));
    loop.stop();
}

}  // namespace

BlockingClient::BlockingClient(std::unique_ptr<State> state) : state_(std::move(state)) {}

BlockingClient::~BlockingClient() {
    state_->client.reset();
    state_->loop.poll();  // handlers of the sockets that were just closed
}

core::Result<std::unique_ptr<BlockingClient>> BlockingClient::open(
    std::vector<ServiceAddress> addresses, PooledClientOptions options) {
    if (addresses.empty()) {
        return core::Error(core::Errc::invalid_argument, "no_address", "no address was given");
    }
    auto state = std::make_unique<State>();
    std::vector<std::unique_ptr<PooledClient>> ways;
    for (ServiceAddress& address : addresses) {
        COURSESELECT_TRY(
            auto way, PooledClient::open(state->loop, state->clock, std::move(address), options));
        ways.push_back(std::move(way));
    }
    state->client = std::make_unique<FallbackClient>(state->clock, std::move(ways));
    return std::unique_ptr<BlockingClient>(new BlockingClient(std::move(state)));
}

core::Result<ClientResponse> BlockingClient::send(ClientRequest request,
                                                  std::chrono::milliseconds timeout) {
    std::optional<core::Result<ClientResponse>> answer;
    async::TaskGroup group(state_->loop);
    group.spawn(send_and_stop(state_->loop, *state_->client, std::move(request), timeout, answer));
    while (group.running() > 0) {
        state_->loop.run();
    }
    return *std::move(answer);
}

}  // namespace courseselect::net::http
