#pragma once
/// Declares routes:
///
///     service.add(api::post("/select/course")
///                     .summary("Take a seat.")
///                     .access(api::Access::internal)
///                     .body<wire::Selection>()
///                     .error(404, "Course not found"),
///                 [this](api::Context& context, wire::Selection selection) {
///                     return select(context, selection);  // Task<Result<wire::Done>>
///                 });
///
/// The handler takes the context and then, as declared, path, query and body, each a described
/// type. It returns `Task<Result<Answer>>` with a described answer, or `Task<http::Response>`.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "courseselect/api/access.hpp"
#include "courseselect/api/upload.hpp"
#include "courseselect/json/describe.hpp"
#include "courseselect/net/http/message.hpp"

namespace courseselect::api {

/// How a route words what it refuses.
enum class ErrorStyle : std::uint8_t {
    detail,  ///< `{"detail":...}`, faults of fields as 422 (contract §1.2)
    /// `{"success":false,"error":...,"errors":[{"field","message"}]}`, faults of fields as 400, a
    /// missing token as 401 (user management contract)
    success_flag,
    success_flag_with_body,  ///< for a path of both contracts: the second when a body was sent
};

/// Tokens that the handler of an open route looks at by itself; said for the documentation.
enum class HandlerReads : std::uint8_t {
    nothing,
    bearer,           ///< there has to be one
    optional_bearer,  ///< with one the answer may be another
    optional_token,   ///< the same, of any kind
};

/// A status a route may answer besides success, for the documentation.
struct DocumentedError {
    int status = 400;
    std::string text;
};

/// Everything known of a route without its types. Absent parts are null.
struct RouteInfo {
    net::http::Method method = net::http::Method::get;
    std::string path;  ///< "/courses/{id}"
    std::string summary;
    std::string description;
    std::string tag;
    Access access = Access::open;
    HandlerReads handler_reads = HandlerReads::nothing;
    ErrorStyle error_style = ErrorStyle::detail;
    int success_status = 200;
    const json::TypeInfo* path_type = nullptr;
    const json::TypeInfo* query_type = nullptr;
    const json::TypeInfo* body_type = nullptr;
    bool body_is_optional = false;  ///< an empty body is a default value
    /// The documented request, as JSON objects, where it is not the one its types' examples make.
    std::string query_example;
    std::string body_example;
    UploadField upload;  ///< instead of a body type
    const json::TypeInfo* answer_type = nullptr;
    std::string answer_media_type;  ///< of an answer that is not JSON; empty: there is none
    std::vector<DocumentedError> errors;
    bool is_hidden = false;  ///< not part of the documented API (/docs itself)
};

/// Stands for "no such part".
struct Nothing {};

/// A route in the making; each call returns the declaration with one thing more.
template <class Path, class Query, class Body>
class Declaration {
  public:
    explicit Declaration(RouteInfo info) : info_(std::move(info)) {}

    Declaration summary(std::string text) && {
        info_.summary = std::move(text);
        return std::move(*this);
    }
    Declaration description(std::string text) && {
        info_.description = std::move(text);
        return std::move(*this);
    }
    Declaration tag(std::string name) && {
        info_.tag = std::move(name);
        return std::move(*this);
    }
    Declaration access(Access access) && {
        info_.access = access;
        return std::move(*this);
    }
    Declaration handler_reads(HandlerReads tokens) && {
        info_.handler_reads = tokens;
        return std::move(*this);
    }
    Declaration errors(ErrorStyle style) && {
        info_.error_style = style;
        return std::move(*this);
    }
    /// The status of a successful answer, when it is not 200.
    Declaration status(int status) && {
        info_.success_status = status;
        return std::move(*this);
    }
    /// The body of the documented request, as JSON text, where the examples of its fields will not
    /// do. Whoever sends it to a term that has what it mentions is answered with the success
    /// status.
    Declaration example_body(std::string json_text) && {
        info_.body_example = std::move(json_text);
        return std::move(*this);
    }
    /// The same for its query: an object of parameters.
    Declaration example_query(std::string json_text) && {
        info_.query_example = std::move(json_text);
        return std::move(*this);
    }
    Declaration error(int status, std::string text) && {
        info_.errors.push_back({status, std::move(text)});
        return std::move(*this);
    }
    Declaration hidden() && {
        info_.is_hidden = true;
        return std::move(*this);
    }
    /// The `{name}` segments of the path, as fields.
    template <class T>
    Declaration<T, Query, Body> path() && {
        info_.path_type = &json::type_of<T>();
        return Declaration<T, Query, Body>(std::move(info_));
    }
    template <class T>
    Declaration<Path, T, Body> query() && {
        info_.query_type = &json::type_of<T>();
        return Declaration<Path, T, Body>(std::move(info_));
    }
    template <class T>
    Declaration<Path, Query, T> body() && {
        info_.body_type = &json::type_of<T>();
        return Declaration<Path, Query, T>(std::move(info_));
    }
    /// An empty body is a default-constructed `T`.
    template <class T>
    Declaration<Path, Query, T> optional_body() && {
        info_.body_is_optional = true;
        return std::move(*this).template body<T>();
    }

    /// The file of a form, in its field `name`; the handler gets an `Upload`.
    Declaration<Path, Query, Upload> upload(std::string name, std::string content_type,
                                            std::string text) && {
        info_.upload = {std::move(name), std::move(content_type), std::move(text)};
        return Declaration<Path, Query, Upload>(std::move(info_));
    }
    /// The handler answers with this media type, like `text/csv`, and writes it itself.
    Declaration answers(std::string media_type) && {
        info_.answer_media_type = std::move(media_type);
        return std::move(*this);
    }

    [[nodiscard]] RouteInfo take_info() && { return std::move(info_); }

  private:
    RouteInfo info_;
};

using PlainDeclaration = Declaration<Nothing, Nothing, Nothing>;

[[nodiscard]] inline PlainDeclaration route(net::http::Method method, std::string_view path) {
    RouteInfo info;
    info.method = method;
    info.path = path;
    return PlainDeclaration(std::move(info));
}
[[nodiscard]] inline PlainDeclaration get(std::string_view path) {
    return route(net::http::Method::get, path);
}
[[nodiscard]] inline PlainDeclaration post(std::string_view path) {
    return route(net::http::Method::post, path);
}
[[nodiscard]] inline PlainDeclaration put(std::string_view path) {
    return route(net::http::Method::put, path);
}
[[nodiscard]] inline PlainDeclaration patch(std::string_view path) {
    return route(net::http::Method::patch, path);
}
[[nodiscard]] inline PlainDeclaration delete_(std::string_view path) {
    return route(net::http::Method::delete_, path);
}

}  // namespace courseselect::api
