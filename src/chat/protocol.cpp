// Reading requests.

#include "courseselect/chat/protocol.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "courseselect/json/reader.hpp"

namespace courseselect::chat {
namespace {

/// What every line has. The rest is read once it is known what is asked.
struct Envelope {
    std::string type;
    std::optional<json::Raw> client_ref;
};
struct RegisterFields {
    std::string username;
    core::Secret password;
};
struct LoginFields {
    std::optional<std::string> username;
    std::optional<core::Secret> password;
    std::optional<core::Secret> token;
};
struct SendFields {
    std::optional<std::string> sender;
    std::string message;
};
struct HistoryFields {
    std::optional<std::int64_t> limit;
    std::optional<std::int64_t> before_id;
    std::optional<std::int64_t> after_id;
};

}  // namespace
}  // namespace courseselect::chat

namespace courseselect::json {

template <>
struct Describe<chat::Envelope> {
    static constexpr auto fields() {
        return object("Envelope", "What every line has.",
                      field<&chat::Envelope::type>("type", optional_with_default),
                      field<&chat::Envelope::client_ref>("client_ref"));
    }
};
template <>
struct Describe<chat::RegisterFields> {
    static constexpr auto fields() {
        using F = chat::RegisterFields;
        return object("Register", "A new account.", field<&F::username>("username"),
                      field<&F::password>("password", length(1, chat::password_bytes_max)));
    }
};
template <>
struct Describe<chat::LoginFields> {
    static constexpr auto fields() {
        using F = chat::LoginFields;
        return object("Login", "By password or token.",
                      field<&F::username>("username", length_max(chat::username_characters_max)),
                      field<&F::password>("password", length_max(chat::password_bytes_max), secret),
                      field<&F::token>("token", length_max(chat::token_bytes_max), secret));
    }
};
template <>
struct Describe<chat::SendFields> {
    static constexpr auto fields() {
        using F = chat::SendFields;
        return object("SendMessage", "A message to everybody.", field<&F::sender>("sender"),
                      field<&F::message>("message", length(1, chat::message_characters_max)));
    }
};
template <>
struct Describe<chat::HistoryFields> {
    static constexpr auto fields() {
        using F = chat::HistoryFields;
        return object("GetHistory", "A page of the history.",
                      field<&F::limit>("limit", at_least(1)),
                      field<&F::before_id>("before_id", at_least(0)),
                      field<&F::after_id>("after_id", at_least(0)));
    }
};

}  // namespace courseselect::json

