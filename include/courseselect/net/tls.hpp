#pragma once
/// The server's side of TLS: certificates that can be replaced while connections run.

#include <memory>
#include <string>

#include "courseselect/core/result.hpp"

namespace courseselect::net {

namespace detail {
class TlsEngine;
}

/// PEM files of a server.
struct TlsFiles {
    std::string certificate_chain;  ///< path; leaf first
    std::string private_key;        ///< path
};

/// Certificate and settings of a TLS listener: TLS 1.2 and 1.3, no compression, no renegotiation.
/// Must outlive the servers that listen with it.
/// Thread-safety: the thread of its server.
class TlsContext {
  public:
    /// Errors: invalid_argument (unreadable file, no certificate in it, key does not fit).
    static core::Result<std::unique_ptr<TlsContext>> open(TlsFiles files);
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    /// Reads the files again. Later connections use what they hold now; when they are bad, the old
    /// certificate stays in use. Errors: as `open`.
    core::Result<> reload();

  private:
    friend class detail::TlsEngine;
    struct State;
    explicit TlsContext(TlsFiles files);

    TlsFiles files_;
    std::unique_ptr<State> state_;
};

}  // namespace courseselect::net
