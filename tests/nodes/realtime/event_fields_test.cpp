#include "courseselect/nodes/realtime/event_fields.hpp"

#include <doctest/doctest.h>

using namespace courseselect;
using nodes::realtime::EventFields;

namespace {

EventFields fields(const std::string& text) {
    const auto value = json::Value::parse(text);
    return EventFields(value ? *value : json::Value());
}

template <class T>
std::string fault(const core::Result<T>& result) {
    return result ? std::string() : result.error().detail();
}

}  // namespace

TEST_SUITE("nodes/realtime/event_fields") {
    TEST_CASE("ids are numbers or their decimal text, in an object or bare where that is allowed") {
        for (const char* text : {R"({"course_id":7})", R"({"course_id":"7"})"}) {
            CAPTURE(text);
            CHECK(fields(text).id("course_id").value() == 7);
            CHECK(fields(text).id("course_id", true).value() == 7);
        }
        for (const char* text : {"7", "\"7\""}) {
            CAPTURE(text);
            CHECK(fields(text).id("course_id", true).value() == 7);
            CHECK(fault(fields(text).id("course_id")) == "course_id is required");
        }
    }

    TEST_CASE("what is no id is refused by name") {
        for (const char* text : {"{}", R"({"course_id":null})", "null"}) {
            CAPTURE(text);
            CHECK(fault(fields(text).id("course_id", true)) == "course_id is required");
        }
        CHECK(fault(EventFields(json::Value()).id("course_id", true)) == "course_id is required");
        for (const char* text : {"0", "-1", "1.5", "\"\"", "\"7a\"", "\" 7\"", "true", "[7]",
                                 "\"99999999999999999999\""}) {
            CAPTURE(text);
            CHECK(fault(fields(text).id("course_id", true)) == "course_id must be a number from 1");
        }
    }

    TEST_CASE("numbers hold at their bounds and not beyond") {
        const auto progress = [](const std::string& value) {
            return fault(fields("{\"progress\":" + value + "}").number("progress", 0, 100));
        };
        for (const char* good : {"0", "100", "42.5", "\"42.5\""}) {
            CAPTURE(good);
            CHECK(progress(good) == "");
        }
        for (const char* bad : {"-0.1", "100.1", "\"x\"", "\"nan\"", "\"inf\"", "true", "[]"}) {
            CAPTURE(bad);
            CHECK(progress(bad) == "progress must be a number from 0 to 100");
        }
        CHECK(progress("null") == "progress is required");
    }

    TEST_CASE("texts are counted in characters, not bytes") {
        const auto message = [](const std::string& value) {
            return fault(fields("{\"message\":" + value + "}").text("message", 3));
        };
        CHECK(message("\"abc\"") == "");
        CHECK(message("\"\u4f60\u597d\u5417\"") == "");
        CHECK(message("\"abcd\"") == "message must be a text of 1 to 3 characters");
        CHECK(message("\"\"") == "message must be a text of 1 to 3 characters");
        CHECK(message("5") == "message must be a text of 1 to 3 characters");
        CHECK(fault(fields("{}").text("message", 3)) == "message is required");
    }

    TEST_CASE("what clients call the time is kept as it came, when it is short") {
        const auto time = fields(R"({"a":1700000000,"b":"2026-01-01","c":"too long"})");
        CHECK(time.raw("a", 10) == "1700000000");
        CHECK(time.raw("b", 10) == "2026-01-01");
        CHECK(time.raw("c", 7) == "");
        CHECK(time.raw("d", 7) == "");
    }
}
