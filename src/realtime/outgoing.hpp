#pragma once
/// One message in the forms the transports send. Private to the module.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/realtime/engine.hpp"

namespace courseselect::realtime::engine {

/// Immutable: a text, its binary attachments, or both. The WebSocket frames are made at once and
/// are the same bytes for every receiver; the polling form is cut out of them when asked for.
class Outgoing {
  public:
    /// A text message, and behind it the attachments as binary messages of their own.
    [[nodiscard]] static OutgoingPointer message(std::string_view text,
                                                 const std::vector<SharedBytes>& attachments = {});
    [[nodiscard]] static OutgoingPointer binary(std::string_view bytes);
    /// A packet of the protocol itself, "2" or "3probe".
    [[nodiscard]] static OutgoingPointer packet(std::string_view text);

    [[nodiscard]] const SharedBytes& frames() const { return frames_; }
    [[nodiscard]] std::size_t size() const { return frames_->size(); }
    /// How many packets it is.
    [[nodiscard]] std::size_t packets() const {
        return (text_size_ > 0 ? 1 : 0) + attachments_.size();
    }
    /// Appends the packets as a polling payload has them, after a separator if there are others.
    void append_to_payload(std::string& payload) const;

  private:
    SharedBytes frames_;
    std::size_t text_offset_ = 0;  // of the text packet in the frames, its type included
    std::size_t text_size_ = 0;    // 0: no text
    std::vector<SharedBytes> attachments_;
};

/// Messages one behind the other, in one piece of bytes. Each receiver may begin at another one.
class Series {
  public:
    explicit Series(std::vector<OutgoingPointer> messages);

    [[nodiscard]] const std::vector<OutgoingPointer>& messages() const { return messages_; }
    /// The WebSocket frames of all.
    [[nodiscard]] const SharedBytes& frames() const { return frames_; }
    /// Where those of a message begin; of one behind the last: the end.
    [[nodiscard]] std::size_t offset(std::size_t message) const { return offsets_[message]; }

  private:
    std::vector<OutgoingPointer> messages_;
    SharedBytes frames_;
    std::vector<std::size_t> offsets_;
};

}  // namespace courseselect::realtime::engine
