// Any bytes as a form: no crash, and what is taken apart is within the body, in order, and can be
// put together to a form that is taken apart the same way. The entry point is libFuzzer's;
// replay_test.cpp runs the corpus through it.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/net/http/multipart.hpp"

using namespace courseselect;

namespace {

std::string quoted_name(const std::string& name) {
    std::string text = "\"";
    for (const char c : name) {
        text += c == '"' ? "\\\"" : std::string(1, c);
    }
    return text + '"';
}

void check_again(const std::vector<net::http::FormPart>& parts) {
    std::string body;
    for (const net::http::FormPart& part : parts) {
        body += "--b\r\nContent-Disposition: form-data; name=" + quoted_name(part.name);
        if (part.filename) {
            body += "; filename=" + quoted_name(*part.filename);
        }
        body.append("\r\n\r\n").append(part.content).append("\r\n");
    }
    body += "--b--";
    const auto again = net::http::parse_multipart(body, "b");  // views into it
    if (!again || again->size() != parts.size()) {
        std::abort();
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (again->at(i).name != parts[i].name || again->at(i).filename != parts[i].filename ||
            again->at(i).content != parts[i].content) {
            std::abort();
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    // The first line is a Content-Type, the rest the body.
    const std::size_t line = std::min(text.find('\n'), text.size());
    const auto boundary = net::http::multipart_boundary(text.substr(0, line));
    const std::string_view body = text.substr(std::min(line + 1, text.size()));
    const auto parts = net::http::parse_multipart(body, boundary.value_or("b"));
    if (!parts) {
        if (parts.error().detail().empty()) {
            std::abort();
        }
        return 0;
    }
    const char* at = body.data();
    bool is_plain = true;
    for (const net::http::FormPart& part : *parts) {
        if (part.content.data() < at ||
            part.content.data() + part.content.size() > body.data() + body.size()) {
            std::abort();
        }
        at = part.content.data() + part.content.size();
        // A backslash before a quote, or at the end, is read differently when it is written again.
        is_plain = is_plain && part.name.find('\\') == std::string::npos &&
                   part.filename.value_or("").find('\\') == std::string::npos &&
                   part.content.find("\r\n--b") == std::string_view::npos;
    }
    if (is_plain) {
        check_again(*parts);
    }
    return 0;
}
