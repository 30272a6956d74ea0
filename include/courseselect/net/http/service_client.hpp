#pragma once
/// The client of one configured service.

#include <memory>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/net/http/client.hpp"
#include "courseselect/net/http/fallback_client.hpp"
#include "courseselect/net/http/pooled_client.hpp"
#include "courseselect/net/http/service_address.hpp"

namespace courseselect::net::http {

/// A client over all candidates of the service, best first. Borrows loop and clock.
/// Errors: those of `service_candidates` and `PooledClient::open`.
[[nodiscard]] core::Result<std::unique_ptr<Client>> make_service_client(
    async::EventLoop& loop, const core::Clock& clock, const ServiceOptions& service,
    const PooledClientOptions& pool = {}, FallbackClientOptions fallback = {});

}  // namespace courseselect::net::http
