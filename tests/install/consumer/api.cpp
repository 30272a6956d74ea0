// One documented route, answered without a socket.

#include <cstdio>
#include <string>

#include "courseselect/api/service.hpp"
#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/json/describe.hpp"

using namespace courseselect;

struct Greeting {
    std::string text;
};

template <>
struct courseselect::json::Describe<Greeting> {
    static constexpr auto fields() {
        return object("Greeting", "A friendly word.", field<&Greeting::text>("text"));
    }
};

namespace {

async::Task<core::Result<Greeting>> greet(api::Context&) {
    Greeting greeting;
    greeting.text = "hello";
    co_return greeting;
}

async::Task<> ask(async::EventLoop& loop, net::http::Handler& handler, std::string& answer) {
    net::http::Request request;
    request.method = net::http::Method::get;
    request.target = "/greeting";
    request.path = "/greeting";
    const net::http::Response response = co_await handler.handle(request);
    answer = response.body;
    loop.stop();
}

}  // namespace

int main() {
    const core::SystemClock clock;
    api::Service service(clock, {});
    service.add(api::get("/greeting").summary("Greets."), greet);
    async::EventLoop loop;
    async::TaskGroup tasks(loop);
    std::string answer;
    loop.post([&] { tasks.spawn(ask(loop, service, answer)); });
    loop.run();
    std::puts(answer.c_str());
    return answer == R"({"text":"hello"})" ? 0 : 1;
}
