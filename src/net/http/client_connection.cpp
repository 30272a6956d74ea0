#include "client_connection.hpp"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <asio/buffer.hpp>
#include <asio/connect.hpp>
#include <asio/ip/address.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/ssl/error.hpp>
#include <asio/ssl/host_name_verification.hpp>
#include <asio/write.hpp>
#include <cerrno>
#include <utility>

namespace courseselect::net::http {

ClientConnection::ClientConnection(async::EventLoop& loop, const ServiceAddress& address,
                                   ResponseLimits limits, asio::ssl::context* tls, bool tls_verify)
    : loop_(loop),
      address_(address),
      socket_(loop.context()),
      resolver_(loop.context()),
      tls_verify_(tls_verify),
      parser_(limits) {
    if (tls != nullptr) {
        tls_ = std::make_unique<asio::ssl::stream<Socket&>>(socket_, *tls);
    }
}

void ClientConnection::exchange(std::shared_ptr<const std::string> bytes, Method method,
                                OnEnd on_end) {
    bytes_ = std::move(bytes);
    on_end_ = std::move(on_end);
    parser_.start(method);
    if (is_connected_) {
        write();
    } else {
        connect();
    }
}

void ClientConnection::close() {
    is_closed_ = true;
    on_end_ = nullptr;
    resolver_.cancel();
    asio::error_code ignored;
    socket_.close(ignored);
}

void ClientConnection::end(ExchangeEnd how, const std::string& problem) {
    if (is_closed_ || !on_end_) {
        return;
    }
    const OnEnd told = std::exchange(on_end_, nullptr);
    told(how, problem);
}

bool ClientConnection::is_stale() {
    char byte = 0;
    const auto seen = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return seen >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

void ClientConnection::connect() {
    if (address_.kind == ServiceAddress::Kind::unix_socket) {
        return connect_to(asio::local::stream_protocol::endpoint(address_.socket_path));
    }
    asio::error_code not_numeric;
    const auto numeric = asio::ip::make_address(address_.host, not_numeric);
    if (!not_numeric) {
        return connect_to(asio::ip::tcp::endpoint(numeric, address_.port));
    }
    resolver_.async_resolve(
        address_.host, std::to_string(address_.port),
        [self = shared_from_this()](const asio::error_code& error, const auto& results) {
            if (error || results.empty()) {
                return self->end(ExchangeEnd::not_connected, "the name cannot be resolved");
            }
            if (!self->is_closed_) {
                for (const auto& entry : results) {
                    self->endpoints_.emplace_back(entry.endpoint());
                }
                self->connect_to_any();
            }
        });
}

void ClientConnection::connect_to(const Socket::endpoint_type& endpoint) {
    socket_.async_connect(endpoint, [self = shared_from_this()](const asio::error_code& error) {
        self->on_connected(error);
    });
}

void ClientConnection::connect_to_any() {
    asio::async_connect(socket_, endpoints_,
                        [self = shared_from_this()](const asio::error_code& error, const auto&) {
                            self->on_connected(error);
                        });
}

void ClientConnection::on_connected(const asio::error_code& error) {
    if (error || is_closed_) {
        return end(ExchangeEnd::not_connected, error.message());
    }
    asio::error_code ignored;
    socket_.non_blocking(true, ignored);
    if (address_.kind != ServiceAddress::Kind::unix_socket) {
        socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    }
    if (tls_) {
        return handshake();
    }
    is_connected_ = true;
    write();
}

void ClientConnection::handshake() {
    ::SSL_set_tlsext_host_name(tls_->native_handle(), address_.host.c_str());
    asio::error_code ignored;
    if (tls_verify_) {
        tls_->set_verify_mode(asio::ssl::verify_peer, ignored);
        tls_->set_verify_callback(asio::ssl::host_name_verification(address_.host), ignored);
    } else {
        tls_->set_verify_mode(asio::ssl::verify_none, ignored);
    }
    tls_->async_handshake(asio::ssl::stream_base::client,
                          [self = shared_from_this()](const asio::error_code& error) {
                              if (error || self->is_closed_) {
                                  return self->end(ExchangeEnd::not_connected, error.message());
                              }
                              self->is_connected_ = true;
                              self->write();
                          });
}

void ClientConnection::write() {
    if (tls_) {
        return write_rest(0);
    }
    asio::error_code error;
    const std::size_t sent = socket_.write_some(asio::buffer(*bytes_), error);
    if (error && error != asio::error::would_block) {
        return end(sent == 0 ? ExchangeEnd::not_connected : ExchangeEnd::lost_unread,
                   error.message());
    }
    if (sent == bytes_->size()) {
        return read();
    }
    write_rest(sent);
}

void ClientConnection::write_rest(std::size_t sent) {
    const auto rest = asio::buffer(bytes_->data() + sent, bytes_->size() - sent);
    auto written = [self = shared_from_this(), bytes = bytes_](const asio::error_code& error,
                                                               std::size_t) {
        if (error) {
            return self->end(ExchangeEnd::lost_unread, error.message());
        }
        if (!self->is_closed_) {
            self->read();
        }
    };
    if (tls_) {
        asio::async_write(*tls_, rest, std::move(written));
    } else {
        asio::async_write(socket_, rest, std::move(written));
    }
}

template <class Handler>
void ClientConnection::async_read(Handler handler) {
    if (tls_) {
        tls_->async_read_some(asio::buffer(buffer_), std::move(handler));
    } else {
        socket_.async_read_some(asio::buffer(buffer_), std::move(handler));
    }
}

void ClientConnection::read() {
    async_read([self = shared_from_this()](const asio::error_code& error, std::size_t size) {
        self->on_read(error, size);
    });
}

void ClientConnection::on_read(const asio::error_code& error, std::size_t size) {
    if (is_closed_) {
        return;
    }
    if (error) {
        const bool ended = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
        if (ended && error == asio::error::eof &&
            parser_.end() == ResponseParser::Status::complete) {
            return end(ExchangeEnd::answered, {});
        }
        return end(parser_.has_begun() ? ExchangeEnd::lost : ExchangeEnd::lost_unread,
                   ended ? "the connection was closed" : error.message());
    }
    switch (parser_.feed({buffer_.data(), size})) {
        case ResponseParser::Status::need_more: return read();
        case ResponseParser::Status::complete: return end(ExchangeEnd::answered, {});
        case ResponseParser::Status::malformed:
            return end(ExchangeEnd::lost, "the answer is malformed or over a limit");
    }
}

}  // namespace courseselect::net::http
