#include "courseselect/repo/chat_store.hpp"

#include <limits>
#include <span>
#include <utility>

#include "chat_page.hpp"
#include "courseselect/storage/database.hpp"
#include "courseselect/storage/migration.hpp"
#include "courseselect/storage/reader_pool.hpp"
#include "courseselect/storage/write_queue.hpp"

namespace courseselect::repo {
namespace {

// The tables of the contract. AUTOINCREMENT: an id is never given twice, even when the last rows
// were deleted by hand. Names are equal whatever their case, so that nobody looks like another.
constexpr storage::Migration sqlite_steps[] = {
    {1, "users and messages", R"sql(
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL COLLATE NOCASE UNIQUE,
    password_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sender_id INTEGER NOT NULL REFERENCES users (id),
    sender_username TEXT NOT NULL,
    message_text TEXT NOT NULL,
    timestamp INTEGER NOT NULL
) STRICT;
)sql"},
};

// The same for PostgreSQL. Its ids, too, are never given twice.
constexpr storage::Migration postgres_steps[] = {
    {1, "users and messages", R"sql(
CREATE TABLE users (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX users_username ON users (lower(username COLLATE "C"));
CREATE TABLE messages (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sender_id BIGINT NOT NULL REFERENCES users (id),
    sender_username TEXT NOT NULL,
    message_text TEXT NOT NULL,
    timestamp BIGINT NOT NULL
);
COMMENT ON COLUMN messages.message_text IS
    'a backslash is doubled; a backslash and a zero stand for the character NUL';
)sql"},
};

/// What the engines do not have in common.
struct ChatSql {
    std::span<const storage::Migration> steps;
    std::string_view find_user;
    bool has_nul;  ///< keeps texts with the character NUL as they are
};
constexpr ChatSql sqlite_sql = {
    sqlite_steps, "SELECT id, username, password_hash FROM users WHERE username = ?", true};
constexpr ChatSql postgres_sql = {postgres_steps,
                                  "SELECT id, username, password_hash FROM users "
                                  "WHERE lower(username COLLATE \"C\") = lower(? COLLATE \"C\")",
                                  false};

std::string without_nul(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\0') {
            out += "\\0";
        } else {
            out.append(c == '\\' ? 2 : 1, c);
        }
    }
    return out;
}

std::string with_nul(std::string_view stored) {
    std::string out;
    for (std::size_t i = 0; i < stored.size(); ++i) {
        const bool is_escape = stored[i] == '\\' && i + 1 < stored.size();
        i += is_escape ? 1 : 0;
        out += is_escape && stored[i] == '0' ? '\0' : stored[i];
    }
    return out;
}

using storage::Connection;
using storage::Row;

ChatUser chat_user_from(const Row& row) {
    return {row.get<std::int64_t>(0), row.get<std::string>(1), row.get<std::string>(2)};
}

core::Result<std::int64_t> insert_chat_user(Connection& writer, const std::string& username,
                                            const std::string& password_hash, core::WallTime now) {
    const auto inserted =
        writer.execute("INSERT INTO users (username, password_hash, created_at) VALUES (?, ?, ?)",
                       username, password_hash, now);
    if (!inserted) {
        return inserted.error().reason() == "unique_violation" ? username_taken()
                                                               : inserted.error();
    }
    return writer.last_insert_id();
}

core::Result<std::vector<std::int64_t>> insert_chat_messages(
    Connection& writer, const ChatSql& sql, const std::vector<NewChatMessage>& messages) {
    std::vector<std::int64_t> ids;
    ids.reserve(messages.size());
    constexpr std::string_view insert =
        "INSERT INTO messages (sender_id, sender_username, message_text, timestamp) "
        "VALUES (?, ?, ?, ?)";
    constexpr std::string_view insert_returning =
        "INSERT INTO messages (sender_id, sender_username, message_text, timestamp) "
        "VALUES (?, ?, ?, ?) RETURNING id";
    const auto keep_id = [&ids](const Row& row) { ids.push_back(row.get<std::int64_t>(0)); };
    for (const NewChatMessage& message : messages) {
        if (sql.has_nul) {
            COURSESELECT_TRY_OK(writer.execute(insert, message.sender_id, message.sender,
                                               message.text, message.time));
            ids.push_back(writer.last_insert_id());
        } else {  // asking a server for the id costs a round trip of its own
            COURSESELECT_TRY_OK(writer.each(insert_returning, keep_id, message.sender_id,
                                            message.sender, without_nul(message.text),
                                            message.time));
        }
    }
    return ids;
}

