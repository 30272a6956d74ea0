// Requests: which session they are for, and what is wrong with them.

#include <algorithm>
#include <utility>

#include "courseselect/core/encoding.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/net/http/url.hpp"
#include "courseselect/net/ws/handshake.hpp"
#include "engine_core.hpp"

namespace courseselect::realtime::engine {
namespace {

using net::http::Method;
using net::http::Request;
using net::http::Response;

/// 18 bytes are 24 characters of base64url without padding, and not to be guessed.
constexpr std::size_t session_id_bytes = 18;

const Refusal unknown_transport{400, 0, "Transport unknown"};
const Refusal unknown_session{400, 1, "Session ID unknown"};
const Refusal bad_method{400, 2, "Bad handshake method"};
const Refusal bad_request{400, 3, "Bad request"};
const Refusal unsupported_version{400, 5, "Unsupported protocol version"};

std::string first_value(const net::http::QueryPairs& pairs, std::string_view name) {
    for (const auto& [key, value] : pairs) {
        if (key == name) {
            return value;
        }
    }
    return {};
}

std::optional<RequestQuery> read_query(const Request& request) {
    const auto pairs = net::http::parse_query(request.query);
    if (!pairs) {
        return std::nullopt;
    }
    return RequestQuery{.transport = first_value(*pairs, "transport"),
                        .sid = first_value(*pairs, "sid"),
                        .version = first_value(*pairs, "EIO")};
}

}  // namespace

std::optional<std::string_view> Handshake::header(std::string_view name) const {
    for (const net::http::Header& field : headers) {
        if (net::http::same_field_name(field.name, name)) {
            return std::string_view(field.value);
        }
    }
    return std::nullopt;
}

std::optional<std::string> Handshake::parameter(std::string_view name) const {
    const auto pairs = net::http::parse_query(query);
    if (!pairs) {
        return std::nullopt;
    }
    for (const auto& [key, value] : *pairs) {
        if (key == name) {
            return value;
        }
    }
    return std::nullopt;
}

Response refusal_response(const Refusal& refusal) {
    Response response;
    response.status = refusal.status;
    response.body = json::make_object("code", refusal.code, "message", refusal.message);
    return response;
}

Core::Core(async::EventLoop& event_loop, const core::Clock& injected_clock,
           crypto::RandomSource& random_source, Options server_options, Service& session_service)
    : loop(event_loop),
      clock(injected_clock),
      random(random_source),
      options(std::move(server_options)),
      service(session_service),
      timers(event_loop, injected_clock) {
    net::ws::Options sockets;
    sockets.message_bytes_max = options.payload_bytes_max;
    sockets.unsent_bytes_max = options.unsent_bytes_max;
    hub = net::ws::Hub::make(event_loop, injected_clock, sockets);
}

Core::~Core() {
    close_all(CloseReason::shutting_down);
    hub->end();
    *is_alive_ = false;
}

async::Task<Response> Core::handle(const Request& request) {
    timers.run_due();  // a deadline that has passed counts, whether or not its timer came first
    if (request.method == Method::options) {
        co_return preflight(request);
    }
    const auto query = read_query(request);
    const bool is_upgrade = net::ws::asks_for_websocket(request);
    Admitted admitted;
    if (query) {
        admitted = admit(request, *query, is_upgrade);
    } else {
        admitted.refusal = bad_request;
    }
    Response response;
    if (admitted.refusal) {
        response = refuse(*admitted.refusal);
    } else if (is_upgrade) {
        response = net::ws::answer_handshake(request);
    } else if (!admitted.session) {
        const EngineSessionPointer session = make_session(request);
        session->start_polling();
        response.content_type = "text/plain; charset=UTF-8";
        response.body = session->open_packet();
        session->open();
    } else if (request.method == Method::get) {
        response = co_await admitted.session->poll(admitted.session);
    } else if (request.method == Method::post) {
        const auto type = request.header("Content-Type");
        if (type && type->starts_with("application/octet-stream")) {
            response = refuse(bad_request);  // protocol 4 has no binary payloads
        } else if (request.body.size() > options.payload_bytes_max) {
            response.status = 413;
            response.body = R"({"detail":"The payload is larger than maxPayload"})";
        } else {
            response = co_await admitted.session->post(admitted.session, request.body);
        }
    } else {
        response = refuse(bad_request);
    }
    add_cors(request, response);
    if (request.method == Method::get) {
        response.headers.push_back({"Cache-Control", "no-store"});
    }
    co_return response;
}

Response Core::refuse(const Refusal& refusal) {
    ++(refusal.status == 400 ? stats.bad_requests : stats.refused);
    return refusal_response(refusal);
}

/// The table of the protocol's description, in its order.
Core::Admitted Core::admit(const Request& request, const RequestQuery& query, bool is_upgrade) {
    const bool is_known = (query.transport == "polling" && options.allows_polling) ||
                          (query.transport == "websocket" && options.allows_websocket);
    if (!is_known) {
        return {nullptr, unknown_transport};
    }
    if (is_upgrade && query.transport != "websocket") {
        return {nullptr, bad_request};
    }
    if (query.sid.empty()) {
        return {nullptr, check_first(request, query, is_upgrade)};
    }
    EngineSessionPointer session = find(query.sid);
    if (session) {
        session->hear_probe();
        session = find(query.sid);
    }
    const bool is_usable =
        session && (!session->is_closing() || (!is_upgrade && request.method == Method::get));
    if (!is_usable) {
        return {nullptr, unknown_session};
    }
    if (!is_upgrade && (!session->is_polling() || query.transport != "polling")) {
        return {nullptr, bad_request};
    }
    return {std::move(session), std::nullopt};
}

std::optional<Refusal> Core::check_first(const Request& request, const RequestQuery& query,
                                         bool is_upgrade) {
    if (request.method != Method::get) {
        return bad_method;
    }
    if (query.transport == "websocket" && !is_upgrade) {
        return bad_request;
    }
    if (query.version != "4") {
        return unsupported_version;
    }
    if (gate) {
        if (const auto reason = gate(request)) {
            return Refusal{403, 4, *reason};
        }
    }
    return check_room(request);
}

std::optional<Refusal> Core::check_room(const Request& request) {
    const Refusal full{503, 4, "Too many connections, try again later"};
    if (is_closed_ || sessions_.size() >= options.sessions_max) {
        return full;
    }
    const auto of_address = per_address_.find(address(request));
    if (of_address != per_address_.end() &&
        of_address->second >= options.sessions_per_address_max) {
        return full;
    }
    return std::nullopt;
}

std::string Core::address(const Request& request) {
    return address_of ? address_of(request) : std::string(request.peer.address);
}

EngineSessionPointer Core::find(const std::string& id) const {
    const auto found = sessions_.find(id);
    return found == sessions_.end() ? nullptr : found->second;
}

EngineSessionPointer Core::make_session(const Request& request) {
    Handshake handshake;
    handshake.address = address(request);
    handshake.query = request.query;
    for (const net::http::HeaderView& field : request.headers) {
        const bool is_kept = std::any_of(
            options.kept_headers.begin(), options.kept_headers.end(),
            [&](const std::string& name) { return net::http::same_field_name(name, field.name); });
        if (is_kept) {
            handshake.headers.push_back({std::string(field.name), std::string(field.value)});
        }
    }
    ++per_address_[handshake.address];
    auto session = std::make_shared<EngineSession>(
        *this, core::base64url_encode(random.bytes(session_id_bytes)), std::move(handshake));
    sessions_.emplace(session->id(), session);
    stats.sessions = sessions_.size();
    ++stats.opened;
    return session;
}

void Core::remove(const EngineSession& session) {
    const auto removed = sessions_.extract(session.id());  // kept alive to the end of the call
    if (removed.empty()) {
        return;
    }
    stats.sessions = sessions_.size();
    const auto of_address = per_address_.find(session.handshake().address);
    if (--of_address->second == 0) {
        per_address_.erase(of_address);
    }
}

/// After our 101. The session may have gone meanwhile: then so does the WebSocket.
void Core::take_over(const Request& request, std::unique_ptr<net::Stream> stream) {
    const auto query = read_query(request);
    if (!query || is_closed_) {
        return;
    }
    if (query->sid.empty()) {
        const EngineSessionPointer session = make_session(request);
        session->start_websocket(std::move(stream));
        session->open();
        return;
    }
    const EngineSessionPointer session = find(query->sid);
    if (session && session->may_upgrade()) {
        session->start_upgrade(std::move(stream));
        return;
    }
    // The handshake is complete, so the client hears a close and no error (conformance, row 7).
    class Deaf final : public net::ws::Handler {
        void on_text(std::string_view) override {}
        void on_binary(std::string_view) override {}
        void on_close(net::ws::End, net::ws::CloseCode, std::string_view) override {}
    };
    hub->adopt(std::move(stream), std::make_unique<Deaf>())->close();
}

void Core::flush_later(EngineSessionPointer session) {
    dirty_.push_back(std::move(session));
    if (dirty_.size() == 1) {
        loop.post([this, is_alive = is_alive_] {
            if (*is_alive) {
                for (const EngineSessionPointer& waiting : std::exchange(dirty_, {})) {
                    waiting->flush_poll();
                }
            }
        });
    }
}

void Core::close_all(CloseReason why) {
    is_closed_ = true;
    while (!sessions_.empty()) {
        const EngineSessionPointer session = sessions_.begin()->second;
        session->end(why);
        remove(*session);
    }
}

void Core::add_cors(const Request& request, Response& response) const {
    const auto& origins = options.cors_origins;
    if (std::find(origins.begin(), origins.end(), "*") != origins.end()) {
        response.headers.push_back({"Access-Control-Allow-Origin", "*"});
        return;
    }
    const auto origin = request.header("Origin");
    if (origin && std::find(origins.begin(), origins.end(), *origin) != origins.end()) {
        response.headers.push_back({"Access-Control-Allow-Origin", std::string(*origin)});
    }
    if (!origins.empty()) {
        response.headers.push_back({"Vary", "Origin"});
    }
}

Response Core::preflight(const Request& request) const {
    Response response;
    response.status = 204;
    response.content_type = {};
    add_cors(request, response);
    response.headers.push_back({"Access-Control-Allow-Methods", "GET,POST,OPTIONS"});
    if (const auto asked = request.header("Access-Control-Request-Headers")) {
        response.headers.push_back({"Access-Control-Allow-Headers", std::string(*asked)});
    }
    return response;
}

// ---- the public face ---------------------------------------------------------------------------

Server::Server(async::EventLoop& loop, const core::Clock& clock, crypto::RandomSource& random,
               Options options, Service& service)
    : core_(std::make_shared<Core>(loop, clock, random, std::move(options), service)) {}
Server::~Server() = default;

void Server::set_gate(Gate gate) { core_->gate = std::move(gate); }
void Server::set_address_of(AddressOf address_of) { core_->address_of = std::move(address_of); }
async::Task<Response> Server::handle(const Request& request) { return core_->handle(request); }
void Server::take_over(const Request& request, std::unique_ptr<net::Stream> stream) {
    core_->take_over(request, std::move(stream));
}
const Server::Stats& Server::stats() const { return core_->stats; }
void Server::check_deadlines() {
    core_->timers.run_due();
    core_->hub->check_deadlines();
}
void Server::when_sent(core::UniqueFunction<void()> call) {
    // By then the polls of this turn are answered.
    core_->loop.post([hub = core_->hub, call = std::move(call)]() mutable {
        hub->when_written(std::move(call));
    });
}
void Server::close_all(CloseReason why) { core_->close_all(why); }

}  // namespace courseselect::realtime::engine
