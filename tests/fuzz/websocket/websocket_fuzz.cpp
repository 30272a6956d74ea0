// Any bytes as what a WebSocket peer sends: no crash, no message over the limit, text is UTF-8, and
// the same is heard whether the bytes arrive whole or split. The first byte of the input chooses
// between a server's and a client's reader. The entry point is libFuzzer's; replay_test.cpp runs
// the corpus.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "courseselect/core/encoding.hpp"
#include "courseselect/net/ws/message_reader.hpp"

using courseselect::net::ws::MessageReader;
using courseselect::net::ws::Role;

namespace {

constexpr std::size_t message_bytes_max = 300;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

std::string transcript(std::string_view given, Role role, std::size_t step) {
    using Status = MessageReader::Status;
    MessageReader reader(role, message_bytes_max);
    std::string bytes(given);  // unmasked in place
    std::string heard;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        std::span<char> input = std::span(bytes).subspan(at, std::min(step, bytes.size() - at));
        Status status = reader.next(input);
        for (; status != Status::need_more; status = reader.next(input)) {
            const std::string_view payload = reader.payload();
            require(payload.size() <= message_bytes_max);
            heard += std::to_string(static_cast<int>(status)) + ":";
            if (status == Status::failed || status == Status::close) {
                heard += std::to_string(static_cast<int>(reader.close_code()));
            }
            if (status == Status::text || status == Status::close) {
                require(courseselect::core::is_valid_utf8(payload));
            }
            if (status == Status::failed) {
                require(!reader.problem().empty() && payload.empty());
                return heard;
            }
            heard.append(payload).append("|");
        }
        require(input.empty());
    }
    return heard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Role role = data[0] == 'C' ? Role::client : Role::server;
    const std::string whole = transcript(input, role, std::max<std::size_t>(input.size(), 1));
    require(whole == transcript(input, role, 1));
    require(whole == transcript(input, role, 7));
    return 0;
}
