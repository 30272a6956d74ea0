#pragma once
/// Cuts a stream of bytes into lines, whatever pieces it arrives in.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace courseselect::net {

/// Lines end with `\n`; one `\r` before it is dropped. What `next()` answers does not depend on how
/// the bytes were split into `put()`s. Holds at most what was put and not yet taken, and no memory
/// at all when that is nothing. Each byte is looked at once, so a slow sender costs no more.
/// Thread-safety: one thread.
class LineFramer {
  public:
    /// `line_bytes_max`: of a line without its end.
    explicit LineFramer(std::size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

    void put(std::string_view bytes);
    /// The next whole line without its end, or nothing. Valid until the next call of `put` or
    /// `next`. Nothing comes any more after a line that is too long.
    [[nodiscard]] std::optional<std::string_view> next();
    /// The next line has more than `line_bytes_max` bytes, whether its end has come or not. True
    /// only after `next()` has answered with nothing.
    [[nodiscard]] bool is_too_long() const { return too_long_; }
    /// Bytes held: of a line that is not yet whole, and of lines not yet taken.
    [[nodiscard]] std::size_t held() const { return buffer_.size() - start_; }

  private:
    void drop_taken();

    std::size_t line_bytes_max_;
    std::string buffer_;
    std::size_t start_ = 0;    // of the next line
    std::size_t scanned_ = 0;  // no line end before it
    bool too_long_ = false;
};

}  // namespace courseselect::net
