#pragma once
/// A connection that has left HTTP: plain bytes in both directions.

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/result.hpp"

namespace courseselect::net {

namespace detail {
class TlsEngine;
}

/// Is told when a stream can be read or written again; see `Stream::observe`.
class StreamObserver {
  public:
    /// Bytes have come, or the peer's end, or the connection is lost: `receive` tells.
    virtual void on_readable() = 0;
    /// The socket takes bytes again, or the connection is lost: `write` tells.
    virtual void on_writable() = 0;

  protected:
    ~StreamObserver() = default;
};

/// One TCP, unix or TLS connection for a protocol of its own, as WebSocket has after `101`
/// (RFC 9110 §7.8). Who has it need not know which of the three it is.
///
/// Reading is awaited; sending is not, so that a message for many costs one call each and no
/// coroutine. There are no deadlines here: protocols that keep connections for long have
/// heartbeats, and end a silent connection with `close()`.
///
/// For very many connections there is a second way to use a stream, without coroutine, buffer or
/// copy: an observer waits for readiness and moves the bytes itself with `receive` and `write`.
/// A stream is used in one of the two ways.
///
/// Ownership: owns the socket; destroying the stream closes it. Borrows the loop.
/// Thread-safety: the loop's thread.
class Stream {
  public:
    /// @param descriptor     connected, does not block; taken over
    /// @param tls            after its handshake; null: bytes travel as they are
    /// @param already_read   plain bytes that came before; the first `read` returns them
    /// @param unsent_bytes_max  what `send` keeps for a slow peer; beyond it the stream is closed
    Stream(async::EventLoop& loop, int descriptor, std::unique_ptr<detail::TlsEngine> tls,
           std::string already_read, std::size_t unsent_bytes_max);
    /// The same without TLS.
    Stream(async::EventLoop& loop, int descriptor, std::string already_read,
           std::size_t unsent_bytes_max);
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    /// Waits for bytes and returns 1 to `bytes_max` (at least 1) of them; none at the peer's end.
    /// While it waits it holds a buffer of `bytes_max`: small ones for idle connections. One read
    /// at a time. The stream may be destroyed meanwhile.
    /// Errors: unavailable (the connection was lost), cancelled (closed on our side),
    /// resource_exhausted (closed because the peer did not take what was sent).
    [[nodiscard]] async::Task<core::Result<std::string>> read(std::size_t bytes_max);

    /// Gives bytes to the socket, and keeps what it does not take; ignored after the end.
    /// False: the stream is not open, or closed itself because `unsent_bytes_max` was crossed.
    bool send(std::string_view bytes);
    /// Bytes kept for the peer, on the wire's side of TLS.
    [[nodiscard]] std::size_t unsent_bytes() const;
    /// Waits until all is with the socket, or the stream is closed.
    [[nodiscard]] async::Task<> flushed();

    /// Names the observer (borrowed; null: none any more), which hears nothing without asking.
    void observe(StreamObserver* observer);
    /// Asks for one `on_readable`, from the loop.
    void wait_readable();
    /// Asks for one `on_writable`, from the loop.
    void wait_writable();
    /// Reads what is there now: how many bytes, 0 at the peer's end; nothing when there are none
    /// yet. Errors: unavailable (the connection was lost), cancelled (closed on our side).
    [[nodiscard]] core::Result<std::optional<std::size_t>> receive(std::span<char> to);
    /// Gives `parts` to the socket in one call and returns how many bytes it took; what it did not
    /// take stays with the caller. Errors: as `receive`.
    [[nodiscard]] core::Result<std::size_t> write(std::span<const std::string_view> parts);
    /// The socket when `write` would give it the bytes as they are, for a `SendBatch`; -1 with TLS
    /// and after an end.
    [[nodiscard]] int plain_socket() const;

    /// Ends our side when what is unsent has left (TLS: with close_notify). Reading goes on.
    void shut_down();
    /// Ends both sides at once; a waiting `read` and `flushed` return.
    void close();
    [[nodiscard]] bool is_open() const;

  private:
    struct State;
    static async::Task<core::Result<std::string>> read_from(std::shared_ptr<State> state,
                                                            std::size_t bytes_max);
    static async::Task<> wait_until_sent(std::shared_ptr<State> state);

    std::shared_ptr<State> state_;
};

}  // namespace courseselect::net
