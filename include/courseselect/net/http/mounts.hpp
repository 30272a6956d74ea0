#pragma once
/// Several handlers behind one server, chosen by the beginning of the path.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/async/task.hpp"
#include "courseselect/net/http/handler.hpp"
#include "courseselect/net/http/server.hpp"

namespace courseselect::net::http {

/// Gives requests below a path to a handler of its own, and their connections, after a 101, to its
/// upgrader; everything else to the fallback. A mount at "/socket.io" has "/socket.io",
/// "/socket.io/" and all below, but not "/socket.iox". Of several that fit the longest counts.
///
/// Ownership: borrows what is mounted. Thread-safety: the loop's thread.
class Mounts final : public Handler, public Upgrader {
  public:
    /// @param fallback  for requests outside of every mount
    explicit Mounts(Handler& fallback) : fallback_(fallback) {}

    /// @param path  starts with a slash and does not end with one
    void add(std::string path, Handler& handler, Upgrader* upgrader = nullptr);
    /// One object that is both.
    template <class Both>
    void add(std::string path, Both& both) {
        add(std::move(path), both, &both);
    }

    [[nodiscard]] async::Task<Response> handle(const Request& request) override;
    void take_over(const Request& request, std::unique_ptr<Stream> stream) override;

  private:
    struct Mount {
        std::string path;
        Handler* handler;
        Upgrader* upgrader;
    };
    [[nodiscard]] const Mount* find(std::string_view path) const;

    Handler& fallback_;
    std::vector<Mount> mounts_;
};

}  // namespace courseselect::net::http
