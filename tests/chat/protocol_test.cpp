#include "courseselect/chat/protocol.hpp"

#include <doctest/doctest.h>

#include <string>
#include <variant>
#include <vector>

#include "courseselect/json/value.hpp"

using namespace courseselect;
using namespace courseselect::chat;

namespace {

template <class T>
T command_of(const std::string& line) {
    auto parsed = parse_request(line);
    REQUIRE(std::holds_alternative<Request>(parsed));
    auto& command = std::get<Request>(parsed).command;
    REQUIRE(std::holds_alternative<T>(command));
    return std::get<T>(std::move(command));
}

Refusal refusal_of(const std::string& line) {
    const auto parsed = parse_request(line);
    CAPTURE(line);
    REQUIRE(std::holds_alternative<Refusal>(parsed));
    return std::get<Refusal>(parsed);
}

std::string message_line(const std::string& message) {
    return R"({"type":"send_message","message":")" + message + "\"}";
}

std::string repeated(std::string_view text, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
        out += text;
    }
    return out;
}

}  // namespace

TEST_SUITE("chat/protocol") {
    TEST_CASE("every kind of request is read, unknown fields are ignored") {
        const auto made = command_of<Register>(
            R"({"type":"register","username":"ann","password":"pw","shoe_size":[1,{"a":2}]})");
        CHECK(made.username == "ann");
        CHECK(made.password.reveal() == "pw");
        const auto login = command_of<Login>(R"({"type":"login","username":"a","password":"b"})");
        CHECK(login.username == "a");
        CHECK(login.password.reveal() == "b");
        CHECK(command_of<Login>(R"({"type":"login","token":"t"})").token.reveal() == "t");
        const auto sent = command_of<SendMessage>(
            R"({"type":"send_message","sender":"ann","message":"hi","message_id":"x"})");
        CHECK(sent.sender == "ann");
        CHECK(sent.message == "hi");
        CHECK_FALSE(command_of<SendMessage>(message_line("hi")).sender);
        const auto page = command_of<GetHistory>(
            R"({"type":"get_history","limit":7,"before_id":9,"after_id":2})");
        CHECK(page.limit == 7);
        CHECK(page.before_id == 9);
        CHECK(page.after_id == 2);
        CHECK(command_of<GetHistory>(R"({"type":"get_history"})").limit == history_limit_default);
        command_of<Who>(R"({"type":"who"})");
        command_of<Ping>(R"({"type":"ping","message":5})");  // a field of others, ignored
        command_of<Pong>(R"({"type":"pong"})");
        command_of<Logout>(R"({"type":"logout"})");
    }

    TEST_CASE("what is no request is refused with its reason") {
        for (const char* line : {"", "nonsense", "[]", "5", "null", "{\"type\":\"ping\"",
                                 "{\"type\":\"ping\"} x", "{\"type\":\"\xff\"}"}) {
            CAPTURE(line);
            CHECK(refusal_of(line).fault == Fault::bad_json);
        }
        CHECK(refusal_of("{}").fault == Fault::unknown_type);
        CHECK(refusal_of(R"({"type":"dance"})").fault == Fault::unknown_type);
        CHECK(refusal_of(R"({"type":7})").fault == Fault::unknown_type);
        const Refusal missing = refusal_of(R"({"type":"send_message"})");
        CHECK(missing.fault == Fault::invalid_field);
        CHECK(missing.message.find("message:") == 0);
        CHECK(missing.answer == AnswerType::error);
        CHECK(refusal_of(R"({"type":"login","username":"a"})").answer ==
              AnswerType::login_response);
        CHECK(refusal_of(R"({"type":"register","username":"a"})").answer ==
              AnswerType::register_response);
    }

    TEST_CASE("a message has 1 to 4000 characters, however they are written") {
        CHECK(refusal_of(message_line("")).fault == Fault::invalid_field);
        CHECK(command_of<SendMessage>(message_line("x")).message == "x");
        const std::string face = "\xf0\x9f\x98\x80";
        CHECK(command_of<SendMessage>(message_line(repeated(face, 4000))).message.size() == 16'000);
        CHECK(refusal_of(message_line(repeated(face, 4001))).fault == Fault::invalid_field);
        const std::string escaped = "\\ud83d\\ude00";  // the longest way to write a character
        const std::string line = message_line(repeated(escaped, 4000));
        CHECK(line.size() < line_bytes_max);
        CHECK(command_of<SendMessage>(line).message == repeated(face, 4000));
    }

    TEST_CASE("control characters come and go as escapes") {
        const auto sent = command_of<SendMessage>(message_line("a\\u0000b\\n\\u001b[31m\\u007f"));
        CHECK(sent.message == std::string("a\0b\n\x1b[31m\x7f", 10));
        const std::string body = message_body("ann", sent.message, {});
        CHECK(body.find('\n') == std::string::npos);
        const auto read = json::Value::parse("{" + message_fields(3, body) + "}");
        REQUIRE(read);
        CHECK((*read)["message"].string() == sent.message);
        CHECK((*read)["id"].integer() == 3);
    }

    TEST_CASE("a name has 1 to 50 characters, no controls, no blanks around") {
        const std::string umlaut = "\xc3\xbc";
        CHECK_FALSE(username_fault(repeated(umlaut, 50)));
        CHECK(username_fault(repeated(umlaut, 51)));
        CHECK(username_fault(""));
        CHECK(username_fault(" ann"));
        CHECK(username_fault("ann "));
        CHECK(username_fault("a\nb"));
        CHECK(
            username_fault("a\xc2\x85"
                           "b"));  // C1 control
        CHECK_FALSE(username_fault("ann lee"));
    }

    TEST_CASE("history: a limit over the greatest is the greatest, under 1 an error") {
        CHECK(command_of<GetHistory>(R"({"type":"get_history","limit":500})").limit == 500);
        CHECK(command_of<GetHistory>(R"({"type":"get_history","limit":501})").limit == 500);
        CHECK(command_of<GetHistory>(R"({"type":"get_history","limit":1})").limit == 1);
        CHECK(refusal_of(R"({"type":"get_history","limit":0})").fault == Fault::invalid_field);
        CHECK(refusal_of(R"({"type":"get_history","after_id":-1})").fault == Fault::invalid_field);
    }

    TEST_CASE("client_ref is a string or integer of at most 128 bytes, and comes back as it was") {
        const auto with_ref = [](const std::string& ref) {
            return R"({"type":"ping","client_ref":)" + ref + "}";
        };
        for (const std::string ref : {"\"a\\u0041\"", "17", "-3"}) {
            const auto parsed = parse_request(with_ref(ref));
            REQUIRE(std::holds_alternative<Request>(parsed));
            const std::string kept = std::get<Request>(parsed).client_ref;
            const auto answer = json::Value::parse(pong_line(kept));
            REQUIRE(answer);
            const auto wanted = json::Value::parse(ref);
            REQUIRE(wanted);
            CHECK((*answer)["client_ref"].text() == wanted->text());
        }
        CHECK(std::holds_alternative<Request>(
            parse_request(with_ref("\"" + std::string(126, 'x') + "\""))));
        CHECK(refusal_of(with_ref("\"" + std::string(127, 'x') + "\"")).fault ==
              Fault::invalid_field);
        for (const std::string ref : {"true", "1.5", "[1]", "{}"}) {
            CHECK(refusal_of(with_ref(ref)).fault == Fault::invalid_field);
        }
        CHECK(refusal_of(R"({"type":"send_message","client_ref":"r"})").client_ref == "\"r\"");
    }

    TEST_CASE("answers are lines of JSON as the contract shows them") {
        const core::WallTime time{std::chrono::seconds{1'768'473'000}};
        CHECK(format_timestamp(time) == "2026-01-15T10:30:00");
        std::string told;
        append_new_message(told, message_fields(7, message_body("ann", "hi", time)), "");
        CHECK(told ==
              "{\"type\":\"new_message\",\"id\":7,\"sender\":\"ann\",\"message\":\"hi\","
              "\"timestamp\":\"2026-01-15T10:30:00\"}\n");
        CHECK(history_line({"\"id\":1", "\"id\":2"}, true, "5") ==
              "{\"type\":\"history_response\",\"messages\":[{\"id\":1},{\"id\":2}],"
              "\"has_more\":true,\"client_ref\":5}\n");
        CHECK(logged_in_line(1, "ann", 9, "") ==
              "{\"type\":\"login_response\",\"status\":\"success\",\"user_id\":1,"
              "\"username\":\"ann\",\"last_id\":9}\n");
        CHECK(refusal_line({Fault::bad_json, "No"}) ==
              "{\"type\":\"error\",\"message\":\"No\",\"code\":\"bad_json\"}\n");
        CHECK(refusal_line({Fault::username_taken, "No", "", AnswerType::register_response}) ==
              "{\"type\":\"register_response\",\"status\":\"error\",\"message\":\"No\","
              "\"code\":\"username_taken\"}\n");
        CHECK(who_line({"ann", "bob"}, 2, "") ==
              "{\"type\":\"who_response\",\"users\":[\"ann\",\"bob\"],\"count\":2}\n");
    }
}
