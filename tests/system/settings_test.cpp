/// Run-time settings over the real daemons: what an administrator changes at the auth node holds on
/// every node soon after, and nothing is restarted. How soon is measured and told; the bound that
/// fails is wide, because the machine of a test may be busy.

#include <csignal>
#include <string>

#include "courseselect/core/time_format.hpp"
#include "school.hpp"

using namespace courseselect;
using test::Reply;
using test::School;

namespace {

/// Waits until a change holds, and says how long it took.
void takes_effect(const char* what, const std::function<bool()>& condition) {
    const auto started = std::chrono::steady_clock::now();
    const bool holds = School::becomes_true(condition);
    const std::chrono::duration<double, std::milli> took =
        std::chrono::steady_clock::now() - started;
    CHECK_MESSAGE(holds, what);
    MESSAGE(fmt::format("{}: effective after {:.0f} ms", what, took.count()));
}

/// The codes of why this selection would be refused now, by the data node: "" when it would not.
std::string refusal(School& school, std::int64_t student, std::int64_t course) {
    const Reply checked = school.inside(
        "data", "/internal/check", json::make_object("student_id", student, "course_id", course));
    std::string codes;
    for (const json::Value& reason : checked.body["reasons"].items()) {
        codes += reason["code"].string().value_or("?") + " ";
    }
    return codes;
}

std::int64_t id_of(School& school, const std::string& name) {
    return school.get("auth", "/admin/user?username=" + name, school.boss)
        .body["user_id"]
        .integer()
        .value_or(0);
}

}  // namespace

