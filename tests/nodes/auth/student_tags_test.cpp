#include "courseselect/nodes/auth/student_tags.hpp"

#include <doctest/doctest.h>

#include "admin_world.hpp"

using namespace courseselect;
using test::AdminWorld;
using test::AuthAnswer;
using test::AuthCall;
using test::check_refusals;
using test::member_names;

namespace {

std::string tags_of_student(AdminWorld& world, std::int64_t id) {
    return world.get_data("/get/student?student_id=" + std::to_string(id))
        .body["student_tags"]
        .text();
}

AuthAnswer import_tags(AdminWorld& world, const std::string& text) {
    return world.post("/admin/student/batch-import-tags", json::make_object("csv_text", text),
                      world.boss);
}

}  // namespace

TEST_SUITE("nodes/auth/student_tags") {
    TEST_CASE("tags are replaced, and an empty list clears them") {
        AdminWorld world;
        const auto update = [&](const std::string& tags) {
            return world.post("/admin/student/update-tags",
                              R"({"student_id":1,"student_tags":)" + tags + "}", world.boss);
        };
        const auto done = update(R"(["year1","honours"])");
        CHECK(done.status == 200);
        CHECK(member_names(done.body) == "success message");
        CHECK(done.text("message") == "Student tags updated successfully");
        CHECK(tags_of_student(world, 1) == R"(["year1","honours"])");
        CHECK(world.audited("update_tags") == "ok");
        CHECK(update("[]").status == 200);
        CHECK(tags_of_student(world, 1) == "[]");
    }

    TEST_CASE("updating refuses with the contract's texts") {
        AdminWorld world;
        const auto update = [&](const std::string& body) {
            return AuthCall{
                .path = "/admin/student/update-tags", .body = body, .token = world.boss};
        };
        const std::string needed = "student_id and student_tags required";
        check_refusals(world, {{"no body", update(""), 400, needed},
                               {"no tags", update(R"({"student_id":1})"), 400, needed},
                               {"no student", update(R"({"student_tags":[]})"), 400, needed},
                               {"nobody", update(R"({"student_id":99,"student_tags":[]})"), 404,
                                "Student not found"}});
        CHECK(world.audited("update_tags") == "upstream");
        CHECK(world.call(update(R"({"student_id":1,"student_tags":[""]})")).status == 422);
        check_admin_only(world, update(R"({"student_id":1,"student_tags":[]})"));
        world.data.mode = test::DataMode::away;
        check_refusals(world, {{"away", update(R"({"student_id":1,"student_tags":[]})"), 503,
                                "Service communication error"}});
    }

    TEST_CASE("an import adds tags and says of every line what became of it") {
        AdminWorld world;
        world.post("/admin/student/update-tags", R"({"student_id":1,"student_tags":["a"]})",
                   world.boss);
        world.student("bob");
        const auto done =
            import_tags(world,
                        "\xEF\xBB\xBF"
                        "ada, a ,b,,c\r\n\nnobody,x\ncurie,x\nada\nBOB,z\nada,d,b\n,q\n");
        CHECK(done.status == 200);
        CHECK(member_names(done.body) == "success imported_count failed_count total details");
        CHECK(done.body["imported_count"].integer() == 3);
        CHECK(done.body["failed_count"].integer() == 4);
        CHECK(done.body["total"].integer() == 7);
        const json::Value details = done.body["details"];
        CHECK(member_names(details) == "success failed total");
        CHECK(details["total"].integer() == 7);
        CHECK(details["success"].text() ==
              R"([{"username":"ada","tags_added":["b","c"],"total_tags":3},)"
              R"({"username":"BOB","tags_added":["z"],"total_tags":1},)"
              R"({"username":"ada","tags_added":["d"],"total_tags":4}])");
        const std::string format = "Invalid format. Expected: username,tag1,tag2,...";
        CHECK(details["failed"].text() ==
              R"([{"line":3,"username":"nobody","error":"Student not found"},)"
              R"({"line":4,"username":"curie","error":"Student not found"},)"
              R"({"line":5,"username":"ada","error":")" +
                  format + R"("},{"line":8,"error":")" + format + R"("}])");
        CHECK(tags_of_student(world, 1) == R"(["a","b","c","d"])");
        CHECK(world.audited("import_tags") == "ok");
        CHECK(world.text("SELECT target FROM audit WHERE action = 'import_tags'") ==
              "3 of 7 lines");
    }

    TEST_CASE("a student has at most fifty tags, and one import at most a thousand lines") {
        AdminWorld world;
        std::string line = "ada";
        for (int i = 0; i < 50; ++i) {
            line += ",t" + std::to_string(i);
        }
        CHECK(import_tags(world, line).body["imported_count"].integer() == 1);
        const auto more = import_tags(world, "ada,one-more\nada,t1");
        CHECK(more.body["details"]["failed"][0]["error"].string() ==
              "A student can have at most 50 tags");
        CHECK(more.body["details"]["success"][0]["total_tags"].integer() == 50);
        std::string lines;
        for (int i = 0; i < 1000; ++i) {
            lines += "ada,t1\n";
        }
        CHECK(import_tags(world, lines).body["imported_count"].integer() == 1000);
        CHECK(import_tags(world, lines + "ada,t1").detail() ==
              "At most 1000 lines can be imported at a time");
        CHECK(import_tags(world, "ada," + std::string(100, 'x')).body["total"].integer() == 1);
        CHECK(import_tags(world, "ada," + std::string(101, 'x'))
                  .body["details"]["failed"][0]["error"]
                  .string() == "A tag can have at most 100 bytes");
    }

    TEST_CASE("an import without lines, or by others than administrators, is refused") {
        AdminWorld world;
        const auto import = [&](const std::string& body) {
            return AuthCall{
                .path = "/admin/student/batch-import-tags", .body = body, .token = world.boss};
        };
        check_refusals(world,
                       {{"no body", import(""), 400, "csv_text is required"},
                        {"no text", import("{}"), 400, "csv_text is required"},
                        {"empty", import(R"({"csv_text":" \n\n"})"), 400, "csv_text is required"}});
        check_admin_only(world, import(R"({"csv_text":"ada,x"})"));
        world.data.mode = test::DataMode::away;
        check_refusals(world, {{"away", import(R"({"csv_text":"ada,x"})"), 503,
                                "Service communication error"}});
    }

    TEST_CASE("the tags in use are the data node's") {
        AdminWorld world;
        import_tags(world, "ada,x");
        const auto tags = world.get("/admin/tags/available?tag_type=user", world.boss);
        CHECK(tags.status == 200);
        CHECK(tags.body.text() ==
              R"({"tags":[{"tag_name":"x","tag_type":"user","usage_count":1}]})");
        CHECK(world.get("/admin/tags/available?tag_type=course", world.boss).body["tags"].size() ==
              0);
        CHECK(world.get("/admin/tags/available?tag_type=", world.boss).body["tags"].size() == 1);
        CHECK(world.get("/admin/tags/available?tag_type=room", world.boss).status == 422);
        check_admin_only(world,
                         {.method = net::http::Method::get, .path = "/admin/tags/available"});
    }

    TEST_CASE("lines are read as people write them") {
        const auto lines = nodes::accounts::read_tag_lines(" a , x ,, y \r\n\n \nb\n,z");
        CHECK(lines.size() == 3);
        CHECK(lines[0].number == 1);
        CHECK(lines[0].username == "a");
        CHECK(lines[0].tags == std::vector<std::string>{"x", "y"});
        CHECK(lines[0].error.empty());
        CHECK(lines[1].number == 4);
        CHECK(lines[1].username == "b");
        CHECK_FALSE(lines[1].error.empty());
        CHECK(lines[2].number == 5);
        CHECK(lines[2].username.empty());
        CHECK_FALSE(lines[2].error.empty());
        CHECK(nodes::accounts::read_tag_lines("").empty());
    }
}
