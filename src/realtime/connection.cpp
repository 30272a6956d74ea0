// Packets of one connection: who is connected to which namespace, and what goes to its sockets.

#include <algorithm>
#include <exception>
#include <utility>

#include "courseselect/core/encoding.hpp"
#include "courseselect/json/writer.hpp"
#include "server_core.hpp"

namespace courseselect::realtime {
namespace {

/// 15 bytes are 20 characters of base64url without padding, and not to be guessed.
constexpr std::size_t socket_id_bytes = 15;

DisconnectReason disconnect_reason(engine::CloseReason why) {
    switch (why) {
        case engine::CloseReason::transport_close: return DisconnectReason::transport_close;
        case engine::CloseReason::transport_error: return DisconnectReason::transport_error;
        case engine::CloseReason::ping_timeout: return DisconnectReason::ping_timeout;
        case engine::CloseReason::parse_error: return DisconnectReason::parse_error;
        case engine::CloseReason::too_slow: return DisconnectReason::too_slow;
        case engine::CloseReason::shutting_down: return DisconnectReason::shutting_down;
        case engine::CloseReason::forced_close: break;
    }
    return DisconnectReason::forced_close;
}

}  // namespace

Connection::Connection(Server::Core& core, engine::Session& session)
    : core_(core), session_(session) {
    link_->connection = this;
    connect_timer_ = core_.timers.after(core_.options.connect_timeout, [this] {
        connect_timer_ = {};
        session_.close(engine::CloseReason::forced_close);
    });
}

Connection::~Connection() {
    core_.timers.cancel(connect_timer_);
    link_->connection = nullptr;
}

// ---- packets -----------------------------------------------------------------------------------

void Connection::on_text(std::string_view text) {
    ++core_.stats.packets;
    if (partial_) {
        fail(engine::CloseReason::parse_error);  // bytes were due
        return;
    }
    auto head = read_packet(text, {.attachments_max = core_.options.attachments_max,
                                   .json_depth_max = core_.options.json_depth_max});
    if (!head) {
        fail(engine::CloseReason::parse_error);
    } else if (head->attachments > 0) {
        partial_ = std::make_unique<Partial>();
        partial_->head = *std::move(head);
    } else {
        on_packet(*std::move(head), {});
    }
}

void Connection::on_binary(std::string_view bytes) {
    if (!partial_ || partial_->bytes + bytes.size() > core_.options.attachment_bytes_max) {
        fail(engine::CloseReason::parse_error);
        return;
    }
    partial_->bytes += bytes.size();
    partial_->attachments.push_back(std::make_shared<const std::string>(bytes));
    if (partial_->attachments.size() == partial_->head.attachments) {
        const std::unique_ptr<Partial> whole = std::move(partial_);
        on_packet(std::move(whole->head), whole->attachments);
    }
}

void Connection::on_packet(PacketHead head, const std::vector<SharedBytes>& attachments) {
    if (head.type == PacketType::connect) {
        on_connect(std::move(head));
        return;
    }
    const SocketPointer socket = find(head.nsp);
    if (!socket) {
        fail(engine::CloseReason::forced_close);  // not joined
        return;
    }
    switch (head.type) {
        case PacketType::event:
        case PacketType::binary_event: on_event(socket, std::move(head), attachments); break;
        case PacketType::ack:
        case PacketType::binary_ack:
            socket->on_answer(*head.id, head.take_args(attachments));
            break;
        case PacketType::disconnect: remove(socket, DisconnectReason::client_left); break;
        case PacketType::connect:
        case PacketType::connect_error: break;  // handled above; refused by the reader
    }
}

void Connection::on_event(const SocketPointer& socket, PacketHead head,
                          const std::vector<SharedBytes>& attachments) {
    Namespace::OnEvent* handler = socket->nsp().handler_of(head.name);
    if (handler == nullptr) {
        return;
    }
    Event event;
    event.args = head.take_args(attachments);
    event.name = std::move(head.name);
    if (head.id) {
        event.ack = Ack(socket, *head.id);
    }
    begin_handler();
    core_.handlers.spawn(run_event(link_, core_, socket, handler, std::move(event)));
}

void Connection::fail(engine::CloseReason why) {
    core_.stats.parse_errors += why == engine::CloseReason::parse_error ? 1 : 0;
    session_.close(why);
}

SocketPointer Connection::find(std::string_view nsp) const {
    for (const SocketPointer& socket : sockets_) {
        if (socket->nsp().name() == nsp) {
            return socket;
        }
    }
    return nullptr;
}

// ---- entering and leaving a namespace ----------------------------------------------------------

void Connection::on_connect(PacketHead head) {
    Namespace* nsp = core_.find(head.nsp);
    if (nsp == nullptr) {
        ++core_.stats.refused;
        send_packet(PacketType::connect_error, head.nsp, R"({"message":"Invalid namespace"})");
        return;
    }
    const bool is_known =
        find(head.nsp) || std::find(asking_.begin(), asking_.end(), nsp) != asking_.end();
    if (is_known ||
        sockets_.size() + asking_.size() >= core_.options.namespaces_per_connection_max) {
        fail(engine::CloseReason::forced_close);
        return;
    }
    asking_.push_back(nsp);
    ConnectRequest request;
    request.auth = head.payload.empty() ? "{}" : std::move(head.payload);
    request.handshake = session_.handshake();
    begin_handler();
    core_.handlers.spawn(run_admission(link_, core_, *nsp, std::move(request)));
}

async::Task<> Connection::run_admission(LinkPointer link, Server::Core& core, Namespace& nsp,
                                        ConnectRequest request) {
    Admission admission = Admission::accept();
    if (nsp.admit_) {
        try {
            async::Task<Admission> decision = nsp.admit_(std::move(request));
            admission = co_await std::move(decision);
        } catch (...) {
            core.tell_exception(nsp.name(), "connect");
            admission = Admission::refuse("Internal server error");
        }
    }
    if (link->connection != nullptr) {
        link->connection->answer_connect(nsp, admission);
    }
    end_handler(link, core.options.handlers_per_connection_max);
}

void Connection::answer_connect(Namespace& nsp, const Admission& admission) {
    asking_.erase(std::find(asking_.begin(), asking_.end(), &nsp));
    if (admission.is_accepted()) {
        accept(nsp, admission);
        return;
    }
    ++core_.stats.refused;
    std::string json;
    {
        json::ObjectWriter object(json);
        object.add("message", admission.message());
        if (!admission.data_json().empty()) {
            object.add_raw("data", admission.data_json());
        }
    }
    send_packet(PacketType::connect_error, nsp.name(), json);
    if (admission.closes_connection()) {
        session_.close(engine::CloseReason::forced_close);
    }
}

void Connection::accept(Namespace& nsp, const Admission& admission) {
    core_.timers.cancel(connect_timer_);
    const auto socket = std::make_shared<Socket>(
        nsp, *this, core::base64url_encode(core_.random.bytes(socket_id_bytes)), admission.data());
    sockets_.push_back(socket);
    sockets_.shrink_to_fit();  // one is usual
    nsp.add(socket);
    ++core_.stats.sockets;
    send_packet(PacketType::connect, nsp.name(), json::make_object("sid", socket->id()));
    if (nsp.on_connect_) {
        begin_handler();
        core_.handlers.spawn(run_connect(link_, core_, socket));
    }
}

void Connection::remove(const SocketPointer& socket, DisconnectReason reason) {
    const SocketPointer kept = socket;
    sockets_.erase(std::find(sockets_.begin(), sockets_.end(), kept));
    --core_.stats.sockets;
    kept->detach();
    kept->nsp().remove(kept, reason);
}

void Connection::dismiss(const SocketPointer& socket, bool close_connection) {
    send_packet(PacketType::disconnect, socket->nsp().name(), {});
    engine::Session& session = session_;
    remove(socket, DisconnectReason::server_left);
    if (close_connection) {
        session.close(engine::CloseReason::forced_close);
    }
}

void Connection::on_close(engine::CloseReason why) {
    link_->connection = nullptr;
    core_.timers.cancel(connect_timer_);
    partial_.reset();
    while (!sockets_.empty()) {
        remove(sockets_.back(), disconnect_reason(why));
    }
}

// ---- handlers ----------------------------------------------------------------------------------

/// More of one client's handlers than allowed: the rest of what it sends waits.
void Connection::begin_handler() {
    if (++link_->handlers == core_.options.handlers_per_connection_max) {
        session_.pause();
    }
}

void Connection::end_handler(const LinkPointer& link, std::size_t handlers_max) {
    if (link->handlers-- == handlers_max && link->connection != nullptr) {
        link->connection->session_.resume();
    }
}

async::Task<> Connection::run_connect(LinkPointer link, Server::Core& core, SocketPointer socket) {
    Namespace& nsp = socket->nsp();
    try {
        async::Task<> task = nsp.on_connect_(socket);
        co_await std::move(task);
    } catch (...) {
        core.tell_exception(nsp.name(), "connect");
    }
    end_handler(link, core.options.handlers_per_connection_max);
}

async::Task<> Connection::run_event(LinkPointer link, Server::Core& core, SocketPointer socket,
                                    Namespace::OnEvent* handler, Event event) {
    const std::string name = event.name;
    try {
        async::Task<> task = (*handler)(socket, std::move(event));
        co_await std::move(task);
    } catch (...) {
        core.tell_exception(socket->nsp().name(), name);
    }
    end_handler(link, core.options.handlers_per_connection_max);
}

// ---- sending -----------------------------------------------------------------------------------

void Connection::send(const engine::OutgoingPointer& message) {
    ++core_.stats.deliveries;
    session_.send(message);
}

void Connection::send(const engine::SeriesPointer& series, std::size_t first) {
    core_.stats.deliveries += series->messages().size() - first;
    session_.send(series, first);
}

void Connection::send_packet(PacketType type, std::string_view nsp, std::string_view json) {
    session_.send_text(write_packet(type, nsp, json));
}

}  // namespace courseselect::realtime
