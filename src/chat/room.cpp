#include "courseselect/chat/room.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "courseselect/async/sleep.hpp"
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
    stop_.request_stop();
    enough_.request_stop();
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
                        std::move(client_ref)});
    ++accepted_;
    if (waiting_.size() >= options_.company_max) {
        enough_.request_stop();
    }
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

/// How much longer what waits should wait for company; nothing: store it now.
std::chrono::nanoseconds Room::pause_left() const {
    if (stop_.stop_requested() || waiting_.size() >= options_.company_max) {
        return {};
    }
    const std::chrono::nanoseconds pause = std::min<std::chrono::nanoseconds>(
        options_.pause_per_member * members_.size(), options_.pause_max);
    return std::max(last_told_ + pause - clock_.mono_now(), std::chrono::nanoseconds{0});
}

async::Task<> Room::wait_for_company() {
    const std::chrono::nanoseconds pause = pause_left();
    if (pause.count() > 0) {
        enough_ = {};
        [[maybe_unused]] const bool is_over =
            co_await async::sleep_for(loop_, pause, enough_.get_token());
    }
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
        co_await wait_for_company();
        std::vector<Told> group;
        std::vector<repo::NewChatMessage> messages;
        for (Waiting& waiting : take_group()) {
            const repo::NewChatMessage& message = waiting.message;
            group.push_back({waiting.sender_key, std::move(waiting.client_ref),
                             message_body(message.sender, message.text, message.time), 0, 0});
            messages.push_back(std::move(waiting.message));
        }
        const auto ids = co_await store(std::move(messages));
        if (ids) {
            tell(group, *ids);
        } else {
            core::log::error("chat_not_stored",
                             {{"messages", group.size()}, {"error", ids.error()}});
            refuse(group, ids.error());
        }
        last_told_ = clock_.mono_now();
        resolved_ += group.size();
        changed_.notify_all();
    }
}

/// Their ids. Errors: outcome_unknown when the database was away from their commit on until we
/// stop; any other means that none of them is stored.
async::Task<core::Result<Room::Ids>> Room::store(std::vector<repo::NewChatMessage> messages) {
    auto ids = co_await store_.append(messages);
    while (!ids && ids.error().code() == core::Errc::outcome_unknown) {
        core::log::warn("chat_commit_unknown", {{"error", ids.error()}});
        const bool goes_on =
            co_await async::sleep_for(loop_, options_.recovery_interval, stop_.get_token());
        if (!goes_on) {
            break;
        }
        ids = co_await find(messages);
    }
    co_return ids;
}

/// What became of messages whose commit broke off. Errors: outcome_unknown as long as the database
/// cannot say, unavailable when they are not stored.
async::Task<core::Result<Room::Ids>> Room::find(std::vector<repo::NewChatMessage> messages) {
    // Commits have an order: once another is through, that one has been or never will be.
    std::vector<repo::NewChatMessage> nothing;
    const auto later = co_await store_.append(std::move(nothing));
    repo::ChatRange untold;
    untold.after = last_id();
    untold.limit = messages.size();
    untold.text_bytes_max = std::numeric_limits<std::size_t>::max();
    const auto page = co_await store_.history(untold);
    if (!later || !page) {
        const core::Error& why = later ? page.error() : later.error();
        co_return core::Error(core::Errc::outcome_unknown, "commit_unknown", why.to_string());
    }
    const auto is_same = [](const repo::ChatMessage& found, const repo::NewChatMessage& sent) {
        return found.sender == sent.sender && found.text == sent.text;
    };
    if (!std::ranges::equal(page->messages, messages, is_same)) {
        co_return core::Error(core::Errc::unavailable, "commit_failed", "The commit was undone");
    }
    Ids ids;
    for (const repo::ChatMessage& message : page->messages) {
        ids.push_back(message.id);
    }
    co_return ids;
}

void Room::tell(std::vector<Told>& group, const Ids& ids) {
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

void Room::refuse(const std::vector<Told>& group, const core::Error& why) {
    Refusal refusal{Fault::not_stored,
                    "The message could not be stored and was not sent, try again"};
    if (why.code() == core::Errc::outcome_unknown) {
        refusal = {Fault::outcome_unknown,
                   "The database went away while the message was being stored: before you send it "
                   "again, look for it with get_history, \"after_id\":" +
                       std::to_string(last_id())};
    }
    for (const Told& told : group) {
        const auto sender = by_key_.find(told.sender_key);
        if (sender != by_key_.end()) {
            refusal.client_ref = told.client_ref;
            sender->second->connection->send(refusal_line(refusal));
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