core::Result<ChatPage> read_chat_page(Connection& reader, const ChatSql& sql,
                                      const ChatRange& range) {
    constexpr std::string_view ascending =
        "SELECT id, sender_username, message_text, timestamp FROM messages "
        "WHERE id > ? AND id < ? ORDER BY id LIMIT ?";
    constexpr std::string_view descending =
        "SELECT id, sender_username, message_text, timestamp FROM messages "
        "WHERE id > ? AND id < ? ORDER BY id DESC LIMIT ?";
    ChatPageBuilder page(range);
    const auto add = [&page, &sql](const Row& row) {
        auto text = row.get<std::string>(2);
        return page.add({row.get<std::int64_t>(0), row.get<std::string>(1),
                         sql.has_nul ? std::move(text) : with_nul(text),
                         row.get<core::WallTime>(3)});
    };
    // One row more than asked for tells whether there are more.
    COURSESELECT_TRY_OK(reader.each(range.after ? ascending : descending, add,
                                    range.after.value_or(-1),
                                    range.before.value_or(std::numeric_limits<std::int64_t>::max()),
                                    static_cast<std::int64_t>(range.limit) + 1));
    return page.take();
}

class SqlChatStore final : public ChatStore {
  public:
    SqlChatStore(async::EventLoop& loop, const ChatSql& sql,
                 std::unique_ptr<storage::Database> database, std::unique_ptr<Connection> writer,
                 std::unique_ptr<storage::ReaderPool> readers)
        : sql_(sql),
          database_(std::move(database)),
          writer_(loop, std::move(writer)),
          readers_(std::move(readers)) {}

    async::Task<core::Result<std::optional<ChatUser>>> find_user(std::string username) override {
        auto find = [&sql = sql_, username = std::move(username)](Connection& reader) {
            return reader.one(sql.find_user, chat_user_from, username);
        };
        co_return co_await readers_->read(std::move(find));
    }

    async::Task<core::Result<std::int64_t>> add_user(std::string username,
                                                     std::string password_hash,
                                                     core::WallTime now) override {
        auto insert = [username = std::move(username), hash = std::move(password_hash),
                       now](Connection& writer) {
            return insert_chat_user(writer, username, hash, now);
        };
        co_return co_await writer_.run(std::move(insert));
    }

    async::Task<core::Result<std::vector<std::int64_t>>> append(
        std::vector<NewChatMessage> messages) override {
        auto insert = [&sql = sql_, messages = std::move(messages)](Connection& writer) {
            return insert_chat_messages(writer, sql, messages);
        };
        co_return co_await writer_.run(std::move(insert));
    }

    async::Task<core::Result<ChatPage>> history(ChatRange range) override {
        auto read = [&sql = sql_, range](Connection& reader) {
            return read_chat_page(reader, sql, range);
        };
        co_return co_await readers_->read(std::move(read));
    }

    async::Task<> stop() override {
        readers_.reset();  // the last to close is the writer, which tidies the files up
        co_await writer_.stop();
    }

  private:
    const ChatSql& sql_;  // a constant of the program
    std::unique_ptr<storage::Database> database_;
    storage::WriteQueue writer_;
    std::unique_ptr<storage::ReaderPool> readers_;
};

}  // namespace

core::Result<std::unique_ptr<ChatStore>> open_chat_store(async::EventLoop& loop,
                                                         const ChatStoreOptions& options,
                                                         const core::Clock& clock) {
    COURSESELECT_TRY(const auto url, storage::DatabaseUrl::parse(options.database_url));
    COURSESELECT_TRY(auto database,
                     storage::Database::open(
                         url, {.durability = options.is_power_safe ? storage::Durability::full
                                                                   : storage::Durability::normal}));
    return open_chat_store(loop, std::move(database), ChatDialect::sqlite, clock);
}

core::Result<std::unique_ptr<ChatStore>> open_chat_store(
    async::EventLoop& loop, std::unique_ptr<storage::Database> database, ChatDialect dialect,
    const core::Clock& clock) {
    const ChatSql& sql = dialect == ChatDialect::postgres ? postgres_sql : sqlite_sql;
    COURSESELECT_TRY(auto writer, database->connect_writer());
    COURSESELECT_TRY_OK(storage::migrate(*writer, sql.steps, clock));
    COURSESELECT_TRY(auto readers, storage::ReaderPool::open(loop, *database));
    return std::unique_ptr<ChatStore>(std::make_unique<SqlChatStore>(
        loop, sql, std::move(database), std::move(writer), std::move(readers)));
}

}  // namespace courseselect::repo
