// Random histories of the data node's API against a slow and obvious model: after every step the
// API, the feed of changes and the database must say what the model says, also after restarts and
// failed commits.

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "courseselect/json/value.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/net/http/local_client.hpp"
#include "courseselect/nodes/data/data_node.hpp"
#include "nodes/three_nodes.hpp"

using namespace courseselect;
using net::http::Method;

namespace {

/// A data node on one file, which can be stopped and started again.
class RestartableNode {
  public:
    RestartableNode() { start(); }
    ~RestartableNode() { stop(); }

    void start() {
        nodes::data::DataNodeOptions options;
        options.database.path = dir_.file("data.db");
        options.storage.durability = storage::Durability::off;
        options.storage.faults = &faults;
        options.service.internal_token = test::test_internal_token;
        node_ = std::make_unique<nodes::data::DataNode>(nodes::Runtime{loop_, clock_, random_},
                                                        std::move(options));
        bool started = false;
        test::run(loop_, start_and_tell(*node_, started));
        RC_ASSERT(started);
    }
    void stop() {
        test::run(loop_, node_->stop());
        node_.reset();
    }
    test::Answer ask(Method method, std::string target, std::string body = {}) {
        net::http::ClientRequest request{
            .method = method,
            .target = std::move(target),
            .headers = {{"Internal-Token", std::string(test::test_internal_token.reveal())}},
            .body = std::move(body)};
        test::Answer answer;
        test::run(loop_, send(*node_, std::move(request), answer));
        return answer;
    }
    json::Value get(std::string target) { return ask(Method::get, std::move(target)).body; }

    /// What another process reads in the file.
    std::string stored() {
        const storage::DatabaseUrl url{.path = dir_.file("data.db")};
        auto database = storage::Database::open(url, {.read_only = true});
        RC_ASSERT(database.has_value());
        auto reader = (*database)->connect_reader();
        RC_ASSERT(reader.has_value());
        std::string text;
        const auto add = [&text](const storage::Row& row) { text += row.get<std::string>(0); };
        const auto read = (*reader)->each(
            "SELECT 'course ' || course_id || ' seats ' || enrolled || '/' || capacity || ':' || "
            "(SELECT coalesce(group_concat(student_id, ' '), '') FROM (SELECT student_id FROM "
            "enrolments e WHERE e.course_id = c.course_id ORDER BY student_id)) || '; ' "
            "FROM courses c ORDER BY course_id",
            add);
        RC_ASSERT(read.has_value());
        return text;
    }

    storage::Faults faults;

  private:
    static async::Task<> start_and_tell(nodes::Node& node, bool& started) {
        const auto result = co_await node.start();
        started = result.has_value();
    }
    static async::Task<> send(nodes::Node& node, net::http::ClientRequest request,
                              test::Answer& answer) {
        net::http::LocalClient client(node.handler());
        const auto response = co_await client.send(std::move(request), std::chrono::seconds(30));
        answer.status = response->status;
        const auto parsed = json::Value::parse(response->body);
        answer.body = parsed ? *parsed : json::Value();
    }

    async::EventLoop loop_;
    core::ManualClock clock_;
    crypto::SeededRandomSource random_{11};
    test::TempDir dir_;
    std::unique_ptr<nodes::data::DataNode> node_;
};

using Tags = std::set<std::string>;

/// A course or student of the model, without any of the node's cleverness.
struct ModelCourse {
    int capacity = 1;
    int teacher = 1;
    int period = 0;  ///< on Mondays; 0: none
    bool active = true;
    Tags tags;
};
struct Model {
    std::map<int, ModelCourse> courses;
    std::map<int, Tags> students;
    std::set<std::pair<int, int>> enrolled;  ///< student, course
    int next_course = 1;
    int next_student = 1;

    [[nodiscard]] std::vector<int> students_of(int course) const {
        std::vector<int> found;
        for (const auto& [student, taken] : enrolled) {
            if (taken == course) {
                found.push_back(student);
            }
        }
        return found;
    }
    [[nodiscard]] bool clashes(int student, int course) const {
        const int period = courses.at(course).period;
        return period != 0 && std::any_of(enrolled.begin(), enrolled.end(), [&](const auto& seat) {
                   return seat.first == student && seat.second != course &&
                          courses.at(seat.second).period == period;
               });
    }
    /// Empty when a selection is accepted; "?" for a refusal whose words are not the contract's.
    [[nodiscard]] std::string refusal(int student, int course) const {
        if (!students.contains(student)) {
            return "Student not found";
        }
        if (!courses.contains(course)) {
            return "Course not found";
        }
        const ModelCourse& wanted = courses.at(course);
        if (static_cast<int>(students_of(course).size()) >= wanted.capacity) {
            return "Course is full";
        }
        if (enrolled.contains({student, course})) {
            return "Student already selected this course";
        }
        const Tags& have = students.at(student);
        const bool has_tags =
            std::includes(have.begin(), have.end(), wanted.tags.begin(), wanted.tags.end());
        return !wanted.active || !has_tags || clashes(student, course) ? "?" : "";
    }
};

std::string list(const Tags& tags) {
    return json::to_text(std::vector<std::string>(tags.begin(), tags.end()));
}
Tags some_tags() {
    Tags tags;
    for (const char* tag : {"a", "b"}) {
        if (*rc::gen::inRange(0, 3) == 0) {
            tags.insert(tag);
        }
    }
    return tags;
}

/// One history: each step does the same to the node and to the model.
class History {
  public:
    void step() {
        const bool commit_fails = *rc::gen::inRange(0, 10) == 0;
        const Model before = model_;
        node_.faults.commit = commit_fails ? 1 : 0;
        change();
        if (commit_fails && node_.faults.commit <= 0) {
            RC_ASSERT(answer_.status == 503);  // it wrote, and nothing of it was kept
            model_ = before;
        } else {
            check_answer();
        }
        node_.faults.commit = 0;
        if (*rc::gen::inRange(0, 12) == 0) {
            node_.stop();
            node_.start();
        }
    }

