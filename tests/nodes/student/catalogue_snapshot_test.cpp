#include "courseselect/nodes/student/catalogue_snapshot.hpp"

#include <doctest/doctest.h>

#include "courseselect/json/writer.hpp"
#include "nodes/scripted_client.hpp"
#include "support/run.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using nodes::student::CatalogueSnapshot;
namespace wire = nodes::wire;

namespace {

wire::Course snapshot_course(int id, int left) {
    wire::Course course;
    course.course_id = core::CourseId(id);
    course.course_name = "Algebra";
    course.course_left = left;
    return course;
}

std::string catalogue(std::int64_t version, bool full, std::vector<wire::Course> courses) {
    return json::to_text(wire::Catalogue{.epoch = 7,
                                         .structure = 3,
                                         .version = version,
                                         .full = full,
                                         .courses = std::move(courses)});
}

struct SnapshotFixture {
    bool refresh(std::chrono::milliseconds age) {
        bool worked = false;
        test::run(loop, run_refresh(snapshot, age, worked));
        return worked;
    }
    static async::Task<> run_refresh(CatalogueSnapshot& snapshot, std::chrono::milliseconds age,
                                     bool& worked) {
        const auto done = co_await snapshot.refresh(age);
        worked = done.has_value();
    }

    async::EventLoop loop;
    core::ManualClock clock;
    crypto::SystemRandomSource random;
    test::ScriptedClient data_node;
    CatalogueSnapshot snapshot{{loop, clock, random}, data_node, "internal"};
};

async::Task<> refresh_twice(CatalogueSnapshot& snapshot, async::TaskGroup& group) {
    group.spawn([](CatalogueSnapshot& shared) -> async::Task<> {
        const auto done = co_await shared.refresh(1s);
        CHECK(done.has_value());
    }(snapshot));
    const auto done = co_await snapshot.refresh(1s);
    CHECK(done.has_value());
    co_await group.join();
}

}  // namespace

TEST_SUITE("nodes/student/catalogue_snapshot") {
    TEST_CASE_FIXTURE(SnapshotFixture, "the first call brings everything, the next what changed") {
        data_node.answer(200, catalogue(5, true, {snapshot_course(1, 9), snapshot_course(2, 0)}));
        CHECK_FALSE(snapshot.is_loaded());
        CHECK(refresh(1s));
        CHECK(data_node.asked.at(0).target == "/internal/catalogue?epoch=0&structure=0&since=0");
        CHECK(data_node.field(0, "internal-token") == "internal");
        CHECK(snapshot.courses().size() == 2);

        clock.advance(2s);
        data_node.answer(200, catalogue(6, false, {snapshot_course(1, 8)}));
        CHECK(refresh(1s));
        CHECK(data_node.asked.at(1).target == "/internal/catalogue?epoch=7&structure=3&since=5");
        CHECK(snapshot.find(core::CourseId(1))->course_left == 8);
        CHECK(snapshot.find(core::CourseId(2))->course_left == 0);
        CHECK(snapshot.find(core::CourseId(3)) == nullptr);
    }

    TEST_CASE_FIXTURE(SnapshotFixture, "a full answer forgets the courses that went away") {
        data_node.answer(200, catalogue(5, true, {snapshot_course(1, 9), snapshot_course(2, 0)}));
        CHECK(refresh(1s));
        clock.advance(2s);
        data_node.answer(200, catalogue(9, true, {snapshot_course(2, 1)}));
        CHECK(refresh(1s));
        CHECK(snapshot.find(core::CourseId(1)) == nullptr);
        CHECK(snapshot.courses().size() == 1);
    }

    TEST_CASE_FIXTURE(SnapshotFixture, "a copy that is young enough is not asked for again") {
        data_node.answer(200, catalogue(5, true, {}));
        CHECK(refresh(1s));
        clock.advance(1s);
        CHECK(snapshot.is_younger_than(1s));
        CHECK(refresh(1s));
        CHECK(data_node.asked.size() == 1);
        clock.advance(1ms);
        CHECK_FALSE(snapshot.is_younger_than(1s));
        CHECK_FALSE(refresh(1s));
        CHECK(data_node.asked.size() == 2);
    }

    TEST_CASE_FIXTURE(SnapshotFixture, "those who ask at the same time share one call") {
        data_node.answer(200, catalogue(5, true, {}));
        async::TaskGroup group(loop);
        test::run(loop, refresh_twice(snapshot, group));
        CHECK(data_node.asked.size() == 1);
    }

    TEST_CASE_FIXTURE(SnapshotFixture,
                      "when the data node is away or confused the old copy stays") {
        data_node.answer(200, catalogue(5, true, {snapshot_course(1, 9)}));
        CHECK(refresh(1s));
        clock.advance(2s);
        data_node.fail(core::Errc::outcome_unknown);
        CHECK_FALSE(refresh(1s));
        data_node.answer(500, "{}");
        CHECK_FALSE(refresh(1s));
        data_node.answer(200, "no JSON");
        CHECK_FALSE(refresh(1s));
        CHECK(snapshot.find(core::CourseId(1))->course_left == 9);
        CHECK_FALSE(snapshot.is_younger_than(1s));
    }
}
