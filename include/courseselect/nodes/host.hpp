#pragma once
/// Runs nodes in this process: start, listen, serve, stop gracefully on a signal.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/metrics/registry.hpp"
#include "courseselect/net/http/server.hpp"
#include "courseselect/net/tls.hpp"
#include "courseselect/nodes/control/control.hpp"
#include "courseselect/nodes/node.hpp"

namespace courseselect::nodes {

/// Where one node listens.
struct Listeners {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;            ///< 0: the system chooses
    std::string socket_path;           ///< empty: no unix socket
    std::optional<net::TlsFiles> tls;  ///< speak TLS on the TCP listener
};

struct HostOptions {
    net::http::ServerOptions server;
    /// Threads that read and write a node's TCP connections (architecture §2, `IO_THREADS`). 1: the
    /// node's own loop does. Unix sockets, and nodes with an upgrader, have that loop alone.
    std::size_t io_threads = 1;
    /// Requests under way when the program is told to stop have this long to finish.
    std::chrono::milliseconds stop_deadline{10'000};
};

/// Owns nodes and their servers on one loop. Nodes start in the order they were added and stop in
/// the opposite order, so a node that others call is there first and goes last.
/// Thread-safety: the loop's thread.
class Host {
  public:
    Host(async::EventLoop& loop, const core::Clock& clock, HostOptions options = {});
    ~Host();
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    void add(std::unique_ptr<Node> node, Listeners listeners);
    /// Tells every node of settings and follows the auth node while the nodes run. The nodes may
    /// borrow what it knows: it outlives them.
    void follow(std::unique_ptr<Control> control);

    /// Starts every node, then listens. Errors: what a node or listener says; everything started
    /// so far is stopped again.
    [[nodiscard]] async::Task<core::Result<>> start();
    /// Ends what only waits, stops accepting, finishes requests, stops the nodes. A request that
    /// is still under way at the deadline loses its connection and ends with its own waits, which
    /// all have deadlines.
    [[nodiscard]] async::Task<> stop();

    /// What else to do on SIGHUP; it runs on the loop.
    void on_reload(std::function<void()> reload) { reload_ = std::move(reload); }
    /// Starts, serves until SIGTERM or SIGINT, stops. SIGHUP reloads certificates and calls
    /// `on_reload`; a certificate that cannot be used is logged and the old one stays.
    /// Returns the program's exit code: 0 after a signal, 1 when the start failed (logged).
    [[nodiscard]] int run_until_signal();

    /// The nodes, in the order in which they were added.
    [[nodiscard]] std::vector<Node*> nodes() const;
    /// The TCP port of the node of that name ("data_node"); 0 when there is none.
    [[nodiscard]] std::uint16_t port(std::string_view name) const;

  private:
    struct Hosted;
    [[nodiscard]] core::Result<> listen(Hosted& hosted);
    [[nodiscard]] bool has_io_threads(const Hosted& hosted) const;
    [[nodiscard]] net::http::ServerOptions server_options(const Hosted& hosted) const;
    [[nodiscard]] core::Result<> start_io_threads(Hosted& hosted);
    async::Task<> stop_serving(Hosted& hosted);
    async::Task<> run(int& exit_code);
    void reload();
    void collect_server(const Hosted& hosted, metrics::Scrape& scrape) const;

    async::EventLoop& loop_;
    const core::Clock& clock_;
    HostOptions options_;
    std::function<void()> reload_;
    std::unique_ptr<Control> control_;
    bool is_following_ = false;
    std::vector<std::unique_ptr<Hosted>> hosted_;
    struct Signals;
    std::unique_ptr<Signals> signals_;
};

}  // namespace courseselect::nodes
