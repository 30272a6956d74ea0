#include "courseselect/nodes/realtime/realtime_node.hpp"

#include <fmt/format.h>

#include <utility>

#include "courseselect/async/sleep.hpp"
#include "courseselect/core/log.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/nodes/health.hpp"
#include "courseselect/nodes/parts.hpp"
#include "courseselect/nodes/upstream.hpp"
#include "live_page.hpp"

namespace courseselect::nodes::realtime {
namespace {

using courseselect::realtime::Admission;
using courseselect::realtime::Args;
using courseselect::realtime::ConnectRequest;
using courseselect::realtime::SocketPointer;

constexpr auto purge_interval = std::chrono::seconds{60};
constexpr const char* no_member = "You are not in this course";

courseselect::realtime::ServerOptions server_options(const RealtimeNodeOptions& options) {
    const RealtimeBounds& bounds = options.bounds;
    courseselect::realtime::ServerOptions made;
    made.engine.ping_interval = bounds.ping_interval;
    made.engine.ping_timeout = bounds.ping_timeout;
    made.engine.payload_bytes_max = bounds.payload_bytes_max;
    made.engine.sessions_max = bounds.connections_max;
    made.engine.sessions_per_address_max = bounds.connections_per_address_max;
    made.engine.messages_per_second_max = static_cast<double>(bounds.messages_per_second_max);
    made.engine.messages_burst = static_cast<double>(bounds.messages_burst);
    made.engine.cors_origins = options.service.cors_origins;
    made.rooms_per_socket_max = bounds.rooms_per_connection_max;
    return made;
}

}  // namespace

RealtimeNode::RealtimeNode(Runtime runtime, RealtimeNodeOptions options, auth::JwtVerifier verifier,
                           std::unique_ptr<const api::Authenticator> authenticator,
                           const api::TokenGate& gate, Neighbours neighbours)
    : runtime_(runtime),
      options_(std::move(options)),
      authenticator_(std::move(authenticator)),
      door_(std::move(verifier), runtime.clock, gate),
      neighbours_(std::move(neighbours)),
      internal_token_(options_.service.internal_token.reveal()),
      gate_(*neighbours_.data, internal_token_, options_.call_timeout),
      addresses_(runtime, *neighbours_.auth, internal_token_),
      recovery_(options_.recovery),
      server_(runtime.loop, runtime.clock, runtime.random, server_options(options_)),
      everybody_(server_.of("/")),
      background_(runtime.loop),
      service_(runtime.clock, options_.service, authenticator_.get()),
      mounts_(service_) {
    everybody_.admit([this](ConnectRequest request) { return admit(std::move(request)); });
    mounts_.add("/socket.io", server_);
    add_health(service_, *this);
    add_event_route();
    add_live_routes();
}

RealtimeNode::~RealtimeNode() = default;

core::Result<repo::RealtimeRows> RealtimeNode::load(storage::Connection& writer) {
    if (!options_.database.path.empty()) {
        COURSESELECT_TRY(mark_, ToldMark::open(options_.database.path + ".told"));
    }
    const auto told = mark_ ? mark_->told() : std::nullopt;
    const core::WallTime now = runtime_.clock.wall_now();
    return writer.transaction(
        [this, told, now](storage::Connection& connection) -> core::Result<repo::RealtimeRows> {
            if (told) {
                COURSESELECT_TRY_OK(repo::leave_open_places(connection, *told, now));
            }
            return repo::load_realtime(connection, now, now - options_.recovery.window);
        });
}

async::Task<core::Result<>> RealtimeNode::start() {
    COURSESELECT_CO_TRY(database_, storage::Database::open(options_.database, options_.storage));
    COURSESELECT_CO_TRY(auto writer, database_->connect_writer());
    COURSESELECT_CO_TRY_OK(storage::migrate(*writer, repo::realtime_migrations(), runtime_.clock));
    COURSESELECT_CO_TRY(auto rows, load(*writer));
    writes_ = std::make_unique<storage::WriteQueue>(runtime_.loop, std::move(writer));
    recovery_.restore(rows);
    announcer_ = std::make_unique<Announcer>(runtime_, everybody_, recovery_, *writes_, addresses_,
                                             options_.announcer);
    if (mark_) {
        mark_->set(recovery_.last_number());  // of what comes later, nothing is told yet
        announcer_->mark_in(mark_);
    }
    announcer_->restore(rows);
    relay_ = std::make_unique<Relay>(runtime_, everybody_, *announcer_,
                                     std::move(neighbours_.others), options_.relay);
    channel_ = std::make_unique<ClassroomChannel>(runtime_, everybody_, *relay_, recovery_,
                                                  *writes_, addresses_, *neighbours_.data,
                                                  internal_token_, options_.channel);
    channel_->attach();
    relay_->start();
    background_.spawn(look_after(background_.stop_token()));
    co_return core::Result<>();
}

void RealtimeNode::drain() { server_.engine().close_all(); }

async::Task<> RealtimeNode::stop() {
    background_.request_stop();
    co_await background_.join();
    co_await server_.stop();
    co_await relay_->stop();
    co_await announcer_->stop();
    co_await channel_->stop();
    co_await addresses_.stop();
    co_await writes_->stop();
}

NodeParts RealtimeNode::parts() {
    NodeParts parts;
    parts.is_started = channel_ != nullptr;
    if (parts.is_started) {
        parts.writes = writes_.get();
        parts.more = [this](metrics::Scrape& scrape) { collect(scrape); };
    }
    return parts;
}

async::Task<Admission> RealtimeNode::admit(ConnectRequest request) {
    auto visitor = door_.open(request);
    if (!visitor) {
        co_return Admission::refuse(visitor.error().detail(), {}, true);
    }
    co_return Admission::accept(std::make_shared<Visitor>(*std::move(visitor)));
}

async::Task<> RealtimeNode::look_after(std::stop_token stop) {
    core::MonoTime purged_at = runtime_.clock.mono_now();
    while (!stop.stop_requested()) {
        co_await async::sleep_for(runtime_.loop, options_.token_check, stop);
        dismiss_expired();
        recovery_.expire(runtime_.clock.wall_now());
        if (runtime_.clock.mono_now() - purged_at < purge_interval) {
            continue;
        }
        purged_at = runtime_.clock.mono_now();
        const core::WallTime oldest = runtime_.clock.wall_now() - options_.recovery.window;
        auto purge = [oldest](storage::Connection& connection) {
            return repo::purge_realtime(connection, oldest);
        };
        const auto purged = co_await writes_->run(std::move(purge));
        if (!purged) {
            core::log::warn("realtime_purge_failed", {{"error", purged.error()}});
        }
    }
}

void RealtimeNode::dismiss_expired() {
    for (const SocketPointer& socket : everybody_.all().sockets()) {
        const auto objection = door_.objection(socket->data<Visitor>());
        if (objection) {
            socket->emit("error", Args().add_raw(json::make_object("message", *objection)));
            // The client closes the connection itself; were it closed here, a polling npm client
            // would get all in one payload and drop the event.
            socket->disconnect();
        }
    }
}

void RealtimeNode::add_event_route() {
    service_.add(
        api::post("/internal/events")
            .summary("What happened in a node; each event is told once.")
            .tag("internal")
            .access(api::Access::internal)
            .body<wire::EventBatch>(),
        [this](api::Context&, wire::EventBatch batch) { return accept(std::move(batch)); });
}

async::Task<core::Result<wire::EventReceipt>> RealtimeNode::accept(wire::EventBatch batch) {
    const bool is_serving = announcer_ != nullptr && !background_.stop_token().stop_requested();
    if (!is_serving) {
        co_return core::Error(core::Errc::unavailable, "not serving");
    }
    co_return co_await announcer_->accept(std::move(batch));
}

// --- the page ---

async::Task<core::Result<wire::CoursePage>> RealtimeNode::courses(api::Context& context) {
    co_return co_await get_json<wire::CoursePage>(
        *neighbours_.data, "/get/courses?page=1&page_size=1000", internal_token_,
        context.identity(), options_.call_timeout);
}

async::Task<net::http::Response> RealtimeNode::select(api::Context& context,
                                                      wire::CourseRef course) {
    net::http::ClientRequest request;
    request.method = net::http::Method::post;
    request.target = "/student/course/select";
    request.headers.push_back({"Authorization", "Bearer " + std::string(context.token)});
    request.headers.push_back({"Internal-Token", internal_token_});
    request.headers.push_back({"X-Forwarded-For", context.client_address()});
    request.headers.push_back({"X-Request-Id", context.request_id});
    request.body = json::to_text(course);
    const auto answer =
        co_await neighbours_.student->send(std::move(request), options_.call_timeout);
    if (!answer) {
        co_return api::error_response(503, api::communication_error);
    }
    net::http::Response response;
    response.status = answer->status;
    response.body = answer->body;
    if (const auto wait = answer->header("Retry-After")) {
        response.headers.push_back({"Retry-After", std::string(*wait)});
    }
    co_return response;
}

void RealtimeNode::add_live_routes() {
    add_live_page(service_);
    service_.add(api::get("/live/courses")
                     .summary("All courses with their seats, for the page at /live.")
                     .tag("courses")
                     .access(api::Access::bearer),
                 [this](api::Context& context) { return courses(context); });
    service_.add(
        api::post("/live/select")
            .summary("Ask for a seat, as POST /student/course/select does.")
            .tag("selection")
            .access(api::Access::student)
            .body<wire::CourseRef>()
            .error(404, "Course not found")
            .error(400, "Course is full"),
        [this](api::Context& context, wire::CourseRef course) { return select(context, course); });
    service_.add(api::get("/live/videos")
                     .summary("Videos of a course that the caller is in.")
                     .tag("videos")
                     .access(api::Access::bearer)
                     .query<wire::CourseRef>()
                     .example_query(R"({"course_id":2})")
                     .error(403, no_member)
                     .error(404, "Course not found"),
                 [this](api::Context& context, wire::CourseRef course) {
                     const auto id = course.course_id;
                     return gate_.ask<wire::Videos>(
                         context, target_course(id, no_member),
                         fmt::format("/internal/classroom/videos?course_id={}", id.value()));
                 });
    service_.add(api::get("/live/messages")
                     .summary("The chat of a video whose course the caller is in.")
                     .tag("videos")
                     .access(api::Access::bearer)
                     .query<wire::MessagesQuery>()
                     .error(403, no_member)
                     .error(404, "Video not found"),
                 [this](api::Context& context, wire::MessagesQuery query) {
                     return gate_.ask<wire::VideoMessages>(
                         context, target_video(query.video_id, no_member),
                         fmt::format("/internal/classroom/messages?video_id={}&before={}&limit={}",
                                     query.video_id.value(), query.before, query.limit));
                 });
}

void RealtimeNode::collect(metrics::Scrape& scrape) const {
    const auto now = server_.stats();
    const auto figure = [](std::size_t count) { return static_cast<double>(count); };
    scrape.gauge("courseselect_realtime_connections", "Clients that are connected.",
                 figure(now.engine.sessions));
    scrape.gauge("courseselect_realtime_websockets", "Of these, on WebSocket.",
                 figure(now.engine.websockets));
    scrape.gauge("courseselect_realtime_sockets", "Clients that have shown their token.",
                 figure(now.sockets));
    scrape.counter("courseselect_realtime_packets_total", "Packets received.", now.packets);
    scrape.counter("courseselect_realtime_deliveries_total", "Packets sent, each receiver counted.",
                   now.deliveries);
    scrape.counter("courseselect_realtime_refused_connections_total",
                   "Clients refused: over a limit, or without a good token.",
                   now.engine.refused + now.refused);
    scrape.counter("courseselect_realtime_slow_clients_total",
                   "Clients closed because they did not read.", now.engine.overflows);
    scrape.counter("courseselect_realtime_ping_timeouts_total",
                   "Clients that did not answer the heartbeat.", now.engine.ping_timeouts);
    scrape.gauge("courseselect_realtime_places_missed",
                 "Places in rooms that lost clients may come back to.", figure(recovery_.places()));
    announcer_->collect(scrape);
    channel_->collect(scrape);
    relay_->collect(scrape);
}

}  // namespace courseselect::nodes::realtime
