#include "courseselect/api/error.hpp"

#include <fmt/format.h>

#include "courseselect/core/check.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/json/writer.hpp"

namespace courseselect::api {
namespace {

using core::Errc;
using net::http::Response;

/// Queues and pools of ours name their limit "<what>_full"; that has nothing to do with how often
/// this client asks.
bool is_overload(const core::Error& error) { return error.reason().ends_with("_full"); }

/// What the schema of a database refused and nobody foresaw: its text names tables and columns.
bool is_schema_rule(const core::Error& error) { return error.reason().ends_with("_violation"); }

std::string_view public_detail(const core::Error& error, int status) {
    if (is_schema_rule(error)) {
        return "Conflicts with what is stored; look at it again and retry";
    }
    if (status == 500) {
        return "Internal Server Error";
    }
    if (status != 503) {
        return error.detail();
    }
    switch (error.code()) {
        case Errc::cancelled: return "Service is stopping";
        case Errc::resource_exhausted: return "Service is busy, please try again";
        default: return communication_error;
    }
}

/// "courses.3.name" of `["body","courses",3,"name"]`.
std::string field_name(const json::Value& loc) {
    const auto parts = loc.items();
    std::string name;
    for (std::size_t i = parts.size() > 1 ? 1 : 0; i < parts.size(); ++i) {
        name.append(name.empty() ? "" : ".");
        const auto number = parts[i].integer();
        name.append(number ? std::to_string(*number) : parts[i].string().value_or(""));
    }
    return name;
}

void append_faults(json::ObjectWriter& object, const json::Value& faults) {
    object.add("error", "The request is not valid; correct the fields named in errors");
    json::ArrayWriter errors(object.slot("errors"));
    for (const json::Value& fault : faults.items()) {
        const bool is_syntax = fault["type"].string() == "json_invalid";
        json::ObjectWriter entry(errors.slot());
        entry.add("field", is_syntax ? std::string("body") : field_name(fault["loc"]));
        entry.add("message", fault["msg"].string().value_or(""));
    }
}

}  // namespace

int http_status(const core::Error& error) {
    switch (error.code()) {
        case Errc::invalid_argument:
        case Errc::failed_precondition: return 400;
        case Errc::unauthenticated: return 401;
        case Errc::permission_denied: return 403;
        case Errc::not_found: return 404;
        case Errc::conflict: return 409;
        case Errc::resource_exhausted: return is_overload(error) ? 503 : 429;
        case Errc::deadline_exceeded:
        case Errc::unavailable:
        case Errc::outcome_unknown:
        case Errc::cancelled: return 503;
        case Errc::data_corrupt:
        case Errc::internal: return 500;
    }
    return 500;
}

Response error_response(const core::Error& error) {
    const int status = http_status(error);
    Response response = error_response(status, public_detail(error, status));
    if (error.code() == Errc::resource_exhausted) {
        response.headers.push_back({"Retry-After", "1"});
    }
    return response;
}

Response error_response(int status, std::string_view detail) {
    Response response;
    response.status = status;
    response.body = json::make_object("detail", detail);
    if (status == 401) {
        response.headers.push_back({"WWW-Authenticate", "Bearer"});
    }
    return response;
}

Response rate_limited(std::int64_t wait_seconds, std::int64_t retry_after_seconds) {
    Response response = error_response(
        429, fmt::format("Rate limit exceeded. Please wait {} seconds.", wait_seconds));
    response.headers.push_back({"Retry-After", std::to_string(retry_after_seconds)});
    return response;
}

Response validation_response(const std::vector<json::FieldError>& errors) {
    Response response;
    response.status = 422;
    response.body = json::validation_body(errors);
    return response;
}

Response in_success_style(Response response, std::string_view request_id) {
    const auto body = json::Value::parse(response.body);
    if (!body || !(*body)["detail"].exists()) {
        return response;
    }
    const json::Value detail = (*body)["detail"];
    std::string text;
    {
        json::ObjectWriter object(text);
        object.add("success", false);
        if (response.status == 422) {
            response.status = 400;
            append_faults(object, detail);
        } else if (response.status == 500) {
            object.add("error", "Internal error; tell the administrator the request id");
        } else {
            object.add("error", detail.string().value_or(""));
        }
        if (response.status >= 500) {
            object.add("request_id", request_id);
        }
    }
    response.body = std::move(text);
    return response;
}

core::Error upstream_error(const net::http::ClientResponse& response) {
    COURSESELECT_CHECK(response.status >= 300 || response.status < 200);
    std::string detail(communication_error);
    Errc code = Errc::unavailable;
    switch (response.status) {
        case 400: code = Errc::invalid_argument; break;
        case 404: code = Errc::not_found; break;
        case 409: code = Errc::conflict; break;
        case 429: code = Errc::resource_exhausted; break;
        default: return {code, "upstream", std::move(detail)};
    }
    const auto body = json::Value::parse(response.body);
    if (body) {
        detail = (*body)["detail"].string().value_or(std::move(detail));
    }
    return {code, "upstream", std::move(detail)};
}

}  // namespace courseselect::api
