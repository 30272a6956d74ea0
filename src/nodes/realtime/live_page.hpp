#pragma once
/// The page at `/live`: plain files that the library carries. Not API.

#include <span>
#include <string_view>

#include "courseselect/api/service.hpp"

namespace courseselect::nodes::realtime {

/// One file. Everything points into static storage.
struct Asset {
    std::string_view name;  ///< "live.js"
    std::string_view etag;  ///< quoted; changes with the body
    std::string_view body;
};

/// `index.html` first. Made by scripts/cmake/EmbedAssets.cmake.
[[nodiscard]] std::span<const Asset> live_assets();

/// Routes for `/live` and its files. The page works offline: it loads nothing from elsewhere.
void add_live_page(api::Service& service);

}  // namespace courseselect::nodes::realtime
