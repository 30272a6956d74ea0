#pragma once
/// A string that must not reach logs, errors or process arguments.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace courseselect::core {

/// Holds a secret; has no formatter and no stream operator on purpose. `reveal()` is the only way
/// to the text, so every use can be found. The memory is wiped on destruction, and where a text was
/// moved from.
class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string text) : text_(std::move(text)) { wipe(text); }
    Secret(const Secret&) = default;
    Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { wipe(other.text_); }
    Secret& operator=(const Secret& other) {
        if (this != &other) {
            wipe(text_);
            text_ = other.text_;
        }
        return *this;
    }
    Secret& operator=(Secret&& other) noexcept {
        if (this != &other) {
            wipe(text_);
            text_ = std::move(other.text_);
            wipe(other.text_);
        }
        return *this;
    }
    ~Secret() { wipe(text_); }

    [[nodiscard]] bool empty() const { return text_.empty(); }
    [[nodiscard]] std::string_view reveal() const { return text_; }

  private:
    /// The whole buffer: moving a short string copies it and leaves its characters behind.
    static void wipe(std::string& text) noexcept {
        text.resize(text.capacity());  // NOLINT(clang-analyzer-cplusplus.Move): allocates nothing
        volatile char* bytes = text.data();
        for (std::size_t i = 0; i < text.size(); ++i) {
            bytes[i] = 0;
        }
        text.clear();
    }

    std::string text_;
};

}  // namespace courseselect::core
