#pragma once
/// One connection to Redis: commands out, replies in. Private to the module.

// Before Asio: it asks the standard library's macros whether there is an aligned_alloc, so a file
// that includes Asio first frees with another function than the rest allocates with.
#include <array>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include <hiredis/hiredis.h>
#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/core/function.hpp"
#include "courseselect/redis/address.hpp"
#include "tls.hpp"

namespace courseselect::redis {

/// Callbacks come from the loop only, none after `close`, and they may close it.
class Wire final : public std::enable_shared_from_this<Wire> {
  public:
    struct Callbacks {
        core::UniqueFunction<void()> on_open;
        core::UniqueFunction<void(const ::redisReply&)> on_reply;
        core::UniqueFunction<void(const std::string& why)> on_end;  ///< once
    };

    Wire(async::EventLoop& loop, std::size_t unsent_bytes_max, Callbacks callbacks);
    ~Wire();
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    void open(const Address& address);
    void send(std::initializer_list<std::string_view> command);
    void close();

  private:
    using Socket =
        asio::basic_stream_socket<asio::generic::stream_protocol, asio::io_context::executor_type>;
    struct FreeReader {
        void operator()(::redisReader* reader) const { ::redisReaderFree(reader); }
    };

    void on_connected();
    [[nodiscard]] bool decipher(std::string_view bytes);
    void read();
    void on_read(std::size_t size);
    void write();
    void write_rest();
    void end_later(std::string why);
    void end(const std::string& why);

    async::EventLoop& loop_;
    const std::size_t unsent_bytes_max_;
    Callbacks callbacks_;
    Socket socket_;
    std::unique_ptr<::redisReader, FreeReader> reader_;
    std::array<char, 16 * 1024> input_;
    std::string unsent_;
    std::string tls_host_;      // empty: without TLS
    std::unique_ptr<Tls> tls_;  // once it is connected
    std::string plain_;         // what the server has said over TLS
    bool is_open_ = false;
    bool is_writing_ = false;  // waits for the socket to take more
    bool is_closed_ = false;
};

}  // namespace courseselect::redis
