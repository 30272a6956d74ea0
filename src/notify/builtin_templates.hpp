#pragma once
/// The templates that the library carries; written by EmbedAssets.cmake from templates/.

#include <span>
#include <string_view>

namespace courseselect::notify {

struct Asset {
    std::string_view name;
    std::string_view etag;
    std::string_view body;
};

[[nodiscard]] std::span<const Asset> builtin_templates();

}  // namespace courseselect::notify
