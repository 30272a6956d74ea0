#include "courseselect/ratelimit/client_address.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <array>
#include <string>

using namespace courseselect;
using ratelimit::ClientAddressRule;
using ratelimit::IpAddress;
using ratelimit::IpNetwork;

namespace {

std::string canonical(std::string_view text) {
    const auto address = IpAddress::parse(text);
    return address ? address->to_string() : "refused";
}

/// "ok", or what the operator is told.
std::string verdict_on(std::string_view network) {
    const auto parsed = IpNetwork::parse(network);
    return parsed ? "ok" : parsed.error().detail();
}

std::string repeated(const std::string& entry, std::size_t times) {
    std::string list = entry;
    for (std::size_t i = 1; i < times; ++i) {
        list += "," + entry;
    }
    return list;
}

const ClientAddressRule behind_ten({.trusted_proxies = *ratelimit::parse_networks("10.0.0.0/8")});

}  // namespace

TEST_SUITE("ratelimit/client_address") {
    TEST_CASE("addresses are canonical") {
        CHECK(canonical("192.168.0.1") == "192.168.0.1");
        CHECK(canonical("255.255.255.255") == "255.255.255.255");
        CHECK(canonical("2001:DB8:0::1") == "2001:db8::1");
        CHECK(canonical("::") == "::");
        CHECK(canonical("0:0:0:0:0:0:0:1") == "::1");
        CHECK(canonical("::ffff:10.0.0.1") == "10.0.0.1");
        CHECK(IpAddress::parse("::ffff:10.0.0.1") == IpAddress::parse("10.0.0.1"));
        CHECK(IpAddress::parse("::1")->bits() == 128);
        CHECK(IpAddress::parse("10.0.0.1")->bits() == 32);
        CHECK(IpAddress::parse("::ffff:10.0.0.1")->is_v4());
        CHECK_FALSE(IpAddress::parse("::10.0.0.1")->is_v4());
    }

    TEST_CASE("addresses are strict") {
        for (const std::string bad :
             {"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "1.2.3.-4", "0x1.2.3.4",
              "1.2.3.4:80", "1.2.3.4/8", "[::1]", " 1.2.3.4", "1.2.3.4 ", "x", "localhost",
              "fe80::1%eth0", ":::", "1:2:3:4:5:6:7:8:9", "12345::", "::ffff:1.2.3"}) {
            CAPTURE(bad);
            CHECK_FALSE(IpAddress::parse(bad));
        }
        CHECK_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0", 8)));
        CHECK_FALSE(IpAddress::parse(std::string(1000, '1')));
    }

    TEST_CASE("any text is an address that reads back the same, or none") {
        CHECK(rc::check("text", [](const std::string& text) {
            const auto address = IpAddress::parse(text);
            if (address) {  // RC_ASSERT evaluates both sides of an ||
                RC_ASSERT(IpAddress::parse(address->to_string()) == address);
            }
        }));
        CHECK(rc::check("groups", [](const std::array<std::uint16_t, 8>& groups) {
            std::string text;
            for (const auto group : groups) {
                text += (text.empty() ? "" : ":") + std::to_string(group % 100);
            }
            const auto address = IpAddress::parse(text);
            RC_ASSERT(address);
            RC_ASSERT(IpAddress::parse(address->to_string()) == address);
        }));
    }

    TEST_CASE("a mask keeps the first bits and no others, from none to all") {
        const auto v4 = *IpAddress::parse("255.255.255.255");
        CHECK(v4.masked(0).to_string() == "0.0.0.0");
        CHECK(v4.masked(1).to_string() == "128.0.0.0");
        CHECK(v4.masked(9).to_string() == "255.128.0.0");
        CHECK(v4.masked(32) == v4);
        const auto v6 = *IpAddress::parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
        CHECK(v6.masked(0).to_string() == "::");
        CHECK(v6.masked(64).to_string() == "ffff:ffff:ffff:ffff::");
        CHECK(v6.masked(65).to_string() == "ffff:ffff:ffff:ffff:8000::");
        CHECK(v6.masked(128) == v6);
    }

    TEST_CASE("a network holds its own addresses, to the last, and no other family's") {
        const auto ten = *IpNetwork::parse("10.0.0.0/8");
        CHECK(ten.contains(*IpAddress::parse("10.0.0.0")));
        CHECK(ten.contains(*IpAddress::parse("10.255.255.255")));
        CHECK(ten.contains(*IpAddress::parse("::ffff:10.9.8.7")));
        CHECK_FALSE(ten.contains(*IpAddress::parse("9.255.255.255")));
        CHECK_FALSE(ten.contains(*IpAddress::parse("11.0.0.0")));
        CHECK_FALSE(IpNetwork::parse("::/0")->contains(*IpAddress::parse("10.0.0.1")));
        CHECK(IpNetwork::parse("0.0.0.0/0")->contains(*IpAddress::parse("10.0.0.1")));
        CHECK(IpNetwork::parse("fd00::/8")->contains(*IpAddress::parse("fdff::1")));
        CHECK_FALSE(IpNetwork::parse("fd00::/8")->contains(*IpAddress::parse("fe00::1")));
        CHECK(IpNetwork::parse("192.0.2.7")->to_string() == "192.0.2.7/32");
        CHECK(IpNetwork::parse("::1")->to_string() == "::1/128");
    }

    TEST_CASE("a network that is none says what is wrong with it") {
        CHECK(verdict_on("10.1.2.3/8").find("did you mean 10.0.0.0/8?") != std::string::npos);
        CHECK(verdict_on("host/8").find("no IPv4 or IPv6 address") != std::string::npos);
        CHECK(verdict_on("10.0.0.0/32") == "ok");
        for (const char* bad : {"10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/", "10.0.0.0/-1",
                                "10.0.0.0/8x", "10.0.0.0/+8", "::/129", "10.0.0.0/8/8"}) {
            CAPTURE(bad);
            CHECK(verdict_on(bad).find("the prefix length must be a number") != std::string::npos);
        }
        const std::string long_text = verdict_on(std::string(1000, 'x'));
        CHECK(long_text.size() < 200);  // quoted in part
        CHECK(IpNetwork::parse("x").error().code() == core::Errc::invalid_argument);
    }

    TEST_CASE("a list of networks may be empty and spaced, but has no empty entries") {
        CHECK(ratelimit::parse_networks("")->empty());
        CHECK(ratelimit::parse_networks(" \t")->empty());
        CHECK(ratelimit::parse_networks(" 10.0.0.0/8 ,\t::1 ")->size() == 2);
        for (const char* bad : {"::1,", ",::1", "::1,,::1", ",", "::1;::1", "::1 ::1"}) {
            CAPTURE(bad);
            CHECK_FALSE(ratelimit::parse_networks(bad));
        }
    }

    TEST_CASE("a list has 256 networks at most") {
        CHECK(ratelimit::parse_networks(repeated("::1", 256))->size() == 256);
        const auto refused = ratelimit::parse_networks(repeated("::1", 257));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().reason() == "too_many_networks");
    }

    TEST_CASE("a stranger's headers count for nothing") {
        CHECK_FALSE(behind_ten.believes({.peer_address = "9.9.9.9"}));
        CHECK(behind_ten.client_address({.peer_address = "9.9.9.9",
                                         .x_forwarded_for = "1.1.1.1",
                                         .x_real_ip = "2.2.2.2"}) == "9.9.9.9");
        const ClientAddressRule nobody({});
        CHECK(nobody.client_address({.peer_address = "127.0.0.1", .x_forwarded_for = "1.1.1.1"}) ==
              "127.0.0.1");
    }

    TEST_CASE("a proxy's headers count: the first forwarded address, else the real one") {
        CHECK(behind_ten.client_address({.peer_address = "10.0.0.1",
                                         .x_forwarded_for = " 1.1.1.1 , 2.2.2.2",
                                         .x_real_ip = "3.3.3.3"}) == "1.1.1.1");
        CHECK(behind_ten.client_address({.peer_address = "10.0.0.1", .x_real_ip = "3.3.3.3"}) ==
              "3.3.3.3");
        CHECK(behind_ten.client_address({.peer_address = "10.0.0.1",
                                         .x_forwarded_for = "rubbish, 1.1.1.1",
                                         .x_real_ip = "3.3.3.3"}) == "3.3.3.3");
        CHECK(behind_ten.client_address({.peer_address = "10.0.0.1",
                                         .x_forwarded_for = "rubbish",
                                         .x_real_ip = "rubbish"}) == "10.0.0.1");
        CHECK(behind_ten.client_address(
                  {.peer_address = "::ffff:10.0.0.1", .x_forwarded_for = "1.1.1.1"}) == "1.1.1.1");
    }

    TEST_CASE("the internal token and a unix socket are believed too, the latter by choice") {
        CHECK(behind_ten.client_address({.peer_address = "9.9.9.9",
                                         .x_forwarded_for = "1.1.1.1",
                                         .internal_token_ok = true}) == "1.1.1.1");
        const ratelimit::ClientHints local{.peer_is_unix = true, .x_forwarded_for = "1.1.1.1"};
        CHECK(behind_ten.client_address(local) == "1.1.1.1");
        const ClientAddressRule strict({.trust_unix_peers = false});
        CHECK(strict.client_address(local) == "unknown");
    }

    TEST_CASE("who cannot be known is unknown") {
        CHECK(behind_ten.client_address({.peer_address = "unix", .peer_is_unix = true}) ==
              "unknown");
        CHECK(behind_ten.client_address({.peer_address = "rubbish"}) == "unknown");
        CHECK(behind_ten.client_address({}) == "unknown");
    }

    TEST_CASE("an IPv6 client is its network, as wide as configured; its zone is cut") {
        const ratelimit::ClientHints hints{.peer_address = "2001:db8:1:2:3::4"};
        CHECK(ClientAddressRule({}).client_address(hints) == "2001:db8:1:2::");
        CHECK(ClientAddressRule({.v6_prefix_bits = 128}).client_address(hints) ==
              "2001:db8:1:2:3::4");
        CHECK(ClientAddressRule({.v6_prefix_bits = 48}).client_address(hints) == "2001:db8:1::");
        CHECK(ClientAddressRule({}).client_address({.peer_address = "fe80::1%eth0"}) == "fe80::");
    }
}
