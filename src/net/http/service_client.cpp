#include "courseselect/net/http/service_client.hpp"

#include <utility>

namespace courseselect::net::http {

core::Result<std::unique_ptr<Client>> make_service_client(async::EventLoop& loop,
                                                          const core::Clock& clock,
                                                          const ServiceOptions& service,
                                                          const PooledClientOptions& pool,
                                                          FallbackClientOptions fallback) {
    COURSESELECT_TRY(auto candidates, service_candidates(service));
    std::vector<std::unique_ptr<PooledClient>> ways;
    for (ServiceAddress& address : candidates) {
        COURSESELECT_TRY(auto way, PooledClient::open(loop, clock, std::move(address), pool));
        ways.push_back(std::move(way));
    }
    return std::unique_ptr<Client>(
        std::make_unique<FallbackClient>(clock, std::move(ways), fallback));
}

}  // namespace courseselect::net::http
