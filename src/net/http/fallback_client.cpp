#include "courseselect/net/http/fallback_client.hpp"

#include <utility>

#include "courseselect/core/check.hpp"

namespace courseselect::net::http {

FallbackClient::FallbackClient(const core::Clock& clock,
                               std::vector<std::unique_ptr<PooledClient>> ways,
                               FallbackClientOptions options)
    : clock_(clock), options_(options), ways_(std::move(ways)) {
    COURSESELECT_CHECK(!ways_.empty());
}

std::size_t FallbackClient::first_way() const {
    return clock_.mono_now() >= try_first_at_ ? 0 : working_;
}

/// The best way is asked again after a while, when another one has to stand in for it.
void FallbackClient::prefer(std::size_t way) {
    working_ = way;
    try_first_at_ = way == 0 ? core::MonoTime() : clock_.mono_now() + options_.prefer_first_after;
}

const ServiceAddress& FallbackClient::preferred() const { return ways_[first_way()]->address(); }

async::Task<core::Result<ClientResponse>> FallbackClient::send(ClientRequest request,
                                                               std::chrono::milliseconds timeout) {
    const core::MonoTime deadline = clock_.mono_now() + timeout;
    const std::size_t first = first_way();
    core::Error last(core::Errc::unavailable, "no way was tried");
    for (std::size_t i = 0; i < ways_.size(); ++i) {
        const std::size_t way = (first + i) % ways_.size();
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock_.mono_now());
        if (left.count() <= 0) {
            co_return core::Error(core::Errc::deadline_exceeded, "timeout",
                                  "no way to the service was found in time");
        }
        const auto ways_left = static_cast<int>(ways_.size() - i);
        const SendLimits limits{.timeout = left, .connect_timeout = left / ways_left};
        auto result = co_await ways_[way]->send_borrowed(request, limits);
        if (result || result.error().code() != core::Errc::unavailable) {
            if (way != first) {
                prefer(way);
            }
            co_return result;
        }
        last = std::move(result).error();
    }
    co_return last;
}

}  // namespace courseselect::net::http
