#include "courseselect/realtime/packet.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <memory>
#include <string>
#include <vector>

using namespace courseselect;
using realtime::Args;
using realtime::SharedBytes;

namespace {

/// What was read, written again by the writers of this module.
std::string rewritten(std::string_view text, const std::vector<SharedBytes>& attachments = {}) {
    auto head = realtime::read_packet(text);
    if (!head) {
        return "refused";
    }
    switch (head->type) {
        case realtime::PacketType::event:
        case realtime::PacketType::binary_event:
            return realtime::write_event(head->nsp, head->name, head->take_args(attachments),
                                         head->id);
        case realtime::PacketType::ack:
        case realtime::PacketType::binary_ack:
            return realtime::write_ack(head->nsp, *head->id, head->take_args(attachments));
        default: return realtime::write_packet(head->type, head->nsp, head->payload);
    }
}

SharedBytes shared(std::string bytes) {
    return std::make_shared<const std::string>(std::move(bytes));
}

bool is_refused(std::string_view text) { return !realtime::read_packet(text).has_value(); }

/// JSON without blanks, of every kind of token.
rc::Gen<std::string> json_text(int depth) {
    const auto scalar = rc::gen::element<std::string>(
        "0", "-1", "1.0", "1.50e+10", "12345678901234567890123", "true", "false", "null", "\"\"",
        "\"a,]}\"", "\"\\u00e9\\\"\\\\\"", "\"\\ud800\"", "{}", "[]", "\"\xc3\xa9\"");
    if (depth == 0) {
        return scalar;
    }
    const auto list = rc::gen::map(rc::gen::container<std::vector<std::string>>(
                                       rc::gen::lazy([depth] { return json_text(depth - 1); })),
                                   [](const std::vector<std::string>& items) {
                                       std::string text = "[";
                                       for (std::size_t i = 0; i < items.size() && i < 4; ++i) {
                                           text += (i > 0 ? "," : "") + items[i];
                                       }
                                       return text + "]";
                                   });
    const auto object = rc::gen::map(
        rc::gen::lazy([depth] { return json_text(depth - 1); }),
        [](const std::string& value) { return "{\"z\":" + value + ",\"a\":[" + value + "]}"; });
    return rc::gen::oneOf(scalar, list, object);
}

}  // namespace

