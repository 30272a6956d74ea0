#include "courseselect/redis/pub_sub.hpp"

#include "wire.hpp"

#include <algorithm>
#include <utility>

#include "courseselect/async/timers.hpp"
#include "courseselect/core/check.hpp"

namespace courseselect::redis {
namespace {

std::string_view text_of(const ::redisReply& reply) {
    return reply.str == nullptr ? std::string_view()
                                : std::string_view(reply.str, static_cast<std::size_t>(reply.len));
}

/// Heartbeats missed before a channel counts as lost.
constexpr int beats_missed_max = 3;

}  // namespace

class PubSub::State : public std::enable_shared_from_this<State> {
  public:
    State(async::EventLoop& loop, const core::Clock& clock, PubSubOptions options)
        : loop_(loop),
          clock_(clock),
          options_(std::move(options)),
          timers_(loop, clock),
          retry_(options_.retry_min) {}

    void start(ChannelObserver& observer) {
        observer_ = &observer;
        attempt();
    }

    bool publish(std::string_view message) {
        if (is_joined_) {
            publisher_->send({"PUBLISH", options_.channel, message});
        }
        return is_joined_;
    }

    void stop() {
        observer_ = nullptr;
        hang_up();
        timers_.clear();
    }

    [[nodiscard]] bool is_joined() const { return is_joined_; }
    [[nodiscard]] const std::string& problem() const { return problem_; }

  private:
    void attempt() {
        listener_ =
            make_wire([](State& state) { state.on_listener_open(); },
                      [](State& state, const ::redisReply& reply) { state.on_heard(reply); });
        publisher_ =
            make_wire([](State& state) { state.on_publisher_open(); },
                      [](State& state, const ::redisReply& reply) { state.on_published(reply); });
        timer_ =
            timers_.after(options_.join_timeout, [this] { fail("it did not answer in time"); });
        listener_->open(options_.address);
        publisher_->open(options_.address);
    }

    template <class OnOpen, class OnReply>
    std::shared_ptr<Wire> make_wire(OnOpen on_open, OnReply on_reply) {
        const std::weak_ptr<State> weak = weak_from_this();
        Wire::Callbacks callbacks;
        callbacks.on_open = [weak, on_open] {
            if (const auto state = weak.lock()) {
                on_open(*state);
            }
        };
        callbacks.on_reply = [weak, on_reply](const ::redisReply& reply) {
            if (const auto state = weak.lock()) {
                on_reply(*state, reply);
            }
        };
        callbacks.on_end = [weak](const std::string& why) {
            if (const auto state = weak.lock()) {
                state->fail(why);
            }
        };
        return std::make_shared<Wire>(loop_, options_.unsent_bytes_max, std::move(callbacks));
    }

    void log_in(Wire& wire) const {
        const Address& address = options_.address;
        if (!address.user.empty()) {
            wire.send({"AUTH", address.user, address.password.reveal()});
        } else if (!address.password.empty()) {
            wire.send({"AUTH", address.password.reveal()});
        }
    }

    void on_listener_open() {
        log_in(*listener_);
        listener_->send({"SUBSCRIBE", options_.channel});
    }
    void on_publisher_open() {
        log_in(*publisher_);
        publisher_->send({"PING"});
    }

    void on_heard(const ::redisReply& reply) {
        if (reply.type == REDIS_REPLY_ERROR) {
            fail(std::string(text_of(reply)));
        } else if (reply.type == REDIS_REPLY_ARRAY && reply.elements == 3) {
            const std::string_view kind = text_of(*reply.element[0]);
            if (kind == "subscribe") {
                is_listening_ = true;
                join_if_ready();
            } else if (kind == "message") {
                on_message(text_of(*reply.element[2]));
            }
        }
    }

    void on_published(const ::redisReply& reply) {
        if (reply.type == REDIS_REPLY_ERROR) {
            fail(std::string(text_of(reply)));
        } else if (text_of(reply) == "PONG") {
            can_publish_ = true;
            join_if_ready();
        }
    }

    void join_if_ready() {
        if (!is_listening_ || !can_publish_ || is_joined_) {
            return;
        }
        is_joined_ = true;
        retry_ = options_.retry_min;
        heard_at_ = clock_.mono_now();
        timers_.cancel(timer_);
        beat();
        observer_->on_joined();
    }

    /// An empty message is a sign of life.
    void beat() {
        if (clock_.mono_now() - heard_at_ > beats_missed_max * options_.heartbeat) {
            fail("nothing is heard any more");
            return;
        }
        publish({});
        timer_ = timers_.after(options_.heartbeat, [this] { beat(); });
    }

    void on_message(std::string_view message) {
        heard_at_ = clock_.mono_now();
        if (is_joined_ && !message.empty()) {
            observer_->on_message(message);
        }
    }

    void fail(std::string why) {
        if (observer_ == nullptr) {
            return;
        }
        problem_ = std::move(why);
        const bool was_joined = is_joined_;
        hang_up();
        timer_ = timers_.after(retry_, [this] { attempt(); });
        retry_ = std::min(2 * retry_, options_.retry_max);
        if (was_joined) {
            observer_->on_lost();
        }
    }

    void hang_up() {
        timers_.cancel(timer_);
        for (std::shared_ptr<Wire>* wire : {&listener_, &publisher_}) {
            if (*wire) {
                (*wire)->close();
                wire->reset();
            }
        }
        is_joined_ = is_listening_ = can_publish_ = false;
    }

    async::EventLoop& loop_;
    const core::Clock& clock_;
    const PubSubOptions options_;
    async::Timers timers_;
    async::Timers::Handle timer_;  // of the attempt, the next one, or the next heartbeat
    ChannelObserver* observer_ = nullptr;
    std::shared_ptr<Wire> listener_;
    std::shared_ptr<Wire> publisher_;
    std::chrono::milliseconds retry_;
    core::MonoTime heard_at_{};
    std::string problem_;
    bool is_listening_ = false;
    bool can_publish_ = false;
    bool is_joined_ = false;
};

PubSub::PubSub(async::EventLoop& loop, const core::Clock& clock, PubSubOptions options)
    : state_(std::make_shared<State>(loop, clock, std::move(options))) {}
PubSub::~PubSub() { state_->stop(); }

void PubSub::start(ChannelObserver& observer) { state_->start(observer); }
bool PubSub::publish(std::string_view message) {
    COURSESELECT_CHECK(!message.empty());
    return state_->publish(message);
}
bool PubSub::is_joined() const { return state_->is_joined(); }
void PubSub::stop() { state_->stop(); }
const std::string& PubSub::problem() const { return state_->problem(); }

}  // namespace courseselect::redis
