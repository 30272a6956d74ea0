#include "courseselect/api/service.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>

#include "courseselect/core/log.hpp"
#include "courseselect/crypto/digest.hpp"
#include "courseselect/json/reader.hpp"
#include "courseselect/net/http/url.hpp"
#include "documentation.hpp"

namespace courseselect::api {
namespace {

using net::http::Method;
using net::http::Request;
using net::http::Response;

constexpr std::string_view allowed_methods = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT";

std::vector<std::string_view> segments_of(std::string_view path) {
    std::vector<std::string_view> segments;
    while (!path.empty()) {
        path.remove_prefix(1);  // the slash
        const std::size_t end = std::min(path.find('/'), path.size());
        segments.push_back(path.substr(0, end));
        path.remove_prefix(end);
    }
    return segments;
}

bool is_variable(std::string_view segment) { return segment.starts_with('{'); }

/// Does `path` have the shape of `pattern`, "/courses/{id}"?
bool has_shape(std::string_view pattern, std::string_view path) {
    const auto wanted = segments_of(pattern);
    const auto given = segments_of(path);
    return std::equal(wanted.begin(), wanted.end(), given.begin(), given.end(),
                      [](std::string_view want, std::string_view have) {
                          return is_variable(want) ? !have.empty() : want == have;
                      });
}

/// "/a/{x}/b/{y}" and fields x, y, in any order: what a declaration must satisfy.
bool declares_its_segments(const RouteInfo& route) {
    std::size_t variables = 0;
    for (const std::string_view segment : segments_of(route.path)) {
        if (!is_variable(segment)) {
            continue;
        }
        ++variables;
        const std::string_view name = segment.substr(1, segment.size() - 2);
        const bool known =
            segment.ends_with('}') && route.path_type != nullptr &&
            std::any_of(route.path_type->fields.begin(), route.path_type->fields.end(),
                        [&](const json::FieldInfo& f) { return f.name == name; });
        if (!known) {
            return false;
        }
    }
    return variables == (route.path_type == nullptr ? 0 : route.path_type->fields.size());
}

void allow(std::string& methods, std::string_view method) {
    if (methods.find(method) == std::string::npos) {  // no method's name is part of another's
        methods.append(methods.empty() ? "" : ", ").append(method);
    }
}

bool is_preflight(const Request& request) {
    return request.method == Method::options && request.header("Origin") &&
           request.header("Access-Control-Request-Method");
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs path_pairs(std::string_view pattern, std::string_view path) {
    const auto wanted = segments_of(pattern);
    const auto given = segments_of(path);
    Pairs pairs;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (is_variable(wanted[i])) {
            const auto decoded = net::http::percent_decode(given[i]);
            pairs.emplace_back(wanted[i].substr(1, wanted[i].size() - 2),
                               decoded.value_or(std::string(given[i])));
        }
    }
    return pairs;
}

void read_named(const json::TypeInfo& type, void* target, const Pairs& pairs,
                std::string_view where, std::vector<json::FieldError>& faults) {
    std::vector<json::NameValue> views;
    views.reserve(pairs.size());
    for (const auto& [name, value] : pairs) {
        views.push_back({name, value});
    }
    auto errors = json::read_pairs(type, target, views, where);
    std::move(errors.begin(), errors.end(), std::back_inserter(faults));
}

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// Instead of the general "soon" of `error_response`.
void set_retry_after(Response& response, std::int64_t seconds) {
    std::erase_if(response.headers,
                  [](const net::http::Header& field) { return field.name == "Retry-After"; });
    response.headers.push_back({"Retry-After", std::to_string(seconds)});
}

/// Counts a request for as long as its coroutine lives, also when that is destroyed.
class InFlight {
  public:
    explicit InFlight(std::size_t& count) : count_(++count) {}
    ~InFlight() { --count_; }
    InFlight(const InFlight&) = delete;
    InFlight& operator=(const InFlight&) = delete;

