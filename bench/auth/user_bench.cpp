/// Question: how long do searches among 100,000 users take, and how often a second can one auth
/// node say who is behind a token, and refresh one?
/// Workload: searches of each kind on a reader's connection, one after the other, a different text
/// each time; `GET /auth/me` and `POST /auth/refresh` through the whole service without sockets,
/// 64 under way, synchronous=FULL. Fixed seed.
/// Good: every kind of search within 5 ms at the 99th percentile.
/// Usage: user_bench [directory] [users] [searches] [requests]

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "courseselect/async/task_group.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/crypto/random.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/nodes/auth/auth_node.hpp"
#include "courseselect/nodes/auth/auth_state.hpp"
#include "courseselect/repo/auth_schema.hpp"
#include "courseselect/repo/auth_search.hpp"

using namespace courseselect;

namespace {

using Clock = std::chrono::steady_clock;

template <class T>
T must(core::Result<T> result) {
    if (!result) {
        fmt::print(stderr, "{}\n", result.error().to_string());
        std::exit(1);
    }
    if constexpr (!std::is_void_v<T>) {
        return *std::move(result);
    }
}

/// Gives ids, and takes every profile.
class WillingDataNode final : public net::http::Client {
  public:
    async::Task<core::Result<net::http::ClientResponse>> send(net::http::ClientRequest request,
                                                              std::chrono::milliseconds) override {
        net::http::ClientResponse response;
        response.status = 200;
        if (request.target.starts_with("/internal/ids")) {
            response.body = json::make_object("first", next_, "count", 64);
            next_ += 64;
        }
        co_return response;
    }

  private:
    std::int64_t next_ = 1'000'000;
};

void fill(storage::Connection& connection, int users) {
    const auto make = [users](storage::Connection& writer) -> core::Result<> {
        std::mt19937_64 random(2026);
        for (int i = 1; i <= users; ++i) {
            repo::User user;
            user.key = {i % 100 == 0 ? auth::UserKind::teacher : auth::UserKind::student, i};
            user.username =
                fmt::format("student{:06}{:c}{:c}", i, 'a' + random() % 26, 'a' + random() % 26);
            user.email = user.username + "@example.org";
            user.is_active = random() % 100 != 0;
            COURSESELECT_TRY_OK(repo::insert_user(writer, user));
        }
        return {};
    };
    must(connection.transaction(make));
}

void report(const std::string& name, std::vector<double>& milliseconds) {
    std::sort(milliseconds.begin(), milliseconds.end());
    const auto at = [&](double part) {
        return milliseconds[static_cast<std::size_t>(part *
                                                     static_cast<double>(milliseconds.size() - 1))];
    };
    fmt::print(R"({{"bench":"user_search","kind":"{}","ms_p50":{:.3f},"ms_p99":{:.3f},)"
               "\"ms_max\":{:.3f}}}\n",
               name, at(0.5), at(0.99), milliseconds.back());
}

void search(storage::Connection& reader, int users, int searches) {
    struct Kind {
        const char* name;
        std::function<repo::UserSearch(std::uint64_t)> make;
    };
    const Kind kinds[] = {
        {"one user by a part of the name",
         [](std::uint64_t n) { return repo::UserSearch{.username = fmt::format("{:06}", n)}; }},
        {"some by four digits",
         [](std::uint64_t n) {
             return repo::UserSearch{.username = fmt::format("{:04}", n % 10000)};
         }},
        {"all by a part that all have",
         [](std::uint64_t) { return repo::UserSearch{.username = "student"}; }},
        {"all by a beginning", [](std::uint64_t) { return repo::UserSearch{.username = "s"}; }},
        {"inactive ones by a part that all have",
         [](std::uint64_t) { return repo::UserSearch{.username = "student", .is_active = false}; }},
        {"name and address",
         [](std::uint64_t n) {
             return repo::UserSearch{.username = "stu", .email = fmt::format("{:05}", n % 100000)};
         }},
        {"teachers by a part that all have",
         [](std::uint64_t) {
             return repo::UserSearch{.username = "student", .kind = auth::UserKind::teacher};
         }},
        {"newest first by a part that all have",
         [](std::uint64_t) {
             return repo::UserSearch{.username = "student", .newest_first = true};
         }},
        {"newest first by two digits anywhere",
         [](std::uint64_t n) {
             return repo::UserSearch{.username = fmt::format("{:02}", n % 100),
                                     .newest_first = true,
                                     .is_short_anywhere = true};
         }},
        {"newest first by two letters that nobody has",
         [](std::uint64_t) {
             return repo::UserSearch{
                 .username = "qq", .newest_first = true, .is_short_anywhere = true};
         }},
        {"nobody",
         [](std::uint64_t n) { return repo::UserSearch{.email = fmt::format("q{}x", n)}; }},
        {"inactive ones", [](std::uint64_t) { return repo::UserSearch{.is_active = false}; }},
        {"everybody", [](std::uint64_t) { return repo::UserSearch{}; }}};
    for (const Kind& kind : kinds) {
        std::mt19937_64 random(7);
        std::vector<double> times;
        for (int i = 0; i < searches + 10; ++i) {
            const auto wanted = kind.make(random() % static_cast<std::uint64_t>(users) + 1);
            const auto started = Clock::now();
            must(repo::search_users(reader, wanted, 0, 100));
            const std::chrono::duration<double, std::milli> took = Clock::now() - started;
            if (i >= 10) {
                times.push_back(took.count());
            }
        }
        report(kind.name, times);
    }
}

struct Load {
    nodes::accounts::AuthNode& node;
    int left = 0;
    int failed = 0;
};

async::Task<net::http::Response> ask(Load& load, net::http::Method method, std::string path,
                                     std::string token, std::string body) {
    const std::string bearer = "Bearer " + token;
    std::vector<net::http::HeaderView> fields;
    if (!token.empty()) {
        fields.push_back({"Authorization", bearer});
    }
    net::http::Request request;
    request.method = method;
    request.target = path;
    request.path = path;
    request.headers = fields;
    request.body = body;
    request.peer.address = "192.0.2.1";
    auto response = co_await load.node.handler().handle(request);
    load.failed += response.status == 200 ? 0 : 1;
    co_return response;
}

async::Task<> look(Load& load, std::string token) {
    while (load.left-- > 0) {
        co_await ask(load, net::http::Method::get, "/auth/me", token, std::string());
    }
}

async::Task<> refresh(Load& load, std::string token) {
    while (load.left-- > 0) {
        std::string body = json::make_object("refresh_token", token);
        const auto answer = co_await ask(load, net::http::Method::post, "/auth/refresh",
                                         std::string(), std::move(body));
        const auto parsed = json::Value::parse(answer.body);
        token = parsed ? (*parsed)["refresh_token"].string().value_or("") : "";
    }
}

async::Task<> log_in(Load& load, std::vector<json::Value>& tokens, std::string name) {
    std::string made =
        json::make_object("username", name, "email", name + "@bench.org", "password", "a password");
    auto user = co_await ask(load, net::http::Method::post, "/users", std::string(), made);
    std::string login = json::make_object("email", name, "password", "a password");
    auto in =
        co_await ask(load, net::http::Method::post, "/auth/login", std::string(), std::move(login));
    tokens.push_back(must(json::Value::parse(in.body))["data"]);
}

async::Task<> requests(Load& load, async::EventLoop& loop, int count, int clients) {
    auto started_node = co_await load.node.start();
    must(std::move(started_node));
    std::vector<json::Value> tokens;
    for (int i = 0; i < clients; ++i) {
        co_await log_in(load, tokens, fmt::format("bench{}", i));
    }
    for (const bool is_look : {true, false}) {
        load.left = count;
        load.failed = 0;
        async::TaskGroup group(loop);
        const auto started = Clock::now();
        for (const json::Value& mine : tokens) {
            if (is_look) {
                group.spawn(look(load, mine["access_token"].string().value_or("")));
            } else {
                group.spawn(refresh(load, mine["refresh_token"].string().value_or("")));
            }
        }
        co_await group.join();
        const std::chrono::duration<double> took = Clock::now() - started;
        fmt::print(R"({{"bench":"{}","requests":{},"per_second":{:.0f},"failed":{}}})"
                   "\n",
                   is_look ? "auth_me" : "auth_refresh", count, count / took.count(), load.failed);
    }
    co_await load.node.stop();
    loop.stop();
}

}  // namespace

