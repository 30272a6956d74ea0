#pragma once
/// A chat client that stays: it connects again by itself and then gets what it missed.

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/core/secret.hpp"
#include "courseselect/crypto/random.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/net/line_client.hpp"

namespace courseselect::chat {

struct ClientOptions {
    std::string host = "127.0.0.1";
    std::uint16_t port = 5555;
    std::string username;
    core::Secret password;
    core::Secret token;                ///< instead of name and password
    bool makes_account = false;        ///< registers before the first login, taken name or not
    std::int64_t first_messages = 20;  ///< of the history, at the first login; at least 1
    /// At most so long until it connects again; doubles with each failure, up to `retry_max`. From
    /// half of it on chance decides, so that not all clients of a server that went away come back
    /// in the same moment.
    std::chrono::milliseconds retry_min{500};
    std::chrono::milliseconds retry_max{30'000};
    /// A ping each time; a server that says nothing at all from one to the next is given up.
    std::chrono::milliseconds ping_interval{60'000};
};

/// A message as a client sees it.
struct ToldMessage {
    std::int64_t id = 0;
    std::string sender;
    std::string text;
    std::string timestamp;  ///< as the server sent it: UTC
    bool is_own = false;
    bool is_history = false;  ///< told before we were there
};

/// Is told what happens. Called on the loop; may call the client.
class ClientEvents {
  public:
    virtual ~ClientEvents() = default;
    /// Each message once, in the history's order, whatever happened to the connection.
    virtual void on_message(const ToldMessage& message) = 0;
    /// Logged in and up to date; from here on messages are told as they come.
    virtual void on_online(const std::string& /*username*/) {}
    /// The connection is lost or could not be made; it is tried again after `wait`.
    virtual void on_offline(const std::string& /*why*/, std::chrono::milliseconds /*wait*/) {}
    /// The server refused something. `text` is the message that was not sent, or empty.
    virtual void on_refused(const std::string& /*why*/, const std::string& /*text*/) {}
    /// The connection was lost before the server confirmed it, and the history does not have it.
    virtual void on_unconfirmed(const std::string& /*text*/) {}
    virtual void on_users(const std::vector<std::string>& /*names*/) {}
};

/// Logs in, catches up with `after_id`, and keeps doing so until it is stopped or the server
/// refuses the login.
/// Ownership: borrows loop, events and randomness. Thread-safety: the loop's thread.
class Client {
  public:
    Client(async::EventLoop& loop, ClientOptions options, ClientEvents& events,
           crypto::RandomSource& random);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// Returns after `stop()`. Errors: unauthenticated `login_refused` or `login_expired` (of a
    /// token) with the server's words.
    [[nodiscard]] async::Task<core::Result<>> run();
    /// Ends `run()`.
    void stop();

    /// Sends a message now, or once we are online.
    void say(std::string text);
    /// Asks who is there; ignored when offline.
    void ask_users();
    /// Messages not yet confirmed, waiting ones included.
    [[nodiscard]] std::size_t unconfirmed() const { return waiting_.size() + sent_.size(); }
    [[nodiscard]] bool is_online() const { return is_online_; }

  private:
    [[nodiscard]] std::chrono::milliseconds next_wait();
    async::Task<core::Result<>> run_connection();
    async::Task<> keep_alive(net::LineClient& line, std::stop_token stop);
    [[nodiscard]] core::Result<> ending_of(const core::Result<>& outcome) const;
    async::Task<> write_out(net::LineClient& line);
    void send(std::string line);
    [[nodiscard]] core::Result<> take(const json::Value& line);
    [[nodiscard]] core::Result<> take_login(const json::Value& line);
    void take_told(const json::Value& message, bool is_history);
    void take_history(const json::Value& page);
    [[nodiscard]] core::Result<> take_error(const json::Value& line);
    void log_in();
    void catch_up();
    void go_online();
    void send_message(std::string text);

    async::EventLoop& loop_;
    const ClientOptions options_;
    ClientEvents& events_;
    crypto::RandomSource& random_;
    std::chrono::milliseconds wait_max_;  // of the next attempt
    std::stop_source stop_;
    net::LineClient* line_ = nullptr;  // while connected
    async::TaskGroup* work_ = nullptr;
    std::string outbox_;
    bool is_writing_ = false;
    bool is_online_ = false;
    bool has_logged_in_ = false;    // on this connection
    bool has_been_online_ = false;  // ever: from then on nothing may be missed
    bool has_account_ = false;      // a login has worked
    bool has_heard_ = false;        // since the last ping
    bool is_silent_ = false;        // the server, so we have closed
    std::string registration_refused_;
    std::string username_;
    std::int64_t last_id_ = 0;
    std::int64_t next_ref_ = 1;
    std::deque<std::string> waiting_;           // said while offline
    std::map<std::int64_t, std::string> sent_;  // by reference, not yet confirmed
};

}  // namespace courseselect::chat
