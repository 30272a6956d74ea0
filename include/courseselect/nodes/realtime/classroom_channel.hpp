#pragma once
/// `ClassroomChannel`: what clients ask for over Socket.IO, event by event.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/api/trace.hpp"
#include "courseselect/async/batcher.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/metrics/counter.hpp"
#include "courseselect/metrics/registry.hpp"
#include "courseselect/net/http/client.hpp"
#include "courseselect/nodes/node.hpp"
#include "courseselect/nodes/realtime/address_book.hpp"
#include "courseselect/nodes/realtime/recovery.hpp"
#include "courseselect/nodes/realtime/relay.hpp"
#include "courseselect/nodes/realtime/visitor.hpp"
#include "courseselect/nodes/wire/classroom.hpp"
#include "courseselect/realtime/namespace.hpp"
#include "courseselect/storage/write_queue.hpp"

namespace courseselect::nodes::realtime {

struct ChannelOptions {
    std::chrono::milliseconds call_timeout{5'000};
    std::size_t message_characters_max = 4'000;  ///< of a chat message; beyond: refused
};

/// Handles the events of the realtime contract: join_course, leave_course, join_video,
/// video_progress, send_chat_message. Whether somebody may is asked of the data node each time,
/// many questions in one call; who comes into a video together is announced together.
/// What is refused is told by an `error` event that names the field or the reason, and in the ack,
/// if one was asked for; what is done is told by the contract's events and in the ack.
///
/// Progress and chat messages gather into batches, one call under way at a time: a chat is told in
/// the order in which it is stored, to everybody.
/// Ownership: borrows everything. Thread-safety: the runtime's loop. `stop()` before destruction.
class ClassroomChannel {
  public:
    ClassroomChannel(Runtime runtime, courseselect::realtime::Namespace& nsp, Relay& relay,
                     Recovery& recovery, storage::WriteQueue& writes, AddressBook& addresses,
                     net::http::Client& data_node, std::string internal_token,
                     ChannelOptions options = {});

    /// Sets the handlers of the namespace but its admission.
    void attach();
    [[nodiscard]] async::Task<> stop();
    void collect(metrics::Scrape& scrape) const;

  private:
    using SocketPointer = courseselect::realtime::SocketPointer;
    using Event = courseselect::realtime::Event;

    [[nodiscard]] async::Task<> welcome(SocketPointer socket);
    void part(const SocketPointer& socket, courseselect::realtime::DisconnectReason reason);
    [[nodiscard]] async::Task<> join_course(SocketPointer socket, Event event);
    [[nodiscard]] async::Task<> leave_course(SocketPointer socket, Event event);
    [[nodiscard]] async::Task<> join_video(SocketPointer socket, Event event);
    [[nodiscard]] async::Task<> video_progress(SocketPointer socket, Event event);
    [[nodiscard]] async::Task<> send_chat_message(SocketPointer socket, Event event);

    /// Asks the data node; says what is wrong to the client. Nothing when it was refused.
    [[nodiscard]] async::Task<std::optional<wire::AccessOutcome>> admit(SocketPointer socket,
                                                                        Event& event,
                                                                        wire::AccessQuery query,
                                                                        std::string thing);
    /// Somebody who may come into a video. The handler, which waits, owns the event.
    struct Entrance {
        SocketPointer socket;
        Event* event;
        wire::VideoId video;
        std::string address;
    };
    enum class Entry : std::uint8_t { entered, gone, no_room };
    /// Rooms by name, with those who have come in.
    using Arrivals = std::map<std::string, std::vector<courseselect::realtime::Arrival>>;
    [[nodiscard]] Entry let_in(Entrance& entrance, Arrivals& arrivals);
    [[nodiscard]] async::Task<core::Result<std::vector<Entry>>> let_all_in(
        std::vector<Entrance> entrances);
    /// Enters rooms and tells what was missed there. False when there are too many.
    [[nodiscard]] bool enter(const SocketPointer& socket, const std::vector<std::string>& rooms);
    void tell_missed(const SocketPointer& socket, const std::vector<std::string>& rooms);
    /// The user is in the rooms on another server.
    void give_up_places(const std::string& user, const std::vector<std::string>& rooms,
                        core::WallTime since);
    void delete_places(std::vector<repo::RoomPlace> places);

    void refuse(const SocketPointer& socket, Event& event, std::string_view code,
                const std::string& message);
    void refuse(const SocketPointer& socket, Event& event, const wire::ItemOutcome& outcome,
                std::string_view thing);

    /// Posts a batch to the data node: one outcome for each of its items, in order.
    template <class Outcomes, class Batch>
    [[nodiscard]] async::Task<core::Result<decltype(Outcomes::results)>> post_batch(
        std::string path, Batch batch);
    template <class F>
    void write(F closure);

    Runtime runtime_;
    courseselect::realtime::Namespace& nsp_;
    Relay& relay_;
    Recovery& recovery_;
    storage::WriteQueue& writes_;
    AddressBook& addresses_;
    net::http::Client& data_node_;
    std::string internal_token_;
    ChannelOptions options_;
    api::TraceIds trace_ids_;
    async::Batcher<wire::AccessQuery, wire::AccessOutcome> accesses_;
    async::Batcher<Entrance, Entry> entrances_;
    async::Batcher<wire::ProgressReport, wire::ProgressOutcome> progress_;
    async::Batcher<wire::MessageDraft, wire::MessageOutcome> messages_;
    metrics::Counter done_;
    metrics::Counter refused_;
    metrics::Counter recovered_;
};

}  // namespace courseselect::nodes::realtime