int main(int argc, char** argv) {
    const std::filesystem::path parent =
        argc > 1 ? std::filesystem::path(argv[1]) : std::filesystem::temp_directory_path();
    const int users = argc > 2 ? std::atoi(argv[2]) : 100'000;
    const int searches = argc > 3 ? std::atoi(argv[3]) : 500;
    const int count = argc > 4 ? std::atoi(argv[4]) : 20'000;
    const std::filesystem::path directory = parent / "courseselect_user_bench";
    std::filesystem::remove_all(directory);
    std::filesystem::create_directories(directory);

    async::EventLoop loop;
    core::SystemClock clock;
    crypto::SystemRandomSource random;
    nodes::accounts::AuthNodeOptions options;
    options.database.path = (directory / "auth.db").string();
    options.jwt_secret = core::Secret(std::string(32, 'k'));
    options.bcrypt_cost = 4;
    options.dev = true;
    options.admin_password = core::Secret("a long password");
    options.guesses.enabled = false;
    options.settings.security.open_registration_enabled = true;
    auto node = must(nodes::accounts::AuthNode::open({loop, clock, random}, std::move(options),
                                                     std::make_unique<WillingDataNode>()));
    {
        auto database = must(storage::Database::open({.path = (directory / "search.db").string()}));
        auto writer = must(database->connect_writer());
        must(storage::migrate(*writer, repo::auth_migrations(), clock));
        fill(*writer, users);
        const auto reader = must(database->connect_reader());
        search(*reader, users, searches);
    }
    Load load{.node = *node};
    async::TaskGroup group(loop);
    group.spawn(requests(load, loop, count, 64));
    loop.run();
    node.reset();
    std::filesystem::remove_all(directory);
    return 0;
}
