#include "courseselect/json/example.hpp"

#include <doctest/doctest.h>

#include "courseselect/json/reader.hpp"
#include "courseselect/json/writer.hpp"
#include "json/sample_types.hpp"

using namespace courseselect;

namespace {

struct Awkward {
    std::string short_text;
    std::string long_text;
    double ratio = 0;
    int below_zero = 0;
    bool flag = false;
    core::WallTime when;
    std::map<std::string, std::vector<int>> periods;
    std::optional<std::string> left_out;
    std::optional<int> shown;
};

template <class T>
std::string example_text_of() {
    std::string out;
    json::append_example(out, json::type_of<T>());
    return out;
}

}  // namespace

namespace courseselect::json {

template <>
struct Describe<Awkward> {
    using A = Awkward;
    static constexpr auto fields() {
        return object("Awkward", "", field<&A::short_text>("short_text", length(1, 2)),
                      field<&A::long_text>("long_text", length_min(6)),
                      field<&A::ratio>("ratio", between(0.5, 2)),
                      field<&A::below_zero>("below_zero", at_most(-3)), field<&A::flag>("flag"),
                      field<&A::when>("when"),
                      field<&A::periods>("periods", keys<"monday">, each(between(2, 9))),
                      field<&A::left_out>("left_out"), field<&A::shown>("shown", example("7")));
    }
};

}  // namespace courseselect::json

TEST_SUITE("json/example") {
    TEST_CASE("an example has what must be there and what has an example, as simple as allowed") {
        CHECK(example_text_of<test::CourseBody>() ==
              R"({"course_name":"Algebra","course_credit":0.0,"course_teacher_id":1,)"
              R"("course_capacity":1})");
        CHECK(example_text_of<test::Submission>() ==
              R"({"student_id":1,"course_id":1,"task_type":"select"})");
        CHECK(example_text_of<Awkward>() ==
              R"({"short_text":"te","long_text":"textxx","ratio":1.0,"below_zero":-3,)"
              R"("flag":true,"when":"2026-09-01T08:00:00Z","periods":{"monday":[2]},"shown":7})");
        CHECK(example_text_of<std::vector<test::Submission>>() ==
              "[" + example_text_of<test::Submission>() + "]");
        CHECK(example_text_of<json::Raw>() == "null");
    }

    TEST_CASE("what rules can express is accepted again") {
        const auto accepts = [](const json::TypeInfo& type, void* target, const std::string& text) {
            return json::read_document(type, target, text, "body").empty();
        };
        Awkward awkward;
        CHECK(accepts(json::type_of<Awkward>(), &awkward, example_text_of<Awkward>()));
        CHECK(awkward.periods["monday"] == std::vector<int>{2});
        test::CourseBody course;
        CHECK(accepts(json::type_of<test::CourseBody>(), &course,
                      example_text_of<test::CourseBody>()));
        test::Catalogue catalogue;
        CHECK(accepts(json::type_of<test::Catalogue>(), &catalogue,
                      example_text_of<test::Catalogue>()));
        CHECK(catalogue.courses.size() == 1);
    }
}
