// Any bytes as a chat connection's input: no crash, the same lines and the same requests however
// they are split, and every answer that repeats something of them is one line of valid JSON. The
// entry point is libFuzzer's; replay_test.cpp runs the corpus.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "courseselect/chat/protocol.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/net/line_framer.hpp"

using namespace courseselect;

namespace {

void demand(bool condition) {
    if (!condition) {
        std::abort();
    }
}

/// One line, JSON, ended once.
void check_answer(const std::string& line) {
    demand(line.find('\n') == line.size() - 1);
    demand(json::Value::parse(std::string_view(line).substr(0, line.size() - 1)).has_value());
}

/// What was understood, as text to compare. Checks the answers on the way.
std::string understood(std::string_view line) {
    const auto parsed = chat::parse_request(line);
    if (const auto* const refusal = std::get_if<chat::Refusal>(&parsed)) {
        check_answer(chat::refusal_line(*refusal));
        return chat::refusal_line(*refusal);
    }
    const auto& request = std::get<chat::Request>(parsed);
    check_answer(chat::pong_line(request.client_ref));
    std::string text = std::to_string(request.command.index()) + request.client_ref;
    if (const auto* const sent = std::get_if<chat::SendMessage>(&request.command)) {
        const std::string body = chat::message_body(sent->sender.value_or(""), sent->message, {});
        std::string told;
        chat::append_new_message(told, chat::message_fields(1, body), request.client_ref);
        check_answer(told);
        const auto read = json::Value::parse(told);
        demand((*read)["message"].string() == sent->message);
        text += told;
    } else if (const auto* const made = std::get_if<chat::Register>(&request.command)) {
        check_answer(chat::registered_line(made->username, request.client_ref));
        text += made->username;
    } else if (const auto* const page = std::get_if<chat::GetHistory>(&request.command)) {
        demand(page->limit >= 1 && page->limit <= chat::history_limit_max);
        text += std::to_string(page->limit);
    }
    return text + '\n';
}

std::string transcript(std::string_view input, std::size_t step) {
    net::LineFramer framer(128);
    std::string seen;
    for (std::size_t at = 0; at < input.size(); at += step) {
        framer.put(input.substr(at, step));
        while (const auto line = framer.next()) {
            seen += understood(*line);
        }
    }
    return framer.is_too_long() ? seen + "too long" : seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::string whole = transcript(input, std::max<std::size_t>(size, 1));
    demand(whole == transcript(input, 1));
    demand(whole == transcript(input, 7));
    return 0;
}