    void compare() {
        compare_courses();
        for (const auto& [id, tags] : model_.students) {
            const auto seen = node_.get("/get/student?student_id=" + std::to_string(id));
            RC_ASSERT(seen["student_tags"].text() == list(tags));
            std::vector<int> have;
            for (const auto& [student, course] : model_.enrolled) {
                if (student == id) {
                    have.push_back(course);
                }
            }
            RC_ASSERT(seen["student_courses"].text() == json::to_text(have));
        }
        std::string stored;
        for (const auto& [id, course] : model_.courses) {
            const std::vector<int> seated = model_.students_of(id);
            stored += "course " + std::to_string(id) + " seats " + std::to_string(seated.size()) +
                      "/" + std::to_string(course.capacity) + ":";
            for (std::size_t i = 0; i < seated.size(); ++i) {
                stored += (i == 0 ? "" : " ") + std::to_string(seated[i]);
            }
            stored += "; ";
        }
        RC_ASSERT(node_.stored() == stored);
    }

  private:
    void expect(int status, std::string detail = "") {
        status_ = status;
        detail_ = std::move(detail);
    }
    void check_answer() const {
        RC_LOG() << answer_.text << answer_.body.text() << '\n';
        RC_ASSERT(answer_.status == status_);
        if (!detail_.empty() && detail_ != "?") {
            RC_ASSERT(answer_.detail() == detail_);
        }
    }

    void change() {
        switch (*rc::gen::inRange(0, 12)) {
            case 0: add_course(); break;
            case 1: update_course(); break;
            case 2: delete_course(); break;
            case 3: add_student(); break;
            case 4: update_student(); break;
            case 5: delete_student(); break;
            case 6:
            case 7: deselect(); break;
            default: select();
        }
    }
    // Ids that exist, that were deleted, and one that never was.
    [[nodiscard]] int some_course() const { return *rc::gen::inRange(1, model_.next_course + 1); }
    [[nodiscard]] int some_student() const { return *rc::gen::inRange(1, model_.next_student + 1); }

