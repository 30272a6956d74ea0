#pragma once
/// Socket.IO packets (protocol 5) as text: `<type>[<attachments>-][<namespace>,][<id>][<JSON>]`.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/core/result.hpp"
#include "courseselect/realtime/args.hpp"

namespace courseselect::realtime {

enum class PacketType : std::uint8_t {
    connect = 0,
    disconnect = 1,
    event = 2,
    ack = 3,
    connect_error = 4,
    binary_event = 5,
    binary_ack = 6,
};

/// The text part of a packet, checked.
struct PacketHead {
    PacketType type = PacketType::connect;
    std::size_t attachments = 0;  ///< binary messages that follow it
    std::string nsp = "/";
    std::optional<std::uint64_t> id;  ///< asks for an ack, or names the one it is
    std::string name;                 ///< of an event
    /// Arguments of an event or ack, as `Args::text`; the object of CONNECT, or empty.
    std::string payload;
    /// Which attachment stands at each placeholder of `payload`, which counts them in order.
    std::vector<std::size_t> placeholders;

    /// The arguments, when all attachments are there.
    [[nodiscard]] Args take_args(const std::vector<SharedBytes>& received);
};

struct PacketLimits {
    std::size_t attachments_max = 10;
    std::size_t json_depth_max = 64;
};

/// Reads the text part of a packet, without the Engine.IO type in front.
///
/// The JSON is checked (RFC 8259), and kept as it came but for blanks between its tokens, so that
/// numbers and key orders survive. In binary packets every `{"_placeholder":true,"num":N}` is
/// counted anew, in the order of the text.
/// Errors: invalid_argument with a sentence: unknown type, bad counts, bad or too deep JSON, a
/// payload that does not fit the type, names of events that are reserved, placeholders without
/// attachment, more attachments or placeholders than `attachments_max`.
[[nodiscard]] core::Result<PacketHead> read_packet(std::string_view text,
                                                   const PacketLimits& limits = {});

/// Names that clients may not use: they belong to the libraries.
[[nodiscard]] bool is_reserved_event(std::string_view name);

/// `40/nsp,{"sid":"..."}` and its like without the Engine.IO type. `json` may be empty.
[[nodiscard]] std::string write_packet(PacketType type, std::string_view nsp,
                                       std::string_view json);
/// An event; binary when the arguments have attachments.
[[nodiscard]] std::string write_event(std::string_view nsp, std::string_view event,
                                      const Args& args,
                                      std::optional<std::uint64_t> id = std::nullopt);
[[nodiscard]] std::string write_ack(std::string_view nsp, std::uint64_t id, const Args& args);

}  // namespace courseselect::realtime
