#pragma once
/// Accepts connections of any number of listeners. Private to net's servers.

#include <cstdint>
#include <memory>
#include <vector>

#include <asio/io_context.hpp>

#include "courseselect/core/function.hpp"
#include "courseselect/net/listener.hpp"
#include "courseselect/net/tls.hpp"

namespace courseselect::net {

/// What was accepted. The callee owns the descriptor, which does not block.
struct Accepted {
    int descriptor;
    bool is_unix;
    TlsContext* tls;
};

/// Gives connections to a callback until it is closed. When no descriptor is left, a spare one is
/// given up to accept and close a connection: else the listener would stay readable and the loop
/// would spin. Nothing is called after `close()`.
/// Thread-safety: the loop's thread.
class Acceptor {
  public:
    /// `on_shed` is told about connections that were closed for want of descriptors.
    Acceptor(asio::io_context& context, core::UniqueFunction<void(Accepted)> on_accept,
             core::UniqueFunction<void()> on_shed);
    ~Acceptor();
    Acceptor(const Acceptor&) = delete;
    Acceptor& operator=(const Acceptor&) = delete;

    void listen(ListeningSocket socket, TlsContext* tls);
    /// Goes on with listeners that paused for want of descriptors or memory; call now and then.
    void retry();
    void close();
    /// The port of the `index`-th TCP listener; 0 when there is none.
    [[nodiscard]] std::uint16_t port(std::size_t index) const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace courseselect::net
