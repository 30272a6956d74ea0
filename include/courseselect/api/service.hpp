#pragma once
/// `Service`: declared routes behind one door. Dispatch, checks, errors and documentation follow
/// from the declarations.

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "courseselect/api/authenticator.hpp"
#include "courseselect/api/context.hpp"
#include "courseselect/api/error.hpp"
#include "courseselect/api/route.hpp"
#include "courseselect/api/trace.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/secret.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/metrics/counter.hpp"
#include "courseselect/metrics/histogram.hpp"
#include "courseselect/metrics/registry.hpp"
#include "courseselect/net/http/handler.hpp"
#include "courseselect/ratelimit/client_address.hpp"
#include "courseselect/ratelimit/keyed_limiter.hpp"

namespace courseselect::api {

struct ServiceOptions {
    std::string title = "courseselect";  ///< of the documentation
    std::string version = "0.1.0";
    std::string description;  ///< a few sentences above the routes; may be empty
    std::string license;      ///< SPDX identifier, e.g. "MIT"; empty: not said
    /// A sentence about a group of routes, by its tag.
    std::map<std::string, std::string> tag_descriptions;
    core::Secret internal_token;  ///< empty: nothing passes as internal
    /// Origins that browsers may call from, exactly as in the `Origin` header.
    std::vector<std::string> cors_origins;
    ratelimit::ClientAddressOptions addresses;
    /// For every route that takes a bearer token, by client address, before the token is looked at.
    std::optional<ratelimit::LimiterOptions> bearer_limit;
    std::string_view bad_token_text = "Invalid authentication credentials";
    /// `/metrics` answers everybody, not only this machine and holders of the internal token.
    bool metrics_open = false;
};

class Service;

namespace detail {

/// What is counted of a route. The service's thread counts; memory is fixed.
struct RouteStatistics {
    std::array<metrics::Counter, 6> by_class;  ///< by status / 100; 0: no such status
    metrics::Histogram durations{metrics::durations};
};

/// What a handler's error means for the client: the fields it named, else its text.
[[nodiscard]] net::http::Response refusal_of(const Context& context, const core::Error& error);

/// A route with its types behind it.
class Endpoint {
  public:
    explicit Endpoint(RouteInfo route_info) : info(std::move(route_info)) {}
    virtual ~Endpoint() = default;
    [[nodiscard]] virtual async::Task<net::http::Response> run(Service& service,
                                                               Context& context) const = 0;
    RouteInfo info;
    mutable RouteStatistics statistics;
};

template <class T>
struct AnswerOf;
template <class T>
struct AnswerOf<async::Task<core::Result<T>>> {
    using type = T;
};
template <>
struct AnswerOf<async::Task<net::http::Response>> {
    using type = Nothing;
};

/// Calls `function(context, <those of path, query, body that are declared>...)`.
template <class Path, class Query, class Body, class F>
class TypedEndpoint final : public Endpoint {
    template <class T>
    static constexpr bool given = !std::is_same_v<T, Nothing>;

    static auto call(const F& function, Context& context, Path& path, Query& query, Body& body) {
        const auto rest = [&](auto&&... first) {
            if constexpr (given<Body>) {
                return function(context, std::forward<decltype(first)>(first)..., std::move(body));
            } else {
                return function(context, std::forward<decltype(first)>(first)...);
            }
        };
        if constexpr (given<Path> && given<Query>) {
            return rest(std::move(path), std::move(query));
        } else if constexpr (given<Path>) {
            return rest(std::move(path));
        } else if constexpr (given<Query>) {
            return rest(std::move(query));
        } else {
            return rest();
        }
    }

  public:
    using Returned =
        decltype(call(std::declval<const F&>(), std::declval<Context&>(), std::declval<Path&>(),
                      std::declval<Query&>(), std::declval<Body&>()));
    using Answer = typename AnswerOf<Returned>::type;

    TypedEndpoint(RouteInfo route_info, F function)
        : Endpoint(std::move(route_info)), function_(std::move(function)) {
        if constexpr (given<Answer>) {
            info.answer_type = &json::type_of<Answer>();
        }
    }

    async::Task<net::http::Response> run(Service& service, Context& context) const override;

