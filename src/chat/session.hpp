#pragma once
/// One connection's side of the protocol. Private to the server.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "courseselect/async/task_group.hpp"
#include "courseselect/chat/server.hpp"
#include "courseselect/ratelimit/token_bucket.hpp"

namespace courseselect::chat {

class Session;

/// What all sessions of one server share.
struct SessionShared {
    SessionShared(Accounts::Services services, ServerOptions server_options, Accounts made_accounts,
                  ratelimit::KeyedLimiter made_limiter)
        : clock(services.clock),
          options(server_options),
          room(services.loop, services.clock, services.store, server_options.room),
          accounts(std::move(made_accounts)),
          address_messages(std::move(made_limiter)),
          message_rule(server_options.messages),
          request_rule(server_options.requests),
          work(services.loop) {}

    const core::Clock& clock;
    const ServerOptions options;
    Room room;
    Accounts accounts;
    ratelimit::KeyedLimiter address_messages;
    const ratelimit::BucketRule message_rule;
    const ratelimit::BucketRule request_rule;
    std::unordered_map<std::uint64_t, Session*> sessions;  ///< by key, for answers that took time
    std::uint64_t keys_given = 0;
    async::TaskGroup work;  ///< logins and questions to the database
};

/// Reads requests and answers them, one at a time: while a login or a question to the database is
/// under way, its connection is paused. Messages do not wait for each other, but what is asked
/// after a message waits for it: history has it, and logging out does not lose its echo. A
/// coroutine holds no session but its key.
class Session final : public net::LineHandler {
  public:
    Session(SessionShared& shared, net::LineConnection& connection);
    ~Session() override;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void on_line(std::string_view line) override;
    void on_quiet() override;
    void on_sweep(core::MonoTime now) override;
    [[nodiscard]] bool has_work() const override;
    void on_end(net::LineEnd why) override;

  private:
    void handle(Register& request, std::string client_ref);
    void handle(Login& request, std::string client_ref);
    void handle(SendMessage& request, std::string client_ref);
    void handle(GetHistory& request, std::string client_ref);
    void handle(Who& request, std::string client_ref);
    void handle(Ping& request, std::string client_ref);
    void handle(Pong& request, std::string client_ref);
    void handle(Logout& request, std::string client_ref);

    static async::Task<> run_registration(SessionShared& shared, std::uint64_t key,
                                          Register request, std::string client_ref);
    static async::Task<> run_login(SessionShared& shared, std::uint64_t key, Login request,
                                   std::string client_ref);
    static async::Task<> run_logout(SessionShared& shared, std::uint64_t key,
                                    std::string client_ref);
    static async::Task<> run_history(SessionShared& shared, std::uint64_t key, GetHistory question,
                                     std::string client_ref);

    void enter(Account account, const std::string& client_ref);
    void leave();
    void answer_history(const HistoryPage& page, const std::string& client_ref);
    void refuse(Fault fault, std::string message, std::string client_ref);
    [[nodiscard]] bool is_logged_in() const { return member_ != nullptr; }
    /// Tells the client when it is not; the request then is over.
    [[nodiscard]] bool demands_login(const std::string& client_ref);
    [[nodiscard]] bool has_spoken_too_much(const std::string& client_ref);
    [[nodiscard]] bool is_sender(const std::optional<std::string>& sender) const;

    SessionShared& shared_;
    net::LineConnection& connection_;
    const std::uint64_t key_;
    std::unique_ptr<Member> member_;
    std::optional<core::WallTime> expires_at_;
    std::uint64_t spoken_ = 0;  // `Room::accepted` after our last message
    ratelimit::TokenBucket messages_;
    ratelimit::TokenBucket requests_;
};

}  // namespace courseselect::chat
