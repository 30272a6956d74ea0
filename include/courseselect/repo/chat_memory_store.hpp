#pragma once
/// The chat store in memory: for tests of what uses it, with faults on demand.

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "courseselect/async/event.hpp"
#include "courseselect/repo/chat_store.hpp"

namespace courseselect::repo {

/// Keeps the promises of `ChatStore` but durability. Every call answers in a later turn of the
/// loop, as the SQL version does.
class MemoryChatStore final : public ChatStore {
  public:
    explicit MemoryChatStore(async::EventLoop& loop) : loop_(loop), released_(loop) {}

    async::Task<core::Result<std::optional<ChatUser>>> find_user(std::string username) override;
    async::Task<core::Result<std::int64_t>> add_user(std::string username,
                                                     std::string password_hash,
                                                     core::WallTime now) override;
    async::Task<core::Result<std::vector<std::int64_t>>> append(
        std::vector<NewChatMessage> messages) override;
    async::Task<core::Result<ChatPage>> history(ChatRange range) override;
    async::Task<> stop() override;

    /// The next so many calls fail with unavailable `injected_fault` and change nothing.
    void fail_next(int calls) { faults_ = calls; }
    /// The database goes away during the next append, which is stored or not, and all calls after
    /// it fail until `come_back()`.
    void go_away_during_append(bool is_stored) { lost_append_ = is_stored; }
    void come_back() { is_away_ = false; }
    /// From now on appends take their time: until `release_appends()`.
    void hold_appends() { are_held_ = true; }
    void release_appends() {
        are_held_ = false;
        released_.notify_all();
    }
    [[nodiscard]] std::size_t appends() const { return appends_; }

  private:
    [[nodiscard]] bool strikes();

    async::EventLoop& loop_;
    std::map<std::string, ChatUser> users_;  // by name in lower case
    std::vector<ChatMessage> messages_;      // ids 1, 2, 3, ...
    std::size_t appends_ = 0;
    int faults_ = 0;
    std::optional<bool> lost_append_;
    bool is_away_ = false;
    bool are_held_ = false;
    async::Event released_;
};

}  // namespace courseselect::repo
