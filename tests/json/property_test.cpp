#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>
#include <cstring>

#include "courseselect/json/reader.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/json/writer.hpp"
#include "json/sample_types.hpp"

using namespace courseselect;

namespace {

struct Anything {
    std::string text;
    double number = 0;
    std::int64_t whole = 0;
    std::optional<std::int64_t> perhaps;
    std::vector<std::string> list;
    std::map<std::string, double> dictionary;
    bool flag = false;

    friend bool operator==(const Anything&, const Anything&) = default;
};

/// Any UTF-8, from code points.
rc::Gen<std::string> any_utf8() {
    const auto point = rc::gen::suchThat(rc::gen::inRange<std::uint32_t>(0, 0x110000),
                                         [](auto c) { return c < 0xD800 || c > 0xDFFF; });
    return rc::gen::map(rc::gen::container<std::vector<std::uint32_t>>(point), [](const auto& all) {
        std::string text;
        for (const std::uint32_t c : all) {
            const auto tail = [c](unsigned shift) {
                return static_cast<char>(0x80U | ((c >> shift) & 0x3FU));
            };
            if (c < 0x80) {
                text += static_cast<char>(c);
            } else if (c < 0x800) {
                text += static_cast<char>(0xC0U | c >> 6U);
                text += tail(0);
            } else if (c < 0x10000) {
                text += static_cast<char>(0xE0U | c >> 12U);
                text += tail(6);
                text += tail(0);
            } else {
                text += static_cast<char>(0xF0U | c >> 18U);
                text += tail(12);
                text += tail(6);
                text += tail(0);
            }
        }
        return text;
    });
}

rc::Gen<double> any_finite() {
    return rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), [](std::uint64_t bits) {
        double value = 0;
        std::memcpy(&value, &bits, sizeof value);
        return std::isfinite(value) ? value : 0.0;
    });
}

}  // namespace

template <>
struct courseselect::json::Describe<Anything> {
    static constexpr auto fields() {
        return object("Anything", "", field<&Anything::text>("text"),
                      field<&Anything::number>("number"), field<&Anything::whole>("whole"),
                      field<&Anything::perhaps>("perhaps"), field<&Anything::list>("list"),
                      field<&Anything::dictionary>("dictionary"), field<&Anything::flag>("flag"));
    }
};

TEST_SUITE("json/property") {
    TEST_CASE("what is written is read back equal") {
        CHECK(rc::check([] {
            Anything value;
            value.text = *any_utf8();
            value.number = *any_finite();
            value.whole = *rc::gen::arbitrary<std::int64_t>();
            value.perhaps = *rc::gen::arbitrary<bool>() ? std::optional(value.whole) : std::nullopt;
            value.list = *rc::gen::container<std::vector<std::string>>(any_utf8());
            value.dictionary[*any_utf8()] = *any_finite();
            value.flag = *rc::gen::arbitrary<bool>();
            const auto read = json::parse<Anything>(json::to_text(value));
            RC_ASSERT(read.has_value());
            RC_ASSERT(*read == value);
        }));
    }

    TEST_CASE("any bytes as a string are written as valid JSON") {
        CHECK(rc::check([](const std::string& bytes) {
            RC_ASSERT(json::Value::parse(json::to_text(bytes)).has_value());
        }));
    }

    TEST_CASE("a damaged document is accepted or refused, and the refusal is valid JSON") {
        const std::string whole =
            R"({"courses":[{"course_id":1,"course_name":"A\u8bfe","course_credit":1.5e0,)"
            R"("course_teacher_id":"1","course_capacity":3,"course_schedule":{"monday":[1]},)"
            R"("created_at":"2026-11-21T04:33:53Z"}],"draft":null,"total":9223372036854775808,)"
            R"("credit_by_type":{"x":1e400}})";
        CHECK(rc::check([&whole] {
            std::string text = whole;
            const int edits = *rc::gen::inRange(1, 4);
            for (int i = 0; i < edits; ++i) {
                const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
                if (*rc::gen::arbitrary<bool>()) {
                    text[at] = *rc::gen::arbitrary<char>();
                } else {
                    text.erase(at, *rc::gen::inRange<std::size_t>(1, 5));
                }
                text += text.empty() ? " " : "";
            }
            const auto parsed = json::parse_body<test::Catalogue>(text);
            RC_ASSERT(json::Value::parse(json::validation_body(parsed.errors())).has_value());
            for (const auto& error : parsed.errors()) {
                RC_ASSERT(error.msg != "Invalid JSON");
                RC_ASSERT(error.ctx.find("Invalid JSON") == std::string::npos);
            }
        }));
    }
}
