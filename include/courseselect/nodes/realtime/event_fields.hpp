#pragma once
/// Reads the fields of a client's event: an object, or for events about one thing its bare id.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "courseselect/core/result.hpp"
#include "courseselect/json/value.hpp"

namespace courseselect::nodes::realtime {

/// Errors of all: invalid_argument, with a sentence that names the field and says what it must be.
/// Thread-safety: any thread.
class EventFields {
  public:
    explicit EventFields(json::Value payload) : payload_(std::move(payload)) {}

    /// A number from 1, as an integer or its decimal text. `may_be_bare`: the payload itself may
    /// be it.
    [[nodiscard]] core::Result<std::int64_t> id(std::string_view name,
                                                bool may_be_bare = false) const;
    /// A finite number within bounds, or its decimal text.
    [[nodiscard]] core::Result<double> number(std::string_view name, double min, double max) const;
    /// A text of 1 to `characters_max` characters (code points).
    [[nodiscard]] core::Result<std::string> text(std::string_view name,
                                                 std::size_t characters_max) const;
    /// The JSON text of whatever is there, at most `bytes_max` of it; empty when there is nothing.
    [[nodiscard]] std::string raw(std::string_view name, std::size_t bytes_max) const;

  private:
    json::Value payload_;
};

}  // namespace courseselect::nodes::realtime