namespace courseselect::chat {
namespace {

constexpr json::ReadOptions line_options{.document_bytes_max = line_bytes_max, .errors_max = 8};

/// "message: Field required; sender: Input should be a valid string".
std::string describe_faults(const std::vector<json::FieldError>& errors) {
    std::string text;
    for (const json::FieldError& error : errors) {
        text += text.empty() ? "" : "; ";
        const auto* const name =
            error.loc.size() > 1 ? std::get_if<std::string>(&error.loc[1]) : nullptr;
        text += name == nullptr ? error.msg : *name + ": " + error.msg;
    }
    return text;
}

bool is_repeatable(std::string_view json_text) {
    const bool is_string = json_text.starts_with('"');
    const bool is_integer = json_text.find_first_not_of("-0123456789") == std::string_view::npos;
    return json_text.size() <= client_ref_bytes_max && (is_string || is_integer);
}

Refusal invalid(std::string message, std::string client_ref, AnswerType answer) {
    return {Fault::invalid_field, std::move(message), std::move(client_ref), answer};
}

/// Reads the fields of one kind of request and makes its command.
template <class Fields, class Make>
std::variant<Request, Refusal> read_fields(std::string_view line, std::string client_ref,
                                           AnswerType answer, Make make) {
    auto fields = json::parse_body<Fields>(line, line_options);
    if (!fields) {
        return invalid(describe_faults(fields.errors()), std::move(client_ref), answer);
    }
    return Request{Command(make(*std::move(fields))), std::move(client_ref)};
}

std::variant<Request, Refusal> read_login(std::string_view line, std::string client_ref) {
    constexpr AnswerType answer = AnswerType::login_response;
    auto fields = json::parse_body<LoginFields>(line, line_options);
    if (!fields) {
        return invalid(describe_faults(fields.errors()), std::move(client_ref), answer);
    }
    if (!fields->token && !(fields->username && fields->password)) {
        return invalid("Give username and password, or a token", std::move(client_ref), answer);
    }
    Login login{.username = fields->username.value_or(""),
                .password = std::move(fields->password).value_or(core::Secret()),
                .token = std::move(fields->token).value_or(core::Secret())};
    return Request{Command(std::move(login)), std::move(client_ref)};
}

std::variant<Request, Refusal> read_register(std::string_view line, std::string client_ref) {
    constexpr AnswerType answer = AnswerType::register_response;
    auto fields = json::parse_body<RegisterFields>(line, line_options);
    if (!fields) {
        return invalid(describe_faults(fields.errors()), std::move(client_ref), answer);
    }
    if (const auto fault = username_fault(fields->username)) {
        return invalid("username: " + *fault, std::move(client_ref), answer);
    }
    return Request{Command(Register{std::move(fields->username), std::move(fields->password)}),
                   std::move(client_ref)};
}

std::variant<Request, Refusal> read_command(std::string_view type, std::string_view line,
                                            std::string client_ref) {
    if (type == "send_message") {
        return read_fields<SendFields>(
            line, std::move(client_ref), AnswerType::error, [](SendFields fields) {
                return SendMessage{std::move(fields.sender), std::move(fields.message)};
            });
    }
    if (type == "get_history") {
        return read_fields<HistoryFields>(
            line, std::move(client_ref), AnswerType::error, [](HistoryFields fields) {
                const auto limit = fields.limit.value_or(history_limit_default);
                return GetHistory{std::min(limit, history_limit_max), fields.before_id,
                                  fields.after_id};
            });
    }
    if (type == "login") {
        return read_login(line, std::move(client_ref));
    }
    if (type == "register") {
        return read_register(line, std::move(client_ref));
    }
    if (type == "who") {
        return Request{Who{}, std::move(client_ref)};
    }
    if (type == "ping") {
        return Request{Ping{}, std::move(client_ref)};
    }
    if (type == "pong") {
        return Request{Pong{}, std::move(client_ref)};
    }
    if (type == "logout") {
        return Request{Logout{}, std::move(client_ref)};
    }
    return Refusal{Fault::unknown_type,
                   "type: Use register, login, send_message, get_history, who, ping, pong or "
                   "logout",
                   std::move(client_ref)};
}

/// C0 controls and DEL; C1 controls, which are two bytes in UTF-8.
bool has_control(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x20 || byte == 0x7f) {
            return true;
        }
        if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) {
            return true;
        }
    }
    return false;
}

std::size_t count_characters(std::string_view utf8) {
    return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

}  // namespace

std::variant<Request, Refusal> parse_request(std::string_view line) {
    auto envelope = json::parse_body<Envelope>(line, line_options);
    if (!envelope) {
        const auto& error = envelope.errors().front();
        if (error.loc.size() > 1 && error.type != "json_invalid") {
            return Refusal{Fault::unknown_type, describe_faults(envelope.errors())};
        }
        return Refusal{Fault::bad_json,
                       "Send one JSON object in UTF-8 a line, like {\"type\":\"ping\"}"};
    }
    std::string client_ref =
        envelope->client_ref ? std::move(envelope->client_ref->text) : std::string();
    if (!client_ref.empty() && !is_repeatable(client_ref)) {
        return invalid("client_ref: Use a string or an integer of at most " +
                           std::to_string(client_ref_bytes_max) + " bytes",
                       {}, AnswerType::error);
    }
    return read_command(envelope->type, line, std::move(client_ref));
}

std::optional<std::string> username_fault(std::string_view username) {
    const std::size_t characters = count_characters(username);
    if (characters < 1 || characters > username_characters_max) {
        return "Use 1 to " + std::to_string(username_characters_max) + " characters";
    }
    if (has_control(username)) {
        return "Control characters are not allowed";
    }
    if (username.front() == ' ' || username.back() == ' ') {
        return "Leave the blanks at its ends out";
    }
    return std::nullopt;
}

}  // namespace courseselect::chat
