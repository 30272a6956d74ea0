#pragma once
/// `Announcer`: what nodes report becomes events in rooms, each once.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "courseselect/async/mutex.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/core/function.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/metrics/counter.hpp"
#include "courseselect/metrics/registry.hpp"
#include "courseselect/nodes/node.hpp"
#include "courseselect/nodes/realtime/address_book.hpp"
#include "courseselect/nodes/realtime/recovery.hpp"
#include "courseselect/nodes/realtime/told_mark.hpp"
#include "courseselect/nodes/wire/events.hpp"
#include "courseselect/realtime/namespace.hpp"
#include "courseselect/storage/write_queue.hpp"

namespace courseselect::nodes::realtime {

[[nodiscard]] std::string course_room(core::CourseId course);
[[nodiscard]] std::string instructor_room(core::CourseId course);

/// Takes batches of the nodes' outboxes. What is to be told is written down together with the
/// source's cursor, in one transaction; when that is durable it is told, and the receipt given. A
/// batch that comes again is passed over by its sequences. What nobody is, or lately was, in a room
/// for is not told.
/// Seats of a course are told at most every `seats_interval`, the latest last.
/// Ownership: borrows everything. Thread-safety: the runtime's loop.
class Announcer {
  public:
    struct Options {
        std::chrono::milliseconds seats_interval{250};
    };

    Announcer(Runtime runtime, courseselect::realtime::Namespace& nsp, Recovery& recovery,
              storage::WriteQueue& writes, AddressBook& addresses, Options options);

    /// What was stored: how far it was with each source, and the seats that were still to be told.
    void restore(const repo::RealtimeRows& rows);
    /// Errors: unavailable (not stored: send it again).
    [[nodiscard]] async::Task<core::Result<wire::EventReceipt>> accept(wire::EventBatch batch);
    /// A batch that another realtime server took, where it followed on `previous` of its source.
    /// False: something between is missing here, so it was passed over. Errors: as `accept`.
    [[nodiscard]] async::Task<core::Result<bool>> accept_shared(wire::EventBatch batch,
                                                                std::int64_t previous);
    /// Is given every batch of `accept` that brings something, with the cursor that it follows on,
    /// before it is stored: if this process dies on the way, the source sends it again.
    using Share = core::UniqueFunction<void(const wire::EventBatch&, std::int64_t previous)>;
    void share_with(Share share) { share_ = std::move(share); }
    /// Is set to the number of each telling when it has left for the clients.
    void mark_in(std::shared_ptr<ToldMark> mark) { mark_ = std::move(mark); }
    /// How far it is with each source.
    [[nodiscard]] const std::unordered_map<std::string, std::int64_t>& sources() const {
        return sources_;
    }
    /// Tells seats that wait; nothing is told after it.
    [[nodiscard]] async::Task<> stop();

    void collect(metrics::Scrape& scrape) const;

  private:
    struct Seats {
        std::int64_t taken = 0;
        std::int64_t left = 0;
        std::int64_t told_taken = -1;
        std::int64_t told_left = -1;
        core::MonoTime told_at{};
        bool is_waiting = false;
    };

    /// What is new of the batch, as if it were for the first time; `last`: the cursor.
    [[nodiscard]] async::Task<core::Result<std::int64_t>> take(wire::EventBatch batch,
                                                               std::int64_t last);
    void prepare(const wire::NodeEvent& event, const std::string& address);
    void announce(std::vector<std::string> rooms, std::string_view event, std::string payload);
    void tell(std::vector<repo::Telling> tellings);
    void forget_seats(const std::vector<wire::NodeEvent>& events);
    void note_seats(core::CourseId course, const json::Value& data);
    void tell_seats(core::CourseId course, Seats& seats);
    static async::Task<> tell_seats_later(Announcer& self, core::CourseId course,
                                          std::chrono::nanoseconds delay);
    [[nodiscard]] bool is_of_interest(const std::vector<std::string>& rooms) const;
    [[nodiscard]] async::Task<core::Result<>> save(std::vector<repo::Telling> tellings,
                                                   std::string source, std::int64_t last);

    Runtime runtime_;
    courseselect::realtime::Namespace& nsp_;
    Recovery& recovery_;
    storage::WriteQueue& writes_;
    AddressBook& addresses_;
    Options options_;
    async::Mutex accepting_;
    std::unordered_map<std::string, std::int64_t> sources_;
    std::map<core::CourseId, Seats> seats_;
    std::vector<repo::Telling> prepared_;
    Share share_;
    std::shared_ptr<ToldMark> mark_;
    metrics::Counter accepted_;
    metrics::Counter repeated_;
    metrics::Counter told_;
    async::TaskGroup waiting_;
};

}  // namespace courseselect::nodes::realtime
