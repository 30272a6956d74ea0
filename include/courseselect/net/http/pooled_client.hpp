#pragma once
/// An HTTP/1.1 client over a pool of kept-alive connections to one address.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/net/http/client.hpp"
#include "courseselect/net/http/service_address.hpp"

namespace courseselect::net::http {

/// Every bound of the client, with what happens at it.
struct PooledClientOptions {
    std::size_t connections_max = 64;      ///< beyond: requests wait, first come, first served
    std::size_t waiting_max = 10'000;      ///< waiting requests; beyond: resource_exhausted
    std::size_t header_bytes_max = 65536;  ///< of an answer; beyond: outcome_unknown
    std::size_t header_count_max = 200;    ///< of an answer; beyond: outcome_unknown
    std::size_t body_bytes_max = 64 * 1024 * 1024;     ///< of an answer; beyond: outcome_unknown
    std::chrono::milliseconds connect_timeout{5'000};  ///< look-up to end of handshake: unavailable
    std::chrono::milliseconds idle_timeout{30'000};    ///< unused connections are closed
    std::chrono::milliseconds tick{20};                ///< how exactly timeouts are kept

    bool tls_verify = true;  ///< `https`: check the chain and the name (RFC 9110 §4.3.4)
    /// PEM file of trusted roots; empty: OpenSSL's, which SSL_CERT_FILE in the environment
    /// replaces.
    std::string tls_ca_file;
};

/// The time one request gets.
struct SendLimits {
    std::chrono::milliseconds timeout{0};  ///< from now to the last byte of the answer
    /// To connect; never more than the pool's own. Beyond: unavailable.
    std::chrono::milliseconds connect_timeout = std::chrono::milliseconds::max();
};

/// Sends each request on a connection of its own for the time of the exchange; no pipelining.
/// It reads while it writes, so an answer that comes before the request has been read (413 and
/// others) is an answer like any other; its connection is not used again.
///
/// Repeated, once, on a new connection: a request that finds a reused connection closed, when
/// nothing of it was sent, or when it is GET or HEAD and nothing of the answer came. PUT and DELETE
/// are idempotent too (RFC 9110 §9.2.2) but are left to the caller, who knows the request's id.
/// Whatever else may have been carried out is reported as outcome_unknown and never repeated.
///
/// An answer that is malformed, breaks off, is over a limit or switches protocols (101) is
/// outcome_unknown too; so is one that does not come in time, unless the request is GET or HEAD or
/// was not sent: deadline_exceeded. A unix socket whose backlog is full is tried again until the
/// connect timeout.
///
/// Errors beyond those of `Client::send`: invalid_argument (reason "bad_request") for a target that
/// does not start with `/` or holds blanks, `#` or other than printable ASCII characters, for field
/// names that are no tokens, control characters in values, and fields the client itself sets or
/// could not act upon (Accept-Encoding, Connection, Content-Length, Expect, Host, Keep-Alive,
/// Proxy-Connection, TE, Trailer, Transfer-Encoding, Upgrade); cancelled when the client is
/// destroyed first.
/// Ownership: borrows loop and clock. Destroying the client answers what is under way with
/// `cancelled`, inline.
/// Thread-safety: the loop's thread.
class PooledClient final : public Client {
  public:
    struct Stats {
        std::size_t connections = 0;  ///< open or being opened, now
        std::size_t idle = 0;         ///< of these, without a request
        std::size_t waiting = 0;      ///< requests waiting for a connection, now
        std::uint64_t connects = 0;   ///< connections ever begun
        std::uint64_t requests = 0;   ///< requests ever accepted
        std::uint64_t repeats = 0;    ///< requests sent again on a new connection
    };

    /// Nothing is connected yet. Errors: invalid_argument (unusable CA file).
    [[nodiscard]] static core::Result<std::unique_ptr<PooledClient>> open(
        async::EventLoop& loop, const core::Clock& clock, ServiceAddress address,
        PooledClientOptions options = {});
    ~PooledClient() override;
    PooledClient(const PooledClient&) = delete;
    PooledClient& operator=(const PooledClient&) = delete;

    [[nodiscard]] async::Task<core::Result<ClientResponse>> send(
        ClientRequest request, std::chrono::milliseconds timeout) override;
    /// `send` without taking the request over; it must outlive the task.
    [[nodiscard]] async::Task<core::Result<ClientResponse>> send_borrowed(
        const ClientRequest& request, SendLimits limits);

    [[nodiscard]] const ServiceAddress& address() const;
    [[nodiscard]] Stats stats() const;

  private:
    class Core;
    explicit PooledClient(std::shared_ptr<Core> core);

    std::shared_ptr<Core> core_;
};

}  // namespace courseselect::net::http
