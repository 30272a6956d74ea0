#include "courseselect/api/upload.hpp"

#include "courseselect/net/http/multipart.hpp"

namespace courseselect::api::detail {
namespace {

json::FieldError no_form(std::string why) {
    return {.type = "multipart_invalid",
            .loc = {std::string("body")},
            .msg = std::move(why),
            .input = "null",
            .ctx = {}};
}

}  // namespace

std::vector<json::FieldError> read_upload(const net::http::Request& request,
                                          const UploadField& field, Upload& upload) {
    const auto boundary =
        net::http::multipart_boundary(request.header("Content-Type").value_or(""));
    if (!boundary) {
        return {no_form("Send multipart/form-data with a boundary")};
    }
    const auto parts = net::http::parse_multipart(request.body, *boundary);
    if (!parts) {
        return {no_form("Not a valid form: " + parts.error().detail())};
    }
    bool is_found = false;
    for (const net::http::FormPart& part : *parts) {
        if (part.name != field.name) {
            continue;
        }
        if (is_found) {
            json::FieldError twice = no_form("Send one file only");
            twice.loc.emplace_back(field.name);
            return {std::move(twice)};
        }
        is_found = true;
        upload.filename = part.filename.value_or("");
        upload.content_type = part.content_type;
        upload.content = part.content;
    }
    if (!is_found) {
        return {json::missing_error("body", field.name)};
    }
    return {};
}

}  // namespace courseselect::api::detail
