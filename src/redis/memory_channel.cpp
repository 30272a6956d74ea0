#include "courseselect/redis/memory_channel.hpp"

#include <algorithm>
#include <utility>

#include "courseselect/core/check.hpp"

namespace courseselect::redis {

void MemoryBroker::set_present(bool is_present) {
    if (std::exchange(is_present_, is_present) == is_present) {
        return;
    }
    ++presence_;
    const std::vector<MemoryChannel*> channels = channels_;
    for (MemoryChannel* channel : channels) {
        if (is_present) {
            channel->join();
        } else {
            channel->lose();
        }
    }
}

void MemoryBroker::deliver(std::string message) {
    loop_.post([this, is_alive = is_alive_, presence = presence_, message = std::move(message)] {
        if (!*is_alive || presence != presence_) {
            return;
        }
        const std::vector<MemoryChannel*> channels = channels_;
        for (MemoryChannel* channel : channels) {
            if (channel->is_joined_) {
                channel->observer_->on_message(message);
            }
        }
    });
}

void MemoryChannel::start(ChannelObserver& observer) {
    COURSESELECT_CHECK(observer_ == nullptr);
    observer_ = &observer;
    broker_.channels_.push_back(this);
    if (broker_.is_present_) {
        join();
    }
}

void MemoryChannel::join() {
    broker_.loop_.post([this, is_alive = broker_.is_alive_] {
        const bool is_waiting =
            *is_alive && std::find(broker_.channels_.begin(), broker_.channels_.end(), this) !=
                             broker_.channels_.end();
        if (is_waiting && broker_.is_present_ && !std::exchange(is_joined_, true)) {
            observer_->on_joined();
        }
    });
}

void MemoryChannel::lose() {
    if (std::exchange(is_joined_, false)) {
        observer_->on_lost();
    }
}

bool MemoryChannel::publish(std::string_view message) {
    COURSESELECT_CHECK(!message.empty());
    if (is_joined_) {
        broker_.deliver(std::string(message));
    }
    return is_joined_;
}

void MemoryChannel::stop() {
    std::erase(broker_.channels_, this);
    observer_ = nullptr;
    is_joined_ = false;
}

}  // namespace courseselect::redis
