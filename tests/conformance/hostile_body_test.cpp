// Hostile JSON through a whole server: each body gets the contract's 422 (http-api.md §1.2), and
// the connection it came on serves on.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "courseselect/api/service.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/json/describe.hpp"
#include "net/http/server_fixture.hpp"

using namespace courseselect;

namespace {

struct Note {
    std::string text;
    json::Raw anything;
};

}  // namespace

template <>
struct courseselect::json::Describe<Note> {
    static constexpr auto fields() {
        return object("Note", "Text and anything else.", field<&Note::text>("text", length_max(20)),
                      field<&Note::anything>("anything"));
    }
};

namespace {

async::Task<core::Result<Note>> give_back(Note note) { co_return note; }

std::string post_note(const std::string& body) {
    return "POST /note HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string with_anything(const std::string& json) {
    return R"({"text":"x","anything":)" + json + "}";
}

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + "0" + std::string(depth, ']');
}

std::string many_keys(int count) {
    std::string json = "{";
    for (int i = 0; i < count; ++i) {
        json += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
    }
    return json + "}";
}

}  // namespace

TEST_SUITE("conformance/hostile bodies") {
    TEST_CASE("each is refused with 422, and the next request is served") {
        const core::SystemClock clock;
        api::Service service(clock, {});
        service.add(api::post("/note").body<Note>(),
                    [](api::Context&, Note note) { return give_back(std::move(note)); });
        test::ServerFixture fixture({}, &service);
        fixture.start();
        test::RawClient client = fixture.connect();
        const std::string fine = post_note(with_anything(nested(30)));  // 32 with its object
        const std::vector<std::string> hostile = {
            with_anything(nested(40)),
            with_anything(nested(100'000)),
            std::string(500'000, '['),
            std::string(500'000, '{'),
            R"({"text":")" + std::string(500'000, '\\') + "\"}",
            "{\"text\":\"\xff\xfe\",\"anything\":0}",
            "{\"text\":\"\xc0\xaf\",\"anything\":0}",          // overlong
            "{\"text\":\"\xed\xa0\x80\",\"anything\":0}",      // a surrogate
            "{\"text\":\"\xf4\x90\x80\x80\",\"anything\":0}",  // beyond U+10FFFF
            "{\"text\":\"\xe8\xaf\",\"anything\":0}",          // cut off
            R"({"text":"\ud800","anything":0})",
            R"({"text":)",
            with_anything("-"),
            std::string("{\"text\":\"a\0b\",\"anything\":0}", 27),
            many_keys(50'000),
        };
        for (const std::string& body : hostile) {
            CAPTURE(body.substr(0, 40));
            client.send(post_note(body));
            const std::string answer = client.read_answer();
            CHECK(answer.starts_with("HTTP/1.1 422 "));
            CHECK(answer.size() < 64 * 1024);  // faults do not repeat all of it
            client.send(fine);
            CHECK(client.read_answer().starts_with("HTTP/1.1 200 "));
        }
        CHECK(fixture.stats().connections == 1);
    }
}
