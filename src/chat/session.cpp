#include "session.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "courseselect/core/log.hpp"

namespace courseselect::chat {
namespace {

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&lower](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

Session::Session(SessionShared& shared, net::LineConnection& connection)
    : shared_(shared), connection_(connection), key_(++shared.keys_given) {
    shared_.sessions.emplace(key_, this);
}

Session::~Session() = default;

void Session::on_line(std::string_view line) {
    if (shared_.options.has_limits) {
        const auto taken = requests_.try_take(shared_.request_rule, shared_.clock.mono_now());
        if (!taken.allowed) {
            connection_.pause_for(std::chrono::ceil<std::chrono::milliseconds>(taken.wait));
        }
    }
    auto parsed = parse_request(line);
    if (const auto* const refusal = std::get_if<Refusal>(&parsed)) {
        connection_.send(refusal_line(*refusal));
        return;
    }
    Request& request = *std::get_if<Request>(&parsed);
    std::visit([&](auto& command) { handle(command, std::move(request.client_ref)); },
               request.command);
}

bool Session::has_work() const { return !shared_.room.is_resolved(spoken_); }

void Session::on_quiet() { connection_.send(ping_line()); }

void Session::on_sweep(core::MonoTime /*now*/) {
    if (expires_at_ && shared_.clock.wall_now() >= *expires_at_) {
        leave();
        refuse(Fault::login_expired, "The token you logged in with has expired, log in again", {});
    }
}

void Session::on_end(net::LineEnd /*why*/) {
    leave();
    shared_.sessions.erase(key_);
}

void Session::refuse(Fault fault, std::string message, std::string client_ref) {
    connection_.send(refusal_line({fault, std::move(message), std::move(client_ref)}));
}

bool Session::demands_login(const std::string& client_ref) {
    if (!is_logged_in()) {
        refuse(Fault::not_logged_in, "Log in first", client_ref);
    }
    return !is_logged_in();
}

void Session::leave() {
    if (member_) {
        shared_.room.leave(*member_);
        member_.reset();
        expires_at_.reset();
    }
}

// ---- accounts ----------------------------------------------------------------------------------

void Session::handle(Register& request, std::string client_ref) {
    connection_.pause();
    shared_.work.spawn(run_registration(shared_, key_, std::move(request), std::move(client_ref)));
}

async::Task<> Session::run_registration(SessionShared& shared, std::uint64_t key, Register request,
                                        std::string client_ref) {
    const std::string address = shared.sessions.at(key)->connection_.address();
    const Accounts::Outcome outcome =
        co_await shared.accounts.register_user(std::move(request), address);
    const auto found = shared.sessions.find(key);
    if (found == shared.sessions.end()) {
        co_return;  // the client has gone
    }
    net::LineConnection& connection = found->second->connection_;
    if (const auto* const account = std::get_if<Account>(&outcome)) {
        connection.send(registered_line(account->username, client_ref));
    } else {
        Refusal refusal = std::get<Refusal>(outcome);
        refusal.client_ref = std::move(client_ref);
        connection.send(refusal_line(refusal));
    }
    connection.resume();
}

void Session::handle(Login& request, std::string client_ref) {
    connection_.pause();
    shared_.work.spawn(run_login(shared_, key_, std::move(request), std::move(client_ref)));
}

async::Task<> Session::run_login(SessionShared& shared, std::uint64_t key, Login request,
                                 std::string client_ref) {
    const std::string address = shared.sessions.at(key)->connection_.address();
    const std::uint64_t spoken = shared.sessions.at(key)->spoken_;
    co_await shared.room.resolved(spoken);
    Accounts::Outcome outcome = co_await shared.accounts.log_in(std::move(request), address);
    const auto found = shared.sessions.find(key);
    if (found == shared.sessions.end()) {
        co_return;  // the client has gone
    }
    Session& session = *found->second;
    if (auto* const account = std::get_if<Account>(&outcome)) {
        session.enter(std::move(*account), client_ref);
    } else {
        Refusal refusal = std::get<Refusal>(outcome);
        core::log::info("chat_login_refused",
                        {{"code", fault_code(refusal.fault)}, {"address", address}});
        refusal.client_ref = std::move(client_ref);
        session.connection_.send(refusal_line(refusal));
    }
    session.connection_.resume();
}

/// A second login on one connection takes the place of the first.
void Session::enter(Account account, const std::string& client_ref) {
    leave();
    connection_.send(
        logged_in_line(account.user_id, account.username, shared_.room.last_id(), client_ref));
    member_ = std::make_unique<Member>();
    member_->key = key_;
    member_->user_id = account.user_id;
    member_->username = std::move(account.username);
    member_->connection = &connection_;
    expires_at_ = account.expires_at;
    shared_.room.join(*member_);
}

void Session::handle(Logout& /*request*/, std::string client_ref) {
    if (!demands_login(client_ref)) {
        connection_.pause();
        shared_.work.spawn(run_logout(shared_, key_, std::move(client_ref)));
    }
}

async::Task<> Session::run_logout(SessionShared& shared, std::uint64_t key,
                                  std::string client_ref) {
    const std::uint64_t spoken = shared.sessions.at(key)->spoken_;
    co_await shared.room.resolved(spoken);
    const auto found = shared.sessions.find(key);
    if (found == shared.sessions.end()) {
        co_return;  // the client has gone
    }
    found->second->leave();
    found->second->connection_.send(logged_out_line(client_ref));
    found->second->connection_.resume();
}

// ---- messages ----------------------------------------------------------------------------------

bool Session::is_sender(const std::optional<std::string>& sender) const {
    return !sender || equal_ignoring_case(*sender, member_->username);
}

bool Session::has_spoken_too_much(const std::string& client_ref) {
    if (!shared_.options.has_limits) {
        return false;
    }
    const core::MonoTime now = shared_.clock.mono_now();
    auto taken = messages_.try_take(shared_.message_rule, now);
    if (taken.allowed) {
        taken = shared_.address_messages.try_take(connection_.address(), now);
    }
    if (!taken.allowed) {
        const auto wait = std::chrono::ceil<std::chrono::milliseconds>(taken.wait).count();
        refuse(Fault::rate_limited,
               "Too many messages, try again in " + std::to_string(wait) + " ms", client_ref);
    }
    return !taken.allowed;
}

void Session::handle(SendMessage& request, std::string client_ref) {
    if (demands_login(client_ref) || has_spoken_too_much(client_ref)) {
        return;
    }
    if (!is_sender(request.sender)) {
        refuse(Fault::wrong_sender,
               "sender: You are logged in under another name; leave it out or use that name",
               std::move(client_ref));
        return;
    }
    std::string ref_for_refusal = client_ref;
    if (!shared_.room.publish(*member_, std::move(request.message), std::move(client_ref))) {
        refuse(Fault::busy, "The server is busy and the message was not sent, try again shortly",
               std::move(ref_for_refusal));
        return;
    }
    spoken_ = shared_.room.accepted();
}

void Session::handle(GetHistory& request, std::string client_ref) {
    if (demands_login(client_ref)) {
        return;
    }
    if (shared_.room.is_resolved(spoken_)) {
        if (const auto page = shared_.room.recent(request)) {
            answer_history(*page, client_ref);
            return;
        }
    }
    connection_.pause();
    shared_.work.spawn(run_history(shared_, key_, request, std::move(client_ref)));
}

async::Task<> Session::run_history(SessionShared& shared, std::uint64_t key, GetHistory question,
                                   std::string client_ref) {
    const std::uint64_t spoken = shared.sessions.at(key)->spoken_;
    co_await shared.room.resolved(spoken);
    const auto page = co_await shared.room.history(question);
    const auto found = shared.sessions.find(key);
    if (found == shared.sessions.end()) {
        co_return;  // the client has gone
    }
    Session& session = *found->second;
    if (page) {
        session.answer_history(*page, client_ref);
    } else {
        core::log::warn("chat_history_unavailable", {{"error", page.error()}});
        session.refuse(Fault::history_unavailable, "The history cannot be read now, try again",
                       std::move(client_ref));
    }
    session.connection_.resume();
}

void Session::answer_history(const HistoryPage& page, const std::string& client_ref) {
    std::vector<std::string_view> messages;
    messages.reserve(page.messages.size());
    for (const EncodedMessage& message : page.messages) {
        messages.push_back(message.fields);
    }
    connection_.send(history_line(messages, page.has_more, client_ref));
}

// ---- the rest ----------------------------------------------------------------------------------

void Session::handle(Who& /*request*/, std::string client_ref) {
    if (!demands_login(client_ref)) {
        connection_.send(
            who_line(shared_.room.usernames(who_users_max), shared_.room.users(), client_ref));
    }
}

void Session::handle(Ping& /*request*/, std::string client_ref) {
    connection_.send(pong_line(client_ref));
}

/// An answer to our ping; that something came is all we wanted.
void Session::handle(Pong& /*request*/, std::string /*client_ref*/) {}

}  // namespace courseselect::chat
