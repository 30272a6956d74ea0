#pragma once
/// What a service says about itself. Not API.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/api/service.hpp"

namespace courseselect::api {

/// The OpenAPI 3.1 document of all routes that are not hidden.
[[nodiscard]] std::string write_openapi(const std::vector<const RouteInfo*>& routes,
                                        const ServiceOptions& options);

/// One file of the page at `/docs`. Everything points into static storage.
struct Asset {
    std::string_view name;  ///< "docs.js"
    std::string_view etag;  ///< quoted; changes with the body
    std::string_view body;
};

/// The files of `src/api/docs`, `index.html` first: the page works offline and loads only these.
[[nodiscard]] std::span<const Asset> docs_assets();
/// "/docs" for `index.html`, "/docs/docs.js" for the others.
[[nodiscard]] std::string asset_path(const Asset& asset);

/// The file, with a policy that lets it load nothing from elsewhere; 304 when the caller has it.
[[nodiscard]] async::Task<net::http::Response> answer_asset(const Context& context,
                                                            const Asset& asset);
/// The OpenAPI document.
[[nodiscard]] async::Task<net::http::Response> answer_openapi(const Context& context,
                                                              const std::string& document);

}  // namespace courseselect::api
