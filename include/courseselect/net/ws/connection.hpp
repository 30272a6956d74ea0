#pragma once
/// WebSocket connections (RFC 6455), for any protocol on top.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/timers.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/function.hpp"
#include "courseselect/crypto/random.hpp"
#include "courseselect/net/send_batch.hpp"
#include "courseselect/net/stream.hpp"
#include "courseselect/net/ws/frame.hpp"
#include "courseselect/net/ws/message_reader.hpp"

namespace courseselect::net::ws {

/// Bytes that many connections send without each having a copy.
using SharedBytes = std::shared_ptr<const std::string>;

/// Why a connection ended, when it was not by our own `close`.
enum class End : std::uint8_t {
    peer_closed,      ///< with a close frame; its code and reason are told
    connection_lost,  ///< without one
    protocol_error,   ///< the peer broke a rule; the code it was closed with is told
    too_slow,         ///< more than `unsent_bytes_max` waited for it to read
};

/// What one connection's messages go to. Destroyed with its connection.
class Handler {
  public:
    virtual ~Handler() = default;
    /// Whole messages, valid during the call. Not called after `on_close` or `Connection::close`.
    virtual void on_text(std::string_view text) = 0;
    virtual void on_binary(std::string_view bytes) = 0;
    virtual void on_pong(std::string_view /*payload*/) {}
    /// The last call; what is sent now is ignored. Not called after `Connection::close`.
    virtual void on_close(End end, CloseCode code, std::string_view reason) = 0;
};

/// Every bound of a connection, with what happens at it.
struct Options {
    std::size_t message_bytes_max = 1024 * 1024;  ///< beyond: closed with 1009
    /// Sent and not yet taken by the peer. Beyond: dropped (it would not read a close frame).
    /// Shared bytes count fully for each connection though they exist once.
    std::size_t unsent_bytes_max = 4 * 1024 * 1024;
    /// Unsent bytes at which a client's own further messages wait until it has read.
    std::size_t unsent_pause_bytes = 256 * 1024;
    std::size_t read_bytes_max = 16 * 1024;  ///< one read, so nobody holds the loop for long
    std::size_t messages_per_turn_max = 64;  ///< then the other connections have their turn
    /// Bytes and connections written to in one turn: of what was sent in it, and as much again of
    /// what waits from earlier ones. The rest waits for the next turns.
    std::size_t write_bytes_per_turn_max = 256 * 1024;
    std::size_t writes_per_turn_max = 64;
    /// Who has more to be written than this waits from the start: who gets a few words does not
    /// wait until a crowd was told everything.
    std::size_t written_first_bytes_max = 2 * 1024;
    std::chrono::milliseconds close_timeout{2'000};  ///< for the peer to close after us
    std::size_t linger_bytes_max = 512 * 1024;       ///< dropped meanwhile
    /// Masks of the frames we send as a client (§5.3); borrowed. A server needs none.
    crypto::RandomSource* random = nullptr;
};

class Connection;
using ConnectionPointer = std::shared_ptr<Connection>;

/// What connections of one loop share: limits, the buffer to read into, and the end of a turn, at
/// which everything sent meanwhile leaves, with one system call for many connections, or one each
/// (see `SendBatch`); of much, the first part, so that the loop gets to the others in between.
/// Thread-safety: the loop's thread.
class Hub : public std::enable_shared_from_this<Hub> {
  public:
    struct Stats {
        std::size_t connections = 0;  ///< now
        std::uint64_t writes = 0;     ///< to a connection; several can be one system call
        std::uint64_t bytes_sent = 0;
        std::uint64_t overflows = 0;  ///< dropped for reading too slowly
        std::uint64_t protocol_errors = 0;
    };

    /// Borrows loop, clock and the random source of the options.
    [[nodiscard]] static std::shared_ptr<Hub> make(async::EventLoop& loop, const core::Clock& clock,
                                                   Options options);
    Hub(const Hub&) = delete;
    Hub& operator=(const Hub&) = delete;

    /// Begins to read. `stream` is past its handshake. The connection lives as long as somebody
    /// has its pointer, and until its closing handshake is over.
    [[nodiscard]] ConnectionPointer adopt(std::unique_ptr<Stream> stream,
                                          std::unique_ptr<Handler> handler,
                                          Role role = Role::server);

    /// Calls it, from the loop, when everything sent so far was offered to the system. What a peer
    /// was too slow to take still waits then.
    void when_written(core::UniqueFunction<void()> call);

    [[nodiscard]] const Stats& stats() const { return stats_; }
    [[nodiscard]] const Options& options() const { return options_; }
    /// Drops connections that wait for their peers to close, and what is not written. Call once,
    /// before the loop's end.
    void end();
    /// Does what is due by the clock; for tests with a `ManualClock`.
    void check_deadlines() { timers_.run_due(); }