  private:
    std::size_t& count_;
};

/// Whether refusals of this request are worded as the user management contract says.
bool speaks_success_style(const RouteInfo& route, const Request& request) {
    return route.error_style == ErrorStyle::success_flag ||
           (route.error_style == ErrorStyle::success_flag_with_body && !is_blank(request.body));
}

Response threw(const Context& context, std::string_view what) {
    core::log::error("handler_threw", {{"request_id", context.request_id},
                                       {"trace_id", context.trace.trace_id()},
                                       {"path", context.request.path},
                                       {"what", what}});
    return error_response(500, "Internal Server Error");
}

}  // namespace

Response detail::refusal_of(const Context& context, const core::Error& error) {
    const bool has_fields = error.code() == core::Errc::invalid_argument && !context.faults.empty();
    return has_fields ? validation_response(context.faults) : error_response(error);
}

/// What a path and method lead to. Without endpoint, `allowed` says whether the path exists.
struct Service::Match {
    const detail::Endpoint* endpoint = nullptr;
    std::string allowed;
};

Service::Service(const core::Clock& clock, ServiceOptions options,
                 const Authenticator* authenticator)
    : clock_(clock),
      options_(std::move(options)),
      authenticator_(authenticator),
      addresses_(options_.addresses) {
    if (options_.bearer_limit) {
        auto limiter = ratelimit::KeyedLimiter::create(*options_.bearer_limit);
        COURSESELECT_CHECK(limiter.has_value());
        bearer_limiter_ = *std::move(limiter);
    }
    add_documentation();
    add_metrics();
}

Service::~Service() = default;

void Service::add_endpoint(std::unique_ptr<detail::Endpoint> endpoint) {
    const detail::Endpoint* added = endpoint.get();
    const RouteInfo& info = added->info;
    COURSESELECT_CHECK(!takes_bearer(info.access) || authenticator_ != nullptr);
    COURSESELECT_CHECK(info.method != Method::head && info.method != Method::options);
    COURSESELECT_CHECK(info.path.starts_with('/') && declares_its_segments(info));
    for (const auto& other : endpoints_) {
        COURSESELECT_CHECK(other->info.method != info.method || other->info.path != info.path);
    }
    endpoints_.push_back(std::move(endpoint));
    if (added->info.path.find('{') == std::string::npos) {
        by_path_[added->info.path].push_back(added);
    } else {
        with_segments_.push_back(added);
    }
    openapi_.clear();
}

Service::Match Service::match(Method method, std::string_view path) const {
    const Method wanted = method == Method::head ? Method::get : method;
    Match result;
    const auto consider = [&](const detail::Endpoint* endpoint) {
        if (endpoint->info.method == wanted) {
            result.endpoint = endpoint;
            return true;
        }
        allow(result.allowed, net::http::method_name(endpoint->info.method));
        if (endpoint->info.method == Method::get) {
            allow(result.allowed, net::http::method_name(Method::head));
        }
        return false;
    };
    if (const auto found = by_path_.find(path); found != by_path_.end()) {
        for (const detail::Endpoint* endpoint : found->second) {
            if (consider(endpoint)) {
                return result;
            }
        }
    }
    for (const detail::Endpoint* endpoint : with_segments_) {
        if (has_shape(endpoint->info.path, path) && consider(endpoint)) {
            return result;
        }
    }
    return result;
}

Response Service::unmatched(const Request& request, const Match& match) const {
    if (!match.allowed.empty()) {
        Response response = error_response(405, "Method Not Allowed");
        response.headers.push_back({"Allow", match.allowed});
        return response;
    }
    if (request.path.size() > 1 && request.path.ends_with('/')) {
        const std::string_view without = request.path.substr(0, request.path.size() - 1);
        const Match other = this->match(request.method, without);
        if (other.endpoint != nullptr || !other.allowed.empty()) {
            Response response = error_response(307, "Temporary Redirect");
            std::string target(without);
            if (!request.query.empty()) {
                target.append("?").append(request.query);
            }
            response.headers.push_back({"Location", std::move(target)});
            return response;
        }
    }
    return error_response(404, "Not Found");
}

Response Service::preflight(const Request& request) const {
    Response response;
    response.content_type = "text/plain; charset=utf-8";
    response.body = "OK";
    response.headers.push_back({"Access-Control-Allow-Methods", std::string(allowed_methods)});
    response.headers.push_back({"Access-Control-Max-Age", "600"});
    if (const auto asked = request.header("Access-Control-Request-Headers")) {
        response.headers.push_back({"Access-Control-Allow-Headers", std::string(*asked)});
    }
    return response;
}

/// One pass over the fields, and few comparisons: this is done for every request.
void Service::identify(Context& context) {
    constexpr std::string_view id_name = "X-Request-Id";
    constexpr std::string_view trace_name = "traceparent";
    std::optional<std::string_view> id;
    std::string_view traceparent;
    int traceparents = 0;
    for (const net::http::HeaderView& field : context.request.headers) {
        const std::size_t size = field.name.size();
        if (size == id_name.size() && !id && net::http::same_field_name(field.name, id_name)) {
            id = field.value;
        } else if (size == trace_name.size() &&
                   net::http::same_field_name(field.name, trace_name)) {
            traceparent = field.value;
            ++traceparents;
        }
    }
    const auto caller = traceparents == 1 ? TraceContext::parse(traceparent) : std::nullopt;
    context.trace = caller ? trace_ids_.join(*caller) : trace_ids_.begin();
    if (id && is_valid_request_id(*id)) {
        context.request_id = *id;
        return;
    }
    // Unique in this process and, with the high bits of the time, between restarts; 15 characters
    // fit a string without allocation.
    if (next_request_ == 0) {
        next_request_ = static_cast<std::uint64_t>(clock_.wall_now().time_since_epoch().count())
                        << 12;
    }
    std::array<char, 16> text;
    const auto end =
        std::to_chars(text.data(), text.data() + 15, ++next_request_ & 0x0fff'ffff'ffff'ffff, 16);
    context.request_id.assign(text.data(), end.ptr);
}

void Service::finish(const Context& context, Response& response) const {
    net::http::Header& id = response.headers.emplace_back();
    id.name = "X-Request-Id";
    id.value = context.request_id;
    if (response.status == 429 && context.retry_after_seconds) {
        set_retry_after(response, *context.retry_after_seconds);
    }
    const auto& allowed = options_.cors_origins;
    if (allowed.empty()) {
        return;
    }
    response.headers.push_back({"Vary", "Origin"});
    const auto origin = context.request.header("Origin");
    if (origin && std::find(allowed.begin(), allowed.end(), *origin) != allowed.end()) {
        response.headers.push_back({"Access-Control-Allow-Origin", std::string(*origin)});
        response.headers.push_back({"Access-Control-Allow-Credentials", "true"});
        response.headers.push_back({"Access-Control-Expose-Headers", "Retry-After, X-Request-Id"});
    }
}

async::Task<Response> Service::handle(const Request& request) {
    const core::MonoTime started = clock_.mono_now();
    const InFlight counted(in_flight_);
    Context context(request, addresses_);
    identify(context);
    Response response;
    detail::RouteStatistics* statistics = &unmatched_;
    if (is_preflight(request)) {
        response = preflight(request);
        statistics = &preflights_;
    } else {
        const Match found = match(request.method, request.path);
        if (found.endpoint == nullptr) {
            response = unmatched(request, found);
        } else {
            statistics = &found.endpoint->statistics;
            // A handler's exception ends here, whatever its type: nobody above knows the request.
            try {
                response = co_await found.endpoint->run(*this, context);
            } catch (const std::exception& error) {
                response = threw(context, error.what());
            } catch (...) {
                response = threw(context, "no std::exception");
            }
            if (response.status >= 400 && speaks_success_style(found.endpoint->info, request)) {
                response = in_success_style(std::move(response), context.request_id);
            }
        }
    }
    if (response.status >= 500) {
        core::log::warn("request_failed", {{"request_id", context.request_id},
                                           {"trace_id", context.trace.trace_id()},
                                           {"path", request.path},
                                           {"status", response.status}});
    }
    finish(context, response);
    account(context, *statistics, response.status, started);
    co_return response;
}

std::optional<Response> Service::prepare(const RouteInfo& route, Context& context, void* path,
                                         void* query, void* body) {
    const Request& request = context.request;
    if (const auto token = request.header("Internal-Token")) {
        context.is_internal = is_internal_token(*token);
    }
    if (auto refused = check_rate(route, context)) {
        return refused;
    }
    std::vector<json::FieldError> of_body;
    if (body != nullptr && !(route.body_is_optional && is_blank(request.body))) {
        of_body = route.body_type == nullptr
                      ? detail::read_upload(request, route.upload, *static_cast<Upload*>(body))
                      : json::read_document(*route.body_type, body, request.body, "body");
        // "json_invalid" or "multipart_invalid": the syntax comes before everything else.
        if (!of_body.empty() && of_body.front().type.ends_with("_invalid")) {
            return validation_response(of_body);
        }
    }
    std::vector<json::FieldError> faults;
    if (auto refused = authorize(route, context, faults)) {
        return refused;
    }
    if (path != nullptr) {
        read_named(*route.path_type, path, path_pairs(route.path, request.path), "path", faults);
    }
    if (query != nullptr) {
        const auto pairs = net::http::parse_query(request.query);
        if (!pairs) {
            return error_response(400, pairs.error().detail());
        }
        read_named(*route.query_type, query, *pairs, "query", faults);
    }
    std::move(of_body.begin(), of_body.end(), std::back_inserter(faults));
    return faults.empty() ? std::nullopt : std::optional(validation_response(faults));
}

std::optional<Response> Service::check_rate(const RouteInfo& route, const Context& context) {
    const bool is_node = route.access == Access::admin_or_internal && context.is_internal;
    if (!bearer_limiter_ || !takes_bearer(route.access) || is_node) {
        return std::nullopt;
    }
    const auto taken = bearer_limiter_->try_take(context.client_address(), clock_.mono_now());
    return taken.allowed
               ? std::nullopt
               : std::optional(rate_limited(taken.wait_seconds(), taken.retry_after_seconds()));
}

bool Service::is_internal_token(std::string_view token) const {
    const std::string_view wanted = options_.internal_token.reveal();
    return !wanted.empty() && crypto::constant_time_equal(token, wanted);
}

std::optional<Response> Service::authorize(const RouteInfo& route, Context& context,
                                           std::vector<json::FieldError>& faults) const {
    if (route.access == Access::open) {
        return std::nullopt;
    }
    if (route.access == Access::internal) {
        if (!context.request.header("Internal-Token")) {
            faults.push_back(json::missing_error("header", "Internal-Token"));
            return std::nullopt;
        }
        return context.is_internal ? std::nullopt
                                   : std::optional(error_response(403, "Invalid internal token"));
    }
    const bool both = route.access == Access::admin_or_internal;
    if (both && context.is_internal) {
        return std::nullopt;
    }
    const auto header = context.request.header("Authorization");
    if (!header) {
        if (both || route.error_style == ErrorStyle::success_flag) {
            return error_response(401, "Authorization required");
        }
        faults.push_back(json::missing_error("header", "authorization"));
        return std::nullopt;
    }
    return check_bearer(route, context, *header);
}

std::optional<Response> Service::check_bearer(const RouteInfo& route, Context& context,
                                              std::string_view header) const {
    const auto token = auth::bearer_token(header);
    if (!token) {
        return error_response(401, options_.bad_token_text);
    }
    const auto type =
        route.access == Access::refresh ? auth::TokenType::refresh : auth::TokenType::access;
    auto principal = authenticator_->verify(*token, type);
    if (!principal) {
        return error_response(principal.error());
    }
    context.token = *token;
    context.principal = *std::move(principal);
    const auth::UserKind kind = context.principal->kind;
    switch (route.access) {
        case Access::student:
            return auth::is_student(kind)
                       ? std::nullopt
                       : std::optional(error_response(403, "Student access required"));
        case Access::teacher:
            return auth::is_teacher_or_admin(kind)
                       ? std::nullopt
                       : std::optional(error_response(403, "Teacher or admin access required"));
        case Access::admin:
        case Access::admin_or_internal:
            return auth::is_admin(kind)
                       ? std::nullopt
                       : std::optional(error_response(403, "Admin access required"));
        default: return std::nullopt;
    }
}

bool Service::is_privileged(const Context& context) const {
    if (context.is_internal) {
        return true;
    }
    const auto header = context.request.header("Authorization");
    const auto token = header ? auth::bearer_token(*header) : std::nullopt;
    if (!token || authenticator_ == nullptr) {
        return false;
    }
    const auto principal = authenticator_->verify(*token, auth::TokenType::access);
    return principal && auth::is_admin(principal->kind);
}

std::vector<const RouteInfo*> Service::routes() const {
    std::vector<const RouteInfo*> all;
    all.reserve(endpoints_.size());
    for (const auto& endpoint : endpoints_) {
        all.push_back(&endpoint->info);
    }
    return all;
}

const std::string& Service::openapi() const {
    if (openapi_.empty()) {
        openapi_ = write_openapi(routes(), options_);
    }
    return openapi_;
}

void Service::add_documentation() {
    add(get("/openapi.json").hidden(),
        [this](Context& context) { return answer_openapi(context, openapi()); });
    for (const Asset& asset : docs_assets()) {
        add(get(asset_path(asset)).hidden(),
            [&asset](Context& context) { return answer_asset(context, asset); });
    }
}

}  // namespace courseselect::api
