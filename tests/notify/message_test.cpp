#include "courseselect/notify/message.hpp"

#include <doctest/doctest.h>

namespace courseselect::notify {
namespace {

Message mail() {
    return {.channel = Channel::email, .recipient = "a@example.org", .subject = "s", .text = "t"};
}
Message text_to(std::string number) {
    return {.channel = Channel::sms, .recipient = std::move(number), .subject = "", .text = "t"};
}

}  // namespace

TEST_SUITE("notify/message") {
    TEST_CASE("channels have their names") {
        CHECK(parse_channel(channel_name(Channel::email)) == Channel::email);
        CHECK(parse_channel(channel_name(Channel::sms)) == Channel::sms);
        CHECK_FALSE(parse_channel("post"));
    }

    TEST_CASE("a mail address and one line of subject are enough") {
        CHECK(check_message(mail()).has_value());
    }

    TEST_CASE("a recipient that could end its SMTP command is refused") {
        for (const char* bad : {"", "a", "@b", "a@", "a@b\r\nDATA", "a b@c", "<a@b>", "a@b>"}) {
            Message message = mail();
            message.recipient = bad;
            const auto checked = check_message(message);
            REQUIRE_FALSE(checked.has_value());
            CHECK(checked.error().reason() == "recipient");
        }
    }

    TEST_CASE("a recipient may have 254 bytes and not one more") {
        Message message = mail();
        message.recipient = std::string(recipient_bytes_max - 2, 'a') + "@b";
        CHECK(check_message(message).has_value());
        message.recipient.insert(0, "a");
        CHECK_FALSE(check_message(message).has_value());
    }

    TEST_CASE("a telephone number is a plus and 5 to 15 digits") {
        CHECK(check_message(text_to("+12345")).has_value());
        CHECK(check_message(text_to("+123456789012345")).has_value());
        for (const char* bad :
             {"", "+", "+1234", "+1234567890123456", "12345", "+12 345", "+1a345"}) {
            CHECK_FALSE(check_message(text_to(bad)).has_value());
            CHECK_FALSE(is_phone_number(bad));
        }
    }

    TEST_CASE("a subject is one line of UTF-8 within its bound") {
        Message message = mail();
        message.subject = std::string(subject_bytes_max, 's');
        CHECK(check_message(message).has_value());
        for (const std::string& bad :
             {std::string(subject_bytes_max + 1, 's'), std::string("a\nBcc: b@c"),
              std::string("a\r"), std::string("\xff")}) {
            message.subject = bad;
            const auto checked = check_message(message);
            REQUIRE_FALSE(checked.has_value());
            CHECK(checked.error().reason() == "subject");
        }
    }

    TEST_CASE("a text is not empty, UTF-8 and within its bound") {
        Message message = mail();
        message.text = std::string(text_bytes_max, 't');
        CHECK(check_message(message).has_value());
        for (const std::string& bad :
             {std::string(), std::string(text_bytes_max + 1, 't'), std::string("\xc3")}) {
            message.text = bad;
            const auto checked = check_message(message);
            REQUIRE_FALSE(checked.has_value());
            CHECK(checked.error().reason() == "text");
        }
    }
}

}  // namespace courseselect::notify
