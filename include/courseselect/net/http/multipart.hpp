#pragma once
/// Bodies of HTML forms that bring files: `multipart/form-data` (RFC 7578, on RFC 2046 §5.1).

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/core/result.hpp"

namespace courseselect::net::http {

/// Bounds of what surrounds the contents; the whole is bounded by the request's body.
struct MultipartLimits {
    std::size_t parts_max = 16;
    std::size_t header_lines_max = 8;      ///< of one part
    std::size_t header_bytes_max = 4'096;  ///< of one part
    std::size_t name_bytes_max = 100;      ///< of a field
    std::size_t filename_bytes_max = 255;
};

/// One field of a form.
struct FormPart {
    std::string name;
    std::optional<std::string> filename;  ///< as the client calls its file: never a path of ours
    std::string content_type;             ///< without parameters, lower case; may be empty
    std::string_view content;             ///< a view into the body
};

/// The boundary that a `Content-Type` names; nothing when it is not `multipart/form-data`, or the
/// boundary is none by RFC 2046 §5.1.1: 1 to 70 of its characters, no blank at the end.
[[nodiscard]] std::optional<std::string> multipart_boundary(std::string_view content_type);

/// Takes a body apart. Strict where leniency would let two programs read it differently: nothing
/// before the first boundary or after the last, CRLF everywhere, no folded headers, each part with
/// one `Content-Disposition: form-data` with one `name` and at most one `filename`, no `filename*`
/// (RFC 7578 §4.2), no encoding of contents (§4.7). Other headers are ignored (§4.8). `\"` in a
/// quoted name is a quote; percent signs stay as they are.
/// Errors: invalid_argument `multipart`; the detail says what is wrong.
[[nodiscard]] core::Result<std::vector<FormPart>> parse_multipart(
    std::string_view body, std::string_view boundary, const MultipartLimits& limits = {});

}  // namespace courseselect::net::http
