#include "courseselect/domain/quiz.hpp"

#include <doctest/doctest.h>

using namespace courseselect;
using domain::QuizQuestion;

namespace {

const std::vector<QuizQuestion> three_questions{
    {.question = "1 + 1", .options = {"1", "2"}, .answer = 1, .points = 1},
    {.question = "2 + 2", .options = {"4", "5", "6"}, .answer = 0, .points = 1},
    {.question = "3 + 3", .options = {"5", "6"}, .answer = 1, .points = 4},
};

}  // namespace

TEST_SUITE("domain/quiz") {
    TEST_CASE("points decide, not the number of right answers") {
        const auto two_light = domain::score_quiz(three_questions, {1, 0, 0}, 60);
        CHECK(two_light.correct == 2);
        CHECK(two_light.percent == 33.33);
        CHECK_FALSE(two_light.passed);
        const auto one_heavy = domain::score_quiz(three_questions, {0, 1, 1}, 60);
        CHECK(one_heavy.correct == 1);
        CHECK(one_heavy.percent == 66.67);
        CHECK(one_heavy.passed);
    }

    TEST_CASE("an open answer and one that is no option earn nothing") {
        const auto score = domain::score_quiz(three_questions, {std::nullopt, 99, -1}, 1);
        CHECK(score.percent == 0);
        CHECK(score.correct == 0);
        CHECK_FALSE(score.passed);
    }

    TEST_CASE("exactly the passing score passes; 0 passes everybody") {
        CHECK(domain::score_quiz(three_questions, {1, 0, 1}, 100).passed);
        CHECK(domain::score_quiz(three_questions, {0, 0, 1}, 83.33).passed);
        CHECK_FALSE(domain::score_quiz(three_questions, {0, 0, 1}, 83.34).passed);
        CHECK(domain::score_quiz(three_questions, {0, 1, 0}, 0).passed);
    }

    TEST_CASE("a question whose answer is none of its options is found") {
        CHECK_FALSE(domain::question_without_answer(three_questions).has_value());
        auto broken = three_questions;
        broken[1].answer = 3;
        CHECK(domain::question_without_answer(broken) == std::size_t{1});
        broken[0].answer = -1;
        CHECK(domain::question_without_answer(broken) == std::size_t{0});
    }
}