TEST_SUITE("system/settings") {
    TEST_CASE("course limits, deadlines and conflict checking reach the data node") {
        School school;
        const std::string ada = school.enrol("ada");
        const std::int64_t id = id_of(school, "ada");
        const std::string monday = R"(,"course_schedule":{"monday":[1,2]})";
        const auto algebra = school.course("Algebra", monday);
        const auto biology = school.course("Biology", monday);
        const auto chemistry = school.course("Chemistry");
        CHECK(school.select(ada, algebra) == "completed");

        CHECK(refusal(school, id, biology) == "time_conflict ");
        school.settings(R"({"courses":{"check_time_conflicts":false}})");
        takes_effect("courses.check_time_conflicts",
                     [&] { return refusal(school, id, biology).empty(); });
        CHECK(school.select(ada, biology) == "completed");

        school.settings(R"({"courses":{"courses_per_student_max":2}})");
        takes_effect("courses.courses_per_student_max",
                     [&] { return refusal(school, id, chemistry) == "course_limit "; });
        CHECK(school.select(ada, chemistry) != "completed");
        school.settings(R"({"courses":{"courses_per_student_max":0,"credits_per_student_max":2}})");
        takes_effect("courses.credits_per_student_max",
                     [&] { return refusal(school, id, chemistry) == "credit_limit "; });

        const core::SystemClock clock;
        const auto past = core::format_rfc3339(clock.wall_now() - std::chrono::hours(1));
        school.settings(fmt::format(
            R"({{"courses":{{"credits_per_student_max":0,"selection_closes_at":"{}"}}}})", past));
        takes_effect("courses.selection_closes_at",
                     [&] { return refusal(school, id, chemistry) == "outside_window "; });
        CHECK(school.select(ada, chemistry) != "completed");
        school.settings(R"({"courses":{"selection_closes_at":null}})");
        takes_effect("courses.selection_closes_at, cleared",
                     [&] { return refusal(school, id, chemistry).empty(); });
        CHECK(school.select(ada, chemistry) == "completed");
    }

    TEST_CASE("priorities reach the student node, and changes of a group leave the rest of it") {
        School school;
        std::vector<std::string> students;
        for (const char* name : {"ada", "bob", "eve", "kim"}) {
            students.push_back(school.enrol(name));
        }
        const auto algebra = school.course("Algebra");
        REQUIRE(School::becomes_true([&] {  // the student node has heard of the course
            return school
                       .post("student", "/student/course/detail",
                             json::make_object("course_id", algebra), students[0])
                       .status == 200;
        }));
        school.fleet.kill("data");
        for (int i = 0; i < 3; ++i) {  // these wait for the data node
            CHECK(school.submit(students[static_cast<std::size_t>(i)], algebra).status == 200);
        }
        const auto waiting = [&] {
            return school.submit(students[3], algebra, "select").body["position"].integer();
        };
        CHECK(waiting().value_or(0) >= 1);
        school.settings(R"({"queue":{"select_priority":90}})");
        // Ahead of those that were accepted with the lower priority: nobody waits before it.
        takes_effect("queue.select_priority", [&] {
            const Reply submitted = school.submit(students[0], algebra, "select");
            return submitted.body["position"].integer() == 1;
        });
        school.settings(R"({"queue":{"attempts_max":3}})");
        const Reply now = school.get("auth", "/admin/system-settings", school.boss);
        const json::Value queue = now.body["settings"]["queue"];
        CHECK(queue["select_priority"].integer() == 90);
        CHECK(queue["attempts_max"].integer() == 3);
    }

    TEST_CASE("a task that times out is tried as often as the setting says, and is dead then") {
        School school;
        const std::string ada = school.enrol("ada");
        const auto algebra = school.course("Algebra");
        const auto biology = school.course("Biology");
        CHECK(school.select(ada, algebra) == "completed");
        school.settings(R"({"queue":{"time_limit_seconds":1,"attempts_max":2,)"
                        R"("retry_delay_ms_min":10,"retry_delay_ms_max":10}})");
        takes_effect("queue.time_limit_seconds, in the queue node", [&] {
            const std::string figures = school.get("queue", "/metrics").text;
            return figures.find("\ncourseselect_queue_time_limit_seconds 1\n") != std::string::npos;
        });
        const pid_t data_node = school.fleet.pid("data");
        REQUIRE(::kill(data_node, SIGSTOP) == 0);  // it takes calls, and does not answer
        const Reply submitted = school.submit(ada, biology);
        REQUIRE(submitted.status == 200);
        const std::string task = submitted.body["task_id"].string().value_or("");
        Reply ended;
        takes_effect("queue.attempts_max", [&] {
            ended = school.get("student", "/student/queue/status?wait=20&task_id=" + task, ada);
            return ended.body["status"].string() == "failed";
        });
        REQUIRE(::kill(data_node, SIGCONT) == 0);
        CHECK(ended.body["message"].string().value_or("").starts_with(
            "No decision within the time limit"));
        const Reply dead = school.call(
            "queue", {.target = "/queue/tasks?status_filter=dead",
                      .headers = {{"Internal-Token", school.fleet.options().internal_token}}});
        REQUIRE(dead.body["tasks"].size() == 1);
        CHECK(dead.body["tasks"][0]["task_id"].string() == task);
        CHECK(dead.body["tasks"][0]["attempts"].integer() == 2);
        CHECK(dead.body["tasks"][0]["given_up"].boolean() == true);
        // The queue goes on; and the next task is patient again once the setting says so.
        school.settings(R"({"queue":{"time_limit_seconds":30}})");
        const auto chemistry = school.course("Chemistry");
        takes_effect("a task after the dead one",
                     [&] { return school.select(ada, chemistry) == "completed"; });
    }

    TEST_CASE("security holds at the door, and for sessions on the other nodes") {
        School school;
        const std::string ada = school.enrol("ada");
        CHECK(school.get("student", "/student/courses/selected", ada).status == 200);
        school.settings(
            R"({"security":{"student_registration_enabled":false,"password_length_min":10}})");
        CHECK(school
                  .post("auth", "/register/v1",
                        R"({"username":"bob","password":"secret1","user_type":"student",)"
                        R"("registration_code":"x"})")
                  .status == 403);
        school.settings(R"({"security":{"student_registration_enabled":true}})");
        CHECK(school
                  .post("auth", "/register/v1",
                        R"({"username":"bob","password":"secret1","user_type":"student",)"
                        R"("registration_code":"x"})")
                  .status == 422);
        // One session a user: a second login ends the first, on the student node too.
        CHECK(
            school.post("auth", "/login/v1", R"({"username":"ada","password":"secret1"})").status ==
            200);
        takes_effect("security.sessions_per_user_max", [&] {
            return school.get("student", "/student/courses/selected", ada).status == 401;
        });
    }

    TEST_CASE("a node that was away learns what changed; versions and audit have it all") {
        School school;
        school.enrol("ada");
        const std::int64_t id = id_of(school, "ada");
        const auto algebra = school.course("Algebra", R"(,"course_tags":["year9"])");
        CHECK(refusal(school, id, algebra) == "missing_tags ");
        CHECK(school.fleet.stop("data") == 0);
        CHECK(school.settings(R"({"courses":{"check_tags":false}})") == 1);
        school.fleet.start("data");
        takes_effect("courses.check_tags after a restart",
                     [&] { return refusal(school, id, algebra).empty(); });
        CHECK(school.fleet.stop("auth") == 0);
        school.fleet.start("auth");
        const Reply now = school.get("auth", "/admin/system-settings", school.boss);
        CHECK(now.body["version"].integer() == 1);
        CHECK(now.body["updated_by"].string() == "admin:1");
        CHECK(school.settings(R"({"notifications":{"deadline_notice_hours":48}})") == 2);
        const Reply history = school.get("auth", "/admin/system-settings/history", school.boss);
        REQUIRE(history.body["versions"].size() == 2);
        CHECK(history.body["versions"][1]["settings"]["courses"]["check_tags"].boolean() == false);
        const Reply audit = school.get("auth", "/audit?action=settings", school.boss);
        CHECK(audit.body["entries"].size() == 2);
    }
}
