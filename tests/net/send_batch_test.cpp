#include "courseselect/net/send_batch.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <rapidcheck.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace courseselect;
using net::BatchedSend;
using net::SendBatch;

namespace {

/// Both peers of a connection, of which the test reads one.
class Peers {
  public:
    Peers() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_.data()) == 0); }
    ~Peers() {
        ::close(ends_[0]);
        close_reader();
    }
    Peers(const Peers&) = delete;
    Peers& operator=(const Peers&) = delete;

    [[nodiscard]] int writer() const { return ends_[0]; }
    void close_reader() { ::close(std::exchange(ends_[1], -1)); }
    void fill() const {
        const std::string bytes(64 * 1024, 'f');
        while (::send(ends_[0], bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
        }
    }
    std::string read() const {
        std::string all(1024 * 1024, '\0');
        const ssize_t size = ::recv(ends_[1], all.data(), all.size(), MSG_DONTWAIT);
        all.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return all;
    }

  private:
    std::array<int, 2> ends_{};
};

std::vector<std::unique_ptr<Peers>> pairs(std::size_t count) {
    std::vector<std::unique_ptr<Peers>> made;
    for (std::size_t i = 0; i < count; ++i) {
        made.push_back(std::make_unique<Peers>());
    }
    return made;
}

/// The same text, which must outlive them, to each.
std::vector<BatchedSend> sends_to(const std::vector<std::unique_ptr<Peers>>& pairs,
                                  std::string_view text) {
    std::vector<BatchedSend> sends;
    for (const auto& pair : pairs) {
        sends.push_back({.descriptor = pair->writer(), .bytes = text, .place = sends.size()});
    }
    return sends;
}

/// No descriptor can be made while it lives.
class NoDescriptors {
  public:
    NoDescriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const ::rlimit none{0, before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &none);
    }
    ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;

  private:
    ::rlimit before_{};
};

bool kernel_has_rings() {
    SendBatch batch;
    const auto some = pairs(SendBatch::worth_it);
    std::vector<BatchedSend> sends = sends_to(some, "x");
    return batch.run(sends) == 1;
}

}  // namespace

TEST_SUITE("net/send_batch") {
    TEST_CASE("everybody gets its own bytes, however many they are and however they are sent") {
        const auto some = pairs(2 * SendBatch::sends_max + 3);
        rc::check([&some](std::vector<std::uint8_t> lengths, bool one_by_one) {
            lengths.resize(std::min(lengths.size() * 16, some.size()), 7);
            SendBatch batch(one_by_one ? SendBatch::Way::one_by_one : SendBatch::Way::best);
            std::vector<std::string> texts;
            for (std::size_t i = 0; i < some.size(); ++i) {
                const std::size_t length = i < lengths.size() ? lengths[i] + 1U : 1U;
                texts.emplace_back(length, static_cast<char>('a' + i % 26));
            }
            std::vector<BatchedSend> sends = sends_to(some, {});
            sends.resize(lengths.size());
            for (BatchedSend& send : sends) {
                send.bytes = texts[send.place];
            }
            batch.run(sends);
            for (const BatchedSend& send : sends) {
                RC_ASSERT(send.result == static_cast<std::ptrdiff_t>(send.bytes.size()));
                RC_ASSERT(some[send.place]->read() == send.bytes);
            }
        });
    }

    TEST_CASE("one call for 512 where the kernel can, and for less than 8 one each") {
        const bool has_rings = kernel_has_rings();
        SendBatch batch;
        for (const std::size_t count : {SendBatch::worth_it - 1, SendBatch::worth_it,
                                        SendBatch::sends_max, SendBatch::sends_max + 8}) {
            const auto some = pairs(count);
            std::vector<BatchedSend> sends = sends_to(some, "hello");
            const std::size_t gathered = (count + SendBatch::sends_max - 1) / SendBatch::sends_max;
            const bool is_gathered = has_rings && count >= SendBatch::worth_it;
            CHECK(batch.run(sends) == (is_gathered ? gathered : count));
            CHECK(some.back()->read() == "hello");
        }
    }

    TEST_CASE("a full socket, a broken one and none at all answer for themselves alone") {
        SendBatch::Way way = SendBatch::Way::best;
        SUBCASE("together") {}
        SUBCASE("one by one") { way = SendBatch::Way::one_by_one; }
        SendBatch batch(way);
        const auto some = pairs(20);
        some[2]->fill();
        some[5]->close_reader();
        const std::string big(32 * 1024 * 1024, 'b');
        std::vector<BatchedSend> sends = sends_to(some, "hello");
        sends[7].descriptor = -1;
        sends[11].bytes = big;
        batch.run(sends);
        CHECK(sends[2].result == -EAGAIN);
        CHECK(sends[5].result == -EPIPE);  // and no signal
        CHECK(sends[7].result == -EBADF);
        CHECK(sends[11].result > 0);
        CHECK(sends[11].result < static_cast<std::ptrdiff_t>(big.size()));
        for (const std::size_t other : {0, 1, 3, 4, 6, 8, 9, 10, 12, 19}) {
            CHECK(sends[other].result == 5);
            CHECK(some[other]->read() == "hello");
        }
    }

    TEST_CASE("a kernel that refuses a ring is not asked again") {
        SendBatch batch;
        const auto some = pairs(20);
        {
            const NoDescriptors none;
            std::vector<BatchedSend> sends = sends_to(some, "hello");
            CHECK(batch.run(sends) == 20);
        }
        CHECK(!batch.may_gather());
        std::vector<BatchedSend> sends = sends_to(some, "hello");
        CHECK(batch.run(sends) == 20);
        for (const auto& pair : some) {
            CHECK(pair->read() == "hellohello");
        }
    }
}
