#pragma once
/// A client for programs without an event loop: command line tools, tests.

#include <chrono>
#include <memory>
#include <vector>

#include "courseselect/core/result.hpp"
#include "courseselect/net/http/message.hpp"
#include "courseselect/net/http/pooled_client.hpp"
#include "courseselect/net/http/service_address.hpp"

namespace courseselect::net::http {

/// Runs a `FallbackClient` on an event loop of its own while it is called; connections are kept
/// between calls.
/// Thread-safety: one thread at a time.
class BlockingClient {
  public:
    /// `addresses`: at least one, best first. Errors: those of `PooledClient::open`, and
    /// invalid_argument without an address.
    [[nodiscard]] static core::Result<std::unique_ptr<BlockingClient>> open(
        std::vector<ServiceAddress> addresses, PooledClientOptions options = {});
    ~BlockingClient();
    BlockingClient(const BlockingClient&) = delete;
    BlockingClient& operator=(const BlockingClient&) = delete;

    /// Errors: those of `PooledClient::send`.
    [[nodiscard]] core::Result<ClientResponse> send(ClientRequest request,
                                                    std::chrono::milliseconds timeout);

  private:
    struct State;
    explicit BlockingClient(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

}  // namespace courseselect::net::http
