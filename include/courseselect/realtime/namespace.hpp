#pragma once
/// `Namespace`: who may enter, what their events do, rooms, and telling many at once.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "courseselect/async/task.hpp"
#include "courseselect/core/function.hpp"
#include "courseselect/realtime/args.hpp"
#include "courseselect/realtime/socket.hpp"

namespace courseselect::realtime {

class Server;

/// A client that asks to enter a namespace (packet CONNECT).
struct ConnectRequest {
    /// The auth payload: the text of a JSON object without blanks, `{}` when there was none.
    std::string auth;
    engine::Handshake handshake;
};

/// The answer to a `ConnectRequest`.
class Admission {
  public:
    /// @param data  becomes `Socket::data`
    [[nodiscard]] static Admission accept(std::shared_ptr<void> data = nullptr) {
        Admission made;
        made.data_ = std::move(data);
        made.is_accepted_ = true;
        return made;
    }
    /// CONNECT_ERROR `{"message":message}`, with `"data"` when `data_json` (one JSON value) is not
    /// empty. `close_connection`: and then the connection is closed; else it stays, and the client
    /// may ask again.
    [[nodiscard]] static Admission refuse(std::string message, std::string data_json = {},
                                          bool close_connection = false) {
        Admission made;
        made.message_ = std::move(message);
        made.data_json_ = std::move(data_json);
        made.closes_connection_ = close_connection;
        return made;
    }

    [[nodiscard]] bool is_accepted() const { return is_accepted_; }
    [[nodiscard]] const std::shared_ptr<void>& data() const { return data_; }
    [[nodiscard]] const std::string& message() const { return message_; }
    [[nodiscard]] const std::string& data_json() const { return data_json_; }
    [[nodiscard]] bool closes_connection() const { return closes_connection_; }

  private:
    Admission() = default;

    std::shared_ptr<void> data_;
    std::string message_;
    std::string data_json_;
    bool is_accepted_ = false;
    bool closes_connection_ = false;
};

/// Somebody who has come into a room, and what the others hear of it.
struct Arrival {
    SocketPointer socket;  ///< null: it is with another server
    Args news;
};

/// A set of sockets to tell the same: the union of rooms, or everybody, without some. The event is
/// encoded once, and all WebSocket connections send the same bytes. A socket in several of the
/// rooms gets it once.
///
///     nsp.to("course_7").to("instructor_7").except(socket->id()).emit("new_review", args);
///
/// A value to use at once; borrows the namespace. Thread-safety: the loop's thread.
class Broadcast {
  public:
    explicit Broadcast(Namespace& nsp) : nsp_(nsp) {}

    /// Adds a room. A socket's id is a room of its own.
    Broadcast& to(std::string_view room);
    /// Leaves a room's members (or one socket, by id) out.
    Broadcast& except(std::string_view room);

    void emit(std::string_view event, const Args& args) const;
    /// Tells of several arrivals, in order: those who arrived hear of whoever came after them, the
    /// others of all. The work is one send for each socket, however many there are to tell of.
    void announce(std::string_view event, std::span<const Arrival> arrivals) const;
    [[nodiscard]] std::vector<SocketPointer> sockets() const;
    /// Makes all of them leave the namespace; see `Socket::disconnect`.
    void disconnect(bool close_connection = false) const;

  private:
    template <class Visitor>
    void for_each(Visitor visit) const;

    Namespace& nsp_;
    std::vector<std::string> rooms_;
    std::vector<std::string> except_;
};

/// Sockets of one room. Private to the module.
struct Room {
    const std::string* name = nullptr;  // the key in the namespace's table
    std::vector<Socket*> members;
};

/// One namespace. Made by `Server::of`; set its handlers before the server gets requests.
///
/// Handlers are coroutines that run inline until they first wait; those of one socket begin in the
/// order of its packets. They own what they are given, and may outlive the socket's connection.
/// What leaves a handler as an exception is told to `ServerObserver` and goes no further.
/// Thread-safety: the loop's thread.
class Namespace {
  public:
    using Admit = core::UniqueFunction<async::Task<Admission>(ConnectRequest)>;
    using OnConnect = core::UniqueFunction<async::Task<>(SocketPointer)>;
    using OnEvent = core::UniqueFunction<async::Task<>(SocketPointer, Event)>;
    using OnDisconnect = core::UniqueFunction<void(const SocketPointer&, DisconnectReason)>;

    Namespace(Server& server, std::string name);
    ~Namespace();
    Namespace(const Namespace&) = delete;
    Namespace& operator=(const Namespace&) = delete;

    /// Decides who may enter; without it everybody may. Runs before the CONNECT answer.
    Namespace& admit(Admit admit);
    /// Runs right after the CONNECT answer was sent.
    Namespace& on_connect(OnConnect handler);
    Namespace& on(std::string event, OnEvent handler);
    /// Events without a handler of their own. Without this they are ignored.
    Namespace& on_other(OnEvent handler);
    /// The socket has left, its rooms are still there to be asked; nothing can be sent to it.
    Namespace& on_disconnect(OnDisconnect handler);

    [[nodiscard]] const std::string& name() const { return name_; }
    /// Everybody in the room.
    [[nodiscard]] Broadcast to(std::string_view room);
    /// Everybody in the namespace.
    [[nodiscard]] Broadcast all() { return Broadcast(*this); }
    void emit(std::string_view event, const Args& args) { all().emit(event, args); }

    [[nodiscard]] SocketPointer find(std::string_view id) const;
    [[nodiscard]] std::size_t size() const { return sockets_.size(); }
    [[nodiscard]] std::size_t room_size(std::string_view room) const;
    [[nodiscard]] Server& server() { return server_; }

  private:
    friend class Broadcast;
    friend class Connection;
    friend class Socket;
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };
    template <class T>
    using Table = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

    void add(SocketPointer socket);
    /// The socket has let go of its connection.
    void remove(const SocketPointer& socket, DisconnectReason reason);
    bool join(Socket& socket, std::string_view room);
    void leave(Socket& socket, std::string_view room);
    void leave_at(Socket& socket, std::size_t index);
    [[nodiscard]] const Room* find_room(std::string_view room) const;
    [[nodiscard]] OnEvent* handler_of(std::string_view event);

    Server& server_;
    std::string name_;
    Admit admit_;
    OnConnect on_connect_;
    OnEvent on_other_;
    OnDisconnect on_disconnect_;
    Table<OnEvent> events_;
    std::unordered_map<std::string_view, SocketPointer> sockets_;  // the ids live in the sockets
    Table<Room> rooms_;
    std::uint64_t mark_ = 0;  // of the last broadcast
};

}  // namespace courseselect::realtime