    void add_course() {
        ModelCourse course{.capacity = *rc::gen::inRange(1, 4),
                           .teacher = *rc::gen::inRange(1, 3),
                           .period = *rc::gen::inRange(0, 3),
                           .active = true,
                           .tags = some_tags()};
        const std::string schedule =
            course.period == 0 ? "null" : "{\"monday\":[" + std::to_string(course.period) + "]}";
        answer_ = node_.ask(Method::post, "/add/course",
                            R"({"course_name":"C","course_credit":1,"course_type":"t",)"
                            R"("course_location":"A","course_teacher_id":)" +
                                std::to_string(course.teacher) + R"(,"course_capacity":)" +
                                std::to_string(course.capacity) + R"(,"course_schedule":)" +
                                schedule + R"(,"course_tags":)" + list(course.tags) + "}");
        expect(201);
        model_.courses[model_.next_course++] = std::move(course);
    }
    void update_course() {
        const int id = some_course();
        const int capacity = *rc::gen::inRange(1, 4);
        const int teacher = *rc::gen::inRange(1, 3);
        const bool active = *rc::gen::inRange(0, 4) != 0;
        answer_ = node_.ask(Method::post, "/update/course?course_id=" + std::to_string(id),
                            json::make_object("course_capacity", capacity, "course_teacher_id",
                                              teacher, "is_active", active));
        if (!model_.courses.contains(id)) {
            return expect(404, "Course not found");
        }
        if (static_cast<int>(model_.students_of(id).size()) > capacity) {
            return expect(400, "Capacity is below the number of selected students");
        }
        ModelCourse& course = model_.courses[id];
        course.capacity = capacity;
        course.teacher = teacher;
        course.active = active;
        expect(200);
    }
    void delete_course() {
        const int id = some_course();
        answer_ = node_.ask(Method::delete_, "/courses/" + std::to_string(id));
        const bool there = model_.courses.erase(id) == 1;
        std::erase_if(model_.enrolled, [id](const auto& seat) { return seat.second == id; });
        expect(there ? 200 : 404);
    }
    void add_student() {
        const Tags tags = some_tags();
        answer_ = node_.ask(Method::post, "/add/student",
                            R"({"student_name":"s)" + std::to_string(model_.next_student) +
                                R"(","student_tags":)" + list(tags) + "}");
        expect(201);
        model_.students[model_.next_student++] = tags;
    }
    void update_student() {
        const int id = some_student();
        const Tags tags = some_tags();
        answer_ = node_.ask(Method::post, "/update/student?student_id=" + std::to_string(id),
                            R"({"student_tags":)" + list(tags) + "}");
        const auto student = model_.students.find(id);
        if (student == model_.students.end()) {
            return expect(404, "Student not found");
        }
        student->second = tags;
        expect(200);
    }
    void delete_student() {
        const int id = some_student();
        answer_ = node_.ask(Method::post, "/delete/student?student_id=" + std::to_string(id));
        const bool there = model_.students.erase(id) == 1;
        std::erase_if(model_.enrolled, [id](const auto& seat) { return seat.first == id; });
        expect(there ? 200 : 404);
    }
    void select() {
        const int student = some_student();
        const int course = some_course();
        answer_ = node_.ask(Method::post, "/select/course",
                            json::make_object("student_id", student, "course_id", course));
        const std::string refusal = model_.refusal(student, course);
        if (refusal.empty()) {
            model_.enrolled.insert({student, course});
            return expect(200);
        }
        expect(refusal.ends_with("not found") ? 404 : 400, refusal);
    }
    void deselect() {
        const int student = some_student();
        const int course = some_course();
        answer_ = node_.ask(Method::post, "/deselect/course",
                            json::make_object("student_id", student, "course_id", course));
        if (!model_.students.contains(student)) {
            return expect(404, "Student not found");
        }
        if (!model_.courses.contains(course)) {
            return expect(404, "Course not found");
        }
        const bool had = model_.enrolled.erase({student, course}) == 1;
        if (!had) {
            return expect(400, "Student has not selected this course");
        }
        expect(200);
    }

    /// The list, the members, the teachers' lists, and a copy kept up to date by the change feed.
    void compare_courses() {
        follow_feed();
        const auto courses = node_.get("/courses");
        RC_ASSERT(courses.size() == model_.courses.size());
        RC_ASSERT(copy_.size() == model_.courses.size());
        std::size_t place = 0;
        std::map<int, std::vector<int>> taught{{1, {}}, {2, {}}};
        for (const auto& [id, course] : model_.courses) {
            taught[course.teacher].push_back(id);
            const std::vector<int> seated = model_.students_of(id);
            const int taken = static_cast<int>(seated.size());
            const json::Value seen = courses[place++];
            RC_ASSERT(seen["course_id"].integer() == id);
            RC_ASSERT(seen["course_selected"].integer() == taken);
            RC_ASSERT(seen["course_selected_count"].integer() == taken);
            RC_ASSERT(seen["course_left"].integer() == course.capacity - taken);
            RC_ASSERT(seen["is_active"].boolean() == course.active);
            RC_ASSERT(copy_.at(id) == seen.text());
            std::string members;
            const auto answer = node_.get("/get/course/students?course_id=" + std::to_string(id));
            for (const json::Value& member : answer["students"].items()) {
                members += member["student_id"].text() + " ";
            }
            std::string wanted;
            for (const int student : seated) {
                wanted += std::to_string(student) + " ";
            }
            RC_ASSERT(members == wanted);
        }
        for (const auto& [teacher, ids] : taught) {
            const auto page = node_.get("/get/courses?teacher_id=" + std::to_string(teacher));
            std::vector<int> seen;
            for (const json::Value& course : page["courses"].items()) {
                seen.push_back(static_cast<int>(course["course_id"].integer().value_or(0)));
            }
            RC_ASSERT(seen == ids);
        }
    }
    void follow_feed() {
        const auto changes = node_.get("/internal/catalogue?epoch=" + epoch_ +
                                       "&structure=" + structure_ + "&since=" + version_);
        if (changes["full"].boolean() == true) {
            copy_.clear();
        }
        for (const json::Value& course : changes["courses"].items()) {
            copy_[static_cast<int>(course["course_id"].integer().value_or(0))] = course.text();
        }
        epoch_ = changes["epoch"].text();
        structure_ = changes["structure"].text();
        version_ = changes["version"].text();
    }

    RestartableNode node_;
    Model model_;
    test::Answer answer_;
    int status_ = 0;
    std::string detail_;
    std::map<int, std::string> copy_;
    std::string epoch_ = "0";
    std::string structure_ = "0";
    std::string version_ = "0";
};

}  // namespace

TEST_SUITE("nodes/data/data_node") {
    TEST_CASE("random histories: API, change feed and database agree with a slow model") {
        CHECK(rc::check("data node equals model", [] {
            const int steps = *rc::gen::inRange(0, 60);
            History history;
            for (int i = 0; i < steps; ++i) {
                history.step();
                history.compare();
            }
        }));
    }
}