  private:
    F function_;
};

}  // namespace detail

/// Order of checks (contract §1.2): rate limit, syntax of the body (422), token headers (missing
/// 422, wrong 401 or 403), fields (all faults in one 422), then the handler.
/// `HEAD` is answered by GET routes, CORS preflights are (only `cors_origins` are allowed
/// anything), a trailing slash redirects. Every answer carries `X-Request-Id`: the caller's when
/// it is valid (`api/trace.hpp`), or a new one; so with the trace of `traceparent`. Whatever a
/// handler throws is a 500.
/// `/openapi.json` and `/docs` document all routes that are not hidden. `/metrics` shows
/// `metrics()` and what the service itself counts: requests by route, method and class of status,
/// their durations, and those under way; a HEAD counts as the GET it is.
///
/// Bugs that abort at `add`: a method and path declared twice, `{name}` segments that are not
/// exactly the fields of `path<T>()`, HEAD or OPTIONS routes, bearer routes without authenticator.
///
/// Ownership: borrows clock and authenticator (null: no route takes bearer tokens).
/// Thread-safety: the loop it is used on. Add routes before the first request.
class Service final : public net::http::Handler {
  public:
    Service(const core::Clock& clock, ServiceOptions options,
            const Authenticator* authenticator = nullptr);
    ~Service() override;

    template <class Path, class Query, class Body, class F>
    void add(Declaration<Path, Query, Body> declaration, F handler) {
        add_endpoint(std::make_unique<detail::TypedEndpoint<Path, Query, Body, F>>(
            std::move(declaration).take_info(), std::move(handler)));
    }

    [[nodiscard]] async::Task<net::http::Response> handle(
        const net::http::Request& request) override;

    /// Every route, in the order of declaration: for tests that call them all.
    [[nodiscard]] std::vector<const RouteInfo*> routes() const;
    /// The OpenAPI 3.1 document.
    [[nodiscard]] const std::string& openapi() const;
    [[nodiscard]] const ServiceOptions& options() const { return options_; }

    /// Where the owner adds its own collectors; they must outlive the last request.
    [[nodiscard]] metrics::Registry& metrics() { return metrics_; }
    /// Another node or an administrator asks: for open routes that tell such callers more. A bad
    /// token is no fault here.
    [[nodiscard]] bool is_privileged(const Context& context) const;

    /// For endpoints: checks the request and fills path, query and body (null where undeclared).
    /// Returns the refusal, if any.
    [[nodiscard]] std::optional<net::http::Response> prepare(const RouteInfo& route,
                                                             Context& context, void* path,
                                                             void* query, void* body);

  private:
    struct Match;
    void add_endpoint(std::unique_ptr<detail::Endpoint> endpoint);
    [[nodiscard]] Match match(net::http::Method method, std::string_view path) const;
    [[nodiscard]] net::http::Response unmatched(const net::http::Request& request,
                                                const Match& match) const;
    [[nodiscard]] net::http::Response preflight(const net::http::Request& request) const;
    void finish(const Context& context, net::http::Response& response) const;
    void identify(Context& context);
    void account(const Context& context, detail::RouteStatistics& statistics, int status,
                 core::MonoTime started);
    void collect(metrics::Scrape& scrape) const;
    void add_metrics();
    [[nodiscard]] std::optional<net::http::Response> check_rate(const RouteInfo& route,
                                                                const Context& context);
    [[nodiscard]] std::optional<net::http::Response> authorize(
        const RouteInfo& route, Context& context, std::vector<json::FieldError>& faults) const;
    [[nodiscard]] std::optional<net::http::Response> check_bearer(const RouteInfo& route,
                                                                  Context& context,
                                                                  std::string_view header) const;
    [[nodiscard]] bool is_internal_token(std::string_view token) const;
    void add_documentation();

    const core::Clock& clock_;
    ServiceOptions options_;
    const Authenticator* authenticator_;
    ratelimit::ClientAddressRule addresses_;
    std::optional<ratelimit::KeyedLimiter> bearer_limiter_;
    std::vector<std::unique_ptr<detail::Endpoint>> endpoints_;
    std::unordered_map<std::string_view, std::vector<const detail::Endpoint*>> by_path_;
    std::vector<const detail::Endpoint*> with_segments_;
    TraceIds trace_ids_;
    std::uint64_t next_request_ = 0;
    std::size_t in_flight_ = 0;
    detail::RouteStatistics unmatched_;
    detail::RouteStatistics preflights_;
    metrics::Registry metrics_;
    mutable std::string openapi_;
};

template <class Path, class Query, class Body, class F>
async::Task<net::http::Response> detail::TypedEndpoint<Path, Query, Body, F>::run(
    Service& service, Context& context) const {
    Path path{};
    Query query{};
    Body body{};
    auto refusal = service.prepare(info, context, given<Path> ? &path : nullptr,
                                   given<Query> ? &query : nullptr, given<Body> ? &body : nullptr);
    if (refusal) {
        co_return *std::move(refusal);
    }
    if constexpr (given<Answer>) {
        auto result = co_await call(function_, context, path, query, body);
        if (!result) {
            co_return detail::refusal_of(context, result.error());
        }
        net::http::Response response;
        response.status = info.success_status;
        json::append(response.body, *result);
        co_return response;
    } else {
        auto response = co_await call(function_, context, path, query, body);
        co_return response;
    }
}

}  // namespace courseselect::api
