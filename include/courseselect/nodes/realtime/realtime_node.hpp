#pragma once
/// The realtime server: events of the school over Socket.IO (realtime contract).

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "courseselect/api/service.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/net/http/client.hpp"
#include "courseselect/net/http/mounts.hpp"
#include "courseselect/nodes/classroom_gate.hpp"
#include "courseselect/nodes/node.hpp"
#include "courseselect/nodes/realtime/address_book.hpp"
#include "courseselect/nodes/realtime/announcer.hpp"
#include "courseselect/nodes/realtime/classroom_channel.hpp"
#include "courseselect/nodes/realtime/realtime_bounds.hpp"
#include "courseselect/nodes/realtime/recovery.hpp"
#include "courseselect/nodes/realtime/relay.hpp"
#include "courseselect/nodes/realtime/visitor.hpp"
#include "courseselect/nodes/wire/course.hpp"
#include "courseselect/realtime/server.hpp"
#include "courseselect/storage/database.hpp"
#include "courseselect/storage/write_queue.hpp"

namespace courseselect::nodes::realtime {

struct RealtimeNodeOptions {
    storage::DatabaseUrl database{.path = "realtime_data.db"};
    storage::DatabaseOptions storage;
    api::ServiceOptions service;
    RealtimeBounds bounds;
    RecoveryOptions recovery;
    RelayOptions relay;
    Announcer::Options announcer;
    ChannelOptions channel;
    /// How often tokens of open connections are looked at again: a token that died, or was taken
    /// back, ends its connection within this.
    std::chrono::milliseconds token_check{500};
    std::chrono::milliseconds call_timeout{5'000};
};

/// The nodes it calls, and the channel to the other realtime servers.
struct Neighbours {
    std::unique_ptr<net::http::Client> data;
    std::unique_ptr<net::http::Client> auth;
    std::unique_ptr<net::http::Client> student;
    std::unique_ptr<redis::Channel> others = nullptr;  ///< null: it is the only one
};

/// Serves `/socket.io/` for clients, `POST /internal/events` for the nodes, and the page at
/// `/live`. Who a client is says its token; what it may is asked of the data node.
/// It keeps a small database of its own: how far it is with the nodes' events, and who was where,
/// so that a restart loses and repeats nothing.
class RealtimeNode final : public Node {
  public:
    /// @param gate  tokens taken back; must outlive it
    RealtimeNode(Runtime runtime, RealtimeNodeOptions options, auth::JwtVerifier verifier,
                 std::unique_ptr<const api::Authenticator> authenticator,
                 const api::TokenGate& gate, Neighbours neighbours);
    ~RealtimeNode() override;

    [[nodiscard]] std::string_view name() const override { return "realtime_node"; }
    [[nodiscard]] net::http::Handler& handler() override { return mounts_; }
    [[nodiscard]] net::http::Upgrader* upgrader() override { return &mounts_; }
    [[nodiscard]] api::Service& service() override { return service_; }
    [[nodiscard]] async::Task<core::Result<>> start() override;
    [[nodiscard]] async::Task<> stop() override;
    /// Ends the clients' connections; they will come back.
    void drain() override;
    [[nodiscard]] NodeParts parts() override;

  private:
    [[nodiscard]] core::Result<repo::RealtimeRows> load(storage::Connection& writer);
    void add_event_route();
    void add_live_routes();
    [[nodiscard]] async::Task<core::Result<wire::EventReceipt>> accept(wire::EventBatch batch);
    [[nodiscard]] async::Task<core::Result<wire::CoursePage>> courses(api::Context& context);
    [[nodiscard]] async::Task<net::http::Response> select(api::Context& context,
                                                          wire::CourseRef course);
    [[nodiscard]] async::Task<courseselect::realtime::Admission> admit(
        courseselect::realtime::ConnectRequest request);
    [[nodiscard]] async::Task<> look_after(std::stop_token stop);
    void dismiss_expired();
    void collect(metrics::Scrape& scrape) const;

    Runtime runtime_;
    RealtimeNodeOptions options_;
    std::unique_ptr<const api::Authenticator> authenticator_;
    Door door_;
    Neighbours neighbours_;
    std::string internal_token_;
    ClassroomGate gate_;
    AddressBook addresses_;
    Recovery recovery_;
    courseselect::realtime::Server server_;
    courseselect::realtime::Namespace& everybody_;
    std::unique_ptr<storage::Database> database_;
    std::unique_ptr<storage::WriteQueue> writes_;
    std::shared_ptr<ToldMark> mark_;
    std::unique_ptr<Announcer> announcer_;
    std::unique_ptr<Relay> relay_;
    std::unique_ptr<ClassroomChannel> channel_;
    async::TaskGroup background_;
    api::Service service_;
    net::http::Mounts mounts_;
};

}  // namespace courseselect::nodes::realtime
