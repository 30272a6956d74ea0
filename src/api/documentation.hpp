#pragma once
/// What a service says about itself. Not API.

#include <string>
#include <string_view>
#include <vector>

#include "courseselect/api/service.hpp"

namespace courseselect::api {

/// The OpenAPI 3.1 document of all routes that are not hidden.
[[nodiscard]] std::string write_openapi(const std::vector<const RouteInfo*>& routes,
                                        const ServiceOptions& options);

/// The page at `/docs`: works offline, loads only itself.
[[nodiscard]] std::string_view docs_html();
[[nodiscard]] std::string_view docs_script();
[[nodiscard]] std::string_view docs_style();

[[nodiscard]] async::Task<net::http::Response> answer_text(std::string body,
                                                           std::string_view content_type);
/// A part of the page, with a policy that lets it load nothing from elsewhere.
[[nodiscard]] async::Task<net::http::Response> answer_page(std::string_view body,
                                                           std::string_view content_type);

}  // namespace courseselect::api
