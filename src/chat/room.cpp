#include "courseselect/chat/room.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "courseselect/async/sleep.hpp"
#include "courseselect/core/check.hpp"
#include "courseselect/core/log.hpp"

namespace courseselect::chat {
namespace {

EncodedMessage encode(const repo::ChatMessage& message) {
    return {message.id,
            message_fields(message.id, message_body(message.sender, message.text, message.time))};
}

HistoryPage encode(const repo::ChatPage& page) {
    HistoryPage encoded;
    encoded.has_more = page.has_more;
    for (const repo::ChatMessage& message : page.messages) {
        encoded.messages.push_back(encode(message));
    }
    return encoded;
}

}  // namespace

Room::Room(async::EventLoop& loop, const core::Clock& clock, repo::ChatStore& store,
           RoomOptions options)
    : loop_(loop),
      clock_(clock),
      store_(store),
      options_(options),
      tail_(options.tail),
      changed_(loop),
      work_(loop) {}

async::Task<core::Result<>> Room::start() {
    repo::ChatRange newest;
    newest.limit = options_.tail.messages_max;
    newest.text_bytes_max = options_.tail.bytes_max;
    COURSESELECT_CO_TRY(const repo::ChatPage page, co_await store_.history(newest));
    const bool is_whole = !page.has_more;
    tail_ = HistoryTail(options_.tail, is_whole ? 0 : page.messages.front().id - 1);
    for (const repo::ChatMessage& message : page.messages) {
        tail_.push(encode(message));
    }
    co_return core::Result<>();
}

async::Task<> Room::stop() {
    is_stopping_ = true;
    co_await work_.join();
}

void Room::join(Member& member) {
    member.place = members_.size();
    members_.push_back(&member);
    by_key_.emplace(member.key, &member);
    ++online_[member.username];
}

void Room::leave(Member& member) {
    if (by_key_.erase(member.key) == 0) {
        return;
    }
    members_.back()->place = member.place;
    std::swap(members_[member.place], members_.back());
    members_.pop_back();
    const auto user = online_.find(member.username);
    if (--user->second == 0) {
        online_.erase(user);
    }
}

std::vector<std::string_view> Room::usernames(std::size_t count_max) const {
    std::vector<std::string_view> names;
    for (const auto& [name, connections] : online_) {
        if (names.size() == count_max) {
            break;
        }
        names.push_back(name);
    }
    return names;
}

bool Room::publish(const Member& sender, std::string text, std::string client_ref) {
    if (waiting_.size() >= options_.waiting_max) {
        return false;
    }
    waiting_.push_back({sender.key,
                        {.sender_id = sender.user_id,
                         .sender = sender.username,
                         .text = std::move(text),
                         .time = clock_.wall_now()},
                        std::move(client_ref),
                        clock_.mono_now()});
    ++accepted_;
    if (work_.running() == 0) {
        work_.spawn(store_and_tell());
    }
    return true;
}

async::Task<> Room::resolved(std::uint64_t accepted) {
    while (resolved_ < accepted) {
        co_await changed_.wait();
    }
}

/// How much longer the messages that wait should wait for company; nothing: store them now.
std::chrono::nanoseconds Room::gather_time() const {
    const core::MonoTime now = clock_.mono_now();
    const bool is_busy =
        members_.size() >= options_.gather_members_min && now - last_told_ <= options_.gather_pause;
    if (!is_busy || is_stopping_ || waiting_.size() >= options_.group_max) {
        return {};
    }
    const std::chrono::nanoseconds left = waiting_.front().since + options_.gather - now;
    return std::max(left, std::chrono::nanoseconds{0});
}

std::vector<Room::Waiting> Room::take_group() {
    std::size_t count = 0;
    std::size_t bytes = 0;
    while (count < std::min(waiting_.size(), options_.group_max)) {
        bytes += waiting_[count].message.text.size();
        if (count > 0 && bytes > options_.group_bytes_max) {
            break;
        }
        ++count;
    }
    if (count == waiting_.size()) {
        return std::exchange(waiting_, {});
    }
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<Waiting> group(std::make_move_iterator(waiting_.begin()),
                               std::make_move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
    return group;
}

async::Task<> Room::store_and_tell() {
    while (!waiting_.empty()) {
        const std::chrono::nanoseconds gather = gather_time();
        if (gather.count() > 0) {
            const bool is_over = co_await async::sleep_for(loop_, gather);
            COURSESELECT_CHECK(is_over);  // nothing stops it
        }
        std::vector<Told> group;
        std::vector<repo::NewChatMessage> messages;
        for (Waiting& waiting : take_group()) {
            const repo::NewChatMessage& message = waiting.message;
            group.push_back({waiting.sender_key, std::move(waiting.client_ref),
                             message_body(message.sender, message.text, message.time), 0, 0});
            messages.push_back(std::move(waiting.message));
        }
        const auto ids = co_await store_.append(std::move(messages));
        if (ids) {
            tell(group, *ids);
        } else {
            core::log::error("chat_not_stored",
                             {{"messages", group.size()}, {"error", ids.error()}});
            refuse(group);
        }
        last_told_ = clock_.mono_now();
        resolved_ += group.size();
        changed_.notify_all();
    }
}

void Room::tell(std::vector<Told>& group, const std::vector<std::int64_t>& ids) {
    std::string lines;
    std::vector<std::uint64_t> own_keys;  // of those who get their references back
    for (std::size_t i = 0; i < group.size(); ++i) {
        Told& told = group[i];
        told.fields = message_fields(ids[i], told.fields);
        told.offset = lines.size();
        append_new_message(lines, told.fields, {});
        told.size = lines.size() - told.offset;
        if (!told.client_ref.empty()) {
            own_keys.push_back(told.sender_key);
        }
    }
    std::sort(own_keys.begin(), own_keys.end());
    const auto block = std::make_shared<const std::string>(std::move(lines));
    // Backwards: a member that cannot keep up leaves while it is told, and the last takes its
    // place.
    for (std::size_t i = members_.size(); i-- > 0;) {
        Member& member = *members_[i];
        const bool has_own = std::binary_search(own_keys.begin(), own_keys.end(), member.key);
        tell_member(member, block, group, has_own);
    }
    for (std::size_t i = 0; i < group.size(); ++i) {
        tail_.push({ids[i], std::move(group[i].fields)});
    }
}

/// Shared bytes, with the member's own messages in between when they carry its references.
void Room::tell_member(Member& member, const net::SharedBytes& block,
                       const std::vector<Told>& group, bool has_own) const {
    net::LineConnection& connection = *member.connection;
    if (!has_own) {
        connection.send(block, 0, block->size());
        return;
    }
    std::size_t begin = 0;
    for (const Told& told : group) {
        if (told.sender_key != member.key || told.client_ref.empty()) {
            continue;
        }
        connection.send(block, begin, told.offset - begin);
        std::string own;
        append_new_message(own, told.fields, told.client_ref);
        connection.send(std::move(own));
        begin = told.offset + told.size;
    }
    connection.send(block, begin, block->size() - begin);
}

void Room::refuse(const std::vector<Told>& group) {
    for (const Told& told : group) {
        const auto sender = by_key_.find(told.sender_key);
        if (sender != by_key_.end()) {
            sender->second->connection->send(refusal_line(
                {Fault::not_stored, "The message could not be stored and was not sent, try again",
                 told.client_ref}));
        }
    }
}

async::Task<core::Result<HistoryPage>> Room::history(GetHistory question) {
    if (auto page = recent(question)) {
        co_return *std::move(page);
    }
    repo::ChatRange range;
    range.before = question.before_id;
    range.after = question.after_id;
    range.limit = static_cast<std::size_t>(question.limit);
    range.text_bytes_max = options_.tail.page_bytes_max;
    COURSESELECT_CO_TRY(const repo::ChatPage stored, co_await store_.history(range));
    co_return tail_.complete(question, encode(stored));
}

}  // namespace courseselect::chat
