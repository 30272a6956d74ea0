// Random histories against an oracle that keeps two whole copies of the world (committed and
// staged) in sets, and judges by loops over days and minutes.

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <rapidcheck.h>

#include <map>
#include <random>
#include <set>

#include "courseselect/domain/seat_ledger.hpp"

using namespace courseselect;
using core::CourseId;
using core::StudentId;
using domain::Credits;
using domain::Reason;
using domain::RequestKind;

namespace {

struct World {
    std::map<int, domain::Course> courses;
    std::map<int, domain::StudentRule> students;
    std::set<std::pair<int, int>> seats;  ///< student, course

    int taken(int course) const {
        int count = 0;
        for (const auto& seat : seats) {
            count += seat.second == course ? 1 : 0;
        }
        return count;
    }
    std::vector<int> courses_of(int student) const {
        std::vector<int> list;
        for (const auto& seat : seats) {
            if (seat.first == student) {
                list.push_back(seat.second);
            }
        }
        return list;
    }
};

std::set<int> days_of(const domain::Course& course) {
    std::set<int> days;
    for (int day = 1; day <= 7; ++day) {
        const auto weekday = static_cast<domain::Weekday>(day);
        const bool by_schedule =
            course.weekdays.empty() && course.schedule && course.schedule->days().contains(weekday);
        if (course.weekdays.contains(weekday) || by_schedule) {
            days.insert(day);
        }
    }
    return days.empty() ? std::set<int>{1} : days;
}

/// Everything a course occupies: (day, period) and (day, 100 + minute).
std::set<std::pair<int, int>> occupied(const domain::Course& course) {
    std::set<std::pair<int, int>> cells;
    for (const int day : days_of(course)) {
        if (course.schedule) {
            for (const int period : course.schedule->periods(static_cast<domain::Weekday>(day))) {
                cells.insert({day, period});
            }
        }
        if (course.time_begin && course.time_end) {
            for (int t = course.time_begin->hhmm(); t < course.time_end->hhmm(); ++t) {
                cells.insert({day, 100 + t});
            }
        }
    }
    return cells;
}

bool clash(const domain::Course& a, const domain::Course& b) {
    const auto cells = occupied(a);
    for (const auto& cell : occupied(b)) {
        if (cells.contains(cell)) {
            return true;
        }
    }
    return false;
}

std::string named(const World& world, int id) {
    return world.courses.contains(id) ? fmt::format("{} (course {})", world.courses.at(id).name, id)
                                      : fmt::format("course {}", id);
}

std::string joined(const std::vector<std::string>& parts) {
    return fmt::format("{}", fmt::join(parts, ", "));
}

template <class List, class Value>
bool has(const List& list, const Value& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
}

std::vector<Reason> limit_reasons(const World& world, const domain::LedgerLimits& limits,
                                  const std::vector<int>& mine, const domain::Course& wanted) {
    std::vector<Reason> reasons;
    if (limits.courses_max != 0 && mine.size() + 1 > limits.courses_max) {
        reasons.push_back(
            {"course_limit", fmt::format("Student may select at most {} course{}",
                                         limits.courses_max, limits.courses_max == 1 ? "" : "s")});
    }
    Credits sum;
    for (const int id : mine) {
        sum = sum + world.courses.at(id).credits;
    }
    if (limits.credits_max > Credits{} && sum + wanted.credits > limits.credits_max) {
        reasons.push_back(
            {"credit_limit",
             fmt::format("Credit limit of {} exceeded: {} selected, this course has {}",
                         limits.credits_max.text(), sum.text(), wanted.credits.text())});
    }
    return reasons;
}

std::vector<Reason> expected(const World& world, const domain::LedgerLimits& limits,
                             RequestKind kind, int student, int course, core::WallTime now) {
    std::vector<Reason> reasons;
    const auto refuse_if = [&](bool broken, const char* code, std::string text) {
        if (broken) {
            reasons.push_back({code, std::move(text)});
        }
    };
    refuse_if(!world.students.contains(student), "student_not_found", "Student not found");
    refuse_if(!world.courses.contains(course), "course_not_found", "Course not found");
    if (!reasons.empty()) {
        return reasons;
    }
    const bool has_it = world.seats.contains({student, course});
    if (kind == RequestKind::deselect) {
        refuse_if(!has_it, "not_selected", "Student has not selected this course");
        return reasons;
    }
    const domain::Course& wanted = world.courses.at(course);
    const domain::StudentRule& who = world.students.at(student);
    const std::vector<int> mine = world.courses_of(student);
    refuse_if(world.taken(course) >= wanted.capacity, "course_full", "Course is full");
    refuse_if(has_it, "already_selected", "Student already selected this course");
    refuse_if(!wanted.active, "course_inactive", "Course is not open for selection");
    std::vector<std::string> tags, clashing, required;
    for (const std::string& tag : wanted.tags) {
        if (limits.tag_check && !has(who.tags, tag)) {
            tags.push_back(tag);
        }
    }
    for (const int id : mine) {
        if (limits.conflict_check && id != course && clash(world.courses.at(id), wanted)) {
            clashing.push_back(named(world, id));
        }
    }
    for (const CourseId id : std::set(wanted.prerequisites.begin(), wanted.prerequisites.end())) {
        if (!has(mine, static_cast<int>(id.value())) && !has(who.completed, id)) {
            required.push_back(named(world, static_cast<int>(id.value())));
        }
    }
    refuse_if(!tags.empty(), "missing_tags", "Student lacks the required tags: " + joined(tags));
    refuse_if(!clashing.empty(), "time_conflict", "Time conflict with " + joined(clashing));
    const bool too_early = wanted.window.opens && now < *wanted.window.opens;
    const bool too_late = limits.window.closes && now >= *limits.window.closes;
    const std::string from = wanted.window.opens ? " from 1970-01-01 00:05 UTC" : "";
    const std::string until = limits.window.closes ? " until 1970-01-01 00:08 UTC" : "";
    refuse_if(too_early || too_late, "outside_window",
              "Course can be selected only" + from + until);
    if (!has_it) {
        for (Reason& reason : limit_reasons(world, limits, mine, wanted)) {
            reasons.push_back(std::move(reason));
        }
    }
    refuse_if(!required.empty(), "missing_prerequisite", "Course requires " + joined(required));
    return reasons;
}

/// Drives a ledger and the oracle through one random history.
class History {
  public:
    explicit History(std::uint64_t seed) : random_(seed) {}

