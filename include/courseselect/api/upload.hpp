#pragma once
/// A file that a form brings to a route (`multipart/form-data`, RFC 7578).

#include <string>
#include <string_view>
#include <vector>

#include "courseselect/json/field_error.hpp"
#include "courseselect/net/http/message.hpp"

namespace courseselect::api {

/// What a route declared with `upload` gets in the place of a body.
struct Upload {
    std::string filename;      ///< as the client calls it, for texts; may be empty
    std::string content_type;  ///< what the client says it is; may be empty
    std::string_view content;  ///< a view into the request, which outlives the handler
};

/// How a route declares it.
struct UploadField {
    std::string name;          ///< of the form's field; empty: the route takes no file
    std::string content_type;  ///< what is expected, for the documentation
    std::string summary;
};

namespace detail {

/// Finds the file in the request's form; other fields are ignored.
/// Returns: what is wrong: `multipart_invalid` (it is no form), or the field is missing or there
/// twice.
[[nodiscard]] std::vector<json::FieldError> read_upload(const net::http::Request& request,
                                                        const UploadField& field, Upload& upload);

}  // namespace detail
}  // namespace courseselect::api
