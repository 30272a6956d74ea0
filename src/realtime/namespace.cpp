#include "courseselect/realtime/namespace.hpp"

#include <utility>

#include "server_core.hpp"

namespace courseselect::realtime {

Namespace::Namespace(Server& server, std::string name) : server_(server), name_(std::move(name)) {}
Namespace::~Namespace() = default;

Namespace& Namespace::admit(Admit admit) {
    admit_ = std::move(admit);
    return *this;
}

Namespace& Namespace::on_connect(OnConnect handler) {
    on_connect_ = std::move(handler);
    return *this;
}

Namespace& Namespace::on(std::string event, OnEvent handler) {
    events_.insert_or_assign(std::move(event), std::move(handler));
    return *this;
}

Namespace& Namespace::on_other(OnEvent handler) {
    on_other_ = std::move(handler);
    return *this;
}

Namespace& Namespace::on_disconnect(OnDisconnect handler) {
    on_disconnect_ = std::move(handler);
    return *this;
}

Namespace::OnEvent* Namespace::handler_of(std::string_view event) {
    const auto found = events_.find(event);
    if (found != events_.end()) {
        return &found->second;
    }
    return on_other_ ? &on_other_ : nullptr;
}

Broadcast Namespace::to(std::string_view room) {
    Broadcast broadcast(*this);
    broadcast.to(room);
    return broadcast;
}

SocketPointer Namespace::find(std::string_view id) const {
    const auto found = sockets_.find(id);
    return found == sockets_.end() ? nullptr : found->second;
}

std::size_t Namespace::room_size(std::string_view room) const {
    const Room* found = find_room(room);
    return found == nullptr ? 0 : found->members.size();
}

void Namespace::add(SocketPointer socket) {
    const std::string_view id = socket->id();
    sockets_.emplace(id, std::move(socket));
}

void Namespace::remove(const SocketPointer& socket, DisconnectReason reason) {
    if (on_disconnect_) {
        on_disconnect_(socket, reason);
    }
    while (!socket->memberships_.empty()) {
        leave_at(*socket, socket->memberships_.size() - 1);
    }
    sockets_.erase(socket->id());
}

// ---- rooms -------------------------------------------------------------------------------------

const Room* Namespace::find_room(std::string_view room) const {
    const auto found = rooms_.find(room);
    return found == rooms_.end() ? nullptr : &found->second;
}

bool Namespace::join(Socket& socket, std::string_view room) {
    if (socket.is_in(room)) {
        return true;
    }
    const ServerOptions& options = server_.options();
    if (socket.memberships_.size() >= options.rooms_per_socket_max ||
        room.size() > options.room_name_bytes_max) {
        return false;
    }
    const auto place = rooms_.try_emplace(std::string(room)).first;
    Room& joined = place->second;
    joined.name = &place->first;
    socket.memberships_.push_back({&joined, joined.members.size()});
    joined.members.push_back(&socket);
    return true;
}

void Namespace::leave(Socket& socket, std::string_view room) {
    for (std::size_t i = 0; i < socket.memberships_.size(); ++i) {
        if (*socket.memberships_[i].room->name == room) {
            leave_at(socket, i);
            return;
        }
    }
}

/// The last member takes the place of the one that leaves.
void Namespace::leave_at(Socket& socket, std::size_t index) {
    const Socket::Membership left = socket.memberships_[index];
    socket.memberships_[index] = socket.memberships_.back();
    socket.memberships_.pop_back();
    Room& room = *left.room;
    Socket* moved = room.members.back();
    room.members[left.position] = moved;
    room.members.pop_back();
    for (Socket::Membership& membership : moved->memberships_) {
        if (membership.room == &room) {
            membership.position = left.position;
        }
    }
    if (room.members.empty()) {
        rooms_.erase(*room.name);
    }
}

// ---- many at once ------------------------------------------------------------------------------

Broadcast& Broadcast::to(std::string_view room) {
    rooms_.emplace_back(room);
    return *this;
}

Broadcast& Broadcast::except(std::string_view room) {
    except_.emplace_back(room);
    return *this;
}

/// Visits each socket once: those met or excepted already carry the broadcast's mark.
template <class Visitor>
void Broadcast::for_each(Visitor visit) const {
    const std::uint64_t mark = ++nsp_.mark_;
    const auto meet = [mark](Socket& socket) { return std::exchange(socket.mark_, mark) != mark; };
    const auto each_of = [this](const std::string& name, const auto& act) {
        if (const Room* room = nsp_.find_room(name)) {
            for (Socket* socket : room->members) {
                act(*socket);
            }
        }
        if (const SocketPointer socket = nsp_.find(name)) {
            act(*socket);
        }
    };
    for (const std::string& name : except_) {
        each_of(name, [&](Socket& socket) { static_cast<void>(meet(socket)); });
    }
    const auto visit_once = [&](Socket& socket) {
        if (meet(socket)) {
            visit(socket);
        }
    };
    for (const std::string& name : rooms_) {
        each_of(name, visit_once);
    }
    if (rooms_.empty()) {
        for (const auto& [id, socket] : nsp_.sockets_) {
            visit_once(*socket);
        }
    }
}

void Broadcast::emit(std::string_view event, const Args& args) const {
    const engine::OutgoingPointer message =
        engine::Outgoing::message(write_event(nsp_.name(), event, args), args.attachments());
    for_each([&](Socket& socket) {
        if (socket.connection_ != nullptr) {
            socket.connection_->send(message);
        }
    });
}

void Broadcast::announce(std::string_view event, std::span<const Arrival> arrivals) const {
    std::vector<engine::OutgoingPointer> messages;
    std::unordered_map<const Socket*, std::size_t> begins;  // of those who have just arrived
    for (const Arrival& arrival : arrivals) {
        messages.push_back(engine::Outgoing::message(write_event(nsp_.name(), event, arrival.news),
                                                     arrival.news.attachments()));
        if (arrival.socket) {
            begins.insert_or_assign(arrival.socket.get(), messages.size());
        }
    }
    const auto series = std::make_shared<const engine::Series>(std::move(messages));
    for_each([&](Socket& socket) {
        const auto found = begins.find(&socket);
        const std::size_t first = found == begins.end() ? 0 : found->second;
        if (socket.connection_ != nullptr && first < arrivals.size()) {
            socket.connection_->send(series, first);
        }
    });
}

std::vector<SocketPointer> Broadcast::sockets() const {
    std::vector<SocketPointer> all;
    for_each([&](Socket& socket) { all.push_back(socket.shared_from_this()); });
    return all;
}

void Broadcast::disconnect(bool close_connection) const {
    for (const SocketPointer& socket : sockets()) {
        socket->disconnect(close_connection);
    }
}

}  // namespace courseselect::realtime
