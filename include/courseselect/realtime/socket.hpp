#pragma once
/// `Socket`: one client in one namespace.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "courseselect/async/timers.hpp"
#include "courseselect/core/function.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/realtime/args.hpp"
#include "courseselect/realtime/engine.hpp"

namespace courseselect::realtime {

class Broadcast;
class Connection;
class Namespace;
class Socket;
struct Room;
using SocketPointer = std::shared_ptr<Socket>;

/// Why a socket left its namespace. The names are those of the reference server.
enum class DisconnectReason : std::uint8_t {
    client_left,      ///< "client namespace disconnect": packet 41
    server_left,      ///< "server namespace disconnect": `disconnect()`
    transport_close,  ///< "transport close": the connection ended
    transport_error,  ///< "transport error": it broke, or sent what no transport may
    ping_timeout,     ///< "ping timeout"
    parse_error,      ///< "parse error": a packet that is none
    forced_close,     ///< "forced close": broke a rule of the protocol or a limit
    too_slow,         ///< "too slow": more than `unsent_bytes_max` waited for it to read
    shutting_down,    ///< "server shutting down"
};
[[nodiscard]] std::string_view reason_name(DisconnectReason reason);

/// The client's wish for an answer to one event. Sending is optional, and happens once: what is
/// sent after the first answer, or after the socket has gone, is ignored.
class Ack {
  public:
    Ack() = default;
    Ack(Ack&& other) noexcept
        : socket_(std::move(other.socket_)), id_(std::exchange(other.id_, none)) {}
    Ack& operator=(Ack&& other) noexcept {
        socket_ = std::move(other.socket_);
        id_ = std::exchange(other.id_, none);
        return *this;
    }
    Ack(std::weak_ptr<Socket> socket, std::uint64_t id) : socket_(std::move(socket)), id_(id) {}

    /// Whether the client waits for an answer.
    [[nodiscard]] explicit operator bool() const { return id_ != none; }
    void send(const Args& args);

  private:
    static constexpr std::uint64_t none = ~std::uint64_t{0};

    std::weak_ptr<Socket> socket_;
    std::uint64_t id_ = none;
};

/// One event of a client.
struct Event {
    std::string name;
    Args args;
    Ack ack;
};

/// One client in one namespace. Made by its namespace after admission; kept alive by the namespace
/// until it has left, and by whoever holds its pointer. After it has left, everything that sends
/// is ignored.
/// Thread-safety: the loop's thread.
class Socket : public std::enable_shared_from_this<Socket> {
  public:
    /// Called with the client's answer. Errors: deadline_exceeded, cancelled (it has left),
    /// resource_exhausted (see `emit`).
    using OnAnswer = core::UniqueFunction<void(core::Result<Args>)>;

    Socket(Namespace& nsp, Connection& connection, std::string id, std::shared_ptr<void> data);
    ~Socket();
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    /// Public, unguessable, another for every namespace and every connection.
    [[nodiscard]] const std::string& id() const { return id_; }
    [[nodiscard]] Namespace& nsp() const { return nsp_; }
    [[nodiscard]] bool is_connected() const { return connection_ != nullptr; }
    /// What is known of the connection's first request. Only while connected.
    [[nodiscard]] const engine::Handshake& handshake() const;
    /// What admission gave to this socket. `T` must be the type that was given.
    template <class T>
    [[nodiscard]] T& data() const {
        return *static_cast<T*>(data_.get());
    }

    void emit(std::string_view event, const Args& args);
    /// Asks for an answer, of which at most `acks_pending_max` may be outstanding: one more is
    /// refused at once, and not sent.
    void emit(std::string_view event, const Args& args, std::chrono::milliseconds timeout,
              OnAnswer on_answer);

    /// False when it is in `rooms_per_socket_max` rooms already, or has left.
    bool join(std::string_view room);
    void leave(std::string_view room);
    [[nodiscard]] bool is_in(std::string_view room) const;
    [[nodiscard]] std::vector<std::string> rooms() const;

    /// Everybody in that room but this socket.
    [[nodiscard]] Broadcast to(std::string_view room);
    /// Everybody in the namespace but this socket.
    [[nodiscard]] Broadcast others();

    /// Leaves the namespace (the client is told with packet 41). `close_connection`: and ends the
    /// connection with every other namespace on it, after what was sent before has left.
    void disconnect(bool close_connection = false);
    /// Bytes that this client has not taken yet.
    [[nodiscard]] std::size_t unsent_bytes() const;

  private:
    friend class Ack;
    friend class Broadcast;
    friend class Connection;
    friend class Namespace;
    struct Membership {
        Room* room;
        std::size_t position;  // in the room's list
    };
    struct PendingAnswer {
        std::uint64_t id;
        async::Timers::Handle timer;
        OnAnswer on_answer;
    };

    void send_answer(std::uint64_t id, const Args& args);
    void on_answer(std::uint64_t id, Args args);
    void fail_answer(std::uint64_t id, core::Error error);
    [[nodiscard]] OnAnswer take_answer(std::uint64_t id);
    /// Lets go of the connection: nothing is sent any more, and no answer will come.
    void detach();

    Namespace& nsp_;
    Connection* connection_;  // null: has left
    std::string id_;
    std::shared_ptr<void> data_;
    std::vector<Membership> memberships_;
    std::vector<PendingAnswer> pending_;
    std::uint64_t next_answer_ = 0;
    std::uint64_t mark_ = 0;  // the last broadcast that met it
};

}  // namespace courseselect::realtime
