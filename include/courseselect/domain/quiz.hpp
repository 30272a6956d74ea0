#pragma once
/// Quizzes: multiple choice, one right answer a question, scored in per cent.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/core/check.hpp"

namespace courseselect::domain {

inline constexpr std::size_t quiz_questions_max = 100;
inline constexpr std::size_t quiz_options_min = 2;
inline constexpr std::size_t quiz_options_max = 10;
inline constexpr int quiz_points_max = 100;

/// `answer` is the place of the right option, from 0.
struct QuizQuestion {
    std::string question;
    std::vector<std::string> options;
    int answer = 0;
    int points = 1;

    friend bool operator==(const QuizQuestion&, const QuizQuestion&) = default;
};

/// What an attempt is worth.
struct QuizScore {
    double percent = 0;  ///< of all points, to two decimals
    bool passed = false;
    std::int64_t correct = 0;  ///< questions answered rightly
};

/// The first question whose answer is none of its options, counted from 0; nothing when all are.
[[nodiscard]] inline std::optional<std::size_t> question_without_answer(
    const std::vector<QuizQuestion>& questions) {
    for (std::size_t i = 0; i < questions.size(); ++i) {
        const QuizQuestion& question = questions[i];
        if (question.answer < 0 ||
            static_cast<std::size_t>(question.answer) >= question.options.size()) {
            return i;
        }
    }
    return std::nullopt;
}

/// Scores one answer a question; what was left open, or is no option, earns nothing. Passed means
/// at least `passing_percent`. A bug to call with another number of answers than of questions, or
/// without questions.
[[nodiscard]] inline QuizScore score_quiz(const std::vector<QuizQuestion>& questions,
                                          const std::vector<std::optional<int>>& answers,
                                          double passing_percent) {
    COURSESELECT_CHECK(!questions.empty() && questions.size() == answers.size());
    QuizScore score;
    std::int64_t earned = 0;
    std::int64_t possible = 0;
    for (std::size_t i = 0; i < questions.size(); ++i) {
        possible += questions[i].points;
        if (answers[i] == questions[i].answer) {
            earned += questions[i].points;
            ++score.correct;
        }
    }
    score.percent =
        std::round(10'000.0 * static_cast<double>(earned) / static_cast<double>(possible)) / 100.0;
    score.passed = score.percent >= passing_percent;
    return score;
}

}  // namespace courseselect::domain
