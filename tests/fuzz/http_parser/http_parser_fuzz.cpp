// Any bytes as a connection's input: no crash, and the same requests and refusals whether they
// arrive whole or split. The entry point is libFuzzer's; replay_test.cpp runs the corpus.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "courseselect/net/http/parser.hpp"

using namespace courseselect::net::http;

namespace {

std::string transcript(std::string_view input, std::size_t step) {
    RequestParser parser({.target_bytes_max = 64,
                          .header_bytes_max = 512,
                          .header_count_max = 8,
                          .body_bytes_max = 256});
    std::string seen;
    std::string pending;
    for (std::size_t at = 0; at < input.size(); at += step) {
        std::string buffer = pending + std::string(input.substr(at, step));
        while (!buffer.empty()) {
            const auto status = parser.feed(buffer.data(), buffer.size());
            if (status == RequestParser::Status::failed) {
                return seen + "refused";
            }
            if (status == RequestParser::Status::need_more) {
                buffer.resize(parser.kept());
                break;
            }
            const Request& request = parser.request();
            seen += std::string(method_name(request.method)) + " " + std::string(request.path) +
                    "?" + std::string(request.query) + "\n" + std::string(request.body) + "\n";
            for (const HeaderView& field : request.headers) {
                seen += std::string(field.name) + ":" + std::string(field.value) + "\n";
            }
            buffer.erase(0, parser.consumed());
            parser.next();
        }
        pending = buffer;
    }
    return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::string whole = transcript(input, std::max<std::size_t>(size, 1));
    if (whole != transcript(input, 1) || whole != transcript(input, 7)) {
        std::abort();
    }
    return 0;
}
