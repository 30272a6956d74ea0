#pragma once
/// A client of a handler in the same process: no socket, no parsing.

#include <chrono>

#include "courseselect/net/http/client.hpp"
#include "courseselect/net/http/handler.hpp"

namespace courseselect::net::http {

/// Calls the handler inline with the peer address "local". The answer's content type becomes its
/// first header field; `HEAD` gets no body; a handler that throws is answered with 500, as the
/// server does.
/// The timeout is not kept: a running handler cannot be left alone, and its own waits have
/// deadlines. Errors: invalid_argument as `PooledClient`; never a transport error.
/// Ownership: borrows the handler. Thread-safety: the handler's loop.
class LocalClient final : public Client {
  public:
    explicit LocalClient(Handler& handler) : handler_(handler) {}

    [[nodiscard]] async::Task<core::Result<ClientResponse>> send(
        ClientRequest request, std::chrono::milliseconds timeout) override;

  private:
    Handler& handler_;
};

}  // namespace courseselect::net::http
