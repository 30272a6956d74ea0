#pragma once
/// The chat protocol's lines: what clients may ask, and what the server answers. Pure.
/// Source: contract/chat-protocol.md. Clients that know only its table never meet anything else;
/// everything beyond is additional fields, or answers to questions they do not ask.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/secret.hpp"

namespace courseselect::chat {

inline constexpr std::size_t message_characters_max = 4'000;
inline constexpr std::size_t username_characters_max = 50;
inline constexpr std::size_t password_bytes_max = 1'024;
inline constexpr std::size_t token_bytes_max = 8'192;
inline constexpr std::size_t client_ref_bytes_max = 128;  ///< as JSON text
inline constexpr std::size_t line_bytes_max = 64 * 1024;  ///< without its end
inline constexpr std::int64_t history_limit_default = 50;
inline constexpr std::int64_t history_limit_max = 500;  ///< whoever asks for more gets so many
inline constexpr std::size_t who_users_max = 1'000;     ///< names in an answer; the count is true

/// What is wrong, for programs; on the wire in `code`.
enum class Fault : std::uint8_t {
    bad_json,             ///< no JSON object, or not UTF-8
    unknown_type,         ///< also when `type` is missing
    invalid_field,        ///< the message names it
    not_logged_in,        ///< sending, history and who need a login
    wrong_sender,         ///< nobody speaks for another
    rate_limited,         ///< the message says for how long
    busy,                 ///< a queue is full; try again
    not_stored,           ///< the message is not in the history and nobody saw it
    outcome_unknown,      ///< it may come to be in the history; nobody has seen it yet
    history_unavailable,  ///< try again
    username_taken,
    bad_credentials,
    too_many_attempts,
    not_offered,           ///< this server's accounts are managed elsewhere, or it takes no tokens
    login_expired,         ///< the token's time is over
    line_too_long,         ///< then closed
    line_too_slow,         ///< then closed
    idle,                  ///< then closed
    too_slow,              ///< then closed; catch up with `get_history`
    stopping,              ///< then closed
    too_many_connections,  ///< then closed
};
[[nodiscard]] std::string_view fault_code(Fault fault);

struct Register {
    std::string username;
    core::Secret password;
};
/// With a name and a password, or with a token.
struct Login {
    std::string username;
    core::Secret password;
    core::Secret token;
};
struct SendMessage {
    std::optional<std::string> sender;
    std::string message;
};
/// Without `after_id` the newest `limit` messages, with it the oldest after it; in any case only
/// those before `before_id`.
struct GetHistory {
    std::int64_t limit = history_limit_default;
    std::optional<std::int64_t> before_id;
    std::optional<std::int64_t> after_id;
};
struct Who {};
struct Ping {};
struct Pong {};
struct Logout {};

using Command = std::variant<Register, Login, SendMessage, GetHistory, Who, Ping, Pong, Logout>;

/// Which answer a refusal takes the shape of.
enum class AnswerType : std::uint8_t { error, register_response, login_response };

struct Request {
    Command command;
    std::string client_ref;  ///< JSON text of a string or integer to repeat in answers; or empty
};
struct Refusal {
    Fault fault;
    std::string message;  ///< a sentence that names the field and the remedy
    std::string client_ref{};
    AnswerType answer = AnswerType::error;
};

/// Reads one line. Unknown fields are ignored; of a repeated one the last counts.
[[nodiscard]] std::variant<Request, Refusal> parse_request(std::string_view line);

/// "2026-01-15T10:30:00": UTC, whole seconds, as the contract shows it.
[[nodiscard]] std::string format_timestamp(core::WallTime time);

/// What a message shows both when it is told and in the history, without braces and id:
/// `"sender":"ann","message":"hi","timestamp":"2026-01-15T10:30:00"`.
[[nodiscard]] std::string message_body(std::string_view sender, std::string_view text,
                                       core::WallTime time);
/// `"id":7,` and the body.
[[nodiscard]] std::string message_fields(std::int64_t id, std::string_view body);

// Whole lines with their ends. An empty `client_ref` is left out.
void append_new_message(std::string& out, std::string_view fields, std::string_view client_ref);
/// `messages` are `message_fields`, oldest first.
[[nodiscard]] std::string history_line(const std::vector<std::string_view>& messages, bool has_more,
                                       std::string_view client_ref);
[[nodiscard]] std::string refusal_line(const Refusal& refusal);
[[nodiscard]] std::string registered_line(std::string_view username, std::string_view client_ref);
/// `last_id`: of the last message told before this login; all later ones are told to this client.
[[nodiscard]] std::string logged_in_line(std::int64_t user_id, std::string_view username,
                                         std::int64_t last_id, std::string_view client_ref);
[[nodiscard]] std::string logged_out_line(std::string_view client_ref);
[[nodiscard]] std::string who_line(const std::vector<std::string_view>& usernames,
                                   std::size_t count, std::string_view client_ref);
[[nodiscard]] std::string pong_line(std::string_view client_ref);
[[nodiscard]] std::string ping_line();

/// Whether a new account may have this name: 1 to 50 characters, no control characters, no blank
/// at either end. Nothing, or what is wrong with it.
[[nodiscard]] std::optional<std::string> username_fault(std::string_view username);

}  // namespace courseselect::chat
