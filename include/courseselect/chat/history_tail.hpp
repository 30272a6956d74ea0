#pragma once
/// The newest messages, ready to be sent: most questions for history are answered from here.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/chat/protocol.hpp"

namespace courseselect::chat {

/// A message as `message_fields` writes it.
struct EncodedMessage {
    std::int64_t id = 0;
    std::string fields;
};

/// A part of the history, oldest first.
struct HistoryPage {
    std::vector<EncodedMessage> messages;
    bool has_more = false;  ///< the range that was asked for goes on
};

struct HistoryTailOptions {
    std::size_t messages_max = 1'000;
    std::size_t bytes_max = 2 * 1024 * 1024;  ///< of their fields
    std::size_t page_bytes_max = 512 * 1024;  ///< of an answer; one message always fits
};

/// Knows every message with an id over `floor()`, up to the last one told to everybody. When it is
/// full the oldest goes and the floor rises.
/// Thread-safety: the loop's thread.
class HistoryTail {
  public:
    /// `floor`: ids over it will be pushed, all of them.
    explicit HistoryTail(HistoryTailOptions options, std::int64_t floor = 0)
        : options_(options), floor_(floor), last_id_(floor) {}

    void push(EncodedMessage message);
    [[nodiscard]] std::int64_t last_id() const { return last_id_; }
    [[nodiscard]] std::int64_t floor() const { return floor_; }

    /// The answer, or nothing when it needs older messages than are here.
    [[nodiscard]] std::optional<HistoryPage> page(const GetHistory& question) const;

    /// Makes of `stored`, which the database answered some time ago, the answer of this moment:
    /// nothing that was not told yet, and nothing missing that was.
    [[nodiscard]] HistoryPage complete(const GetHistory& question, HistoryPage stored) const;

  private:
    [[nodiscard]] HistoryPage after(std::int64_t id, std::int64_t before, std::size_t limit) const;

    HistoryTailOptions options_;
    std::deque<EncodedMessage> messages_;
    std::size_t bytes_ = 0;
    std::int64_t floor_;
    std::int64_t last_id_;
};

}  // namespace courseselect::chat
