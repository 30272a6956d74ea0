#include "courseselect/net/http/mounts.hpp"

#include <utility>

#include "courseselect/core/check.hpp"

namespace courseselect::net::http {

void Mounts::add(std::string path, Handler& handler, Upgrader* upgrader) {
    COURSESELECT_CHECK(path.starts_with('/') && !path.ends_with('/'));
    mounts_.push_back({std::move(path), &handler, upgrader});
}

const Mounts::Mount* Mounts::find(std::string_view path) const {
    const Mount* found = nullptr;
    for (const Mount& mount : mounts_) {
        const bool fits = path.starts_with(mount.path) &&
                          (path.size() == mount.path.size() || path[mount.path.size()] == '/');
        if (fits && (found == nullptr || found->path.size() < mount.path.size())) {
            found = &mount;
        }
    }
    return found;
}

async::Task<Response> Mounts::handle(const Request& request) {
    const Mount* mount = find(request.path);
    return mount == nullptr ? fallback_.handle(request) : mount->handler->handle(request);
}

void Mounts::take_over(const Request& request, std::unique_ptr<Stream> stream) {
    const Mount* mount = find(request.path);
    if (mount != nullptr && mount->upgrader != nullptr) {
        mount->upgrader->take_over(request, std::move(stream));
    }  // else: the stream closes; a handler without upgrader must not answer 101
}

}  // namespace courseselect::net::http
