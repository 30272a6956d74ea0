#include "courseselect/chat/history_tail.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

namespace courseselect::chat {
namespace {

constexpr std::int64_t every_id = std::numeric_limits<std::int64_t>::max();

/// The longest end of `page` that has `limit` messages and `bytes_max` bytes.
void keep_newest(HistoryPage& page, std::size_t limit, std::size_t bytes_max) {
    std::size_t kept = 0;
    std::size_t bytes = 0;
    for (auto at = page.messages.rbegin(); at != page.messages.rend() && kept < limit; ++at) {
        bytes += at->fields.size();
        if (kept > 0 && bytes > bytes_max) {
            break;
        }
        ++kept;
    }
    const auto dropped = static_cast<std::ptrdiff_t>(page.messages.size() - kept);
    page.has_more = page.has_more || dropped > 0;
    page.messages.erase(page.messages.begin(), page.messages.begin() + dropped);
}

/// The same for the beginning.
void keep_oldest(HistoryPage& page, std::size_t limit, std::size_t bytes_max) {
    std::size_t kept = 0;
    std::size_t bytes = 0;
    for (auto at = page.messages.begin(); at != page.messages.end() && kept < limit; ++at) {
        bytes += at->fields.size();
        if (kept > 0 && bytes > bytes_max) {
            break;
        }
        ++kept;
    }
    page.has_more = page.has_more || kept < page.messages.size();
    page.messages.resize(kept);
}

}  // namespace

void HistoryTail::push(EncodedMessage message) {
    last_id_ = message.id;
    bytes_ += message.fields.size();
    messages_.push_back(std::move(message));
    while (messages_.size() > options_.messages_max || bytes_ > options_.bytes_max) {
        floor_ = messages_.front().id;
        bytes_ -= messages_.front().fields.size();
        messages_.pop_front();
    }
}

/// Every message here between the two, at most one over `limit`.
HistoryPage HistoryTail::after(std::int64_t id, std::int64_t before, std::size_t limit) const {
    const auto by_id = [](const EncodedMessage& message, std::int64_t wanted) {
        return message.id <= wanted;
    };
    HistoryPage page;
    auto at = std::lower_bound(messages_.begin(), messages_.end(), id, by_id);
    for (; at != messages_.end() && at->id < before && page.messages.size() <= limit; ++at) {
        page.messages.push_back(*at);
    }
    return page;
}

std::optional<HistoryPage> HistoryTail::page(const GetHistory& question) const {
    const auto limit = static_cast<std::size_t>(question.limit);
    const std::int64_t before = question.before_id.value_or(every_id);
    if (question.after_id) {
        if (*question.after_id < floor_) {
            return std::nullopt;
        }
        HistoryPage found = after(*question.after_id, before, limit);
        keep_oldest(found, limit, options_.page_bytes_max);
        return found;
    }
    const auto end = std::lower_bound(
        messages_.begin(), messages_.end(), before,
        [](const EncodedMessage& message, std::int64_t wanted) { return message.id < wanted; });
    const auto here = static_cast<std::size_t>(std::distance(messages_.begin(), end));
    if (here <= limit && floor_ > 0) {
        return std::nullopt;  // there may be more in the database
    }
    HistoryPage found;
    const auto first = end - static_cast<std::ptrdiff_t>(std::min(here, limit));
    found.messages.assign(first, end);
    found.has_more = here > limit;
    keep_newest(found, limit, options_.page_bytes_max);
    return found;
}

HistoryPage HistoryTail::complete(const GetHistory& question, HistoryPage stored) const {
    const auto limit = static_cast<std::size_t>(question.limit);
    while (!stored.messages.empty() && stored.messages.back().id > last_id_) {
        stored.messages.pop_back();
    }
    const bool reaches_the_end = !question.after_id || !stored.has_more;
    const std::int64_t known =
        stored.messages.empty() ? question.after_id.value_or(0) : stored.messages.back().id;
    const std::int64_t before = question.before_id.value_or(every_id);
    if (known < floor_ && floor_ + 1 < before && reaches_the_end) {
        // More was told meanwhile than the tail holds: no page may have a gap.
        stored.has_more = true;
        if (!question.after_id) {
            stored.messages = after(floor_, before, messages_.size()).messages;
        }
    } else if (reaches_the_end) {
        HistoryPage newer = after(known, before, messages_.size());
        std::move(newer.messages.begin(), newer.messages.end(),
                  std::back_inserter(stored.messages));
    }
    if (question.after_id) {
        keep_oldest(stored, limit, options_.page_bytes_max);
    } else {
        keep_newest(stored, limit, options_.page_bytes_max);
    }
    return stored;
}

}  // namespace courseselect::chat
