#pragma once
/// A string that must not reach logs, errors or process arguments.

#include <string>
#include <string_view>
#include <utility>

namespace courseselect::core {

/// Holds a secret; has no formatter and no stream operator on purpose. `reveal()` is the only way
/// to the text, so every use can be found. The memory is wiped on destruction.
class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string text) : text_(std::move(text)) {}
    Secret(const Secret&) = default;
    Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
    Secret& operator=(const Secret& other) {
        if (this != &other) {
            wipe();
            text_ = other.text_;
        }
        return *this;
    }
    Secret& operator=(Secret&& other) noexcept {
        if (this != &other) {
            wipe();
            text_ = std::move(other.text_);
            other.wipe();
        }
        return *this;
    }
    ~Secret() { wipe(); }

    [[nodiscard]] bool empty() const { return text_.empty(); }
    [[nodiscard]] std::string_view reveal() const { return text_; }

  private:
    void wipe() {
        volatile char* bytes = text_.data();
        for (std::size_t i = 0; i < text_.size(); ++i) {
            bytes[i] = 0;
        }
        text_.clear();
    }

    std::string text_;
};

}  // namespace courseselect::core
