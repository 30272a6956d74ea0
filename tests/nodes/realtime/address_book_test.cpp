#include "courseselect/nodes/realtime/address_book.hpp"

#include <doctest/doctest.h>

#include "courseselect/crypto/random.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/net/http/local_client.hpp"
#include "support/run.hpp"

using namespace courseselect;

namespace {

/// Everybody whose name begins with an "a" has an address.
class Directory final : public net::http::Handler {
  public:
    async::Task<net::http::Response> handle(const net::http::Request& request) override {
        ++calls;
        net::http::Response response;
        if (is_away) {
            response.status = 503;
            co_return response;
        }
        const auto body = json::Value::parse(request.body);
        std::string users;
        for (const json::Value& name : (*body)["usernames"].items()) {
            ++names;
            const std::string user = name.string().value_or("");
            users += (users.empty() ? "" : ",") + (R"({"username":")" + user + "\"");
            users += user.starts_with("a") ? R"(,"user_id":1,"email":")" + user + "@example.org\"}"
                                           : std::string("}");
        }
        response.body = "{\"users\":[" + users + "]}";
        co_return response;
    }
    bool is_away = false;
    int calls = 0;
    int names = 0;
};

struct Desk {
    ~Desk() { test::run(loop, book.stop()); }
    std::vector<std::string> look_up(std::vector<std::string> names) {
        std::vector<std::string> found;
        test::run(loop, keep(book, std::move(names), found));
        return found;
    }

    async::EventLoop loop;
    core::ManualClock clock;
    crypto::SeededRandomSource random{1};
    Directory directory;
    net::http::LocalClient client{directory};
    nodes::realtime::AddressBook book{nodes::Runtime{loop, clock, random}, client, "token"};

  private:
    static async::Task<> keep(nodes::realtime::AddressBook& book, std::vector<std::string> names,
                              std::vector<std::string>& found) {
        found = co_await book.look_up(std::move(names));
    }
};

using Names = std::vector<std::string>;

}  // namespace

TEST_SUITE("nodes/realtime/address_book") {
    TEST_CASE("addresses are asked for together, each name once, and kept for a while") {
        Desk desk;
        CHECK(desk.look_up({"ann", "bob", "ann", ""}) ==
              Names{"ann@example.org", "bob", "ann@example.org", ""});
        CHECK(desk.directory.calls == 1);
        CHECK(desk.directory.names == 2);
        desk.look_up({"bob", "ann"});
        CHECK(desk.directory.calls == 1);
        desk.clock.advance(std::chrono::seconds{300});
        desk.look_up({"bob"});
        CHECK(desk.directory.calls == 2);
    }

    TEST_CASE("while the auth node is away names serve, and it is asked again") {
        Desk desk;
        desk.directory.is_away = true;
        CHECK(desk.look_up({"ann"}) == Names{"ann"});
        desk.directory.is_away = false;
        CHECK(desk.look_up({"ann"}) == Names{"ann@example.org"});
    }

    TEST_CASE("what is known serves while the auth node is away") {
        Desk desk;
        desk.look_up({"ann"});
        desk.directory.is_away = true;
        CHECK(desk.look_up({"ann", "amy"}) == Names{"ann@example.org", "amy"});
    }
}
