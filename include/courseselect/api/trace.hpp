#pragma once
/// What a request is known by on its way through the nodes: `X-Request-Id` and `traceparent`.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace courseselect::api {

/// Bytes of an `X-Request-Id` that is taken over: 1 to 64 of `A-Za-z0-9-_.`, so that it can
/// stand in a log line, a header and a file name as it is.
inline constexpr std::size_t request_id_bytes_max = 64;
[[nodiscard]] bool is_valid_request_id(std::string_view id);

/// W3C Trace Context, level 1 (www.w3.org/TR/trace-context): the trace a request belongs to and the
/// span that is this node's part of it.
struct TraceContext {
    std::uint64_t trace_high = 0;  ///< of the 128-bit trace id, never all zero
    std::uint64_t trace_low = 0;
    std::uint64_t span = 0;    ///< this node's, new at each hop
    std::uint64_t parent = 0;  ///< the caller's span; 0: the trace begins here
    bool sampled = false;      ///< the caller records this trace

    /// Reads a `traceparent` field; the span in it becomes `parent`, `span` is left 0.
    /// Accepted: version 00 with exactly 55 characters, and later versions that begin like it
    /// (§3.2.4). Refused: version ff, upper case, zero ids, anything else.
    [[nodiscard]] static std::optional<TraceContext> parse(std::string_view traceparent);

    /// 32 and 16 lower-case hexadecimal digits.
    [[nodiscard]] std::string trace_id() const;
    [[nodiscard]] std::string span_id() const;
    /// The field for a call made by this span.
    [[nodiscard]] std::string traceparent() const;

    friend bool operator==(const TraceContext&, const TraceContext&) = default;
};

/// Goes with every call to another node that is made for a request.
struct RequestIdentity {
    std::string request_id;
    TraceContext trace;
};

/// New ids: the high half of a trace id is random once a process, the rest is splitmix64 from a
/// random start, so that no two nodes give the same. They are no secrets: who sees one may compute
/// the next. A few instructions an id. Thread-safety: one thread.
class TraceIds {
  public:
    /// Starts at a random place.
    TraceIds();
    /// Starts where it is told to.
    explicit TraceIds(std::uint64_t seed) : high_(seed), state_(seed) {}

    /// A trace that begins here.
    [[nodiscard]] TraceContext begin();
    /// The caller's trace with a new span of ours.
    [[nodiscard]] TraceContext join(TraceContext caller);
    /// An identity for work that no request asked for; the request id is the trace id.
    [[nodiscard]] RequestIdentity identity();

  private:
    [[nodiscard]] std::uint64_t next();
    std::uint64_t high_;  ///< of all trace ids begun here
    std::uint64_t state_;
};

}  // namespace courseselect::api
