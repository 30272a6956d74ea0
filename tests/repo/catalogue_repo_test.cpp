#include "courseselect/repo/catalogue_repo.hpp"

#include <doctest/doctest.h>

#include "repo/data_support.hpp"

using namespace courseselect;

namespace {

domain::Course full_course(core::WallTime now) {
    domain::Course course;
    course.name = "Algebra";
    course.credits = domain::Credits::from_hundredths(150);
    course.type = "required";
    course.teacher = core::TeacherId(7);
    course.time_begin = *domain::TimeOfDay::from_hhmm(800, "begin");
    course.time_end = *domain::TimeOfDay::from_hhmm(950, "end");
    course.schedule.emplace();
    test::must(course.schedule->add_period(domain::Weekday::tuesday, 13));
    course.schedule->add_day(domain::Weekday::sunday);
    course.location = "A1";
    course.capacity = 30;
    course.tags = {"b", "a"};
    course.notes = "'; DROP TABLE courses; --";
    course.cost = 3;
    course.active = false;
    course.window.opens = now;
    course.created_at = course.updated_at = now;
    return course;
}

void check_equal(const domain::Course& found, const domain::Course& wanted) {
    CHECK(found.id == wanted.id);
    CHECK(found.name == wanted.name);
    CHECK(found.credits.hundredths() == wanted.credits.hundredths());
    CHECK(found.type == wanted.type);
    CHECK(found.teacher == wanted.teacher);
    CHECK(found.time_begin == wanted.time_begin);
    CHECK(found.time_end == wanted.time_end);
    CHECK(found.schedule == wanted.schedule);
    CHECK(found.location == wanted.location);
    CHECK(found.capacity == wanted.capacity);
    CHECK(found.tags == wanted.tags);
    CHECK(found.notes == wanted.notes);
    CHECK(found.cost == wanted.cost);
    CHECK(found.active == wanted.active);
    CHECK(found.window.opens == wanted.window.opens);
    CHECK(found.window.closes == wanted.window.closes);
    CHECK(found.created_at == wanted.created_at);
    CHECK(found.updated_at == wanted.updated_at);
}

}  // namespace

TEST_SUITE("repo/catalogue_repo") {
    TEST_CASE("a course comes back as it was stored and as it was changed") {
        test::DataDatabase data;
        domain::Course course = full_course(data.clock.wall_now());
        course.id = test::must(repo::insert_course(*data.writer, course));
        check_equal(test::must(repo::load_catalogue(*data.writer)).courses.at(0), course);
        data.clock.advance(std::chrono::seconds(5));
        course.schedule = std::nullopt;
        course.time_begin = std::nullopt;
        course.tags.clear();
        course.active = true;
        course.window = {std::nullopt, data.clock.wall_now()};
        course.updated_at = data.clock.wall_now();
        test::must(repo::update_course(*data.writer, course));
        check_equal(test::must(repo::load_catalogue(*data.writer)).courses.at(0), course);
        test::must(repo::delete_course(*data.writer, course.id));
        CHECK(test::must(repo::load_catalogue(*data.writer)).courses.empty());
    }

    TEST_CASE("what is not there can be neither changed nor deleted") {
        test::DataDatabase data;
        domain::Course course = full_course(data.clock.wall_now());
        course.id = core::CourseId(9);
        const auto is_missing = [](const core::Result<>& result) {
            return !result && result.error().code() == core::Errc::not_found;
        };
        CHECK(is_missing(repo::update_course(*data.writer, course)));
        CHECK(is_missing(repo::delete_course(*data.writer, course.id)));
        CHECK(is_missing(repo::delete_student(*data.writer, core::StudentId(9))));
        CHECK(is_missing(repo::delete_teacher(*data.writer, core::TeacherId(9))));
    }

    TEST_CASE("a capacity below the seats taken is refused by the database too") {
        test::DataDatabase data;
        const auto course = data.add_course(2);
        CHECK(data.store({data.decision(1, data.add_student("alice"), course),
                          data.decision(2, data.add_student("bob"), course)}) == "");
        domain::Course smaller = test::must(repo::load_catalogue(*data.writer)).courses.at(0);
        smaller.capacity = 1;
        const auto refused = repo::update_course(*data.writer, smaller);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().reason() == "check_violation");
    }

    TEST_CASE("ids: chosen ones push the next one on, blocks are handed out once") {
        test::DataDatabase data;
        CHECK(data.add_student("a").value() == 1);
        CHECK(data.add_student("b", 10).value() == 10);
        CHECK(data.add_student("c", 5).value() == 5);
        CHECK(data.add_student("d").value() == 11);
        using repo::PersonKind;
        CHECK(test::must(repo::reserve_ids(*data.writer, PersonKind::student, 100)) == 12);
        CHECK(data.add_student("e").value() == 112);
        CHECK(test::must(repo::reserve_ids(*data.writer, PersonKind::teacher, 1)) == 1);
        domain::Student same{
            .id = core::StudentId(5), .name = "x", .tags = {}, .created_at = {}, .updated_at = {}};
        const auto taken = repo::insert_student(*data.writer, same);
        REQUIRE_FALSE(taken);
        CHECK(taken.error().reason() == "unique_violation");
    }

    TEST_CASE("people come back by id, with their tags in order") {
        test::DataDatabase data;
        const auto now = data.clock.wall_now();
        domain::Student student{.id = core::StudentId(3),
                                .name = "Zoë",
                                .tags = {"b", "a"},
                                .created_at = now,
                                .updated_at = now};
        test::must(repo::insert_student(*data.writer, student));
        data.add_student("first", 1);
        domain::Teacher teacher{.id = {}, .name = "curie", .created_at = now, .updated_at = now};
        teacher.id = test::must(repo::insert_teacher(*data.writer, teacher));
        teacher.name = "marie";
        test::must(repo::update_teacher(*data.writer, teacher));
        const auto rows = test::must(repo::load_catalogue(*data.writer));
        REQUIRE(rows.students.size() == 2);
        CHECK(rows.students[0].name == "first");
        CHECK(rows.students[1].name == "Zoë");
        CHECK(rows.students[1].tags == student.tags);
        REQUIRE(rows.teachers.size() == 1);
        CHECK(rows.teachers[0].name == "marie");
    }

    TEST_CASE("tags: counted by name and kind, most used first, then by name") {
        test::DataDatabase data;
        CHECK(test::must(repo::count_tag(*data.writer, "b", "user")));
        CHECK(test::must(repo::count_tag(*data.writer, "b", "course")));
        CHECK_FALSE(test::must(repo::count_tag(*data.writer, "b", "user")));
        test::must(repo::offer_tag(*data.writer, "b", "user"));  // known: not counted
        test::must(repo::offer_tag(*data.writer, "a", "user"));
        const auto text = [&](std::string_view kind) {
            std::string all;
            for (const auto& tag : test::must(repo::list_tags(*data.writer, kind))) {
                all += tag.name + tag.type + std::to_string(tag.usage_count) + " ";
            }
            return all;
        };
        CHECK(text("user") == "buser2 auser1 ");
        CHECK(text("") == "buser2 auser1 bcourse1 ");
    }
}
