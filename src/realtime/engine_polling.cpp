// The polling transport of a session: GETs that wait, and POSTs of many packets.

#include <utility>

#include "courseselect/core/encoding.hpp"
#include "engine_core.hpp"

namespace courseselect::realtime::engine {
namespace {

using net::http::Response;

Response payload_response(std::string body) {
    Response response;
    response.content_type = "text/plain; charset=UTF-8";
    response.body = std::move(body);
    return response;
}

}  // namespace

std::string EngineSession::take_payload(std::size_t packets_max) {
    auto& buffer = polling_->buffer;
    std::string payload;
    std::size_t packets = 0;
    std::size_t taken_bytes = 0;
    auto next = buffer.begin();
    for (; next != buffer.end(); ++next) {
        packets += (*next)->packets();
        if (next != buffer.begin() && packets > packets_max) {
            break;
        }
        (*next)->append_to_payload(payload);
        taken_bytes += (*next)->size();
    }
    if (next == buffer.end()) {
        buffer = {};
        polling_->buffered_bytes = 0;
    } else {
        buffer.erase(buffer.begin(), next);
        polling_->buffered_bytes -= taken_bytes;
    }
    return payload;
}

async::Task<Response> EngineSession::poll([[maybe_unused]] EngineSessionPointer self) {
    if (is_closed_) {  // what was left when we closed
        polling_->buffer.push_back(Outgoing::packet("1"));
        leave_table();
        co_return payload_response(take_payload(all_packets));
    }
    if (polling_->waiting_get != nullptr) {
        end(CloseReason::transport_error);
        co_return refusal_response({});
    }
    if (!polling_->buffer.empty()) {
        co_return payload_response(take_payload());
    }
    if (is_probed_) {
        co_return payload_response("6");
    }
    async::Completion<std::string> answer;
    polling_->waiting_get = &answer;
    std::string body = co_await answer;
    co_return payload_response(std::move(body));
}

/// Resumes the waiting poll: the last thing to be done with it.
void EngineSession::answer_get(std::string body) {
    std::exchange(polling_->waiting_get, nullptr)->set(std::move(body));
}

void EngineSession::flush_poll() {
    if (!polling_) {
        return;
    }
    polling_->is_dirty = false;
    if (is_overflowed_ && !is_closed_) {
        ++core_.stats.overflows;
        end(CloseReason::too_slow);
    } else if (polling_->waiting_get != nullptr && !polling_->buffer.empty()) {
        answer_get(take_payload());
    } else if (polling_->waiting_get != nullptr && is_probed_) {
        answer_get("6");
    }
}

async::Task<Response> EngineSession::post([[maybe_unused]] EngineSessionPointer self,
                                          std::string_view body) {
    const Refusal bad_payload;
    if (std::exchange(polling_->is_posting, true)) {
        end(CloseReason::transport_error);
        co_return refusal_response(bad_payload);
    }
    const bool is_text = core::is_valid_utf8(body);
    std::size_t packets = 0;
    PayloadReader reader(body);
    std::optional<std::string_view> text = reader.next();
    for (; text && !is_closed_; text = reader.next()) {
        const auto packet = read_packet(*text, true);
        if (!is_text || !packet || ++packets > core_.options.packets_per_payload_max) {
            end(CloseReason::parse_error);
            co_return refusal_response(bad_payload);
        }
        const bool is_violation = packet->type == PacketType::ping;
        on_packet(*packet);
        if (is_violation) {
            co_return refusal_response(bad_payload);
        }
        while (is_paused() && polling_ && !is_closed_) {
            co_await polling_->resumed.wait();
        }
    }
    if (polling_) {
        polling_->is_posting = false;
    }
    Response response;
    response.content_type = "text/html";
    response.body = "ok";
    co_return response;
}

}  // namespace courseselect::realtime::engine
