#pragma once
/// Calls on behalf of the administrator who is logged in.

#include <chrono>
#include <string>

#include "courseselect/async/mutex.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/cli/services.hpp"
#include "courseselect/cli/session_file.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/net/http/message.hpp"

namespace courseselect::cli {

/// Sends the access token with every call; when it is no longer good the tokens are renewed once,
/// saved, and the call is repeated.
///
/// Errors of all calls: unavailable (the node cannot be reached), outcome_unknown (no answer came:
/// it may have been carried out), those of `refusal_error`; unauthenticated `session_expired` when
/// the tokens cannot be renewed.
/// Ownership: borrows both. Thread-safety: the services' loop.
class AdminApi {
  public:
    AdminApi(Services& services, const SessionFile& file, Session session);

    /// An answer's JSON.
    [[nodiscard]] async::Task<core::Result<json::Value>> call(net::http::Method method,
                                                              std::string target, std::string body);
    /// An answer of any status but 401.
    [[nodiscard]] async::Task<core::Result<net::http::ClientResponse>> send(
        net::http::ClientRequest request, std::chrono::milliseconds timeout);
    /// `call`, run to its end.
    [[nodiscard]] core::Result<json::Value> get(std::string target);
    [[nodiscard]] core::Result<json::Value> post(std::string target, std::string body);
    [[nodiscard]] core::Result<json::Value> patch(std::string target, std::string body);

    /// A call of another node with the internal token. Errors: also failed_precondition
    /// `no_internal_token`.
    [[nodiscard]] core::Result<json::Value> internal(Node node, net::http::Method method,
                                                     std::string target, std::string body = {});

    [[nodiscard]] Services& services() { return services_; }
    [[nodiscard]] const Session& session() const { return session_; }

  private:
    [[nodiscard]] async::Task<core::Result<net::http::ClientResponse>> send_once(
        net::http::ClientRequest request, std::chrono::milliseconds timeout);
    [[nodiscard]] async::Task<core::Result<>> renew(std::string used_token);
    [[nodiscard]] async::Task<core::Result<json::Value>> call_internal(Node node,
                                                                       net::http::Method method,
                                                                       std::string target,
                                                                       std::string body);

    Services& services_;
    const SessionFile& file_;
    Session session_;
    async::Mutex renewing_;
};

}  // namespace courseselect::cli
