#pragma once
/// The same moment's bytes for many sockets, in one system call.

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace courseselect::net {

/// One `send()` of a batch.
struct BatchedSend {
    int descriptor = -1;        ///< a connected socket
    std::string_view bytes;     ///< at least one; stay as they are until `run` returns
    std::ptrdiff_t result = 0;  ///< after `run`: how many bytes the socket took, or `-errno`
    std::size_t place = 0;      ///< the caller's, who wonders what this was for
};

/// Sends to many sockets with one system call a batch (io_uring, Linux 5.6), which here takes two
/// thirds of the time of as many calls of `send()` (bench/net/send_batch_bench.cpp). Where the
/// kernel has no io_uring, or forbids it (`kernel.io_uring_disabled`, seccomp in containers), and
/// for a few sockets, it calls `send()` for each: what comes out is the same.
///
/// Nothing waits and nothing goes on in the background: a full socket answers -EAGAIN, as with
/// MSG_DONTWAIT, and when `run` returns, every result is there. No SIGPIPE is raised.
///
/// The first batch that is worth it makes the ring: a descriptor and 48 KB. When it goes, the
/// kernel may interrupt one blocking call of the thread that used it, as a signal does: EINTR where
/// a socket has a timeout (SO_RCVTIMEO), nothing elsewhere.
/// Ownership: borrows descriptors and bytes while `run` runs. Thread-safety: none.
class SendBatch {
  public:
    enum class Way {
        best,
        one_by_one,  ///< as where the kernel has no io_uring
    };

    static constexpr std::size_t sends_max = 512;  ///< in one system call; more take more
    static constexpr std::size_t worth_it = 8;     ///< below, `send()` is as cheap

    explicit SendBatch(Way way = Way::best);
    ~SendBatch();
    SendBatch(const SendBatch&) = delete;
    SendBatch& operator=(const SendBatch&) = delete;

    /// Sends all in order, and fills in the results. Each descriptor at most once: what is left of
    /// a send that was taken in part must not follow what comes after it.
    /// @returns how many system calls it took
    std::size_t run(std::span<BatchedSend> sends);

    /// False once the kernel has refused a ring.
    [[nodiscard]] bool may_gather() const { return way_ == Way::best; }

  private:
    struct Ring;
    std::size_t gather(std::span<BatchedSend> sends);

    Way way_;
    std::unique_ptr<Ring> ring_;
};

}  // namespace courseselect::net
