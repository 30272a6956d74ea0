#include "courseselect/net/ws/message_reader.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

using namespace courseselect;
using net::ws::MessageReader;

namespace {

constexpr net::ws::MaskKey test_mask{0x12, 0x34, 0x56, 0x78};

/// A masked frame with any first byte.
std::string masked(unsigned first, std::string_view payload) {
    std::string frame;
    net::ws::append_masked_frame(frame, net::ws::Opcode::text, payload, test_mask);
    frame[0] = static_cast<char>(first);
    return frame;
}

/// Everything handed out when the bytes come in steps, one letter a kind: t, b, i, o, c; F: failed.
std::string heard(std::string bytes, std::size_t step, std::size_t limit = 1000,
                  net::ws::Role role = net::ws::Role::server) {
    MessageReader reader(role, limit);
    std::string log;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        std::span<char> input = std::span(bytes).subspan(at, std::min(step, bytes.size() - at));
        while (true) {
            const MessageReader::Status status = reader.next(input);
            if (status == MessageReader::Status::need_more) {
                CHECK(input.empty());
                break;
            }
            log += "?tbiocF"[static_cast<int>(status)];
            if (status == MessageReader::Status::failed) {
                CHECK_FALSE(reader.problem().empty());
                return log + std::to_string(static_cast<int>(reader.close_code()));
            }
            if (status == MessageReader::Status::close) {
                log += std::to_string(static_cast<int>(reader.close_code()));
            }
            log += "(" + std::string(reader.payload()) + ")";
        }
    }
    return log + (reader.is_within_message() ? "..." : "");
}

/// The same for every way to cut the bytes.
std::string heard(const std::string& bytes) {
    const std::string whole = heard(bytes, std::max<std::size_t>(bytes.size(), 1));
    for (const std::size_t step : {1U, 2U, 3U, 7U}) {
        CHECK(heard(bytes, step) == whole);
    }
    return whole;
}

}  // namespace

TEST_SUITE("net/ws/message_reader") {
    TEST_CASE("whole messages, several in one read, in every length form") {
        CHECK(heard(masked(0x81, "Hello") + masked(0x82, "") + masked(0x81, "")) ==
              "t(Hello)b()t()");
        for (const std::size_t size : {125U, 126U, 127U, 999U, 1000U}) {
            const std::string payload(size, 'x');
            CHECK(heard(masked(0x82, payload)) == "b(" + payload + ")");
        }
        const std::string large(70'000, 'y');
        CHECK(heard(masked(0x81, large), 16'384, 70'000) == "t(" + large + ")");
    }

    TEST_CASE("fragments are joined, and control frames come between") {
        CHECK(heard(masked(0x01, "Hel") + masked(0x89, "ping") + masked(0x00, "") +
                    masked(0x8a, "") + masked(0x80, "lo") + masked(0x82, "next")) ==
              "i(ping)o()t(Hello)b(next)");
        CHECK(heard(masked(0x01, "") + masked(0x80, "")) == "t()");
        CHECK(heard(masked(0x02, "a")) == "...");
    }

    TEST_CASE("close frames with and without code and reason") {
        CHECK(heard(masked(0x88, "")) == "c1005()");
        CHECK(heard(masked(0x88, "\x03\xe8")) == "c1000()");
        CHECK(heard(masked(0x88,
                           "\x0f\xa0"
                           "bye")) == "c4000(bye)");
        CHECK(heard(masked(0x88, "\x03")) == "F1002");
        CHECK(heard(masked(0x88, "\x03\xed")) == "F1002");  // 1005 is not for the wire
        CHECK(heard(masked(0x88, "\x03\xe8\xff")) == "F1007");
    }

    TEST_CASE("what RFC 6455 forbids fails with its code") {
        for (const unsigned first :
             {0xc1U, 0xa1U, 0x91U, 0x83U, 0x87U, 0x8bU, 0x8fU, 0x80U, 0x00U, 0x09U, 0x08U}) {
            CHECK(heard(masked(first, "x")) == "F1002");
        }
        CHECK(heard(masked(0x89, std::string(126, 'x'))) == "F1002");
        CHECK(heard(masked(0x89, std::string(125, 'x'))).starts_with("i("));
        CHECK(heard(masked(0x01, "a") + masked(0x81, "b")) == "F1002");
        CHECK(heard(std::string("\x81\x01x")) == "F1002");  // not masked
        CHECK(heard(std::string("\x81\xfe\x00\x7d", 4)) == "...");
        CHECK(heard(std::string("\x81\xfe\x00\x7d\x01\x02\x03\x04", 8)) == "F1002");
        CHECK(heard(std::string("\x81\xff\x00\x00\x00\x00\x00\x00\xff\xff\x01\x02\x03\x04", 14)) ==
              "F1002");
        CHECK(heard(std::string("\x81\xff\x80\x00\x00\x00\x00\x01\x00\x00\x01\x02\x03\x04", 14)) ==
              "F1002");
        CHECK(heard(masked(0x81, "x"), 1, 1000, net::ws::Role::client) == "F1002");
        CHECK(heard("\x81\x01x", 1, 1000, net::ws::Role::client) == "t(x)");
    }

    TEST_CASE("text that is not UTF-8 fails as early as it shows") {
        CHECK(heard(masked(0x81, "caf\xc3\xa9")) == "t(caf\xc3\xa9)");
        CHECK(heard(masked(0x01, "caf\xc3") + masked(0x80, "\xa9")) == "t(caf\xc3\xa9)");
        CHECK(heard(masked(0x81, "\xc3")) == "F1007");
        CHECK(heard(masked(0x01, "\xc3") + masked(0x80, "x")) == "F1007");
        CHECK(heard(masked(0x82, "\xff")) == "b(\xff)");
        // Within the first of the promised bytes, not at the end of the message.
        CHECK(heard(masked(0x81, "\xff" + std::string(500, 'x')).substr(0, 20)) == "F1007");
    }

    TEST_CASE("a message over the limit fails before its bytes are read") {
        CHECK(heard(masked(0x82, std::string(1001, 'x')).substr(0, 8)) == "F1009");
        CHECK(heard(masked(0x02, std::string(600, 'x')) + masked(0x80, std::string(400, 'x')))
                  .starts_with("b("));
        CHECK(heard(masked(0x02, std::string(600, 'x')) + masked(0x80, std::string(401, 'x'))) ==
              "F1009");
        CHECK(heard(std::string("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04", 14)) ==
              "F1009");
    }

    TEST_CASE("after a failure nothing more is read") {
        MessageReader reader(net::ws::Role::server, 1000);
        std::string bytes = masked(0x83, "x") + masked(0x81, "fine");
        std::span<char> input(bytes);
        CHECK(reader.next(input) == MessageReader::Status::failed);
        const std::size_t left = input.size();
        CHECK(reader.next(input) == MessageReader::Status::failed);
        CHECK(input.size() == left);
    }

    TEST_CASE("any messages survive fragmenting, masking and cutting") {
        CHECK(rc::check("round trip", [](const std::vector<std::string>& messages) {
            std::string bytes;
            std::string wanted;
            for (const std::string& message : messages) {
                const std::size_t cut = *rc::gen::inRange<std::size_t>(0, message.size() + 1);
                bytes += masked(0x02, message.substr(0, cut)) + masked(0x8a, "o") +
                         masked(0x80, message.substr(cut));
                wanted += "o(o)b(" + message + ")";
            }
            const std::size_t step = *rc::gen::inRange<std::size_t>(1, 50);
            RC_ASSERT(heard(bytes, step, 100'000) == wanted);
        }));
    }
}