TEST_SUITE("realtime/packet") {
    TEST_CASE("the packets of the protocol's description read back as they were") {
        for (const std::string text :
             {"0", "0{\"token\":\"123\"}", "0/custom,{\"token\":\"abc\"}", "1", "1/custom,",
              "2[\"message\",1,\"2\",{\"3\":[true]}]", "2/admin,456[\"foo\"]",
              "212[\"bar\",\"foobar\"]", "3456[]", "3/a,0[1,\"2\"]", "2[\"x\",1.0,1e400,-0]"}) {
            CHECK(rewritten(text) == text);
        }
        CHECK(rewritten("0/custom") == "0/custom,");  // a namespace may end the packet
        CHECK(rewritten("1/a/b") == "1/a/b,");
        CHECK(rewritten("50-[\"nothing\"]") == "2[\"nothing\"]");
        CHECK(realtime::read_packet("2[\"m\"]")->nsp == "/");
        CHECK(realtime::read_packet("2[42,1]")->name == "42");
        CHECK(realtime::read_packet("2[\"\\u0041\\n\"]")->name == "A\n");
        CHECK(realtime::read_packet("2[\"\\ud800\"]")->name == "\\ud800");
    }

    TEST_CASE("attachments stand where the placeholders stood, whatever they were numbered") {
        const std::vector<SharedBytes> two{shared("a"), shared("b")};
        auto head = realtime::read_packet(
            R"(52-["m",{ "num" : 1, "_placeholder" : true },[{"_placeholder":true,"num":0}]])");
        REQUIRE(head);
        CHECK(head->attachments == 2);
        const Args args = head->take_args(two);
        CHECK(args.text() == R"({"_placeholder":true,"num":0},[{"_placeholder":true,"num":1}])");
        CHECK(*args.attachments()[0] == "b");
        CHECK(*args.attachments()[1] == "a");
        // One attachment in two places, and one in none.
        head = realtime::read_packet(
            R"(62-7[{"_placeholder":true,"num":1},{"_placeholder":true,"num":1}])");
        REQUIRE(head);
        const Args twice = head->take_args(two);
        CHECK(twice.attachments().size() == 2);
        CHECK(twice.attachments()[0] == twice.attachments()[1]);
        // In a packet without attachments it is an object like any other.
        CHECK(rewritten(R"(2["m",{"_placeholder":true,"num":0}])") ==
              R"(2["m",{"_placeholder":true,"num":0}])");
    }

    TEST_CASE("blanks between tokens go, blanks in strings stay") {
        CHECK(rewritten("2 [ \"a b\" ,\t{ \"k\" : [ 1 , 2 ] }\r\n]") == "2[\"a b\",{\"k\":[1,2]}]");
    }

    TEST_CASE("what is no packet is refused") {
        for (const std::string_view text : {"",
                                            "7",
                                            "abc",
                                            "x[\"m\"]",
                                            "2",
                                            "2{}",
                                            "2[]",
                                            "2[null]",
                                            "2[true,1]",
                                            "2[[\"a\"]]",
                                            "2[\"m\"",
                                            "2[\"m\"]]",
                                            "2[\"m\"]x",
                                            "2[\"m\",]",
                                            "2[,\"m\"]",
                                            "2[\"m\" 1]",
                                            "2abc[\"message-with-ack\",1]",
                                            "2\"m\"",
                                            "2[\"m\",01]",
                                            "2[\"m\",1.]",
                                            "2[\"m\",.5]",
                                            "2[\"m\",+1]",
                                            "2[\"m\",1e]",
                                            "2[\"m\",NaN]",
                                            "2[\"m\",tru]",
                                            "2[\"m\",\"\\x\"]",
                                            "2[\"m\",\"\\u12g4\"]",
                                            "2[\"m\",\"\\u12",
                                            "2[\"m\",\"a",
                                            "2[\"m\",\"\n\"]",
                                            "2[\"m\",{\"a\"}]",
                                            "2[\"m\",{a:1}]",
                                            "2[\"m\",{\"a\":1,}]",
                                            "2[\"m\",{\"a\":1]",
                                            "0[]",
                                            "0\"token\"",
                                            "0null",
                                            "0{\"a\":1}x",
                                            "1[]",
                                            "1/a,x",
                                            "4",
                                            "4{\"a\":1}",
                                            "3[1]",
                                            "31",
                                            "312{}",
                                            "5[\"m\"]",
                                            "5-[\"m\"]",
                                            "5x-[\"m\"]",
                                            "51[\"m\"]",
                                            "5-1-[\"m\"]",
                                            "51-{\"_placeholder\":true,\"num\":0}",
                                            "2/a",
                                            "2/a,"}) {
            INFO(text);
            CHECK(is_refused(text));
        }
        // NUL is a byte like any other, and no JSON.
        CHECK(is_refused(std::string_view("2[\"m\"]\0", 7)));
    }

    TEST_CASE("names that belong to the libraries are refused, in events only") {
        for (const std::string name : {"connect", "connect_error", "disconnect", "disconnecting",
                                       "newListener", "removeListener"}) {
            CHECK(is_refused("2[\"" + name + "\"]"));
            CHECK(is_refused("50-[\"" + name + "\"]"));
            CHECK_FALSE(is_refused("31[\"" + name + "\"]"));
        }
        CHECK_FALSE(is_refused("2[\"connected\"]"));
        CHECK(is_refused("2[\"disc\\u006fnnect\"]"));
    }

    TEST_CASE("placeholders without attachment are refused") {
        for (const std::string number :
             {"1", "-1", "0.0", "\"0\"", "null", "99999999999999999999"}) {
            CHECK(is_refused(R"(51-["m",{"_placeholder":true,"num":)" + number + "}]"));
        }
        CHECK(is_refused(R"(51-["m",{"_placeholder":true}])"));
        CHECK_FALSE(is_refused(R"(51-["m",{"_placeholder":false,"num":9}])"));
        CHECK(is_refused(R"(51-[{"_placeholder":true,"num":0}])"));  // no name
    }

    TEST_CASE("the limits hold at their bounds") {
        CHECK_FALSE(is_refused("510-[\"m\"]"));
        CHECK(is_refused("511-[\"m\"]"));
        const std::string place = R"(,{"_placeholder":true,"num":0})";
        std::string places;
        for (int i = 0; i < 10; ++i) {
            places += place;
        }
        CHECK_FALSE(is_refused("51-[\"m\"" + places + "]"));
        CHECK(is_refused("51-[\"m\"" + places + place + "]"));
        CHECK_FALSE(is_refused("2[\"m\"," + std::string(64, '[') + std::string(64, ']') + "]"));
        CHECK(is_refused("2[\"m\"," + std::string(65, '[') + std::string(65, ']') + "]"));
        CHECK(realtime::read_packet("2123456789012345[\"m\"]")->id == 123456789012345);
        CHECK(is_refused("21234567890123456[\"m\"]"));
    }

    TEST_CASE("whatever JSON a client sends comes back as the same text") {
        CHECK(rc::check("an echo", [] {
            const std::string json = *json_text(3);
            const std::string text = "2/n,17[\"e\"," + json + "]";
            RC_ASSERT(rewritten(text) == text);
            RC_ASSERT(realtime::read_packet(text)->payload == json);
        }));
    }

    TEST_CASE("any bytes are either refused or come back the same when read again") {
        CHECK(rc::check("no crash", [](const std::string& tail) {
            const std::string text = *rc::gen::element<std::string>("2[\"a\",", "0{", "5") + tail;
            const std::string once = rewritten(text, std::vector<SharedBytes>(10, shared("x")));
            if (once != "refused" && once.front() == '2') {
                RC_ASSERT(rewritten(once) == once);
            }
        }));
    }
}