    void step() {
        switch (pick(14)) {
            case 0: return commit();
            case 1: return roll_back();
            case 2: return change_course();
            case 3: return change_student();
            case 4: return one_in(3) ? remove_course() : commit();
            case 5: return one_in(3) ? remove_student() : roll_back();
            case 6: return change_limits();
            default: return decide(one_in(4) ? RequestKind::deselect : RequestKind::select);
        }
    }

    void compare_reads() {
        for (int id = 1; id <= courses_max; ++id) {
            const int taken = committed_.taken(id);
            RC_ASSERT(ledger_.seats_taken(CourseId(id)) == static_cast<std::uint32_t>(taken));
            RC_ASSERT(ledger_.has_course(CourseId(id)) == committed_.courses.contains(id));
            std::vector<StudentId> seated;
            for (const auto& seat : committed_.seats) {
                if (seat.second == id) {
                    seated.push_back(StudentId(seat.first));
                }
            }
            RC_ASSERT(ledger_.students_of(CourseId(id)) == seated);
            if (committed_.courses.contains(id)) {
                const std::int64_t left = committed_.courses.at(id).capacity - taken;
                RC_ASSERT(left >= 0);
                RC_ASSERT(ledger_.left(CourseId(id)) == static_cast<std::uint32_t>(left));
                RC_ASSERT(staged_.taken(id) <= staged_.courses.at(id).capacity);
            }
        }
        for (int id = 1; id <= students_max; ++id) {
            std::vector<CourseId> mine;
            for (const int course : committed_.courses_of(id)) {
                mine.push_back(CourseId(course));
                RC_ASSERT(ledger_.is_enrolled(StudentId(id), CourseId(course)));
            }
            RC_ASSERT(ledger_.courses_of(StudentId(id)) == mine);
        }
        compare_changes();
    }

  private:
    static constexpr int courses_max = 7;
    static constexpr int students_max = 6;

    int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
    bool one_in(int n) { return pick(n) == 0; }

    void decide(RequestKind kind) {
        const int student = 1 + pick(students_max);
        const int course = 1 + pick(courses_max);
        const core::WallTime now{std::chrono::minutes{pick(10)}};
        const domain::Request request{kind, StudentId(student), CourseId(course), now};
        const std::vector<Reason> wanted =
            expected(staged_, ledger_.limits(), kind, student, course, now);
        RC_ASSERT(ledger_.check(request).reasons() == wanted);
        const domain::Decision decision = ledger_.decide(request);
        RC_ASSERT(decision.reasons() == wanted);
        RC_ASSERT(decision.accepted() == wanted.empty());
        if (wanted.empty()) {
            if (kind == RequestKind::select) {
                staged_.seats.insert({student, course});
            } else {
                staged_.seats.erase({student, course});
            }
            dirty_ = true;
            const std::int64_t left = staged_.courses.at(course).capacity - staged_.taken(course);
            RC_ASSERT(decision.seats_left() == static_cast<std::uint32_t>(left));
        } else {
            RC_ASSERT(decision.message() == wanted.front().message);
        }
    }

    void commit() {
        const std::uint64_t before = ledger_.version();
        ledger_.commit();
        RC_ASSERT((ledger_.version() > before) == dirty_);
        committed_ = staged_;
        dirty_ = false;
    }
    void roll_back() {
        ledger_.rollback();
        RC_ASSERT(ledger_.staged() == 0U);
        staged_ = committed_;
        dirty_ = false;
    }

