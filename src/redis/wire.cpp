#include "wire.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>
#include <cerrno>
#include <utility>
#include <vector>

namespace courseselect::redis {

Wire::Wire(async::EventLoop& loop, std::size_t unsent_bytes_max, Callbacks callbacks)
    : loop_(loop),
      unsent_bytes_max_(unsent_bytes_max),
      callbacks_(std::move(callbacks)),
      socket_(loop.context().get_executor()),
      reader_(::redisReaderCreate()) {}

Wire::~Wire() = default;

void Wire::open(const Address& address) {
    asio::generic::stream_protocol::endpoint endpoint;
    if (address.socket_path.empty()) {
        endpoint = asio::ip::tcp::endpoint(asio::ip::make_address(address.host), address.port);
    } else {
        endpoint = asio::local::stream_protocol::endpoint(address.socket_path);
    }
    if (address.is_tls) {
        tls_host_ = address.host;
    }
    socket_.async_connect(endpoint, [self = shared_from_this()](const asio::error_code& error) {
        if (error) {
            self->end(error.message());
        } else if (!self->is_closed_) {
            self->on_connected();
        }
    });
}

void Wire::on_connected() {
    is_open_ = true;
    asio::error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);  // a unix socket has none
    if (tls_host_.empty()) {
        callbacks_.on_open();
    } else {
        tls_ = std::make_unique<Tls>(tls_host_);
        tls_->begin(unsent_);
        write();
    }
    if (!is_closed_) {
        read();
    }
}

void Wire::read() {
    socket_.async_read_some(
        asio::buffer(input_),
        [self = shared_from_this()](const asio::error_code& error, std::size_t size) {
            if (error) {
                self->end(error.message());
            } else if (!self->is_closed_) {
                self->on_read(size);
            }
        });
}

/// Into `plain_`. Tells that the connection is open when the handshake is over.
bool Wire::decipher(std::string_view bytes) {
    const bool was_open = tls_->is_open();
    plain_.clear();
    const bool goes_on = tls_->receive(bytes, plain_, unsent_);
    write();
    if (!goes_on) {
        end(tls_->problem());
    } else if (tls_->is_open() && !was_open) {
        callbacks_.on_open();
    }
    return goes_on && !is_closed_;
}

void Wire::on_read(std::size_t size) {
    struct FreeReply {
        void operator()(::redisReply* reply) const { ::freeReplyObject(reply); }
    };
    std::string_view said(input_.data(), size);
    if (tls_) {
        if (!decipher(said)) {
            return;
        }
        said = plain_;
    }
    ::redisReaderFeed(reader_.get(), said.data(), said.size());
    while (!is_closed_) {
        void* found = nullptr;
        if (::redisReaderGetReply(reader_.get(), &found) != REDIS_OK) {
            end("not a Redis server");
            return;
        }
        const std::unique_ptr<::redisReply, FreeReply> reply(static_cast<::redisReply*>(found));
        if (!reply) {
            read();
            return;
        }
        callbacks_.on_reply(*reply);
    }
}

void Wire::send(std::initializer_list<std::string_view> command) {
    if (is_closed_) {
        return;
    }
    std::vector<const char*> words;
    std::vector<std::size_t> sizes;
    for (const std::string_view word : command) {
        words.push_back(word.data());
        sizes.push_back(word.size());
    }
    char* text = nullptr;
    const int size =
        ::redisFormatCommandArgv(&text, static_cast<int>(words.size()), words.data(), sizes.data());
    if (size < 0) {
        end_later("out of memory");
        return;
    }
    const std::string_view said(text, static_cast<std::size_t>(size));
    if (tls_) {
        tls_->send(said, unsent_);
    } else {
        unsent_.append(said);
    }
    ::redisFreeCommand(text);
    write();
}

/// Gives the socket what it takes now: what was published does not depend on our next turn.
void Wire::write() {
    if (is_writing_ || !is_open_ || unsent_.empty()) {
        if (unsent_.size() > unsent_bytes_max_) {
            end_later("the server does not read");
        }
        return;
    }
    const ssize_t taken = ::send(socket_.native_handle(), unsent_.data(), unsent_.size(),
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken < 0 && errno != EAGAIN && errno != EINTR) {
        end_later("the connection was lost");
        return;
    }
    unsent_.erase(0, static_cast<std::size_t>(std::max<ssize_t>(taken, 0)));
    if (!unsent_.empty()) {
        write_rest();
    }
}

void Wire::write_rest() {
    is_writing_ = true;
    socket_.async_wait(asio::socket_base::wait_write,
                       [self = shared_from_this()](const asio::error_code& error) {
                           self->is_writing_ = false;
                           if (error) {
                               self->end(error.message());
                           } else if (!self->is_closed_) {
                               self->write();
                           }
                       });
}

void Wire::end_later(std::string why) {
    loop_.post([self = shared_from_this(), why = std::move(why)] { self->end(why); });
}

void Wire::end(const std::string& why) {
    if (!is_closed_) {
        close();
        callbacks_.on_end(why);
    }
}

void Wire::close() {
    is_closed_ = true;
    asio::error_code ignored;
    socket_.close(ignored);
}

}  // namespace courseselect::redis
