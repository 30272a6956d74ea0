#pragma once
/// A client that knows several ways to the same service.

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/net/http/client.hpp"
#include "courseselect/net/http/pooled_client.hpp"

namespace courseselect::net::http {

struct FallbackClientOptions {
    /// After a failure of the first way, how long the one that worked is asked directly.
    std::chrono::milliseconds prefer_first_after{1'000};
};

/// Tries the ways in order until the request could be sent. Only `unavailable`, which promises that
/// nothing was sent, leads to the next way; so nothing is carried out twice. All tries together
/// take no longer than the timeout, and each way may take only its even share of what is left to
/// connect, so that a way which hangs leaves time for the others. (Times are kept to a tick of the
/// pool: a timeout below one tick for each way may be over before the last was tried.)
/// When no way works the last one's error is returned.
/// Ownership: owns the clients, borrows the clock. Thread-safety: the loop's thread.
class FallbackClient final : public Client {
  public:
    /// `ways` holds at least one client; best first.
    FallbackClient(const core::Clock& clock, std::vector<std::unique_ptr<PooledClient>> ways,
                   FallbackClientOptions options = {});

    [[nodiscard]] async::Task<core::Result<ClientResponse>> send(
        ClientRequest request, std::chrono::milliseconds timeout) override;

    /// The address that the next request tries first.
    [[nodiscard]] const ServiceAddress& preferred() const;

  private:
    [[nodiscard]] std::size_t first_way() const;
    void prefer(std::size_t way);

    const core::Clock& clock_;
    const FallbackClientOptions options_;
    std::size_t working_ = 0;
    core::MonoTime try_first_at_{};
    std::vector<std::unique_ptr<PooledClient>> ways_;
};

}  // namespace courseselect::net::http
