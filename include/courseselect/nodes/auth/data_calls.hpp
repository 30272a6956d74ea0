#pragma once
/// Calls of the auth node to the data node on behalf of administrators.

#include <chrono>
#include <string>
#include <utility>

#include "courseselect/net/http/client.hpp"
#include "courseselect/nodes/auth/auth_state.hpp"
#include "courseselect/nodes/upstream.hpp"

namespace courseselect::nodes::accounts {

/// Contract §1.1: an import may be long.
inline constexpr std::chrono::milliseconds import_timeout{60'000};

/// Errors of all calls: those of `get_json` and `post_json` (refusals pass on, contract §1.2).
/// Ownership: borrows both. Thread-safety: the runtime's loop.
class DataCalls {
  public:
    DataCalls(const AuthState& state, net::http::Client& data_node)
        : state_(state), data_node_(data_node) {}

    template <class Answer>
    [[nodiscard]] async::Task<core::Result<Answer>> ask(const api::Context& context,
                                                        std::string target) {
        return ask<Answer>(context.identity(), std::move(target));
    }
    template <class Answer>
    [[nodiscard]] async::Task<core::Result<Answer>> ask(api::RequestIdentity identity,
                                                        std::string target) {
        return get_json<Answer>(data_node_, std::move(target), token(), std::move(identity),
                                timeout());
    }
    template <class Answer>
    [[nodiscard]] async::Task<core::Result<Answer>> tell(const api::Context& context,
                                                         std::string target, std::string body) {
        return tell<Answer>(context.identity(), std::move(target), std::move(body), timeout());
    }
    template <class Answer>
    [[nodiscard]] async::Task<core::Result<Answer>> tell(api::RequestIdentity identity,
                                                         std::string target, std::string body,
                                                         std::chrono::milliseconds at_most) {
        return post_json<Answer>(data_node_, std::move(target), std::move(body), token(),
                                 std::move(identity), at_most);
    }
    [[nodiscard]] std::chrono::milliseconds timeout() const {
        return state_.options.profiles.call_timeout;
    }

  private:
    [[nodiscard]] std::string token() const {
        return std::string(state_.options.service.internal_token.reveal());
    }

    const AuthState& state_;
    net::http::Client& data_node_;
};

}  // namespace courseselect::nodes::accounts
