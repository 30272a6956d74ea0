#include "client_connection.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <asio/buffer.hpp>
#include <asio/connect.hpp>
#include <asio/ip/address.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/ssl/error.hpp>
#include <asio/write.hpp>
#include <cerrno>
#include <utility>

#include "client_tls.hpp"

namespace courseselect::net::http {
namespace {

/// First and longest wait between two tries to connect; how often is up to the connect timeout.
constexpr std::chrono::milliseconds backoff_min{1};
constexpr std::chrono::milliseconds backoff_max{64};

}  // namespace

ClientConnection::ClientConnection(async::EventLoop& loop, const ServiceAddress& address,
                                   ResponseLimits limits, asio::ssl::context* tls, bool tls_verify)
    : loop_(loop),
      address_(address),
      socket_(loop.context()),
      resolver_(loop.context()),
      backoff_(loop.context()),
      backoff_delay_(backoff_min),
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
    write_problem_.clear();
    is_sent_ = false;
    if (is_connected_) {
        start();
    } else {
        connect();
    }
}

void ClientConnection::close() {
    is_closed_ = true;
    on_end_ = nullptr;
    resolver_.cancel();
    backoff_.cancel();
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
    if (is_closed_) {
        return;
    }
    const bool is_unix = address_.kind == ServiceAddress::Kind::unix_socket;
    if (is_unix && (error == asio::error::no_buffer_space || error == asio::error::try_again)) {
        return connect_again_later();
    }
    if (error) {
        return end(ExchangeEnd::not_connected, error.message());
    }
    asio::error_code ignored;
    socket_.non_blocking(true, ignored);
    if (!is_unix) {
        socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    }
    if (tls_) {
        return handshake();
    }
    is_connected_ = true;
    start();
}

void ClientConnection::connect_again_later() {
    backoff_.expires_after(backoff_delay_);
    backoff_delay_ = std::min(backoff_delay_ * 2, backoff_max);
    backoff_.async_wait([self = shared_from_this()](const asio::error_code& error) {
        if (!error && !self->is_closed_) {
            self->connect();
        }
    });
}

void ClientConnection::handshake() {
    prepare_tls_client(tls_->native_handle(), address_.host, tls_verify_);
    tls_->async_handshake(asio::ssl::stream_base::client, [self = shared_from_this()](
                                                              const asio::error_code& error) {
        if (self->is_closed_) {
            return;
        }
        if (error) {
            return self->end(ExchangeEnd::not_connected,
                             tls_failure(self->tls_->native_handle(), self->address_.host, error));
        }
        self->is_connected_ = true;
        self->start();
    });
}

void ClientConnection::start() {
    std::size_t sent = 0;
    if (!tls_) {
        asio::error_code error;
        sent = socket_.write_some(asio::buffer(*bytes_), error);
        is_sent_ = sent > 0;
        if (error && error != asio::error::would_block) {
            write_problem_ = error.message();
            if (is_used_) {  // what a used connection says now is no answer to this request
                return end(ExchangeEnd::not_connected, write_problem_);
            }
        }
    }
    if (sent < bytes_->size() && write_problem_.empty()) {
        write_rest(sent);
    }
    read();
}

void ClientConnection::write_rest(std::size_t sent) {
    is_writing_ = true;
    is_sent_ = true;
    const auto rest = asio::buffer(bytes_->data() + sent, bytes_->size() - sent);
    auto written = [self = shared_from_this(), bytes = bytes_](const asio::error_code& error,
                                                               std::size_t) {
        self->is_writing_ = false;
        if (error) {
            self->write_problem_ = error.message();  // reading tells whether there is an answer
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
        return on_read_error(error);
    }
    switch (parser_.feed({buffer_.data(), size})) {
        case ResponseParser::Status::need_more: return read();
        case ResponseParser::Status::complete: is_used_ = true; return end(ExchangeEnd::answered);
        case ResponseParser::Status::malformed:
            return end(ExchangeEnd::lost, "the answer is malformed or over a limit (" +
                                              std::string(parser_.problem()) + ")");
    }
}

void ClientConnection::on_read_error(const asio::error_code& error) {
    // Without close_notify somebody else may have cut a TLS connection: no answer ends so.
    if (error == asio::error::eof && parser_.end() == ResponseParser::Status::complete) {
        return end(ExchangeEnd::answered);
    }
    const bool ended = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
    const std::string how = ended ? "the connection was closed" : error.message();
    if (parser_.has_begun()) {
        return end(ExchangeEnd::lost, how + " in the middle of the answer");
    }
    const std::string& problem = write_problem_.empty() ? how : write_problem_;
    end(is_sent_ ? ExchangeEnd::lost_unread : ExchangeEnd::not_connected, problem);
}

}  // namespace courseselect::net::http
