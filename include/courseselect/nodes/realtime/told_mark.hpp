#pragma once
/// `ToldMark`: how far the telling was when the process ended, whatever ended it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "courseselect/core/result.hpp"

namespace courseselect::nodes::realtime {

/// One number in a file that is mapped into memory: setting it is a store, and what was stored
/// survives the death of the process at any moment (not that of the machine; but then every client
/// has lost its connection without having been told more than was committed).
///
/// Tellings are committed before they are told. Without the mark, a server that was killed between
/// the two could not know which of the last tellings its clients have heard.
/// Thread-safety: the runtime's loop.
class ToldMark {
  public:
    /// Opens or makes the file. Errors: unavailable (it cannot be opened or mapped).
    [[nodiscard]] static core::Result<std::unique_ptr<ToldMark>> open(const std::string& path);
    ~ToldMark();
    ToldMark(const ToldMark&) = delete;
    ToldMark& operator=(const ToldMark&) = delete;

    /// The number of the last telling that was told; nothing in a new file.
    [[nodiscard]] std::optional<std::int64_t> told() const;
    void set(std::int64_t number);

  private:
    explicit ToldMark(std::int64_t* mapped) : mapped_(mapped) {}

    std::int64_t* mapped_;
};

}  // namespace courseselect::nodes::realtime
