#include "courseselect/auth/email.hpp"

#include <doctest/doctest.h>

#include <string>

using courseselect::auth::is_email;

TEST_SUITE("auth/email") {
    TEST_CASE("addresses that people have are addresses") {
        for (const char* text :
             {"a@b.co", "alice@example.org", "Alice.Smith+exam@Dept.Example.org", "o'neil@x.ie",
              "a-b_c@sub.d-omain.example", "1@2.com", "x@xn--bcher-kva.example", "u@host.c0m"}) {
            CAPTURE(text);
            CHECK(is_email(text));
        }
    }

    TEST_CASE("what is no address, and what no form should let through, is refused") {
        for (const char* text : {"",
                                 "@",
                                 "alice",
                                 "alice@",
                                 "@example.org",
                                 "alice@example",
                                 "alice@@example.org",
                                 "a@b@example.org",
                                 ".alice@example.org",
                                 "alice.@example.org",
                                 "a..b@example.org",
                                 "alice@.org",
                                 "alice@example..org",
                                 "alice@example.org.",
                                 "alice@-x.org",
                                 "alice@x-.org",
                                 "alice@ex_ample.org",
                                 "al ice@example.org",
                                 "alice@exa mple.org",
                                 "\"a b\"@example.org",
                                 "alice@[192.0.2.1]",
                                 "alice@192.0.2.1",
                                 "a@b.co\n",
                                 "a\r\nBcc: x@y.z@b.co",
                                 "al\xc3\xaf"
                                 "ce@example.org",
                                 "alice@ex\xc3\xa4mple.org",
                                 "a(c)@b.co",
                                 "a,b@c.de",
                                 "<a@b.co>"}) {
            CAPTURE(text);
            CHECK_FALSE(is_email(text));
        }
        CHECK_FALSE(is_email(std::string_view("a\0b@c.de", 8)));
    }

    TEST_CASE("64 bytes before the @, 63 a label, 254 in all, and not one more") {
        const auto with_local = [](std::size_t size) { return std::string(size, 'a') + "@b.co"; };
        CHECK(is_email(with_local(64)));
        CHECK_FALSE(is_email(with_local(65)));
        const auto with_label = [](std::size_t size) {
            return "a@" + std::string(size, 'b') + ".co";
        };
        CHECK(is_email(with_label(63)));
        CHECK_FALSE(is_email(with_label(64)));
        const auto of_size = [](std::size_t size) {
            std::string text = std::string(64, 'a') + "@" + std::string(63, 'b') + "." +
                               std::string(63, 'c') + ".";
            return text + std::string(size - text.size() - 3, 'd') + ".co";
        };
        REQUIRE(of_size(254).size() == 254);
        CHECK(is_email(of_size(254)));
        CHECK_FALSE(is_email(of_size(255)));
    }
}