  private:
    friend class Connection;
    class TurnBudget;
    Hub(async::EventLoop& loop, const core::Clock& clock, Options options);
    /// At the end of the turn.
    void flush_soon(ConnectionPointer connection);
    /// When those that wait already have had their turn.
    void flush_in_turn(ConnectionPointer connection);
    void post_flush();
    void flush();
    void flush_fresh();
    void flush_waiting();
    template <class Connections>
    void send_together(const Connections& connections, std::size_t bytes_each_max);
    void run_next_call();

    async::EventLoop& loop_;
    const Options options_;
    async::Timers timers_;
    Stats stats_;
    std::unique_ptr<char[]> read_buffer_;  // lent to whoever reads: idle ones need none
    // Have something to write; null stands for the next of the calls.
    std::vector<ConnectionPointer> fresh_;     // at the end of this turn
    std::vector<ConnectionPointer> flushing_;  // room of the last turn, used again
    std::deque<ConnectionPointer> waiting_;    // of earlier turns
    std::deque<core::UniqueFunction<void()>> calls_;
    SendBatch batch_;
    std::vector<BatchedSend> sends_;  // of one turn, here for its memory
    bool is_flush_posted_ = false;
};

/// One connection. An idle one holds no buffers. Pings are answered by themselves.
/// Thread-safety: the loop's thread.
class Connection final : public std::enable_shared_from_this<Connection>, private StreamObserver {
  public:
    Connection(std::shared_ptr<Hub> hub, std::unique_ptr<Stream> stream,
               std::unique_ptr<Handler> handler, Role role);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// What is sent after the end is ignored. Nothing is called from within.
    void send_text(std::string_view text);
    void send_binary(std::string_view bytes);
    /// Whole frames as `append_frame` makes them, those from the byte `from` on; only as a server.
    /// They must not change any more.
    void send(SharedBytes frames, std::size_t from = 0);
    /// At most `control_bytes_max` bytes; the rest is cut off.
    void ping(std::string_view payload);

    /// Sends what waits and a close frame, then closes when the peer has, or after
    /// `close_timeout`. The handler is not called any more.
    void close(CloseCode code = CloseCode::normal, std::string_view reason = {});
    /// Closes at once, without a word. The handler is not called any more.
    void drop();

    /// No message is handed out until `resume()`; what is read already is kept.
    void pause() { is_paused_ = true; }
    void resume();
    /// Handles what has arrived but was not yet noticed. Not from within a handler's call.
    void receive_now();

    [[nodiscard]] bool is_open() const { return !is_ending_ && !is_closed_; }
    /// Bytes that the peer has not taken yet.
    [[nodiscard]] std::size_t unsent() const { return unsent_; }

  private:
    friend class Hub;
    struct Slice {
        SharedBytes bytes;
        std::size_t offset = 0;
    };

    void start();
    void on_readable() override;
    void on_writable() override;

    void read_once();
    void process(std::span<char> input);
    void process_later();
    void hand_out(MessageReader::Status status);
    [[nodiscard]] bool may_handle() const;
    void wait_for_more();
    void linger_read();

    void send_frame(Opcode opcode, std::string_view payload);
    void enqueue(SharedBytes frames, std::size_t from = 0);
    void mark_dirty();
    [[nodiscard]] BatchedSend offer() const;
    void settle(std::ptrdiff_t result);
    void flush_now();
    void write_available();
    void drop_sent(std::size_t sent);
    void begin_end(CloseCode code, std::string_view reason);
    void end_with(End end, CloseCode code, std::string_view reason);
    void close_stream();

    std::shared_ptr<Hub> hub_;
    std::unique_ptr<Stream> stream_;
    std::unique_ptr<Handler> handler_;
    MessageReader reader_;
    std::string held_;  // read, but not handed out
    std::vector<Slice> output_;
    std::size_t output_start_ = 0;  // of the first slice not wholly sent
    std::size_t unsent_ = 0;
    std::size_t lingered_ = 0;
    async::Timers::Handle close_timer_;
    const Role role_;
    bool is_paused_ = false;
    bool is_dirty_ = false;
    bool is_processing_ = false;
    bool is_turn_pending_ = false;  // `process` is posted
    bool is_waiting_to_write_ = false;
    bool is_told_ = false;        // the handler is not called any more
    bool is_ending_ = false;      // our close frame is in the output
    bool is_shut_ = false;        // our side is closed
    bool is_lost_ = false;        // found out while sending; told at the end of the turn
    bool is_overflowed_ = false;  // likewise
    bool is_closed_ = false;
};

}  // namespace courseselect::net::ws
