#include "courseselect/realtime/socket.hpp"

#include <algorithm>
#include <utility>

#include "courseselect/core/check.hpp"
#include "server_core.hpp"

namespace courseselect::realtime {
namespace {

core::Error has_left() { return {core::Errc::cancelled, "disconnected", "The client has left"}; }

}  // namespace

std::string_view reason_name(DisconnectReason reason) {
    switch (reason) {
        case DisconnectReason::client_left: return "client namespace disconnect";
        case DisconnectReason::server_left: return "server namespace disconnect";
        case DisconnectReason::transport_close: return "transport close";
        case DisconnectReason::transport_error: return "transport error";
        case DisconnectReason::ping_timeout: return "ping timeout";
        case DisconnectReason::parse_error: return "parse error";
        case DisconnectReason::forced_close: return "forced close";
        case DisconnectReason::too_slow: return "too slow";
        case DisconnectReason::shutting_down: return "server shutting down";
    }
    return "unknown";
}

void Ack::send(const Args& args) {
    const std::uint64_t id = std::exchange(id_, none);
    const SocketPointer socket = socket_.lock();
    if (id != none && socket) {
        socket->send_answer(id, args);
    }
}

Socket::Socket(Namespace& nsp, Connection& connection, std::string id, std::shared_ptr<void> data)
    : nsp_(nsp), connection_(&connection), id_(std::move(id)), data_(std::move(data)) {}

Socket::~Socket() = default;

const engine::Handshake& Socket::handshake() const {
    COURSESELECT_CHECK(connection_ != nullptr);
    return connection_->session().handshake();
}

void Socket::emit(std::string_view event, const Args& args) {
    if (connection_ != nullptr) {
        connection_->send(
            engine::Outgoing::message(write_event(nsp_.name(), event, args), args.attachments()));
    }
}

void Socket::emit(std::string_view event, const Args& args, std::chrono::milliseconds timeout,
                  OnAnswer on_answer) {
    if (connection_ == nullptr) {
        on_answer(has_left());
        return;
    }
    if (pending_.size() >= nsp_.server().options().acks_pending_max) {
        on_answer(core::Error(core::Errc::resource_exhausted, "too_many_questions",
                              "The client has too many questions to answer"));
        return;
    }
    const std::uint64_t id = next_answer_++;
    auto timer = connection_->core().timers.after(timeout, [this, id] {
        fail_answer(id, {core::Errc::deadline_exceeded, "ack_timeout",
                         "The client has not answered in time"});
    });
    pending_.push_back({id, timer, std::move(on_answer)});
    connection_->send(
        engine::Outgoing::message(write_event(nsp_.name(), event, args, id), args.attachments()));
}

Socket::OnAnswer Socket::take_answer(std::uint64_t id) {
    const auto found =
        std::find_if(pending_.begin(), pending_.end(),
                     [id](const PendingAnswer& pending) { return pending.id == id; });
    if (found == pending_.end()) {
        return nullptr;  // too late, or never asked for
    }
    if (connection_ != nullptr) {
        connection_->core().timers.cancel(found->timer);
    }
    OnAnswer taken = std::move(found->on_answer);
    pending_.erase(found);
    return taken;
}

void Socket::on_answer(std::uint64_t id, Args args) {
    if (OnAnswer told = take_answer(id)) {
        told(std::move(args));
    }
}

void Socket::fail_answer(std::uint64_t id, core::Error error) {
    const SocketPointer self = shared_from_this();
    if (OnAnswer told = take_answer(id)) {
        told(std::move(error));
    }
}

void Socket::detach() {
    Connection* connection = std::exchange(connection_, nullptr);
    for (PendingAnswer& pending : std::exchange(pending_, {})) {
        connection->core().timers.cancel(pending.timer);
        pending.on_answer(has_left());
    }
}

void Socket::send_answer(std::uint64_t id, const Args& args) {
    if (connection_ != nullptr) {
        connection_->send(
            engine::Outgoing::message(write_ack(nsp_.name(), id, args), args.attachments()));
    }
}

bool Socket::join(std::string_view room) {
    return connection_ != nullptr && nsp_.join(*this, room);
}

void Socket::leave(std::string_view room) { nsp_.leave(*this, room); }

bool Socket::is_in(std::string_view room) const {
    return std::any_of(memberships_.begin(), memberships_.end(),
                       [room](const Membership& member) { return *member.room->name == room; });
}

std::vector<std::string> Socket::rooms() const {
    std::vector<std::string> names;
    for (const Membership& member : memberships_) {
        names.push_back(*member.room->name);
    }
    return names;
}

Broadcast Socket::to(std::string_view room) {
    Broadcast broadcast(nsp_);
    broadcast.to(room).except(id_);
    return broadcast;
}

Broadcast Socket::others() {
    Broadcast broadcast(nsp_);
    broadcast.except(id_);
    return broadcast;
}

void Socket::disconnect(bool close_connection) {
    if (connection_ != nullptr) {
        connection_->dismiss(shared_from_this(), close_connection);
    }
}

std::size_t Socket::unsent_bytes() const {
    return connection_ == nullptr ? 0 : connection_->session().unsent_bytes();
}

}  // namespace courseselect::realtime
