#pragma once
/// `Args`: the arguments of an event or an answer, as JSON text with binary attachments.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "courseselect/json/value.hpp"
#include "courseselect/json/writer.hpp"

namespace courseselect::realtime {

/// Bytes that many connections send without each having a copy.
using SharedBytes = std::shared_ptr<const std::string>;

/// A list of JSON values, some of which may be binary (Socket.IO protocol 5, "Binary").
///
/// Arguments that came from a client keep the client's JSON text, only without blanks between the
/// tokens: `emit("back", event.args)` sends every number and every key order as it came. An
/// attachment's place in the text is `{"_placeholder":true,"num":N}`, N counted in order.
///
///     socket->emit("joined_course", Args::of(JoinedCourse{...}));
///     Args().add("label").add_binary(std::move(image));
///
/// Copying shares the attachments. Thread-safety: reading from any thread.
class Args {
  public:
    Args() = default;

    /// One argument for each value: anything that `json::append` can write.
    template <class... Values>
    [[nodiscard]] static Args of(const Values&... values) {
        Args made;
        (made.add(values), ...);
        return made;
    }
    /// The inside of a JSON list, already checked, without blanks, whose placeholders match
    /// `attachments`. For the packet reader.
    [[nodiscard]] static Args from_text(std::string text, std::vector<SharedBytes> attachments);

    template <class T>
    Args& add(const T& value) {
        json::append(slot(), value);
        return *this;
    }
    /// `json_text` is one JSON value and is copied unchecked.
    Args& add_raw(std::string_view json_text) {
        slot().append(json_text);
        return *this;
    }
    /// Sent as an attachment of its own: raw on WebSocket, base64 on polling.
    Args& add_binary(std::string bytes) {
        return add_binary(std::make_shared<const std::string>(std::move(bytes)));
    }
    Args& add_binary(SharedBytes bytes);

    [[nodiscard]] bool empty() const { return text_.empty(); }
    /// How many arguments there are. Scans the text.
    [[nodiscard]] std::size_t size() const;
    /// The JSON text of one argument; empty when there is none at `index`.
    /// `json::parse_body<T>(args.json(0))` reads and checks a described type.
    [[nodiscard]] std::string_view json(std::size_t index) const;
    /// One argument to look into; absent when there is none, or when it is too deep to read.
    [[nodiscard]] json::Value value(std::size_t index) const;
    /// The bytes, when that argument is itself an attachment; else null.
    [[nodiscard]] SharedBytes binary(std::size_t index) const;

    /// All arguments, joined by commas.
    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] const std::vector<SharedBytes>& attachments() const { return attachments_; }

  private:
    std::string& slot() {
        if (!text_.empty()) {
            text_ += ',';
        }
        return text_;
    }

    std::string text_;
    std::vector<SharedBytes> attachments_;
};

}  // namespace courseselect::realtime
