#pragma once
/// The room: everybody who is logged in, and the one way a message takes to all of them.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "courseselect/async/event.hpp"
#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/chat/history_tail.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/net/lines.hpp"
#include "courseselect/repo/chat_store.hpp"

namespace courseselect::chat {

struct RoomOptions {
    HistoryTailOptions tail;
    std::size_t waiting_max = 8'192;  ///< messages not yet stored; more are refused
    std::size_t group_max = 512;      ///< messages in one commit
    /// Characters of a commit's messages in UTF-8; one message always fits. Far below what a
    /// client may leave unsent, so that no burst of others looks like a slow reader.
    std::size_t group_bytes_max = 64 * 1024;
    /// After a message is told the next is stored no sooner than this for each member, but at the
    /// latest after `pause_max` or when `company_max` messages wait: a write to every member is
    /// what costs, and two messages in one commit are one write less for each. Who speaks into a
    /// silence is told at once.
    std::chrono::microseconds pause_per_member{30};
    std::chrono::milliseconds pause_max{20};
    std::size_t company_max = 16;
    /// Between questions to a database that went away in the middle of a commit.
    std::chrono::milliseconds recovery_interval{500};
};

/// Somebody logged in on one connection. The same user may be there many times.
struct Member {
    std::uint64_t key = 0;  ///< of the connection, never used again
    std::int64_t user_id = 0;
    std::string username;
    net::LineConnection* connection = nullptr;
    std::size_t place = 0;  ///< the room's
};

/// Stores messages and then tells them to all members, the sender included, in the order in which
/// they are stored. What arrives while one commit runs, or soon after the last was told, goes into
/// the next together. All messages of a commit are encoded once, and everybody sends the same
/// bytes; only who gave a `client_ref` gets bytes of its own around it.
///
/// A database that goes away during a commit leaves it open what became of it. The room then tells
/// nobody anything until the database is back and says; only when it must stop before, the senders
/// hear that the outcome is unknown.
/// Ownership: borrows loop, clock, store and members. Thread-safety: the loop's thread.
class Room {
  public:
    Room(async::EventLoop& loop, const core::Clock& clock, repo::ChatStore& store,
         RoomOptions options);

    /// Loads the end of the history. Errors: the store's.
    [[nodiscard]] async::Task<core::Result<>> start();
    /// Stores and tells what was accepted.
    [[nodiscard]] async::Task<> stop();

    /// `member` stays where it is until it leaves. From here on it is told every message over
    /// `last_id()`.
    void join(Member& member);
    void leave(Member& member);

    /// Messages taken so far, and those of them that were told or refused.
    [[nodiscard]] std::uint64_t accepted() const { return accepted_; }
    [[nodiscard]] bool is_resolved(std::uint64_t accepted) const { return resolved_ >= accepted; }
    /// Waits until the first so many messages are resolved.
    [[nodiscard]] async::Task<> resolved(std::uint64_t accepted);

    /// Takes a message; false when too many wait. What becomes of it the sender hears as a
    /// `new_message`, or as an error when it could not be stored.
    [[nodiscard]] bool publish(const Member& sender, std::string text, std::string client_ref);

    /// The last message told to everybody.
    [[nodiscard]] std::int64_t last_id() const { return tail_.last_id(); }
    /// The answer as of the moment it is there: exactly the messages told so far.
    [[nodiscard]] async::Task<core::Result<HistoryPage>> history(GetHistory question);
    /// The same when it can be told at once.
    [[nodiscard]] std::optional<HistoryPage> recent(const GetHistory& question) const {
        return tail_.page(question);
    }

    [[nodiscard]] std::size_t members() const { return members_.size(); }
    /// Names of those online, in order, at most `count_max`.
    [[nodiscard]] std::vector<std::string_view> usernames(std::size_t count_max) const;
    [[nodiscard]] std::size_t users() const { return online_.size(); }

  private:
    /// A message on its way to the store.
    struct Waiting {
        std::uint64_t sender_key;
        repo::NewChatMessage message;
        std::string client_ref;
    };
    /// What of a commit's block belongs to which message.
    struct Told {
        std::uint64_t sender_key;
        std::string client_ref;
        std::string fields;
        std::size_t offset;
        std::size_t size;
    };

    using Ids = std::vector<std::int64_t>;

    [[nodiscard]] std::chrono::nanoseconds pause_left() const;
    [[nodiscard]] std::vector<Waiting> take_group();
    async::Task<> store_and_tell();
    async::Task<> wait_for_company();
    async::Task<core::Result<Ids>> store(std::vector<repo::NewChatMessage> messages);
    async::Task<core::Result<Ids>> find(std::vector<repo::NewChatMessage> messages);
    void tell(std::vector<Told>& group, const Ids& ids);
    void tell_member(Member& member, const net::SharedBytes& block, const std::vector<Told>& group,
                     bool has_own) const;
    void refuse(const std::vector<Told>& group, const core::Error& why);

    async::EventLoop& loop_;
    const core::Clock& clock_;
    repo::ChatStore& store_;
    RoomOptions options_;
    HistoryTail tail_;
    std::vector<Member*> members_;
    std::unordered_map<std::uint64_t, Member*> by_key_;
    std::map<std::string, std::size_t, std::less<>> online_;  // connections of each user
    std::vector<Waiting> waiting_;
    core::MonoTime last_told_{};
    std::stop_source enough_;  ///< ends the wait for company
    std::stop_source stop_;
    std::uint64_t accepted_ = 0;
    std::uint64_t resolved_ = 0;
    async::Event changed_;  ///< `resolved_` has grown
    async::TaskGroup work_;
};

}  // namespace courseselect::chat
