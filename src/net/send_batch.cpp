#include "courseselect/net/send_batch.hpp"

#include <liburing.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "courseselect/core/check.hpp"

namespace courseselect::net {
namespace {

constexpr int flags = MSG_NOSIGNAL | MSG_DONTWAIT;

void send_one(BatchedSend& send) {
    do {
        send.result = ::send(send.descriptor, send.bytes.data(), send.bytes.size(), flags);
    } while (send.result < 0 && errno == EINTR);
    if (send.result < 0) {
        send.result = -errno;
    }
}

}  // namespace

/// Owns the ring. Invariant between calls: nothing is queued, under way or unread in it.
struct SendBatch::Ring {
    Ring() : error(::io_uring_queue_init(sends_max, &ring, 0)) {}
    ~Ring() {
        if (error == 0) {
            ::io_uring_queue_exit(&ring);
        }
    }
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;

    /// Queues all, at most `sends_max`.
    void queue(std::span<BatchedSend> sends) {
        for (BatchedSend& send : sends) {
            ::io_uring_sqe* const entry = ::io_uring_get_sqe(&ring);
            ::io_uring_prep_send(entry, send.descriptor, send.bytes.data(), send.bytes.size(),
                                 flags);
            ::io_uring_sqe_set_data(entry, &send);
        }
    }

    /// Reads `count` results, which are there, but for sends that the kernel put off.
    [[nodiscard]] bool collect(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            ::io_uring_cqe* answer = nullptr;
            int failure = 0;
            do {
                failure = ::io_uring_wait_cqe(&ring, &answer);
            } while (failure == -EINTR);
            if (failure != 0) {
                return false;
            }
            static_cast<BatchedSend*>(::io_uring_cqe_get_data(answer))->result = answer->res;
            ::io_uring_cqe_seen(&ring, answer);
        }
        return true;
    }

    ::io_uring ring{};
    const int error;
};

SendBatch::SendBatch(Way way) : way_(way) {}
SendBatch::~SendBatch() = default;

std::size_t SendBatch::run(std::span<BatchedSend> sends) {
    std::size_t calls = 0;
    while (sends.size() >= worth_it && may_gather()) {
        const auto part = sends.first(std::min(sends.size(), sends_max));
        const std::size_t sent = gather(part);
        calls += sent > 0 ? 1 : 0;
        sends = sends.subspan(sent);
    }
    for (BatchedSend& send : sends) {
        send_one(send);
    }
    return calls + sends.size();
}

/// How many of the first were sent. When it is not all, the ring is of no more use and is gone.
std::size_t SendBatch::gather(std::span<BatchedSend> sends) {
    if (!ring_) {
        ring_ = std::make_unique<Ring>();
    }
    std::size_t sent = 0;
    if (ring_->error == 0) {
        ring_->queue(sends);
        const int submitted = ::io_uring_submit(&ring_->ring);
        sent = static_cast<std::size_t>(std::max(submitted, 0));
        // A send that has begun is in the kernel's hands; its bytes are ours until it is over.
        COURSESELECT_CHECK(ring_->collect(sent));
    }
    if (sent < sends.size()) {
        ring_.reset();
        way_ = Way::one_by_one;
    }
    return sent;
}

}  // namespace courseselect::net
