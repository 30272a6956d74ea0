#include "courseselect/nodes/auth/user_accounts.hpp"

#include <doctest/doctest.h>

#include "user_world.hpp"

using namespace courseselect;
using test::member_names;
using test::UserWorld;

namespace {

constexpr auto http_get = net::http::Method::get;
constexpr auto http_put = net::http::Method::put;
constexpr auto http_delete = net::http::Method::delete_;
const std::string user_members = "_id email username status created_at updated_at";
const std::string closed = "Registration is closed: an administrator's token is needed";
const std::string not_own = "Only this user and administrators may do that";
const std::string no_oid = "0123456789abcdef01234567";

}  // namespace

TEST_SUITE("nodes/auth/user_accounts") {
    TEST_CASE("POST /users answers field by field, and the data node knows the student") {
        UserWorld world;
        const auto made = world.post("/users", world.new_user("zoe"));
        CHECK(made.status == 201);
        CHECK(member_names(made.body) == "message user status");
        CHECK(made.text("status") == "created");
        const json::Value user = made.body["user"];
        CHECK(member_names(user) == user_members);
        CHECK(user["_id"].string()->size() == 24);
        CHECK(user["email"].string() == "zoe@example.org");
        CHECK(user["username"].string() == "zoe");
        CHECK(user["status"].string() == "active");
        CHECK(user["created_at"].string()->ends_with("Z"));
        CHECK(user["updated_at"].string() == user["created_at"].string());
        const auto profile =
            world.get_data("/get/student?student_id=" + std::to_string(world.id_of("zoe")));
        CHECK(profile.text("student_name") == "zoe");
        CHECK(world.audited("register") == "ok");
        CHECK(world.count("SELECT count(*) FROM profile_outbox") == 0);
    }

    TEST_CASE("POST /auth/register also tells the wallet") {
        UserWorld world;
        const auto made = world.post("/auth/register", world.new_user("zoe"));
        CHECK(made.status == 201);
        CHECK(member_names(made.body) == "message user status data");
        const json::Value wallet = made.body["data"]["wallet"];
        CHECK(member_names(wallet) == "_id user_id balance currency");
        CHECK(wallet["_id"].string()->size() == 24);
        CHECK(wallet["user_id"].string() == made.body["user"]["_id"].string());
        CHECK(wallet["balance"].number() == 0.0);
        CHECK(wallet["currency"].string() == "credits");
    }

    TEST_CASE("everything that is wrong with a new user is told at once") {
        UserWorld world;
        const auto bad =
            world.post("/users", R"({"username":"a b","email":"nowhere","password":"short"})");
        CHECK(bad.status == 400);
        CHECK(member_names(bad.body) == "success error errors");
        CHECK(world.fields_of(bad) == "email username password");
        CHECK(world.fields_of(world.post("/users", "{}")) == "email username password");
        CHECK(world.fields_of(world.post("/auth/register", "{")) == "body");
        const auto password = [&](const std::string& text) {
            return world.post("/users", json::make_object("username", "zoe", "email", "z@x.co",
                                                          "password", text));
        };
        CHECK(world.fields_of(password("1234567")) == "password");
        CHECK(world.fields_of(password(std::string(1025, 'x'))) == "password");
        CHECK(world.fields_of(password(std::string(1024, 'x') + "")).empty());
    }

    TEST_CASE("a stricter policy of the settings holds here too, with all it asks for") {
        UserWorld world;
        const auto stricter = world.call({.method = net::http::Method::patch,
                                          .path = "/admin/system-settings",
                                          .body = R"({"security":{"password_length_min":12,)"
                                                  R"("password_classes_min":3}})",
                                          .token = world.boss});
        CHECK(stricter.status == 200);
        const auto with = [&](const std::string& text) {
            return world.fields_of(world.post(
                "/users",
                json::make_object("username", "zoe", "email", "z@x.co", "password", text)));
        };
        CHECK(with("elevenchars") == "password password");
        CHECK(with("twelve chars") == "password");
        CHECK(with("Ele3en char") == "password");
        CHECK(with("Twelve chars") == "");
    }

    TEST_CASE("a password over 72 bytes counts whole") {
        UserWorld world;
        const std::string password(73, 'x');
        world.post("/users",
                   json::make_object("username", "zoe", "email", "z@x.co", "password", password));
        CHECK(world.log_in("zoe", password).status == 200);
        CHECK(world.log_in("zoe", password.substr(0, 72)).status == 401);
    }

    TEST_CASE("names and addresses are taken whatever their case; the answer says which") {
        UserWorld world;
        world.join("zoe");
        const auto with = [](const std::string& name, const std::string& email) {
            return json::make_object("username", name, "email", email, "password",
                                     test::user_password);
        };
        const std::string name_text = "This username is taken; choose another one";
        const std::string email_text =
            "This email is registered already; log in or use another one";
        for (const char* path : {"/users", "/auth/register"}) {
            check_user_refusals(
                world, {{"name", {.path = path, .body = with("ZOE", "o@x.co")}, 409, name_text},
                        {"a code's student",
                         {.path = path, .body = with("Ada", "o@x.co")},
                         409,
                         name_text},
                        {"admin", {.path = path, .body = with("admin", "o@x.co")}, 409, name_text},
                        {"email",
                         {.path = path, .body = with("zed", "Zoe@Example.ORG")},
                         409,
                         email_text}});
        }
        CHECK(world.audited("register") == "email_taken");
        CHECK(world.count("SELECT count(*) FROM users WHERE username = 'zed'") == 0);
    }

    TEST_CASE("where registration is open a token that is no longer good does not matter") {
        UserWorld world;
        const test::ManagedLogin zoe = world.joined("zoe");
        CHECK(world
                  .call({.method = net::http::Method::post,
                         .path = "/auth/logout",
                         .token = zoe.access})
                  .status == 200);
        int number = 0;
        for (const std::string& token : {zoe.access, zoe.refresh, std::string("nonsense")}) {
            for (const char* path : {"/users", "/auth/register"}) {
                const auto made =
                    world.call({.method = net::http::Method::post,
                                .path = path,
                                .body = world.new_user("new" + std::to_string(++number)),
                                .token = token});
                CHECK(made.status == 201);
            }
        }
    }

    TEST_CASE("where registration is closed only administrators make users") {
        UserWorld world(false);
        const std::string body = world.new_user("zoe");
        for (const char* path : {"/users", "/auth/register"}) {
            check_user_refusals(
                world,
                {{"nobody", {.path = path, .body = body}, 401, closed},
                 {"nonsense", {.path = path, .body = body, .token = "x"}, 401, "Invalid token"},
                 {"student", {.path = path, .body = body, .token = world.ada_access}, 403, closed},
                 {"teacher",
                  {.path = path, .body = body, .token = world.teacher_access},
                  403,
                  closed}});
        }
        CHECK(world.post("/users", body, world.boss).status == 201);
        CHECK(world.count("SELECT count(*) FROM audit WHERE action = 'register' AND "
                          "actor = 'admin:1' AND outcome = 'ok'") == 1);
        CHECK(world.log_in("zoe").status == 200);
    }

    TEST_CASE("a user is made while the data node is away, and its profile follows") {
        UserWorld world;
        world.join("first");  // fetches ids
        world.data.mode = test::DataMode::away;
        CHECK(world.post("/users", world.new_user("zoe")).status == 201);
        CHECK(world.log_in("zoe").status == 200);
        world.data.mode = test::DataMode::works;
        world.clock.advance(std::chrono::minutes(2));
        test::run(world.loop, world.node->deliver_profiles());
        const auto id = std::to_string(world.id_of("zoe"));
        CHECK(world.get_data("/get/student?student_id=" + id).text("student_name") == "zoe");
    }

    TEST_CASE("users see themselves, administrators everybody, nobody else anything") {
        UserWorld world;
        const auto zoe = world.joined("zoe");
        const auto yan = world.joined("yan");
        const auto own = world.get("/users/" + zoe.id, zoe.access);
        CHECK(own.status == 200);
        CHECK(member_names(own.body) == user_members);
        CHECK(own.text("username") == "zoe");
        CHECK(world.get("/users/" + zoe.id, world.boss).body.text() == own.body.text());
        const auto look = [&](const std::string& id, const std::string& token) {
            return test::AuthCall{.method = http_get, .path = "/users/" + id, .token = token};
        };
        check_user_refusals(world,
                            {{"no token", look(zoe.id, ""), 401, "Authorization required"},
                             {"refresh token", look(zoe.id, zoe.refresh), 401, "Invalid token"},
                             {"another", look(zoe.id, yan.access), 403, not_own},
                             {"nobody there", look(no_oid, yan.access), 403, not_own},
                             {"teacher", look(zoe.id, world.teacher_access), 403, not_own},
                             {"unknown", look(no_oid, world.boss), 404, "User not found"},
                             {"no id", look("zoe", world.boss), 404, "User not found"}});
        const auto ada = world.get("/users/" + world.oid_of("ada"), world.boss);
        CHECK(ada.text("username") == "ada");
        CHECK(ada.body["email"].is_null());
    }

    TEST_CASE("users change name and address; tokens go on and carry the new name") {
        UserWorld world;
        const auto zoe = world.joined("zoe");
        world.clock.advance(std::chrono::seconds(5));
        const auto changed =
            world.put("/auth/" + zoe.id, R"({"username":"zora","email":"z@new.org"})", zoe.access);
        CHECK(changed.status == 200);
        CHECK(member_names(changed.body) == "message user");
        CHECK(member_names(changed.body["user"]) == user_members);
        CHECK(changed.body["user"]["username"].string() == "zora");
        CHECK(changed.body["user"]["email"].string() == "z@new.org");
        CHECK(changed.body["user"]["updated_at"].string() !=
              changed.body["user"]["created_at"].string());
        CHECK(world.get("/auth/me", zoe.access).status == 200);
        const auto id = std::to_string(world.id_of("zora"));
        CHECK(world.get_data("/get/student?student_id=" + id).text("student_name") == "zora");
        CHECK(world.log_in("z@NEW.org").status == 200);
        CHECK(world.log_in("zoe@example.org").status == 401);
        CHECK(world.audited("change_user") == "ok");
        CHECK(world.put("/auth/" + zoe.id, "{}", world.boss).status == 200);
    }

    TEST_CASE("a change is refused for every reason there is") {
        UserWorld world;
        const auto zoe = world.joined("zoe");
        const auto yan = world.joined("yan");
        const auto put = [&](const std::string& id, const std::string& body,
                             const std::string& token) {
            return test::AuthCall{
                .method = http_put, .path = "/auth/" + id, .body = body, .token = token};
        };
        const std::string name = R"({"username":"YAN"})", status = R"({"status":"inactive"})";
        check_user_refusals(
            world, {{"no token", put(zoe.id, status, ""), 401, "Authorization required"},
                    {"another", put(zoe.id, R"({"username":"x11"})", yan.access), 403, not_own},
                    {"own status", put(zoe.id, status, zoe.access), 403,
                     "Only administrators change the status"},
                    {"taken name", put(zoe.id, name, zoe.access), 409,
                     "This username is taken; choose another one"},
                    {"taken address", put(zoe.id, R"({"email":"YAN@example.org"})", zoe.access),
                     409, "This email is registered already; log in or use another one"},
                    {"unknown", put(no_oid, "{}", world.boss), 404, "User not found"},
                    {"last admin", put(world.oid_of("admin"), status, world.boss), 409,
                     "This is the last active administrator; make another one first"}});
        const auto bad = world.put("/auth/" + zoe.id,
                                   R"({"username":"","email":"x","status":"gone"})", world.boss);
        CHECK(bad.status == 400);
        CHECK(world.fields_of(bad) == "username email status");
        CHECK(world.put("/auth/" + zoe.id, R"({"username":"ZOE"})", zoe.access).status == 200);
        world.data.mode = test::DataMode::away;
        const auto away = world.put("/auth/" + zoe.id, R"({"username":"zora"})", zoe.access);
        CHECK(away.status == 503);
        CHECK_FALSE(away.text("request_id").empty());
        CHECK(world.get("/users/" + zoe.id, zoe.access).text("username") == "ZOE");
    }

    TEST_CASE("whoever becomes inactive is out at once, and comes back when active") {
        UserWorld world;
        const auto zoe = world.joined("zoe");
        const auto id = world.id_of("zoe");
        CHECK(world.put("/auth/" + zoe.id, R"({"status":"inactive"})", world.boss)
                  .body["user"]["status"]
                  .string() == "inactive");
        world.check_ended("student:" + std::to_string(id), zoe.refresh, zoe.access);
        CHECK(world.get("/auth/me", zoe.access).status == 401);
        CHECK(world.log_in("zoe").status == 403);
        CHECK(world.put("/auth/" + zoe.id, R"({"status":"active"})", world.boss).status == 200);
        CHECK(world.log_in("zoe").status == 200);
    }

    TEST_CASE("users delete themselves, administrators anybody; nothing of theirs goes on") {
        UserWorld world;
        const auto zoe = world.joined("zoe");
        const auto yan = world.joined("yan");
        const auto id = std::to_string(world.id_of("zoe"));
        const auto gone = world.remove("/auth/" + zoe.id, zoe.access);
        CHECK(gone.status == 200);
        CHECK(member_names(gone.body) == "success message");
        world.check_ended("student:" + id, zoe.refresh, zoe.access);
        CHECK(world.get("/auth/me", zoe.access).status == 401);
        CHECK(world.log_in("zoe").status == 401);
        CHECK(world.get_data("/get/student?student_id=" + id).status == 404);
        CHECK(world.count("SELECT count(*) FROM user_search WHERE username = '  zoe'") == 0);
        CHECK(world.get("/users/" + zoe.id, world.boss).status == 404);
        CHECK(world.remove("/auth/" + yan.id, world.boss).status == 200);
        CHECK(world.count("SELECT count(*) FROM audit WHERE action = 'delete_user' AND "
                          "outcome = 'ok'") == 2);
        CHECK(world.post("/users", world.new_user("zoe")).status == 201);
    }

    TEST_CASE("a deletion is refused for every reason there is, and that is audited") {
        UserWorld world;
        const auto zoe = world.joined("zoe");
        const auto yan = world.joined("yan");
        world.make_course("Physics", world.id_of("curie"));
        const auto del = [&](const std::string& id, const std::string& token) {
            return test::AuthCall{.method = http_delete, .path = "/auth/" + id, .token = token};
        };
        check_user_refusals(world,
                            {{"no token", del(zoe.id, ""), 401, "Authorization required"},
                             {"another", del(zoe.id, yan.access), 403, not_own},
                             {"teacher", del(zoe.id, world.teacher_access), 403, not_own},
                             {"unknown", del(no_oid, world.boss), 404, "User not found"},
                             {"last admin", del(world.oid_of("admin"), world.boss), 409,
                              "This is the last active administrator; make another one first"},
                             {"teacher with courses", del(world.oid_of("curie"), world.boss), 409,
                              "Cannot delete teacher with assigned courses"}});
        CHECK(world.count("SELECT count(*) FROM audit WHERE action = 'delete_user' AND "
                          "outcome = 'not_own'") == 2);
        CHECK(world.get("/auth/me", zoe.access).status == 200);
    }
}
