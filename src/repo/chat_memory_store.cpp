#include "courseselect/repo/chat_memory_store.hpp"

#include <algorithm>
#include <utility>

#include "chat_page.hpp"
#include "courseselect/async/sleep.hpp"

namespace courseselect::repo {
namespace {

std::string ascii_lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return text;
}

core::Error injected_fault() {
    return {core::Errc::unavailable, "injected_fault", "a fault that a test asked for"};
}

core::Error lost_commit() {
    return {core::Errc::outcome_unknown, "commit_unknown", "a fault that a test asked for"};
}

}  // namespace

bool MemoryChatStore::strikes() { return is_away_ || (faults_ > 0 && faults_-- > 0); }

async::Task<core::Result<std::optional<ChatUser>>> MemoryChatStore::find_user(
    std::string username) {
    co_await async::yield(loop_);
    if (strikes()) {
        co_return injected_fault();
    }
    const auto found = users_.find(ascii_lower(std::move(username)));
    co_return found == users_.end() ? std::nullopt : std::optional<ChatUser>(found->second);
}

async::Task<core::Result<std::int64_t>> MemoryChatStore::add_user(std::string username,
                                                                  std::string password_hash,
                                                                  core::WallTime /*now*/) {
    co_await async::yield(loop_);
    if (strikes()) {
        co_return injected_fault();
    }
    const auto id = static_cast<std::int64_t>(users_.size()) + 1;
    std::string key = ascii_lower(username);
    const bool is_new =
        users_.emplace(std::move(key), ChatUser{id, std::move(username), std::move(password_hash)})
            .second;
    if (!is_new) {
        co_return username_taken();
    }
    co_return id;
}

async::Task<core::Result<std::vector<std::int64_t>>> MemoryChatStore::append(
    std::vector<NewChatMessage> messages) {
    co_await async::yield(loop_);
    while (are_held_) {
        co_await released_.wait();
    }
    if (strikes()) {
        co_return injected_fault();
    }
    const std::optional<bool> lost = std::exchange(lost_append_, std::nullopt);
    is_away_ = lost.has_value();
    if (lost == false) {
        co_return lost_commit();
    }
    ++appends_;
    std::vector<std::int64_t> ids;
    for (NewChatMessage& message : messages) {
        const auto id = static_cast<std::int64_t>(messages_.size()) + 1;
        messages_.push_back({id, std::move(message.sender), std::move(message.text), message.time});
        ids.push_back(id);
    }
    if (lost) {
        co_return lost_commit();
    }
    co_return ids;
}

async::Task<core::Result<ChatPage>> MemoryChatStore::history(ChatRange range) {
    ChatPageBuilder page(range);
    const auto is_inside = [&range](const ChatMessage& message) {
        return (!range.before || message.id < *range.before) &&
               (!range.after || message.id > *range.after);
    };
    const auto add_until_full = [&](auto first, auto last) {
        for (; first != last && (!is_inside(*first) || page.add(*first)); ++first) {
        }
    };
    if (range.after) {
        add_until_full(messages_.begin(), messages_.end());
    } else {
        add_until_full(messages_.rbegin(), messages_.rend());
    }
    ChatPage result = page.take();
    co_await async::yield(loop_);
    if (strikes()) {
        co_return injected_fault();
    }
    co_return result;
}

async::Task<> MemoryChatStore::stop() { co_await async::yield(loop_); }

}  // namespace courseselect::repo