    domain::Course random_course() {
        domain::Course course;
        course.id = CourseId(1 + pick(courses_max));
        course.name = fmt::format("C{}", pick(100));
        course.capacity = 1 + pick(4);
        course.active = !one_in(8);
        course.credits = Credits::from_hundredths(50 * pick(8));
        for (const char* tag : {"x", "y", "z"}) {
            if (one_in(6)) {
                course.tags.push_back(tag);
            }
        }
        if (one_in(2)) {
            const int begin = 800 + 10 * pick(6);
            course.time_begin = *domain::TimeOfDay::from_hhmm(begin, "b");
            course.time_end = *domain::TimeOfDay::from_hhmm(begin + 5 + pick(2) * 100, "e");
        }
        if (one_in(3)) {
            course.weekdays.insert(static_cast<domain::Weekday>(1 + pick(7)));
        }
        if (one_in(2)) {
            course.schedule.emplace();
            for (int i = pick(4); i > 0; --i) {
                const auto day = static_cast<domain::Weekday>(1 + pick(7));
                RC_ASSERT(course.schedule->add_period(day, 1 + pick(3)).has_value());
            }
        }
        if (one_in(4)) {
            course.window.opens = core::WallTime{std::chrono::minutes{5}};
        }
        for (int i = one_in(4) ? 2 : 0; i > 0; --i) {
            course.prerequisites.push_back(CourseId(1 + pick(courses_max + 2)));
        }
        return course;
    }

    void change_course() {
        const domain::Course course = random_course();
        const int id = static_cast<int>(course.id.value());
        const domain::CourseRule rule = *domain::course_rule(course);
        if (!committed_.courses.contains(id)) {
            RC_ASSERT(ledger_.add_course(rule).has_value());
        } else {
            const bool fits = committed_.taken(id) <= course.capacity && !dirty_;
            RC_ASSERT(ledger_.update_course(rule).has_value() == fits);
            if (!fits) {
                return;
            }
        }
        committed_.courses[id] = course;
        staged_.courses[id] = course;
    }

    void change_student() {
        const int id = 1 + pick(students_max);
        domain::StudentRule rule{.id = StudentId(id), .tags = {}, .completed = {}};
        for (const char* tag : {"z", "x", "y", "w"}) {
            if (!one_in(4)) {
                rule.tags.push_back(tag);
            }
        }
        if (one_in(2)) {
            rule.completed = {CourseId(1 + pick(courses_max + 2)), CourseId(1)};
        }
        const bool is_new = !committed_.students.contains(id);
        RC_ASSERT(ledger_.add_student(rule).has_value() == is_new);
        RC_ASSERT(ledger_.update_student(rule).has_value());
        committed_.students[id] = rule;
        staged_.students[id] = rule;
    }

    void remove_course() {
        const int id = 1 + pick(courses_max);
        const bool possible = committed_.courses.contains(id) && !dirty_;
        RC_ASSERT(ledger_.remove_course(CourseId(id)).has_value() == possible);
        if (possible) {
            committed_.courses.erase(id);
            std::erase_if(committed_.seats, [id](const auto& seat) { return seat.second == id; });
            staged_ = committed_;
        }
    }
    void remove_student() {
        const int id = 1 + pick(students_max);
        const bool possible = committed_.students.contains(id) && !dirty_;
        RC_ASSERT(ledger_.remove_student(StudentId(id)).has_value() == possible);
        if (possible) {
            committed_.students.erase(id);
            std::erase_if(committed_.seats, [id](const auto& seat) { return seat.first == id; });
            staged_ = committed_;
        }
    }
    std::optional<core::WallTime> term_end() {
        return one_in(4) ? std::optional(core::WallTime{std::chrono::minutes{8}}) : std::nullopt;
    }
    void change_limits() {
        ledger_.set_limits({.courses_max = static_cast<std::uint32_t>(pick(5)),
                            .credits_max = Credits::from_hundredths(200 * pick(5)),
                            .conflict_check = !one_in(4),
                            .tag_check = !one_in(4),
                            .window = {.opens = {}, .closes = term_end()}});
    }

    /// A reader who applies every change keeps the same counts as the ledger.
    void compare_changes() {
        for (const domain::SeatChange& change : ledger_.changed_since(seen_version_)) {
            seen_[change.course] = change;
        }
        seen_version_ = ledger_.version();
        for (const auto& [id, course] : committed_.courses) {
            const domain::SeatChange& seen = seen_[CourseId(id)];
            RC_ASSERT(seen.taken == ledger_.seats_taken(CourseId(id)));
            RC_ASSERT(seen.left == ledger_.left(CourseId(id)));
        }
    }

    std::mt19937_64 random_;
    domain::SeatLedger ledger_;
    World committed_;
    World staged_;
    bool dirty_ = false;
    std::uint64_t seen_version_ = 0;
    std::map<CourseId, domain::SeatChange> seen_;
};

}  // namespace

TEST_SUITE("domain/seat_ledger") {
    TEST_CASE("random histories agree with a slow and obvious ledger in every answer and read") {
        CHECK(rc::check("ledger equals oracle", [](std::uint64_t seed) {
            const int steps = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, 600));
            History history(seed);
            for (int i = 0; i < steps; ++i) {
                history.step();
                history.compare_reads();
            }
        }));
    }
}
