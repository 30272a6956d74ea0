#include "courseselect/json/reader.hpp"

#include <doctest/doctest.h>

#include <string>

#include "courseselect/json/writer.hpp"
#include "json/sample_types.hpp"

using namespace courseselect;
using json::FieldError;
using json::parse_body;

namespace {

constexpr std::string_view full_course =
    R"({"course_name":"Algebra","course_credit":3.5,"course_teacher_id":1,"course_capacity":30,)"
    R"("course_time_begin":800,"course_schedule":{"monday":[1,2]},"course_tags":["a"],)"
    R"("course_notes":"n","is_active":false})";

/// A valid body with one member replaced (or added).
std::string course_with(std::string_view name, std::string_view value) {
    std::string body(full_course);
    body.pop_back();
    return body + ",\"" + std::string(name) + "\":" + std::string(value) + "}";
}

/// One error as JSON, for comparing all its parts at once.
std::string text_of(const FieldError& error) {
    const std::string body = json::validation_body({error});
    return body.substr(11, body.size() - 13);
}

template <class T>
std::string only_error(std::string_view body, const json::ReadOptions& options = {}) {
    const auto parsed = parse_body<T>(body, options);
    REQUIRE(parsed.errors().size() == 1);
    return text_of(parsed.errors().front());
}

std::string joined(const std::vector<FieldError>& errors) {
    std::string text;
    for (const FieldError& error : errors) {
        text += json::to_string(error) + "\n";
    }
    return text;
}

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + "0" + std::string(depth, ']');
}

}  // namespace

