#pragma once
/// `Courier`: takes messages from the outbox to their senders, again and again until it is settled.

#include <chrono>
#include <cstdint>
#include <memory>

#include "courseselect/async/blocking_pool.hpp"
#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/crypto/random.hpp"
#include "courseselect/notify/outbox.hpp"
#include "courseselect/notify/sender.hpp"
#include "courseselect/storage/reader_pool.hpp"
#include "courseselect/storage/write_queue.hpp"

namespace courseselect::notify {

struct CourierOptions {
    std::chrono::milliseconds poll{2'000};            ///< between looks for messages that are due
    std::chrono::milliseconds retry_first{30'000};    ///< then twice as long each time ...
    std::chrono::milliseconds retry_max{3'600'000};   ///< ... up to this, give or take a fifth
    std::chrono::milliseconds try_time_max{120'000};  ///< a try under way is not begun again before
    std::int64_t attempts_max = 10;                   ///< then the message is dead (about 5 hours)
    std::int64_t batch_max = 32;                      ///< messages taken in one turn
    std::chrono::hours keep_finished{24 * 30};        ///< then sent and dead ones are forgotten
    /// Each channel's own: a gateway that hangs must not hold up the mails.
    async::BlockingPool::Options sending{.threads = 2, .queued_max = 64, .niceness = 5};
};

/// Who carries a channel's messages now; null: the channel is off, its messages wait.
struct Senders {
    std::shared_ptr<Sender> email;
    std::shared_ptr<Sender> sms;

    [[nodiscard]] const std::shared_ptr<Sender>& of(Channel channel) const {
        return channel == Channel::email ? email : sms;
    }
};

/// What became of messages so far, and how many are left; of the last turn.
struct CourierFigures {
    std::uint64_t sent = 0;
    std::uint64_t postponed = 0;  ///< tries that will be repeated
    std::uint64_t given_up = 0;   ///< refused for good, or tried too often
    std::int64_t waiting = 0;
    std::int64_t dead = 0;
};

/// Every message is tried at least once more after a crash; receivers see the same id again.
/// Ownership: borrows all that it is given. Thread-safety: the loop's thread.
class Courier {
  public:
    Courier(async::EventLoop& loop, const core::Clock& clock, crypto::RandomSource& random,
            storage::ReaderPool& readers, storage::WriteQueue& writes, CourierOptions options = {});

    /// From now on these; a try that is under way ends with the old ones.
    void use(Senders senders) { senders_ = std::move(senders); }
    /// Starts the background tasks: one a channel, and one that forgets what is old.
    void start();
    /// Ends it; waits for tries that are under way.
    [[nodiscard]] async::Task<> stop();
    /// Delivers what is due, now instead of at the next turn. Returns how many were tried.
    [[nodiscard]] async::Task<std::size_t> deliver_due();

    [[nodiscard]] const CourierFigures& figures() const { return figures_; }
    [[nodiscard]] const Senders& senders() const { return senders_; }

    /// When to try again after `attempts` tries: for tests of the bounds.
    [[nodiscard]] std::chrono::milliseconds retry_delay(std::int64_t attempts);

  private:
    /// A channel and the threads that carry its messages.
    struct Lane {
        Channel channel;
        async::BlockingPool threads;
    };

    static async::Task<> run_lane(Courier& self, Lane& lane);
    static async::Task<> run_purge(Courier& self);
    [[nodiscard]] async::Task<std::size_t> deliver_due(Lane& lane);
    [[nodiscard]] async::Task<> deliver(Lane& lane, Entry entry, std::shared_ptr<Sender> sender);
    [[nodiscard]] async::Task<core::Result<>> settle(Entry entry, DeliveryResult result);
    [[nodiscard]] async::Task<> count_left();
    [[nodiscard]] async::Task<> forget_old();

    async::EventLoop& loop_;
    const core::Clock& clock_;
    crypto::RandomSource& random_;
    storage::ReaderPool& readers_;
    storage::WriteQueue& writes_;
    CourierOptions options_;
    Senders senders_;
    CourierFigures figures_;
    async::TaskGroup tasks_;
    Lane mails_;
    Lane texts_;
};

}  // namespace courseselect::notify
