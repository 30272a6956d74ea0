#include "courseselect/nodes/service_options.hpp"

#include <utility>

namespace courseselect::nodes {

api::ServiceOptions service_options(const CommonConfig& common, std::string title) {
    api::ServiceOptions options;
    options.title = std::move(title);
    options.internal_token = common.internal_token;
    options.cors_origins = common.cors_origins;
    options.addresses.trusted_proxies = common.trusted_proxies;
    return options;
}

std::optional<ratelimit::LimiterOptions> bearer_limit(const CommonConfig& common) {
    if (!common.rate_limits) {
        return std::nullopt;
    }
    return ratelimit::LimiterOptions{.bucket = common.bearer_bucket};
}

}  // namespace courseselect::nodes
