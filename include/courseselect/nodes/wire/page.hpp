#pragma once
/// Pages of a listing (contract §1.3).

#include "courseselect/json/describe.hpp"

namespace courseselect::nodes::wire {

struct Page {
    int page = 1;
    int page_size = 20;

    [[nodiscard]] std::int64_t offset() const {
        return static_cast<std::int64_t>(page - 1) * page_size;
    }
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

template <>
struct Describe<nodes::wire::Page> {
    static constexpr auto fields() {
        using P = nodes::wire::Page;
        return object("Page", "Which page, of how many.",
                      field<&P::page>("page", between(1, 1'000'000), optional_with_default),
                      field<&P::page_size>("page_size", between(1, 1'000), optional_with_default));
    }
};

}  // namespace courseselect::json
