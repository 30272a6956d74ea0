#include "courseselect/net/http/message.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace courseselect::net::http;

TEST_SUITE("net/http/message") {
    TEST_CASE("field names are the same in any case, and only ASCII letters fold") {
        CHECK(same_field_name("Content-Type", "content-type"));
        CHECK(same_field_name("", ""));
        CHECK_FALSE(same_field_name("Content-Type", "Content-Typ"));
        CHECK_FALSE(same_field_name("Content-Type", "Content_Type"));
        CHECK_FALSE(same_field_name("a@", "a`"));  // 0x40 and 0x60 differ in the folded bit only
        CHECK_FALSE(same_field_name("\xC9", "\xE9"));
    }

    TEST_CASE("the first field of a name counts, and an empty one is there") {
        const std::array<HeaderView, 3> fields = {
            {{"Accept", ""}, {"X-Tag", "one"}, {"x-tag", "two"}}};
        const Request request{.headers = fields};
        CHECK(request.header("x-TAG") == "one");
        CHECK(request.header("accept") == "");
        CHECK_FALSE(request.header("Host").has_value());

        const ClientResponse response{.status = 200, .headers = {{"ETag", "\"1\""}}, .body = {}};
        CHECK(response.header("etag") == "\"1\"");
        CHECK_FALSE(response.header("Location").has_value());
    }

    TEST_CASE("methods and statuses have the names of RFC 9110") {
        CHECK(method_name(Method::delete_) == "DELETE");
        CHECK(method_name(Method::options) == "OPTIONS");
        CHECK(status_text(101) == "Switching Protocols");
        CHECK(status_text(413) == "Content Too Large");
        CHECK(status_text(422) == "Unprocessable Content");
        CHECK(status_text(299) == "Unknown");
    }
}
