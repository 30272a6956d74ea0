#include "connection.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <coroutine>
#include <exception>
#include <utility>

#include "courseselect/core/check.hpp"
#include "courseselect/net/listener.hpp"

namespace courseselect::net::http {

/// A coroutine that a suspended handler resumes at its end; frees itself.
struct Connection::Waiter {
    struct promise_type {
        Waiter get_return_object() noexcept {
            return {std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        std::suspend_always initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() const { std::terminate(); }
    };
    std::coroutine_handle<> handle;
};

Connection::Waiter Connection::wait_for_handler(std::shared_ptr<Connection> self) {
    self->on_handler_done();
    co_return;
}

Connection::Connection(ServerShared& shared, asio::io_context& context, TlsContext* tls)
    : shared_(shared),
      socket_(context.get_executor()),
      tls_(tls == nullptr ? nullptr : std::make_unique<detail::TlsEngine>(*tls)),
      parser_(shared.parser_limits) {}

Connection::~Connection() = default;

void Connection::start(int descriptor, bool is_unix) {
    asio::error_code error;
    socket_.assign(asio::generic::stream_protocol(is_unix ? AF_UNIX : AF_INET, 0), descriptor,
                   error);
    descriptor_ = descriptor;
    index_ = shared_.connections.size();
    shared_.connections.push_back(this);
    shared_.stats.connections = shared_.connections.size();
    if (error) {
        ::close(descriptor);
        close();
        return;
    }
    if (is_unix) {
        const UnixCredentials credentials = unix_credentials(descriptor);
        peer_ = {
            .address = "unix", .is_unix = true, .uid = credentials.uid, .pid = credentials.pid};
    } else {
        address_ = peer_address(descriptor);
        peer_.address = address_;
    }
    now_ = shared_.clock.mono_now();
    // A TLS handshake gets no more time than a head.
    const auto& options = shared_.options;
    deadline_ = now_ + (tls_ ? options.header_timeout : options.idle_timeout);
    read();
}

void Connection::close() {
    if (std::exchange(closed_, true)) {
        return;
    }
    leave();
    asio::error_code ignored;
    socket_.close(ignored);
}

/// The server's list knows it no more.
void Connection::leave() {
    shared_.connections.back()->index_ = index_;
    std::swap(shared_.connections[index_], shared_.connections.back());
    shared_.connections.pop_back();
    shared_.stats.connections = shared_.connections.size();
    shared_.changed.notify_all();
}

void Connection::drain() {
    if (phase_ == Phase::idle && !writing_) {
        close();
    }
}

void Connection::check_deadline(core::MonoTime now) {
    if (writing_ && now >= write_deadline_) {
        ++shared_.stats.timeouts;
        close();
        return;
    }
    if (writing_ || phase_ == Phase::upgrading || now < deadline_) {
        return;
    }
    if (phase_ == Phase::handling) {
        if (peer_ended_) {
            ++shared_.stats.abandoned;
            close();
        }
        return;
    }
    ++shared_.stats.timeouts;
    if ((phase_ == Phase::head || phase_ == Phase::body) && !closing_) {
        now_ = now;
        borrow_output();
        refuse(408, "The request did not arrive in time");
        flush();
        return;
    }
    close();
}

/// Handles everything there is, then waits for more.
void Connection::proceed() {
    if (!closing_) {
        borrow_output();
        while (true) {
            if (!process()) {
                flush();
                return;
            }
            if (closing_ || !tls_ || !decrypt()) {
                break;
            }
        }
    }
    await_bytes();
}

/// Sends what there is to send; reads on when that is done.
void Connection::await_bytes() {
    if (!closing_) {
        maybe_continue();
    }
    flush();
    if (closed_ || writing_ || closing_) {
        return;
    }
    if (tls_ && tls_->is_closed()) {
        close();
        return;
    }
    const auto& options = shared_.options;
    if (parser_.head_done()) {
        if (std::exchange(phase_, Phase::body) != Phase::body) {
            deadline_ = now_ + options.body_timeout;
        }
    } else if (parser_.has_begun()) {
        if (std::exchange(phase_, Phase::head) != Phase::head) {
            deadline_ = now_ + options.header_timeout;
        }
    } else if (std::exchange(phase_, Phase::idle) != Phase::idle) {
        deadline_ = now_ + options.idle_timeout;
        if (shared_.draining) {
            close();
            return;
        }
    }
    if (peer_ended_) {
        close();  // it has all its answers; reading again would never end
        return;
    }
    if (!reading_) {
        read_after_turn();
    }
}

/// False when a handler is suspended or output must leave first; true when input is used up.
bool Connection::process() {
    std::size_t answered = 0;
    while (!closing_ && phase_ != Phase::upgrading && input_size_ > input_start_) {
        if (answered >= shared_.options.pipelined_requests_max ||
            output_.size() >= shared_.options.output_bytes_max) {
            flush();
            if (writing_ || closed_) {
                return false;
            }
            borrow_output();
            answered = 0;
        }
        switch (parser_.feed(input_.get() + input_start_, input_size_ - input_start_)) {
            case RequestParser::Status::need_more: compact(); return true;
            case RequestParser::Status::failed:
                refuse(parser_.failure().status, parser_.failure().detail);
                return true;
            case RequestParser::Status::complete: break;
        }
        if (!dispatch()) {
            return false;
        }
        ++answered;
    }
    if (phase_ == Phase::upgrading) {
        return false;  // what is left is not HTTP
    }
    input_size_ = 0;
    input_start_ = 0;
    return true;
}

/// Starts the handler; false when it has suspended.
bool Connection::dispatch() {
    Request& request = parser_.request();
    request.peer = peer_;
    started_ = now_;
    phase_ = Phase::handling;
    bool suspended = false;
    try {
        task_ = shared_.handler.handle(request);
        running_.emplace(task_.operator co_await());
        suspended = running_->await_suspend(std::noop_coroutine());
    } catch (...) {
        running_.reset();
        report_exception();
        Response response = refusal(500, "Internal Server Error");
        answer(response);
        return true;
    }
    if (suspended) {
        ++shared_.stats.handlers;
        running_->handle.promise().continuation_ = wait_for_handler(shared_from_this()).handle;
        watch();
        return false;
    }
    finish_dispatch();
    return true;
}

/// The handler has ended.
void Connection::finish_dispatch() {
    Response response = take_response();
    running_.reset();
    task_ = async::Task<Response>();
    answer(response);
}

/// The response of a handler that has ended, or ours when it has thrown.
Response Connection::take_response() {
    try {
        return running_->await_resume();
    } catch (...) {
        report_exception();
        return refusal(500, "Internal Server Error");
    }
}

/// Tells the observer of the exception that is being handled, whatever its type.
void Connection::report_exception() {
    if (shared_.options.observer == nullptr) {
        return;
    }
    try {
        throw;
    } catch (const std::exception& failure) {
        shared_.options.observer->on_handler_exception(parser_.request(), failure.what());
    } catch (...) {
        shared_.options.observer->on_handler_exception(parser_.request(), "not a std::exception");
    }
}

void Connection::on_handler_done() {
    --shared_.stats.handlers;
    if (closed_) {
        running_.reset();
        task_ = async::Task<Response>();
        shared_.changed.notify_all();
        return;
    }
    now_ = shared_.clock.mono_now();
    shared_.date.refresh(shared_.clock, now_);
    borrow_output();
    finish_dispatch();
    if (!writing_) {
        proceed();
    }
}

void Connection::answer(Response& response) {
    const Request& request = parser_.request();
    bool upgrade = response.status == 101;
    if (upgrade && !may_upgrade(request)) {
        upgrade = false;
        response = shared_.draining ? refusal(503, "The server is stopping")
                                    : refusal(500, "Internal Server Error");
    }
    ResponseContext context{.date = shared_.date.text(),
                            .head_only = request.method == Method::head,
                            .close = !parser_.keep_alive() || response.close || shared_.draining,
                            .http_1_0 = parser_.is_http_1_0(),
                            .upgrade = upgrade};
    const std::size_t gzip_from = shared_.options.gzip_bytes_min;
    if (gzip_from > 0 && response.body.size() >= gzip_from && is_compressible(response)) {
        context.vary = true;
        context.gzip = accepts_gzip(request) && compress_body(response.body);
    }
    const std::size_t before = output_.size();
    append_response(output_, response, context);
    report(response, output_.size() - before);
    closing_ = context.close && !upgrade;
    phase_ = upgrade ? Phase::upgrading : Phase::answered;
    input_start_ += parser_.consumed();
    continued_ = false;
    parser_.next();
}

/// A refusal of our own; the connection closes after it.
void Connection::refuse(int status, std::string_view detail) {
    const Response response = refusal(status, detail);
    started_ = now_;
    shared_.date.refresh(shared_.clock, now_);
    const std::size_t before = output_.size();
    append_response(output_, response, {.date = shared_.date.text(), .close = true});
    parser_.request() = Request{};
    report(response, output_.size() - before);
    closing_ = true;
    phase_ = Phase::answered;
    input_size_ = 0;
    input_start_ = 0;
}

void Connection::report(const Response& response, std::size_t bytes) {
    ++shared_.stats.requests;
    if (shared_.options.observer == nullptr) {
        return;
    }
    const Request& request = parser_.request();
    const core::MonoTime finished = shared_.clock.mono_now();
    shared_.options.observer->on_request_done({.method = request.method,
                                               .path = request.path,
                                               .status = response.status,
                                               .request_body_bytes = request.body.size(),
                                               .response_bytes = bytes,
                                               .duration = finished - started_,
                                               .peer = peer_});
    now_ = finished;  // the next pipelined request starts here
}

/// RFC 9110 §10.1.1: only when no byte of the body has come yet.
void Connection::maybe_continue() {
    if (parser_.head_done() && parser_.expects_continue() && !continued_) {
        continued_ = true;
        borrow_output();
        output_ += "HTTP/1.1 100 Continue\r\n\r\n";
    }
}

}  // namespace courseselect::net::http
