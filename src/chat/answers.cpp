// Writing answers.

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <utility>

#include "courseselect/chat/protocol.hpp"
#include "courseselect/json/writer.hpp"

namespace courseselect::chat {
namespace {

constexpr std::array<std::pair<Fault, std::string_view>, 21> fault_codes = {{
    {Fault::bad_json, "bad_json"},
    {Fault::unknown_type, "unknown_type"},
    {Fault::invalid_field, "invalid_field"},
    {Fault::not_logged_in, "not_logged_in"},
    {Fault::wrong_sender, "wrong_sender"},
    {Fault::rate_limited, "rate_limited"},
    {Fault::busy, "busy"},
    {Fault::not_stored, "not_stored"},
    {Fault::outcome_unknown, "outcome_unknown"},
    {Fault::history_unavailable, "history_unavailable"},
    {Fault::username_taken, "username_taken"},
    {Fault::bad_credentials, "bad_credentials"},
    {Fault::too_many_attempts, "too_many_attempts"},
    {Fault::not_offered, "not_offered"},
    {Fault::login_expired, "login_expired"},
    {Fault::line_too_long, "line_too_long"},
    {Fault::line_too_slow, "line_too_slow"},
    {Fault::idle, "idle"},
    {Fault::too_slow, "too_slow"},
    {Fault::stopping, "stopping"},
    {Fault::too_many_connections, "too_many_connections"},
}};

std::string_view answer_type(AnswerType type) {
    switch (type) {
        case AnswerType::error: return "error";
        case AnswerType::register_response: return "register_response";
        case AnswerType::login_response: return "login_response";
    }
    return "error";
}

void add_ref(json::ObjectWriter& object, std::string_view client_ref) {
    if (!client_ref.empty()) {
        object.add_raw("client_ref", client_ref);
    }
}

}  // namespace

std::string_view fault_code(Fault fault) {
    for (const auto& [known, code] : fault_codes) {
        if (known == fault) {
            return code;
        }
    }
    return "";
}

std::string format_timestamp(core::WallTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    return fmt::format(FMT_STRING("{:%Y-%m-%dT%H:%M:%S}"),
                       fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
}

std::string message_body(std::string_view sender, std::string_view text, core::WallTime time) {
    std::string out = "\"sender\":";
    json::append_string(out, sender);
    out += ",\"message\":";
    json::append_string(out, text);
    out += ",\"timestamp\":\"" + format_timestamp(time) + '"';
    return out;
}

std::string message_fields(std::int64_t id, std::string_view body) {
    std::string out = "\"id\":";
    json::append_integer(out, id);
    out += ',';
    out += body;
    return out;
}

void append_new_message(std::string& out, std::string_view fields, std::string_view client_ref) {
    out += R"({"type":"new_message",)";
    out += fields;
    if (!client_ref.empty()) {
        out += ",\"client_ref\":";
        out += client_ref;
    }
    out += "}\n";
}

std::string history_line(const std::vector<std::string_view>& messages, bool has_more,
                         std::string_view client_ref) {
    std::string out = R"({"type":"history_response","messages":[)";
    bool is_first = true;
    for (const std::string_view fields : messages) {
        out += is_first ? "{" : ",{";
        out += fields;
        out += '}';
        is_first = false;
    }
    out += has_more ? R"(],"has_more":true)" : R"(],"has_more":false)";
    if (!client_ref.empty()) {
        out += ",\"client_ref\":";
        out += client_ref;
    }
    out += "}\n";
    return out;
}

std::string refusal_line(const Refusal& refusal) {
    std::string out;
    {
        json::ObjectWriter object(out);
        object.add("type", answer_type(refusal.answer));
        if (refusal.answer != AnswerType::error) {
            object.add("status", "error");
        }
        object.add("message", refusal.message).add("code", fault_code(refusal.fault));
        add_ref(object, refusal.client_ref);
    }
    return out + '\n';
}

std::string registered_line(std::string_view username, std::string_view client_ref) {
    std::string out;
    {
        json::ObjectWriter object(out);
        object.add("type", "register_response").add("status", "success");
        object.add("message", "Account created, log in now").add("username", username);
        add_ref(object, client_ref);
    }
    return out + '\n';
}

std::string logged_in_line(std::int64_t user_id, std::string_view username, std::int64_t last_id,
                           std::string_view client_ref) {
    std::string out;
    {
        json::ObjectWriter object(out);
        object.add("type", "login_response").add("status", "success");
        object.add("user_id", user_id).add("username", username).add("last_id", last_id);
        add_ref(object, client_ref);
    }
    return out + '\n';
}

std::string logged_out_line(std::string_view client_ref) {
    std::string out;
    {
        json::ObjectWriter object(out);
        object.add("type", "logout_response").add("status", "success");
        object.add("message", "Logged out");
        add_ref(object, client_ref);
    }
    return out + '\n';
}

std::string who_line(const std::vector<std::string_view>& usernames, std::size_t count,
                     std::string_view client_ref) {
    std::string out;
    {
        json::ObjectWriter object(out);
        object.add("type", "who_response");
        {
            json::ArrayWriter names(object.slot("users"));
            for (const std::string_view name : usernames) {
                names.add(name);
            }
        }
        object.add("count", count);
        add_ref(object, client_ref);
    }
    return out + '\n';
}

std::string pong_line(std::string_view client_ref) {
    std::string out;
    {
        json::ObjectWriter object(out);
        object.add("type", "pong");
        add_ref(object, client_ref);
    }
    return out + '\n';
}

std::string ping_line() { return "{\"type\":\"ping\"}\n"; }

}  // namespace courseselect::chat
