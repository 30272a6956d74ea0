#include "courseselect/net/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <climits>
#include <utility>

#include "courseselect/net/detail/tls_engine.hpp"

namespace courseselect::net {
namespace {

using SslContext = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

core::Error tls_file_error(const std::string& what) {
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    const char* const reason = ERR_reason_error_string(code);
    return core::Error(core::Errc::invalid_argument, "bad_certificate",
                       what + ": " + (reason == nullptr ? "unknown error" : reason));
}

core::Result<SslContext> load_context(const TlsFiles& files) {
    ERR_clear_error();
    SslContext context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
    if (context == nullptr) {
        return tls_file_error("TLS");
    }
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                           SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);  // idle connections stay small
    if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate_chain.c_str()) != 1) {
        return tls_file_error(files.certificate_chain);
    }
    if (SSL_CTX_use_PrivateKey_file(context.get(), files.private_key.c_str(), SSL_FILETYPE_PEM) !=
            1 ||
        SSL_CTX_check_private_key(context.get()) != 1) {
        return tls_file_error(files.private_key);
    }
    return context;
}

}  // namespace

struct TlsContext::State {
    SslContext context;
};

TlsContext::TlsContext(TlsFiles files) : files_(std::move(files)) {}
TlsContext::~TlsContext() = default;

core::Result<std::unique_ptr<TlsContext>> TlsContext::open(TlsFiles files) {
    std::unique_ptr<TlsContext> made(new TlsContext(std::move(files)));
    COURSESELECT_TRY_OK(made->reload());
    return made;
}

core::Result<> TlsContext::reload() {
    COURSESELECT_TRY(SslContext fresh, load_context(files_));
    state_ = std::make_unique<State>(State{std::move(fresh)});
    return {};
}

namespace detail {

struct TlsEngine::State {
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl{nullptr, &SSL_free};
    BIO* from_wire = nullptr;  // owned by ssl
    BIO* to_wire = nullptr;    // owned by ssl
};

TlsEngine::TlsEngine(TlsContext& context) : state_(std::make_unique<State>()) {
    State& s = *state_;
    s.ssl.reset(SSL_new(context.state_->context.get()));  // holds its own reference to the context
    s.from_wire = BIO_new(BIO_s_mem());
    s.to_wire = BIO_new(BIO_s_mem());
    COURSESELECT_CHECK(s.ssl != nullptr && s.from_wire != nullptr && s.to_wire != nullptr);
    BIO_set_mem_eof_return(s.from_wire, -1);
    SSL_set_bio(s.ssl.get(), s.from_wire, s.to_wire);
    SSL_set_accept_state(s.ssl.get());
}
TlsEngine::~TlsEngine() = default;

void TlsEngine::put_wire(const char* data, std::size_t size) {
    BIO_write(state_->from_wire, data, static_cast<int>(size));
}

bool TlsEngine::has_input() const {
    return BIO_ctrl_pending(state_->from_wire) > 0 || SSL_has_pending(state_->ssl.get()) == 1;
}

bool TlsEngine::is_established() const { return SSL_is_init_finished(state_->ssl.get()) == 1; }

std::size_t TlsEngine::read(char* buffer, std::size_t size) {
    if (closed_ || size == 0) {
        return 0;
    }
    ERR_clear_error();
    SSL* const ssl = state_->ssl.get();
    const int got = SSL_read(ssl, buffer, static_cast<int>(std::min<std::size_t>(size, INT_MAX)));
    if (got > 0) {
        return static_cast<std::size_t>(got);
    }
    const int error = SSL_get_error(ssl, got);
    closed_ = error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE;
    ERR_clear_error();
    return 0;
}

bool TlsEngine::write(const char* data, std::size_t size) {
    ERR_clear_error();
    while (size > 0) {
        const int part = static_cast<int>(std::min<std::size_t>(size, INT_MAX));
        const int wrote = SSL_write(state_->ssl.get(), data, part);
        if (wrote <= 0) {
            ERR_clear_error();
            return false;
        }
        data += wrote;
        size -= static_cast<std::size_t>(wrote);
    }
    return true;
}

void TlsEngine::shut_down() {
    ERR_clear_error();
    SSL_shutdown(state_->ssl.get());
    ERR_clear_error();
}

void TlsEngine::take_wire(std::string& out) {
    const std::size_t pending = BIO_ctrl_pending(state_->to_wire);
    if (pending == 0) {
        return;
    }
    const std::size_t before = out.size();
    out.resize(before + pending);
    const int got = BIO_read(state_->to_wire, out.data() + before, static_cast<int>(pending));
    out.resize(before + static_cast<std::size_t>(std::max(got, 0)));
}

}  // namespace detail
}  // namespace courseselect::net
