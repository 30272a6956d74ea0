#pragma once
/// What a student may be answered: accepted, or every reason why not.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/core/check.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/ids.hpp"
#include "courseselect/domain/course.hpp"

namespace courseselect::domain {

enum class RequestKind : std::uint8_t { select, deselect };

/// One wish of one student at one moment.
struct Request {
    RequestKind kind = RequestKind::select;
    core::StudentId student;
    core::CourseId course;
    core::WallTime now;
};

/// Why a request is refused, in the order in which reasons are listed. The first four are the
/// contract's (§2.3 "Errors, first that applies"); the order of the rest is ours and stable.
enum class ReasonCode : std::uint8_t {
    student_not_found,
    course_not_found,
    course_full,
    already_selected,
    not_selected,
    course_inactive,
    missing_tags,
    time_conflict,
    outside_window,
    course_limit,
    credit_limit,
    missing_prerequisite,
    custom,  ///< a plugged-in rule said no; its own code and words are in the details
};
inline constexpr std::size_t reason_code_count = 13;

/// The enumerator's name: the stable token that goes to clients and into the database.
[[nodiscard]] std::string_view reason_code_name(ReasonCode code);

/// A refusal is either about something that does not exist or about a rule.
enum class RefusalClass : std::uint8_t { not_found, refused };

/// A course named in a refusal, with its name at the time of the decision.
struct NamedCourse {
    core::CourseId id;
    std::string name;  ///< empty when the ledger does not know the course
    friend bool operator==(const NamedCourse&, const NamedCourse&) = default;
};

/// What a plugged-in rule answers: a stable snake_case token and a sentence for the student.
struct CustomRefusal {
    std::string code;
    std::string message;
    friend bool operator==(const CustomRefusal&, const CustomRefusal&) = default;
};

/// Arguments of the reasons that have some; the fields of the others are empty.
struct RefusalDetails {
    std::vector<std::string> missing_tags;  ///< in the course's order
    std::vector<NamedCourse> conflicts;     ///< ascending ids
    SelectionWindow window;
    std::uint32_t courses_max = 0;
    Credits credits_max;
    Credits credits_have;
    Credits credits_want;
    std::vector<NamedCourse> missing_prerequisites;  ///< ascending ids
    std::vector<CustomRefusal> custom;               ///< in the order the rules were added
};

/// One reason in words.
struct Reason {
    std::string code;     ///< `reason_code_name`, or the token of a plugged-in rule
    std::string message;  ///< "Course is full"
    friend bool operator==(const Reason&, const Reason&) = default;
};

/// The set of rules a request breaks: one bit a code.
class ReasonSet {
  public:
    void insert(ReasonCode code) { bits_ |= 1U << static_cast<unsigned>(code); }
    void insert_if(ReasonCode code, bool condition) {
        bits_ |= static_cast<std::uint32_t>(condition) << static_cast<unsigned>(code);
    }
    [[nodiscard]] bool contains(ReasonCode code) const {
        return ((bits_ >> static_cast<unsigned>(code)) & 1U) != 0;
    }
    [[nodiscard]] bool empty() const { return bits_ == 0; }
    /// True when one of the codes has something to say beyond itself (tags, courses, a limit).
    [[nodiscard]] bool has_arguments() const {
        return (bits_ >> static_cast<unsigned>(ReasonCode::missing_tags)) != 0;
    }
    /// Ascending, which is the order of listing.
    [[nodiscard]] std::vector<ReasonCode> list() const;
    friend bool operator==(const ReasonSet&, const ReasonSet&) = default;

  private:
    std::uint32_t bits_ = 0;
};

/// The ledger's answer. Self-contained: it stays true when the ledger changes later. Words are
/// made only when asked for; an acceptance and a refusal without arguments allocate nothing.
class Decision {
  public:
    [[nodiscard]] static Decision accept(std::uint32_t seats_left) {
        return Decision(seats_left, {}, nullptr);
    }
    /// `details` may be null when no code in `why` has arguments; `why` is not empty.
    [[nodiscard]] static Decision refuse(ReasonSet why,
                                         std::shared_ptr<const RefusalDetails> details) {
        COURSESELECT_CHECK(!why.empty());
        return Decision(0, why, std::move(details));
    }

    [[nodiscard]] bool accepted() const { return why_.empty(); }
    /// Free seats of the course after an accepted request, staged ones counted; 0 when refused.
    [[nodiscard]] std::uint32_t seats_left() const { return seats_left_; }

    /// Every rule that is broken; empty when accepted.
    [[nodiscard]] ReasonSet why() const { return why_; }
    [[nodiscard]] const RefusalDetails& details() const;

    /// The first reason, the one existing clients are shown. A bug to ask when accepted.
    [[nodiscard]] ReasonCode primary() const;
    [[nodiscard]] RefusalClass refusal_class() const;
    /// "Course is full": exactly the contract's text where it has one (§2.3).
    [[nodiscard]] std::string message() const;
    /// All reasons in words, in order; empty when accepted.
    [[nodiscard]] std::vector<Reason> reasons() const;

  private:
    Decision(std::uint32_t seats_left, ReasonSet why, std::shared_ptr<const RefusalDetails> details)
        : details_(std::move(details)), why_(why), seats_left_(seats_left) {}

    std::shared_ptr<const RefusalDetails> details_;
    ReasonSet why_;
    std::uint32_t seats_left_;
};

}  // namespace courseselect::domain
