#include "courseselect/chat/client.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "courseselect/async/sleep.hpp"
#include "courseselect/chat/protocol.hpp"
#include "courseselect/json/writer.hpp"

namespace courseselect::chat {
namespace {

/// The server's last words before it closes; the rest of them tells programs what to do next, which
/// this one knows.
std::optional<std::string> farewell_of(const std::string& code, const std::string& message) {
    if (code == "stopping") {
        return "The server is stopping";
    }
    if (code == "too_slow") {
        return "The server gave us up because we read too slowly";
    }
    if (code == "idle" || code == "line_too_slow" || code == "line_too_long" ||
        code == "too_many_connections") {
        return message;
    }
    return std::nullopt;
}

}  // namespace

Client::Client(async::EventLoop& loop, ClientOptions options, ClientEvents& events,
               crypto::RandomSource& random)
    : loop_(loop),
      options_(std::move(options)),
      events_(events),
      random_(random),
      wait_max_(options_.retry_min) {}
Client::~Client() = default;

async::Task<core::Result<>> Client::run() {
    while (!stop_.stop_requested()) {
        const auto ended = co_await run_connection();
        if (!ended && ended.error().code() == core::Errc::unauthenticated) {
            co_return ended.error();
        }
        if (stop_.stop_requested()) {
            break;
        }
        const std::chrono::milliseconds wait = next_wait();
        events_.on_offline(ended ? "The connection ended" : ended.error().detail(), wait);
        const bool waited = co_await async::sleep_for(loop_, wait, stop_.get_token());
        if (!waited) {
            break;
        }
    }
    co_return core::Result<>();
}

std::chrono::milliseconds Client::next_wait() {
    if (has_logged_in_) {
        wait_max_ = options_.retry_min;
    }
    const std::chrono::milliseconds whole = wait_max_;
    wait_max_ = std::min(2 * whole, options_.retry_max);
    const auto chance = random_.array<2>();
    const int part = chance[0] * 256 + chance[1];  // of 65,535
    return whole / 2 + (whole - whole / 2) * part / 65'535;
}

void Client::stop() {
    stop_.request_stop();
    if (line_ != nullptr) {
        line_->close();
    }
}

async::Task<core::Result<>> Client::run_connection() {
    has_logged_in_ = false;
    is_silent_ = false;
    COURSESELECT_CO_TRY(const auto line,
                        co_await net::LineClient::connect(loop_, options_.host, options_.port));
    async::TaskGroup work(loop_);
    line_ = line.get();
    work_ = &work;
    core::Result<> outcome;
    if (!stop_.stop_requested()) {
        work.spawn(keep_alive(*line, work.stop_token()));
        log_in();
    }
    while (outcome && !stop_.stop_requested()) {
        const auto text = co_await line->read_line();
        if (!text) {
            outcome = text.error();
            break;
        }
        has_heard_ = true;
        const auto parsed = json::Value::parse(*text);
        outcome = parsed ? take(*parsed) : core::Result<>(parsed.error());
    }
    is_online_ = false;
    line->close();
    work.request_stop();
    co_await work.join();
    line_ = nullptr;
    work_ = nullptr;
    outbox_.clear();
    is_writing_ = false;
    co_return ending_of(outcome);
}

/// Why the connection ended, for people.
core::Result<> Client::ending_of(const core::Result<>& outcome) const {
    if (is_silent_) {
        return core::Error(core::Errc::unavailable, "server_silent", "The server does not answer");
    }
    return outcome;
}

/// A peer that vanished without a word is found by its silence: to the login, then to a ping.
async::Task<> Client::keep_alive(net::LineClient& line, std::stop_token stop) {
    while (true) {
        has_heard_ = false;
        const bool waited = co_await async::sleep_for(loop_, options_.ping_interval, stop);
        if (!waited) {
            co_return;
        }
        if (!has_heard_) {
            is_silent_ = true;
            line.close();
            co_return;
        }
        send(ping_line());
    }
}

// ---- output ------------------------------------------------------------------------------------

void Client::send(std::string line) {
    if (line_ == nullptr) {
        return;
    }
    outbox_ += line;
    if (!std::exchange(is_writing_, true)) {
        work_->spawn(write_out(*line_));
    }
}

/// One write at a time; what is said meanwhile goes with the next.
async::Task<> Client::write_out(net::LineClient& line) {
    while (!outbox_.empty()) {
        std::string lines = std::exchange(outbox_, {});
        const auto written = co_await line.write(std::move(lines));
        if (!written) {
            co_return;  // the reader hears of it, too
        }
    }
    is_writing_ = false;
}

void Client::log_in() {
    const bool has_token = !options_.token.empty();
    registration_refused_.clear();
    if (options_.makes_account && !has_account_ && !has_token) {
        send(json::make_object("type", "register", "username", options_.username, "password",
                               options_.password.reveal()) +
             '\n');
    }
    send((has_token ? json::make_object("type", "login", "token", options_.token.reveal())
                    : json::make_object("type", "login", "username", options_.username, "password",
                                        options_.password.reveal())) +
         '\n');
}

void Client::catch_up() {
    send((has_been_online_
              ? json::make_object("type", "get_history", "limit", history_limit_max, "after_id",
                                  last_id_)
              : json::make_object("type", "get_history", "limit", options_.first_messages)) +
         '\n');
}

void Client::send_message(std::string text) {
    const std::int64_t ref = next_ref_++;
    std::string line =
        json::make_object("type", "send_message", "message", text, "client_ref", ref);
    if (line.size() > line_bytes_max) {  // the server would close the connection
        events_.on_refused(
            "message: Use at most " + std::to_string(message_characters_max) + " characters", text);
        return;
    }
    send(line + '\n');
    sent_.emplace(ref, std::move(text));
}

void Client::say(std::string text) {
    if (is_online_) {
        send_message(std::move(text));
    } else {
        waiting_.push_back(std::move(text));
    }
}

void Client::ask_users() { send("{\"type\":\"who\"}\n"); }

// ---- input -------------------------------------------------------------------------------------

core::Result<> Client::take(const json::Value& line) {
    const std::string type = line["type"].string().value_or("");
    if (type == "login_response") {
        return take_login(line);
    }
    if (type == "error") {
        return take_error(line);
    }
    if (type == "new_message") {
        if (is_online_) {  // before that, the answer to `catch_up` has it
            take_told(line, false);
        }
    } else if (type == "history_response") {
        take_history(line);
    } else if (type == "register_response") {
        if (line["status"].string() != "success") {
            registration_refused_ = line["message"].string().value_or("");
        }
    } else if (type == "ping") {
        send("{\"type\":\"pong\"}\n");
    } else if (type == "who_response") {
        std::vector<std::string> names;
        for (const json::Value& name : line["users"].items()) {
            names.push_back(name.string().value_or(""));
        }
        events_.on_users(names);
    }
    return {};
}

core::Result<> Client::take_login(const json::Value& line) {
    if (line["status"].string() == "success") {
        has_logged_in_ = has_account_ = true;
        username_ = line["username"].string().value_or(options_.username);
        catch_up();
        return {};
    }
    std::string why = line["message"].string().value_or("The login was refused");
    if (!registration_refused_.empty()) {
        why += " (" + registration_refused_ + ")";
    }
    const std::string code = line["code"].string().value_or("");
    if (code == "busy" || code == "too_many_attempts") {
        return core::Error(core::Errc::unavailable, "login_delayed", why);
    }
    return core::Error(core::Errc::unauthenticated, "login_refused", why);
}

void Client::take_told(const json::Value& message, bool is_history) {
    ToldMessage told;
    told.id = message["id"].integer().value_or(0);
    if (told.id <= last_id_) {
        return;
    }
    last_id_ = told.id;
    told.sender = message["sender"].string().value_or("");
    told.text = message["message"].string().value_or("");
    told.timestamp = message["timestamp"].string().value_or("");
    told.is_own = told.sender == username_;
    told.is_history = is_history;
    if (const auto ref = message["client_ref"].integer()) {
        sent_.erase(*ref);
    } else if (is_history && told.is_own) {
        // Stored before the connection was lost, though we did not hear so.
        const auto same = std::find_if(sent_.begin(), sent_.end(), [&told](const auto& entry) {
            return entry.second == told.text;
        });
        if (same != sent_.end()) {
            sent_.erase(same);
        }
    }
    events_.on_message(told);
}

void Client::take_history(const json::Value& page) {
    for (const json::Value& message : page["messages"].items()) {
        take_told(message, true);
    }
    if (has_been_online_ && page["has_more"].boolean().value_or(false)) {
        catch_up();
    } else if (!is_online_) {
        go_online();
    }
}

void Client::go_online() {
    is_online_ = has_been_online_ = true;
    for (const auto& [ref, text] : std::exchange(sent_, {})) {
        events_.on_unconfirmed(text);
    }
    events_.on_online(username_);
    while (!waiting_.empty() && is_online_) {
        std::string text = std::move(waiting_.front());
        waiting_.pop_front();
        send_message(std::move(text));
    }
}

core::Result<> Client::take_error(const json::Value& line) {
    const std::string code = line["code"].string().value_or("");
    const std::string why = line["message"].string().value_or("The server refused it");
    if (code == "login_expired") {
        return core::Error(core::Errc::unauthenticated, "login_expired", why);
    }
    if (const auto farewell = farewell_of(code, why)) {
        return core::Error(core::Errc::unavailable, "sent_away", *farewell);
    }
    if (code == "outcome_unknown") {
        return {};  // the history will tell, or that it does not have it
    }
    std::string text;
    if (const auto ref = line["client_ref"].integer()) {
        const auto found = sent_.find(*ref);
        if (found != sent_.end()) {
            text = std::move(found->second);
            sent_.erase(found);
        }
    }
    events_.on_refused(why, text);
    return {};
}

}  // namespace courseselect::chat
