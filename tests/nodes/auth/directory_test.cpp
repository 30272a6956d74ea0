#include "courseselect/nodes/auth/directory.hpp"

#include <doctest/doctest.h>

#include <string>

#include "courseselect/auth/jwt.hpp"
#include "courseselect/json/value.hpp"
#include "nodes/three_nodes.hpp"

using namespace courseselect;

namespace {

/// The directory of an auth database with a few accounts, called as another node would.
class Directory {
  public:
    Directory() {
        nodes::accounts::AuthNodeOptions options;
        options.database.path = dir_.file("auth.db");
        options.jwt_secret = test::test_jwt_secret;
        auto state = nodes::accounts::AuthState::open({loop_, clock_, random_}, std::move(options));
        REQUIRE(state.has_value());
        state_ = *std::move(state);
        add("alice", {auth::UserKind::student, 4});
        add("curie", {auth::UserKind::teacher, 4});
        add_directory_routes(service_, *state_);
    }
    ~Directory() { test::run(loop_, state_->writes->stop()); }

    test::Answer ask(std::string body, std::string token = "internal-token-of-the-tests") {
        net::http::ClientRequest request{.method = net::http::Method::post,
                                         .target = "/internal/users/lookup",
                                         .headers = {{"Internal-Token", std::move(token)}},
                                         .body = std::move(body)};
        test::Answer answer;
        test::run(loop_, send(service_, std::move(request), answer));
        return answer;
    }

  private:
    void add(std::string name, repo::UserKey key) {
        repo::User user;
        user.key = key;
        user.username = std::move(name);
        user.password_hash = "x";
        auto insert = [user](storage::Connection& connection) {
            return repo::insert_user(connection, user);
        };
        test::run(loop_, store(*state_, std::move(insert)));
    }
    template <class F>
    static async::Task<> store(nodes::accounts::AuthState& state, F insert) {
        const auto stored = co_await state.writes->run(std::move(insert));
        CHECK(stored.has_value());
    }
    static async::Task<> send(api::Service& service, net::http::ClientRequest request,
                              test::Answer& answer) {
        net::http::LocalClient client(service);
        const auto response = co_await client.send(std::move(request), std::chrono::seconds(30));
        answer.status = response->status;
        answer.text = response->body;
        const auto parsed = json::Value::parse(answer.text);
        answer.body = parsed ? *parsed : json::Value();
    }

    async::EventLoop loop_;
    core::ManualClock clock_;
    crypto::SystemRandomSource random_;
    test::TempDir dir_;
    std::unique_ptr<nodes::accounts::AuthState> state_;
    api::Service service_{clock_, {.internal_token = test::test_internal_token}};
};

}  // namespace

TEST_SUITE("nodes/auth/directory") {
    TEST_CASE("names become numbers and kinds, in the order asked for, unknown ones too") {
        Directory directory;
        const auto found = directory.ask(R"({"usernames":["curie","nobody","alice","alice"]})");
        CHECK(found.status == 200);
        CHECK(found.text == R"({"users":[{"username":"curie","user_id":4,"user_type":"teacher"},)"
                            R"({"username":"nobody","user_id":null,"user_type":null},)"
                            R"({"username":"alice","user_id":4,"user_type":"student"},)"
                            R"({"username":"alice","user_id":4,"user_type":"student"}]})");
    }

    TEST_CASE("only nodes may ask, for one to a thousand names") {
        Directory directory;
        CHECK(directory.ask(R"({"usernames":["alice"]})", "wrong").status == 403);
        CHECK(directory.ask(R"({"usernames":[]})").status == 422);
        const auto many = [](int count) {
            std::string body = R"({"usernames":["a")";
            for (int i = 1; i < count; ++i) {
                body += R"(,"a")";
            }
            return body + "]}";
        };
        CHECK(directory.ask(many(1000)).body["users"].size() == 1000);
        CHECK(directory.ask(many(1001)).status == 422);
    }
}
