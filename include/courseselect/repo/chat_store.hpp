#pragma once
/// What the chat server keeps: users and messages. The SQL version and a twin in memory.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/storage/database.hpp"

namespace courseselect::repo {

struct ChatUser {
    std::int64_t id = 0;
    std::string username;
    std::string password_hash;  ///< empty: nobody logs in with a password
};

struct NewChatMessage {
    std::int64_t sender_id = 0;
    std::string sender;
    std::string text;
    core::WallTime time{};
};

struct ChatMessage {
    std::int64_t id = 0;
    std::string sender;
    std::string text;
    core::WallTime time{};
};

/// Without `after` the newest messages, with it the oldest after it; in any case only those before
/// `before`. At most `limit`, and of these as many as have `text_bytes_max` bytes together, but
/// always one: the newest, or with `after` the oldest.
struct ChatRange {
    std::optional<std::int64_t> before;
    std::optional<std::int64_t> after;
    std::size_t limit = 50;
    std::size_t text_bytes_max = 256 * 1024;
};

struct ChatPage {
    std::vector<ChatMessage> messages;  ///< oldest first
    bool has_more = false;              ///< the range goes on beyond this page
};

/// Errors of all calls: unavailable and data_corrupt as `storage::Connection` says;
/// resource_exhausted when a queue is full.
/// Thread-safety: the loop's thread.
class ChatStore {
  public:
    virtual ~ChatStore() = default;

    /// Names are equal whatever the case of their ASCII letters.
    [[nodiscard]] virtual async::Task<core::Result<std::optional<ChatUser>>> find_user(
        std::string username) = 0;
    /// The new user's id. Errors: conflict `username_taken`.
    [[nodiscard]] virtual async::Task<core::Result<std::int64_t>> add_user(
        std::string username, std::string password_hash, core::WallTime now) = 0;
    /// Stores all of them in this order, or none. Their ids, which only ever grow, in the order of
    /// calls. When it returns they are durable. Errors: outcome_unknown when the database went away
    /// during the commit; once a later `append` has succeeded, also of nothing, what the history
    /// does not have will never be there.
    [[nodiscard]] virtual async::Task<core::Result<std::vector<std::int64_t>>> append(
        std::vector<NewChatMessage> messages) = 0;
    /// Sees every append that returned before the call.
    [[nodiscard]] virtual async::Task<core::Result<ChatPage>> history(ChatRange range) = 0;
    /// Finishes what is under way; the last call.
    [[nodiscard]] virtual async::Task<> stop() = 0;
};

struct ChatStoreOptions {
    std::string database_url = "sqlite:///./chat.db";
    /// Every commit is on disk before it is acknowledged; false: survives kill -9, but a power loss
    /// may take the last messages.
    bool is_power_safe = true;
};

/// Opens or creates the database. `loop` and `clock` must outlive the store. Blocks: call at start.
/// Errors: those of `storage::Database::open`, `DatabaseUrl::parse` and `migrate`.
[[nodiscard]] core::Result<std::unique_ptr<ChatStore>> open_chat_store(
    async::EventLoop& loop, const ChatStoreOptions& options, const core::Clock& clock);

/// Which SQL a database speaks.
enum class ChatDialect : std::uint8_t { sqlite, postgres };

/// The same in a database that the caller has opened: PostgreSQL's come from module `postgres`.
[[nodiscard]] core::Result<std::unique_ptr<ChatStore>> open_chat_store(
    async::EventLoop& loop, std::unique_ptr<storage::Database> database, ChatDialect dialect,
    const core::Clock& clock);

}  // namespace courseselect::repo
