#pragma once
/// A client of a handler in the same process: HTTP without the wire.

#include <chrono>

#include "courseselect/net/http/client.hpp"
#include "courseselect/net/http/handler.hpp"
#include "courseselect/net/http/parser.hpp"

namespace courseselect::net::http {

/// Calls the handler inline with the peer address "local" and the host "localhost".
///
/// Requests and answers are written and read by the code that talks to sockets, so that what works
/// here works between processes too: the same requests are refused by the client
/// (invalid_argument) and, within `limits`, by the server (400, 413, 414, 431); fields are added,
/// trimmed and cleaned the same way; a handler that throws is answered with 500. Only `Date` is
/// missing, and answers are never compressed.
///
/// The timeout is not kept: a running handler cannot be left alone, and its own waits have
/// deadlines. Errors: invalid_argument as `PooledClient`; outcome_unknown for an answer that cannot
/// be read (a status outside 200 to 599, a field name that is no token).
/// Ownership: borrows the handler. Thread-safety: the handler's loop.
class LocalClient final : public Client {
  public:
    /// @param limits  those of the server that the handler has on the wire
    explicit LocalClient(Handler& handler, ParserLimits limits = {})
        : handler_(handler), limits_(limits) {}

    [[nodiscard]] async::Task<core::Result<ClientResponse>> send(
        ClientRequest request, std::chrono::milliseconds timeout) override;

  private:
    Handler& handler_;
    const ParserLimits limits_;
};

}  // namespace courseselect::net::http
