#pragma once
/// What both chat stores share. Private to them.

#include <algorithm>
#include <utility>

#include "courseselect/repo/chat_store.hpp"

namespace courseselect::repo {

[[nodiscard]] inline core::Error username_taken() {
    return {core::Errc::conflict, "username_taken", "The name is taken, choose another one"};
}

/// Fills a page message by message: newest first, or with `after` oldest first.
class ChatPageBuilder {
  public:
    explicit ChatPageBuilder(const ChatRange& range)
        : limit_(range.limit), bytes_left_(range.text_bytes_max), is_ascending_(range.after) {}

    /// False when there is no room for this message, nor for any further one.
    [[nodiscard]] bool add(ChatMessage message) {
        const std::size_t bytes = message.text.size() + message.sender.size();
        const bool fits = page_.messages.empty() || bytes <= bytes_left_;
        page_.has_more = page_.messages.size() == limit_ || !fits;
        if (page_.has_more) {
            return false;
        }
        bytes_left_ -= std::min(bytes, bytes_left_);
        page_.messages.push_back(std::move(message));
        return true;
    }
    [[nodiscard]] ChatPage take() {
        if (!is_ascending_) {
            std::reverse(page_.messages.begin(), page_.messages.end());
        }
        return std::move(page_);
    }

  private:
    ChatPage page_;
    std::size_t limit_;
    std::size_t bytes_left_;
    bool is_ascending_;
};

}  // namespace courseselect::repo
