#pragma once
/// A service that answers from a list.

#include <chrono>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "courseselect/core/function.hpp"
#include "courseselect/net/http/client.hpp"

namespace courseselect::test {

/// Gives its answers in order and keeps what it was asked; away when it has none left.
class ScriptedClient final : public net::http::Client {
  public:
    using Answer = core::Result<net::http::ClientResponse>;
    /// Makes an answer out of the request, when what is right depends on it.
    using Reply = core::UniqueFunction<Answer(const net::http::ClientRequest&)>;

    void answer(int status, std::string body) {
        then([status, body](const net::http::ClientRequest&) -> Answer {
            return net::http::ClientResponse{.status = status, .headers = {}, .body = body};
        });
    }
    void fail(core::Errc why) {
        then([why](const net::http::ClientRequest&) -> Answer {
            return core::Error(why, "no answer");
        });
    }
    void then(Reply reply) { replies_.push_back(std::move(reply)); }

    async::Task<Answer> send(net::http::ClientRequest request, std::chrono::milliseconds) override {
        asked.push_back(request);
        if (replies_.empty()) {
            co_return core::Error(core::Errc::unavailable, "nobody there");
        }
        Reply reply = std::move(replies_.front());
        replies_.pop_front();
        co_return reply(request);
    }

    [[nodiscard]] std::string field(std::size_t index, std::string_view name) const {
        for (const net::http::Header& header : asked.at(index).headers) {
            if (net::http::same_field_name(header.name, name)) {
                return header.value;
            }
        }
        return {};
    }

    std::vector<net::http::ClientRequest> asked;

  private:
    std::deque<Reply> replies_;
};

}  // namespace courseselect::test