TEST_SUITE("json/reader") {
    TEST_CASE("a valid body fills every member") {
        const auto parsed = parse_body<test::CourseBody>(full_course);
        REQUIRE_MESSAGE(parsed, joined(parsed.errors()));
        CHECK(parsed->course_name == "Algebra");
        CHECK(parsed->course_credit == 3.5);
        CHECK(parsed->course_teacher_id == core::TeacherId(1));
        CHECK(parsed->course_time_begin == 800);
        CHECK(parsed->course_schedule->at("monday") == std::vector<int>{1, 2});
        CHECK(parsed->course_tags == std::vector<std::string>{"a"});
        CHECK_FALSE(parsed->is_active);
    }

    TEST_CASE("what may be left out keeps its initialiser; unknown members are ignored") {
        const auto parsed = parse_body<test::CourseBody>(
            R"({"course_name":"A","course_credit":0,"course_teacher_id":1,"course_capacity":1,"x":[{}]})");
        REQUIRE_MESSAGE(parsed, joined(parsed.errors()));
        CHECK(parsed->is_active);
        CHECK_FALSE(parsed->course_time_begin.has_value());
    }

    TEST_CASE("each kind of fault has the contract's type, text, input and context") {
        struct Row {
            std::string_view name, value, expected;
        };
        constexpr Row rows[] = {
            {"course_name", "5",
             R"("type":"string_type","loc":["body","course_name"],"msg":"Input should be a valid string","input":5)"},
            {"course_capacity", "[]",
             R"("type":"int_type","loc":["body","course_capacity"],"msg":"Input should be a valid integer","input":[])"},
            {"course_capacity", "true",
             R"("type":"int_type","loc":["body","course_capacity"],"msg":"Input should be a valid integer","input":true)"},
            {"course_credit", "null",
             R"("type":"float_type","loc":["body","course_credit"],"msg":"Input should be a valid number","input":null)"},
            {"is_active", "null",
             R"("type":"bool_type","loc":["body","is_active"],"msg":"Input should be a valid boolean","input":null)"},
            {"course_tags", "\"a\"",
             R"("type":"list_type","loc":["body","course_tags"],"msg":"Input should be a valid list","input":"a")"},
            {"course_schedule", "[1]",
             R"("type":"dict_type","loc":["body","course_schedule"],"msg":"Input should be a valid dictionary","input":[1])"},
            {"course_capacity", "\"x\"",
             R"("type":"int_parsing","loc":["body","course_capacity"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"x")"},
            {"course_credit", "\"nan\"",
             R"("type":"float_parsing","loc":["body","course_credit"],"msg":"Input should be a valid number, unable to parse string as a number","input":"nan")"},
            {"is_active", "2",
             R"("type":"bool_parsing","loc":["body","is_active"],"msg":"Input should be a valid boolean, unable to interpret input","input":2)"},
            {"is_active", "\"maybe\"",
             R"("type":"bool_parsing","loc":["body","is_active"],"msg":"Input should be a valid boolean, unable to interpret input","input":"maybe")"},
            {"course_capacity", "1.5",
             R"("type":"int_from_float","loc":["body","course_capacity"],"msg":"Input should be a valid integer, got a number with a fractional part","input":1.5)"},
            {"course_name", "\"\"",
             R"("type":"string_too_short","loc":["body","course_name"],"msg":"String should have at least 1 character","input":"","ctx":{"min_length":1})"},
            {"course_notes", "\"01234567890\"",
             R"("type":"string_too_long","loc":["body","course_notes"],"msg":"String should have at most 10 characters","input":"01234567890","ctx":{"max_length":10})"},
            {"course_capacity", "0",
             R"("type":"greater_than_equal","loc":["body","course_capacity"],"msg":"Input should be greater than or equal to 1","input":0,"ctx":{"ge":1})"},
            {"course_capacity", "1001",
             R"("type":"less_than_equal","loc":["body","course_capacity"],"msg":"Input should be less than or equal to 1000","input":1001,"ctx":{"le":1000})"},
            {"course_credit", "-0.5",
             R"("type":"greater_than_equal","loc":["body","course_credit"],"msg":"Input should be greater than or equal to 0","input":-0.5,"ctx":{"ge":0.0})"},
            {"course_teacher_id", "0",
             R"("type":"greater_than_equal","loc":["body","course_teacher_id"],"msg":"Input should be greater than or equal to 1","input":0,"ctx":{"ge":1})"},
            {"course_teacher_id", "9223372036854775808",
             R"("type":"less_than_equal","loc":["body","course_teacher_id"],"msg":"Input should be less than or equal to 9223372036854775807","input":9223372036854775808,"ctx":{"le":9223372036854775807})"},
            {"course_tags", "[\"a\",\"b\",\"c\",\"d\"]",
             R"("type":"too_long","loc":["body","course_tags"],"msg":"List should have at most 3 items after validation, not 4","input":["a","b","c","d"],"ctx":{"field_type":"List","max_length":3,"actual_length":4})"},
            {"course_tags", "[\"a\",\"\"]",
             R"("type":"string_too_short","loc":["body","course_tags",1],"msg":"String should have at least 1 character","input":"","ctx":{"min_length":1})"},
            {"course_schedule", "{\"monday\":[1,14]}",
             R"("type":"less_than_equal","loc":["body","course_schedule","monday",1],"msg":"Input should be less than or equal to 13","input":14,"ctx":{"le":13})"},
            {"course_schedule", "{\"Monday\":[1]}",
             R"("type":"literal_error","loc":["body","course_schedule","Monday","[key]"],"msg":"Input should be 'monday' or 'tuesday'","input":"Monday","ctx":{"expected":"'monday' or 'tuesday'"})"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.value);
            CHECK(only_error<test::CourseBody>(course_with(row.name, row.value)) ==
                  "{" + std::string(row.expected) + "}");
        }
    }

    TEST_CASE("a body that is no object, is empty, or lacks a member says so") {
        CHECK(
            only_error<test::CourseBody>("[1]") ==
            R"({"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","input":[1]})");
        CHECK(only_error<test::CourseBody>("") ==
              R"({"type":"missing","loc":["body"],"msg":"Field required","input":null})");
        CHECK(
            only_error<test::Submission>(R"({"student_id":1,"task_type":"select","x":1})") ==
            R"({"type":"missing","loc":["body","course_id"],"msg":"Field required","input":{"student_id":1,"task_type":"select"}})");
    }

    TEST_CASE("faults come in the order of declaration, all of them") {
        const auto parsed =
            parse_body<test::Submission>(R"({"priority":"p","task_type":"steal","course_id":0})");
        CHECK(joined(parsed.errors()) ==
              "body.student_id: Field required\n"
              "body.course_id: Input should be greater than or equal to 1\n"
              "body.task_type: Input should be 'select' or 'deselect'\n"
              "body.priority: Input should be a valid integer, unable to parse string as an "
              "integer\n");
    }

    TEST_CASE("numeric strings and integral floats are taken; numbers are not strings") {
        const auto parsed = parse_body<test::Submission>(
            R"({"student_id":" 5 ","course_id":7.0,"task_type":"select","priority":"-3.0"})");
        REQUIRE_MESSAGE(parsed, joined(parsed.errors()));
        CHECK(parsed->student_id.value() == 5);
        CHECK(parsed->course_id.value() == 7);
        CHECK(parsed->priority == -3);
        const auto course = parse_body<test::CourseBody>(course_with("course_credit", "\"2.5\""));
        REQUIRE(course);
        CHECK(course->course_credit == 2.5);
        for (const char* text : {"\"TRUE\"", "\"on\"", "\"y\"", "1", "1.0", "true"}) {
            CAPTURE(text);
            const auto active = parse_body<test::CourseBody>(course_with("is_active", text));
            REQUIRE(active);
            CHECK(active->is_active);
        }
    }

    TEST_CASE("of a repeated key the last one counts, also when the first is bad") {
        const auto parsed = parse_body<test::Submission>(
            R"({"student_id":"x","student_id":5,"course_id":7,"task_type":"select"})");
        REQUIRE_MESSAGE(parsed, joined(parsed.errors()));
        CHECK(parsed->student_id.value() == 5);
    }

    TEST_CASE("absent, null and a value are three things to a Patch") {
        const auto absent = parse_body<test::CoursePatch>("{}");
        const auto null =
            parse_body<test::CoursePatch>(R"({"course_name":null,"course_time_begin":null})");
        const auto value = parse_body<test::CoursePatch>(R"({"course_time_begin":800})");
        REQUIRE((absent && null && value));
        CHECK(absent->course_time_begin.is_absent());
        CHECK(null->course_time_begin.is_null());
        CHECK_FALSE(null->course_name.has_value());
        CHECK(*value->course_time_begin == 800);
        CHECK(only_error<test::CoursePatch>(R"({"course_time_begin":-1})").find("ge") > 0);
    }

    TEST_CASE("secrets never appear in errors, whatever the client did wrong") {
        constexpr const char* bodies[] = {
            R"({"username":"ann","password":"hunter2","totp_code":"hunter2"})",
            R"({"password":"hunter2"})",
            R"({"username":{"password":"hunter2"},"password":["hunter2"],"totp_code":"123456"})",
            R"({"username":["hunter2"],"passwrod":"hunter2"})",
            R"("hunter2")",
            R"(["hunter2",{"password":"hunter2"}])",
            R"({"username":"ann","password":"hunter2)",
        };
        for (const char* body : bodies) {
            CAPTURE(body);
            const auto parsed = parse_body<test::Login>(body);
            CHECK_FALSE(parsed);
            CHECK(json::validation_body(parsed.errors()).find("hunter2") == std::string::npos);
        }
        CHECK(
            only_error<test::Login>(
                R"({"username":"ann","password":"12345","totp_code":"123456","user_type":"student"})") ==
            R"({"type":"string_too_short","loc":["body","password"],"msg":"String should have at least 6 characters","input":"**********","ctx":{"min_length":6}})");
        CHECK(
            only_error<test::Login>(
                R"({"password":"123456","totp_code":"123456","user_type":"student"})") ==
            R"({"type":"missing","loc":["body","username"],"msg":"Field required","input":{"password":"**********","totp_code":"**********","user_type":"student"}})");
    }

    TEST_CASE("patterns and names of enumerators are checked") {
        CHECK(
            only_error<test::Login>(
                R"({"username":"ann","password":"123456","totp_code":"12345a","user_type":"teacher"})") ==
            R"({"type":"string_pattern_mismatch","loc":["body","totp_code"],"msg":"String should match pattern '^[0-9]{6}$'","input":"**********","ctx":{"pattern":"^[0-9]{6}$"}})");
        CHECK(
            only_error<test::Login>(
                R"({"username":"ann","password":"123456","totp_code":"123456","user_type":"admin"})")
                .find("'student' or 'teacher'") != std::string::npos);
    }

    TEST_CASE("a document that is not JSON names the byte and the reason") {
        struct Row {
            std::string_view text;
            std::int64_t offset;
            std::string_view reason;
        };
        const Row rows[] = {
            {"{", 1, "Expecting property name enclosed in double quotes"},
            {"{\"a\" 1}", 5, "Expecting ':' delimiter"},
            {"{\"a\":1 \"b\"}", 7, "Expecting ',' delimiter"},
            {"{\"a\":1,}", 7, "Expecting property name enclosed in double quotes"},
            {"[1,]", 3, "Expecting value"},
            {"[1 2]", 3, "Expecting ',' delimiter"},
            {"{} {}", 3, "Extra data"},
            {"nul", 0, "Expecting value"},
            {"NaN", 0, "Expecting value"},
            {"{\"a\":\"b", 5, "Unterminated string starting at"},
            {"\"a\nb\"", 2, "Invalid control character at"},
            {"\"\\x\"", 1, "Invalid \\escape"},
            {"\"\\u12g4\"", 1, "Invalid \\uXXXX escape"},
            {"\"\\ud800\"", 1, "Unpaired surrogate"},
            {"[01]", 2, "Extra data"},
            {"[1.]", 2, "Extra data"},
            {"  ", 2, "Expecting value"},
            {"[\"\xC0\xAF\"]", 2, "Invalid UTF-8"},
            {"[\"\xED\xA0\x80\"]", 2, "Invalid UTF-8"},
            {"\xEF\xBB\xBF{}", 0, "Expecting value"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.text);
            const auto parsed = parse_body<json::Raw>(row.text);
            REQUIRE(parsed.errors().size() == 1);
            const FieldError& error = parsed.errors().front();
            CHECK(error.type == "json_invalid");
            CHECK(error.loc == std::vector<json::LocPart>{"body", row.offset});
            CHECK(error.ctx == json::make_object("error", row.reason));
        }
    }

    TEST_CASE("a broken document is refused though the broken part is in an unknown member") {
        CHECK_FALSE(parse_body<test::CoursePatch>(R"({"unknown":[1,,2]})"));
        CHECK_FALSE(parse_body<test::CoursePatch>(R"({"unknown":tru})"));
    }

    TEST_CASE("numbers beyond 64 bits do not spoil the rest of the document") {
        const auto patch = parse_body<test::CoursePatch>(
            R"({"a":123456789012345678901234567890,"b":1e400,"c":-1e999,"course_time_begin":7})");
        REQUIRE_MESSAGE(patch, joined(patch.errors()));
        CHECK(*patch->course_time_begin == 7);
        CHECK_FALSE(parse_body<test::CoursePatch>(R"({"course_time_begin":99999999999999999999})"));
        CHECK(only_error<test::CoursePatch>(R"({"course_time_begin":2147483648})")
                  .find("2147483647") != std::string::npos);
        CHECK_FALSE(parse_body<test::CoursePatch>(R"({"course_name":99999999999999999999})"));
    }

    TEST_CASE("lengths count code points, and embedded NULs are characters") {
        const auto parsed = parse_body<test::CourseBody>(
            course_with("course_notes",
                        "\"\xE8\xAF\xBE\xE8\xAF\xBE\\u0000\\u8bfe\xE8\xAF\xBE\xE8\xAF\xBE\xE8\xAF"
                        "\xBE\xE8\xAF\xBE\xF0\x9F\x8E\x93\\ud83c\\udf93\""));
        REQUIRE_MESSAGE(parsed, joined(parsed.errors()));
        CHECK(parsed->course_notes[6] == '\0');
        CHECK_FALSE(parse_body<test::CoursePatch>(R"({"course_name":"\udc00"})"));
    }

    TEST_CASE("the size of a document is limited") {
        const json::ReadOptions options{.document_bytes_max = 10};
        CHECK(parse_body<test::CoursePatch>("{       }", options));
        CHECK(parse_body<test::CoursePatch>("{        }", options));
        CHECK_FALSE(parse_body<test::CoursePatch>("{         }", options));
    }

    TEST_CASE("lengths count code points, wherever the long ones stand") {
        for (const std::string_view letter :
             {"a", "\xC3\xA9", "\xE8\xAF\xBE", "\xF0\x9F\x8E\x93"}) {
            for (std::size_t before = 0; before <= 9; ++before) {
                std::string name(before, 'x');
                while (name.size() < before + (200 - before) * letter.size()) {
                    name += letter;
                }
                const std::string body = R"({"course_name":")" + name;
                CHECK(parse_body<test::CoursePatch>(body + "\"}"));
                CHECK_FALSE(parse_body<test::CoursePatch>(body + "y\"}"));
            }
        }
    }

    TEST_CASE("the depth of a document is limited") {
        const json::ReadOptions options{.depth_max = 4};
        CHECK(parse_body<json::Raw>(nested(4), options));
        const auto deep = parse_body<json::Raw>(nested(5), options);
        REQUIRE_FALSE(deep);
        CHECK(deep.errors().front().ctx == R"({"error":"Nested too deeply"})");
        CHECK(parse_body<json::Raw>(nested(32)));
        CHECK_FALSE(parse_body<json::Raw>(nested(33)));
        CHECK_FALSE(parse_body<json::Raw>(nested(100'000)));
    }

    TEST_CASE("the number of faults is limited") {
        std::string body = "[";
        for (int i = 0; i < 300; ++i) {
            body += i == 0 ? "7" : ",7";
        }
        body += ']';
        CHECK(parse_body<std::vector<std::string>>(body).errors().size() == 100);
        CHECK(parse_body<std::vector<std::string>>(body, {.errors_max = 3}).errors().size() == 3);
    }

    TEST_CASE("what an error repeats is limited, and cut between characters") {
        const json::ReadOptions options{.input_bytes_max = 8};
        const auto parsed = parse_body<test::CourseBody>(
            course_with("course_notes", "\"1234567\xE8\xAF\xBE 90abc\""), options);
        REQUIRE(parsed.errors().size() == 1);
        CHECK(parsed.errors()[0].input == "\"1234567\xE2\x80\xA6\"");
        const std::string large =
            course_with("course_tags", "\"" + std::string(100'000, 'x') + "\"");
        const auto other = parse_body<test::CourseBody>(large);
        REQUIRE(other.errors().size() == 1);
        CHECK(other.errors()[0].input.size() < 600);
    }

    TEST_CASE("lists of described structs say which item is wrong") {
        const auto parsed = parse_body<std::vector<test::Submission>>(
            R"([{"student_id":1,"course_id":1,"task_type":"select"},{"student_id":1,"course_id":1}])");
        CHECK(joined(parsed.errors()) == "body.1.task_type: Field required\n");
    }

    TEST_CASE("a list of Raw lets the caller judge each item on its own") {
        const auto list = parse_body<std::vector<json::Raw>>(
            R"([{"student_id":1,"course_id":1,"task_type":"select"},{"x":"\u00e9\n"}])");
        REQUIRE(list);
        CHECK(parse_body<test::Submission>((*list)[0].text));
        CHECK_FALSE(parse_body<test::Submission>((*list)[1].text));
        CHECK((*list)[1].text == "{\"x\":\"\xC3\xA9\\n\"}");
    }

    TEST_CASE("query parameters go through the same declarations") {
        const json::NameValue good[] = {{"page", "2"},         {"student_tags", "a"},
                                        {"student_tags", "b"}, {"user_type", ""},
                                        {"active", "false"},   {"page", "3"}};
        const auto parsed = json::parse_query<test::Page>(good);
        REQUIRE_MESSAGE(parsed, joined(parsed.errors()));
        CHECK(parsed->page == 3);
        CHECK(parsed->page_size == 20);
        CHECK(parsed->student_tags == std::vector<std::string>{"a", "b"});
        CHECK_FALSE(parsed->user_type.has_value());
        CHECK(parsed->active == false);

        const json::NameValue bad[] = {{"page_size", "1001"},
                                       {"page", "one"},
                                       {"student_tags", "a"},
                                       {"student_tags", "12345"},
                                       {"user_type", "x\xFF"}};
        CHECK(joined(json::parse_query<test::Page>(bad).errors()) ==
              "query.page: Input should be a valid integer, unable to parse string as an integer\n"
              "query.page_size: Input should be less than or equal to 1000\n"
              "query.user_type: Input should be a valid string, unable to parse raw data as a "
              "unicode string\n"
              "query.student_tags.1: String should have at most 4 characters\n");
        const auto missing = json::parse_query<test::Submission>({});
        REQUIRE(missing.errors().size() == 3);
        CHECK(
            text_of(missing.errors()[0]) ==
            R"({"type":"missing","loc":["query","student_id"],"msg":"Field required","input":null})");
    }

    TEST_CASE("an answer of another node is read, or is data_corrupt with the place") {
        const auto good =
            json::parse<test::Submission>(R"({"student_id":1,"course_id":2,"task_type":"select"})");
        REQUIRE(good);
        const auto bad = json::parse<test::Submission>(R"({"student_id":1,"course_id":2})");
        REQUIRE_FALSE(bad);
        CHECK(bad.error().code() == core::Errc::data_corrupt);
        CHECK(bad.error().detail() == "task_type: Field required");
        CHECK_FALSE(json::parse<test::Submission>("<html>"));
        CHECK_FALSE(json::parse<test::Submission>(""));
    }

    TEST_CASE("times are RFC 3339") {
        const auto parsed = parse_body<core::WallTime>(R"("2026-11-21T04:33:53.5Z")");
        REQUIRE(parsed);
        CHECK(json::to_text(*parsed) == "\"2026-11-21T04:33:53.500000Z\"");
        CHECK(only_error<core::WallTime>("\"yesterday\"").find("datetime_parsing") > 0);
        CHECK(only_error<core::WallTime>("5").find("datetime_type") > 0);
    }
}
