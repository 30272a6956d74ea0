#include "courseselect/domain/catalogue.hpp"

#include <doctest/doctest.h>

using namespace courseselect;
using core::CourseId;
using core::StudentId;
using core::TeacherId;
using domain::Catalogue;
using domain::Course;

namespace {

Course course(int id, std::string name, int teacher = 1) {
    Course made;
    made.id = CourseId(id);
    made.name = std::move(name);
    made.type = "elective";
    made.teacher = TeacherId(teacher);
    made.location = "Room 100%";
    return made;
}

std::vector<std::int64_t> ids(const domain::CoursePage& page) {
    std::vector<std::int64_t> list;
    for (const Course* found : page.courses) {
        list.push_back(found->id.value());
    }
    return list;
}

using Ids = std::vector<std::int64_t>;

}  // namespace

TEST_SUITE("domain/catalogue") {
    TEST_CASE("names of students and teachers are unique, with the contract's texts") {
        Catalogue catalogue;
        REQUIRE(catalogue.add(domain::Student{.id = StudentId(1), .name = "Ada", .tags = {}}));
        REQUIRE(catalogue.add(domain::Student{.id = StudentId(2), .name = "Bob", .tags = {}}));
        CHECK(catalogue.add(domain::Student{.id = StudentId(1), .name = "Eve", .tags = {}})
                  .error()
                  .detail() == "Student with this ID already exists");
        CHECK(catalogue.add(domain::Student{.id = StudentId(3), .name = "Ada", .tags = {}})
                  .error()
                  .detail() == "Student with this name already exists");
        CHECK(catalogue.update(domain::Student{.id = StudentId(2), .name = "Ada", .tags = {}})
                  .error()
                  .code() == core::Errc::conflict);
        REQUIRE(catalogue.update(domain::Student{.id = StudentId(1), .name = "Ida", .tags = {}}));
        CHECK(catalogue.find_student("Ada") == nullptr);
        CHECK(catalogue.find_student("Ida")->id == StudentId(1));
        REQUIRE(catalogue.remove(StudentId(1)));
        CHECK(catalogue.find_student("Ida") == nullptr);
        CHECK(catalogue.remove(StudentId(1)).error().detail() == "Student not found");
        REQUIRE(catalogue.add(domain::Teacher{.id = TeacherId(1), .name = "Ada"}));
        CHECK(catalogue.add(domain::Teacher{.id = TeacherId(2), .name = "Ada"}).error().detail() ==
              "Teacher with this name already exists");
    }

    TEST_CASE("a teacher's courses follow the courses") {
        Catalogue catalogue;
        REQUIRE(catalogue.add(domain::Teacher{.id = TeacherId(1), .name = "Noether"}));
        REQUIRE(catalogue.add(course(2, "Rings")));
        REQUIRE(catalogue.add(course(1, "Fields")));
        CHECK(catalogue.courses_of(TeacherId(1)) == std::vector{CourseId(1), CourseId(2)});
        CHECK(catalogue.remove(TeacherId(1)).error().detail() ==
              "Cannot delete teacher with assigned courses");
        REQUIRE(catalogue.update(course(1, "Fields", 7)));
        CHECK(catalogue.courses_of(TeacherId(1)) == std::vector{CourseId(2)});
        CHECK(catalogue.courses_of(TeacherId(7)) == std::vector{CourseId(1)});
        REQUIRE(catalogue.remove(CourseId(2)));
        CHECK(catalogue.remove(TeacherId(1)));
        CHECK(catalogue.find(TeacherId(1)) == nullptr);
    }

    TEST_CASE("course names may repeat") {
        Catalogue catalogue;
        REQUIRE(catalogue.add(course(5, "Sets")));
        REQUIRE(catalogue.add(course(4, "Sets")));
        CHECK(catalogue.find_course("Sets")->id == CourseId(4));
        REQUIRE(catalogue.remove(CourseId(4)));
        CHECK(catalogue.find_course("Sets")->id == CourseId(5));
        CHECK_FALSE(catalogue.add(course(5, "Other")));
        CHECK_FALSE(catalogue.update(course(6, "Other")));
    }

    TEST_CASE("search ignores the case of ASCII letters and takes wildcards literally") {
        Catalogue catalogue;
        REQUIRE(catalogue.add(course(1, "Linear ALGEBRA")));
        Course history = course(2, "Geschichte Österreichs");
        history.notes = "Bring a_map";
        history.location = "Hall";
        REQUIRE(catalogue.add(history));
        const auto search = [&](std::string text) {
            return ids(
                catalogue.courses({.teacher = {}, .type = {}, .search = std::move(text)}, {}));
        };
        CHECK(search("algebra") == Ids{1});
        CHECK(search("A_MAP") == Ids{2});
        CHECK(search("a%p").empty());
        CHECK(search("100%") == Ids{1});
        CHECK(search("Österreich") == Ids{2});
        CHECK(search("ALGEBRAroom").empty());
        CHECK(search("").size() == 2);
    }

    TEST_CASE("filters combine, pages cut after counting") {
        Catalogue catalogue;
        for (int id = 1; id <= 7; ++id) {
            Course made = course(id, "C", id % 2);
            made.active = id != 3;
            made.type = id == 5 ? "required" : "elective";
            made.tags = id == 7 ? std::vector<std::string>{"a", "b"} : std::vector<std::string>{};
            REQUIRE(catalogue.add(made));
        }
        domain::CourseFilter filter;
        const auto page = catalogue.courses(filter, {.number = 2, .size = 3});
        CHECK(page.total == 7);
        CHECK(ids(page) == Ids{4, 5, 6});
        CHECK(ids(catalogue.courses(filter, {.number = 3, .size = 3})) == Ids{7});
        CHECK(catalogue.courses(filter, {.number = 4, .size = 3}).courses.empty());
        CHECK(catalogue.courses(filter, {.number = 1, .size = 1000}).courses.size() == 7);
        filter.teacher = TeacherId(1);
        CHECK(ids(catalogue.courses(filter, {})) == Ids{1, 3, 5, 7});
        filter.active_only = true;
        filter.student_tags = {"b"};
        CHECK(ids(catalogue.courses(filter, {})) == Ids{1, 5});
        filter.student_tags = {"b", "a"};
        filter.type = "elective";
        CHECK(ids(catalogue.courses(filter, {})) == Ids{1, 7});
    }

    TEST_CASE("the version grows with changes only") {
        Catalogue catalogue;
        REQUIRE(catalogue.add(course(1, "C")));
        const std::uint64_t version = catalogue.version();
        CHECK_FALSE(catalogue.add(course(1, "C")));
        CHECK(catalogue.version() == version);
        REQUIRE(catalogue.remove(CourseId(1)));
        CHECK(catalogue.version() > version);
    }
}
