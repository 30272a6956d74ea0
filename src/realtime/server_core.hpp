#pragma once
/// The inside of the Socket.IO server. Private to the module.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/async/task_group.hpp"
#include "courseselect/async/timers.hpp"
#include "courseselect/realtime/packet.hpp"
#include "courseselect/realtime/server.hpp"
#include "outgoing.hpp"

namespace courseselect::realtime {

/// What all connections share.
class Server::Core final : public engine::Service {
  public:
    Core(Server& owner, async::EventLoop& event_loop, const core::Clock& injected_clock,
         crypto::RandomSource& random_source, ServerOptions server_options);

    [[nodiscard]] std::unique_ptr<engine::SessionHandler> on_open(
        engine::Session& session) override;
    [[nodiscard]] Namespace* find(std::string_view name) const;
    /// A handler has thrown what is being handled now.
    void tell_exception(std::string_view nsp, std::string_view event) const;

    Server& server;
    crypto::RandomSource& random;
    const ServerOptions options;
    async::Timers timers;
    engine::Server engine;
    std::map<std::string, std::unique_ptr<Namespace>, std::less<>> namespaces;
    async::TaskGroup handlers;
    Stats stats;
};

/// One Engine.IO session as Socket.IO sees it: packets, and a socket for each namespace joined.
class Connection final : public engine::SessionHandler {
  public:
    Connection(Server::Core& core, engine::Session& session);
    ~Connection() override;

    void on_text(std::string_view text) override;
    void on_binary(std::string_view bytes) override;
    void on_close(engine::CloseReason why) override;

    void send(const engine::OutgoingPointer& message);
    void send(const engine::SeriesPointer& series, std::size_t first);
    /// A socket leaves by our will: the client is told.
    void dismiss(const SocketPointer& socket, bool close_connection);
    [[nodiscard]] engine::Session& session() { return session_; }
    [[nodiscard]] Server::Core& core() { return core_; }

  private:
    /// What coroutines hold instead of the connection, which may end before them.
    struct Link {
        Connection* connection = nullptr;
        std::size_t handlers = 0;
    };
    using LinkPointer = std::shared_ptr<Link>;

    /// A packet whose attachments are still to come.
    struct Partial {
        PacketHead head;
        std::vector<SharedBytes> attachments;
        std::size_t bytes = 0;
    };

    void on_packet(PacketHead head, const std::vector<SharedBytes>& attachments);
    void on_connect(PacketHead head);
    void on_event(const SocketPointer& socket, PacketHead head,
                  const std::vector<SharedBytes>& attachments);
    void answer_connect(Namespace& nsp, const Admission& admission);
    void accept(Namespace& nsp, const Admission& admission);
    void fail(engine::CloseReason why);
    [[nodiscard]] SocketPointer find(std::string_view nsp) const;
    void remove(const SocketPointer& socket, DisconnectReason reason);
    void send_packet(PacketType type, std::string_view nsp, std::string_view json);
    void begin_handler();
    static void end_handler(const LinkPointer& link, std::size_t handlers_max);

    static async::Task<> run_admission(LinkPointer link, Server::Core& core, Namespace& nsp,
                                       ConnectRequest request);
    static async::Task<> run_connect(LinkPointer link, Server::Core& core, SocketPointer socket);
    static async::Task<> run_event(LinkPointer link, Server::Core& core, SocketPointer socket,
                                   Namespace::OnEvent* handler, Event event);

    Server::Core& core_;
    engine::Session& session_;
    LinkPointer link_ = std::make_shared<Link>();
    std::vector<SocketPointer> sockets_;
    std::vector<Namespace*> asking_;  // admission is being decided
    std::unique_ptr<Partial> partial_;
    async::Timers::Handle connect_timer_;
};

}  // namespace courseselect::realtime
