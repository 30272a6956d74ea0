#include "courseselect/nodes/auth/user_files.hpp"

#include <doctest/doctest.h>

#include "message_world.hpp"

using namespace courseselect;
using net::http::Method;
using test::AdminWorld;
using test::AuthAnswer;

namespace {

const std::string form_type = "multipart/form-data; boundary=b";

std::string form(const std::string& csv) {
    return "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"u.csv\"\r\n"
           "Content-Type: text/csv\r\n\r\n" +
           csv + "\r\n--b--\r\n";
}

AuthAnswer import(AdminWorld& world, const std::string& csv) {
    return world.call({.path = "/admin/users/import",
                       .body = form(csv),
                       .token = world.boss,
                       .content_type = form_type});
}

/// "line username error;" of what failed.
std::string failed(const AuthAnswer& answer) {
    std::string text;
    for (const json::Value& fault : answer.body["errors"].items()) {
        text += std::to_string(fault["line"].integer().value_or(0)) + " " +
                fault["username"].string().value_or("?") + " " +
                fault["error"].string().value_or("?") + ";";
    }
    return text;
}

}  // namespace

TEST_SUITE("nodes/auth/user_files") {
    TEST_CASE("only administrators import, export and count") {
        AdminWorld world;
        check_admin_only(world, {.path = "/admin/users/import",
                                 .body = form("username\nann\n"),
                                 .content_type = form_type});
        check_admin_only(world, {.path = "/admin/users/export"});
        check_admin_only(world, {.method = Method::get, .path = "/admin/stats"});
    }

    TEST_CASE("each line makes an account that can log in; profiles follow") {
        AdminWorld world;
        const auto done = import(world,
                                 "username,password,user_type,email,name,phone,group\r\n"
                                 "grace,secret12,student,g@example.org,Grace H,+123456,year1\r\n"
                                 "hedy,,teacher,,,,\r\n"
                                 "root2,secret34,admin,,,,\r\n");
        CHECK(done.status == 200);
        CHECK(test::member_names(done.body) ==
              "success success_count failed_count errors passwords");
        CHECK(done.body["success_count"].integer() == 3);
        CHECK(done.body["failed_count"].integer() == 0);
        REQUIRE(done.body["passwords"].size() == 1);
        CHECK(done.body["passwords"][0]["username"].string() == "hedy");
        const auto made = done.body["passwords"][0]["password"].string().value_or("");
        CHECK(made.size() == 12);
        CHECK(world.login("grace", "secret12").status == 200);
        CHECK(world.login("hedy", made).status == 200);
        CHECK(world.post("/login/admin", R"({"username":"root2","password":"secret34"})").status ==
              200);
        const auto grace = world.get("/admin/user?username=grace", world.boss);
        CHECK(grace.text("name") == "Grace H");
        CHECK(grace.text("email") == "g@example.org");
        CHECK(grace.text("phone") == "+123456");
        CHECK(grace.text("group") == "year1");
        test::run(world.loop, world.node->deliver_profiles());
        const auto profile =
            world.get_data("/get/student?student_id=" + std::to_string(world.id_of("grace")));
        CHECK(profile.text("student_name") == "grace");
        CHECK(world.count("SELECT count(*) FROM profile_outbox") == 0);
        CHECK(world.count("SELECT count(*) FROM audit WHERE action = 'add_user' AND "
                          "outcome = 'ok' AND actor = 'admin:1'") == 3);
        CHECK(world.audited("import_users") == "ok");
    }

    TEST_CASE("lines are judged one by one; what is wrong with each is said") {
        AdminWorld world;
        const auto done = import(world,
                                 "username,password,user_type,email,phone\n"
                                 "ab,secret12,,,\n"
                                 "good.one,secret12,,,\n"
                                 "GOOD.ONE,secret12,,,\n"
                                 "ada,secret12,,,\n"
                                 "bad name,secret12,,,\n"
                                 "short,12345,,,\n"
                                 "robot,secret12,robot,,\n"
                                 "mail,secret12,,nowhere,\n"
                                 "phone,secret12,,,12345\n"
                                 "first,secret12,,x@example.org,\n"
                                 "second,secret12,,X@example.org,\n");
        CHECK(done.status == 200);
        CHECK(done.body["success_count"].integer() == 2);
        CHECK(done.body["failed_count"].integer() == 9);
        const std::string rule =
            " Username must have 3 to 100 characters: letters, digits, '_', '.' or '-';";
        CHECK(failed(done) == "2 ab" + rule + "4 GOOD.ONE User already exists;" +
                                  "5 ada User already exists;" + "6 bad name" + rule +
                                  "7 short Password must be at least 6 characters;" +
                                  "8 robot user_type must be student, teacher or admin;" +
                                  "9 mail email is no address like alice@example.org;" +
                                  "10 phone phone must be + and 5 to 15 digits;" +
                                  "12 second Email already exists;");
    }

    TEST_CASE("a password may begin like a formula; names lose a spreadsheet's guard") {
        AdminWorld world;
        const auto done = import(world, "username,password,name\ngrace,=secret1,'=Grace\n");
        CHECK(done.body["success_count"].integer() == 1);
        CHECK(world.login("grace", "=secret1").status == 200);
        CHECK(world.get("/admin/user?username=grace", world.boss).text("name") == "=Grace");
    }

    TEST_CASE("the password policy of the settings holds for files too") {
        AdminWorld world;
        CHECK(world
                  .call({.method = Method::patch,
                         .path = "/admin/system-settings",
                         .body = R"({"security":{"password_length_min":10}})",
                         .token = world.boss})
                  .status == 200);
        CHECK(failed(import(world, "username,password\ngrace,123456789\n")) ==
              "2 grace Password must be at least 10 characters;");
        CHECK(import(world, "username,password\ngrace,1234567890\n")
                  .body["success_count"]
                  .integer() == 1);
    }

    TEST_CASE("a file that is no table, or too long, makes nobody") {
        AdminWorld world;
        const auto refused = [&](const std::string& csv) {
            const auto answer = import(world, csv);
            CHECK(answer.status == 400);
            return answer.detail();
        };
        CHECK(refused("name\nann\n") == "line 1: the file has no column username");
        CHECK(refused("") == "line 1: the file is empty; its first line names the columns");
        CHECK(refused("username\nann,x\n") == "line 2: more fields than there are columns");
        std::string file = "username\n";
        for (std::size_t i = 0; i <= nodes::wire::users_imported_max; ++i) {
            file += "x\n";  // too short a name: no hash is made
        }
        CHECK(refused(file) == "line 502: more than 500 rows");
        file.resize(file.size() - 2);
        CHECK(import(world, file).body["failed_count"].integer() == 500);
        CHECK(
            world.call({.path = "/admin/users/import", .body = "{}", .token = world.boss}).status ==
            422);
    }

    TEST_CASE("an import while the data node is away works as far as ids were reserved") {
        AdminWorld world;
        world.data.mode = test::DataMode::away;
        CHECK(import(world, "username\ngrace\n").body["success_count"].integer() == 1);
        std::string many = "username\n";
        for (int i = 0; i < 100; ++i) {
            many += "student" + std::to_string(i) + "\n";
        }
        CHECK(import(world, many).status == 503);
        CHECK(world.count("SELECT count(*) FROM users WHERE username LIKE 'student%'") == 0);
        world.data.mode = test::DataMode::works;
        const auto done = import(world, many);
        CAPTURE(done.raw_body);
        CHECK(done.body["success_count"].integer() == 100);
        test::run(world.loop, world.node->deliver_profiles());
        CHECK(world.count("SELECT count(*) FROM profile_outbox") == 0);
    }

    TEST_CASE("whoever can be reached is told; no password leaves in a message") {
        test::MessageWorld world({.email = true});
        const auto done = import(world, "username,email\ngrace,g@example.org\n");
        CHECK(world.messages() == "account_created email g@example.org;");
        CHECK(world.last_text.find(done.body["passwords"][0]["password"].string().value_or("?")) ==
              std::string::npos);
    }

    TEST_CASE("an export has all users, or those of a kind or a list, and no secret") {
        AdminWorld world;
        import(world, "username,user_type,name,phone\ngrace,student,\"=H, Grace\",+123456\n");
        const auto lines = [&](const std::string& body) {
            const auto answer =
                world.call({.path = "/admin/users/export", .body = body, .token = world.boss});
            CHECK(answer.status == 200);
            CHECK(answer.header("Content-Type") == "text/csv; charset=utf-8");
            const auto table = csv::parse_table(answer.raw_body);
            REQUIRE(table.has_value());
            std::string names;
            for (const csv::Row& row : table->rows) {
                names += std::string(table->cell(row, "username")) + " ";
            }
            return names;
        };
        CHECK(lines("") == "admin ada curie grace ");
        CHECK(lines(R"({"user_type":"teacher"})") == "curie ");
        CHECK(lines(R"({"user_type":"student","user_ids":[]})") == "ada grace ");
        const std::string id = std::to_string(world.id_of("grace"));
        CHECK(lines(R"({"user_ids":[)" + id + R"(,999]})") == "grace ");
        const auto all =
            world.call({.path = "/admin/users/export", .body = "", .token = world.boss});
        CHECK(
            all.raw_body.starts_with("user_id,username,user_type,name,email,phone,group,"
                                     "is_active,has_2fa,created_at\r\n"));
        CHECK(all.raw_body.find("\"'=H, Grace\",,'+123456,") != std::string::npos);
        CHECK(all.raw_body.find("$2b$") == std::string::npos);
        CHECK(all.header("Content-Disposition") == "attachment; filename=\"users.csv\"");
        CHECK(world.audited("export_users") == "ok");
        CHECK(world
                  .call({.path = "/admin/users/export",
                         .body = R"({"user_type":"robot"})",
                         .token = world.boss})
                  .status == 422);
    }

    TEST_CASE("figures come from kept totals, and do without the data node") {
        AdminWorld world;
        world.make_course("Algebra");
        import(world, "username,user_type\ngrace,student\nhedy,teacher\n");
        world.set_active("grace", false);
        const auto stats = world.get("/admin/stats", world.boss);
        CHECK(stats.status == 200);
        CHECK(stats.body["total_users"].integer() == 5);
        CHECK(stats.body["total_students"].integer() == 2);
        CHECK(stats.body["total_teachers"].integer() == 2);
        CHECK(stats.body["total_admins"].integer() == 1);
        CHECK(stats.body["active_users"].integer() == 4);
        CHECK(stats.body["users_with_2fa"].integer() == 1);
        CHECK(stats.body["open_sessions"].integer() ==
              world.count("SELECT count(*) FROM sessions"));
        CHECK(stats.body["total_courses"].integer() == 1);
        world.post("/admin/user/reset-2fa", R"({"username":"ada"})", world.boss);
        world.data.mode = test::DataMode::away;
        const auto alone = world.get("/admin/stats", world.boss);
        CHECK(alone.body["users_with_2fa"].integer() == 0);
        CHECK_FALSE(alone.body["total_courses"].integer().has_value());
    }
}
