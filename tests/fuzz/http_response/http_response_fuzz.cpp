// Any bytes as what a server sends back: no crash, no limit exceeded, and the same answer, refusal
// or wait whether they arrive whole or split. The first byte of the input chooses between GET and
// HEAD. The entry point is libFuzzer's; replay_test.cpp runs the corpus.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/http/response_parser.hpp"

using namespace courseselect::net::http;

namespace {

constexpr ResponseLimits limits{
    .header_bytes_max = 512, .header_count_max = 8, .body_bytes_max = 256};

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

std::string describe(ResponseParser& parser) {
    const ClientResponse response = parser.take();
    require(response.status >= 200 && response.status <= 599);
    require(response.headers.size() <= limits.header_count_max);
    require(response.body.size() <= limits.body_bytes_max);
    std::string text = std::to_string(response.status) + "\n";
    std::size_t header_bytes = 0;
    for (const Header& field : response.headers) {
        header_bytes += field.name.size() + field.value.size();
        text += field.name + ":" + field.value + "\n";
    }
    require(header_bytes <= limits.header_bytes_max);
    return text + "\n" + response.body;
}

/// What one answer looks like when it comes in pieces of `step` bytes and then the end.
std::string transcript(std::string_view input, Method method, std::size_t step) {
    ResponseParser parser(limits);
    parser.start(method);
    for (std::size_t at = 0; at < input.size(); at += step) {
        switch (parser.feed(input.substr(at, step))) {
            case ResponseParser::Status::complete: return describe(parser);
            case ResponseParser::Status::malformed:
                require(!parser.problem().empty());
                return "malformed";
            case ResponseParser::Status::need_more: break;
        }
    }
    if (parser.end() == ResponseParser::Status::complete) {
        require(!parser.may_reuse());
        return describe(parser);
    }
    require(!parser.problem().empty());
    return "malformed";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Method method = data[0] == 'H' ? Method::head : Method::get;
    const std::string whole = transcript(input, method, std::max<std::size_t>(input.size(), 1));
    require(whole == transcript(input, method, 1));
    require(whole == transcript(input, method, 7));
    return 0;
}
