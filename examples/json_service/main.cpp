// A JSON service: two described types and one route. Checks, errors and the page at /docs follow.
//
//   example_json_service [port]      then open http://127.0.0.1:<port>/docs

#include <cstdio>
#include <cstdlib>

#include "courseselect/api/service.hpp"
#include "courseselect/net/http/server.hpp"

using namespace courseselect;

struct Wish {
    std::string student;
    int seats = 1;
};
struct Answer {
    std::string message;
};

template <>
struct json::Describe<Wish> {
    static constexpr auto fields() {
        return object("Wish", "Who wants how many seats.",
                      field<&Wish::student>("student", length(1, 40), example("\"Ada\"")),
                      field<&Wish::seats>("seats", between(1, 4), optional_with_default));
    }
};
template <>
struct json::Describe<Answer> {
    static constexpr auto fields() {
        return object("Answer", "What was done.", field<&Answer::message>("message"));
    }
};

async::Task<core::Result<Answer>> reserve(Wish wish) {
    co_return Answer{wish.student + " has " + std::to_string(wish.seats) + " of 4 seats"};
}

int main(int argc, char** argv) {
    async::EventLoop loop;
    const core::SystemClock clock;
    api::Service service(clock, {.title = "Seats"});
    service.add(api::post("/seats").summary("Reserve seats.").body<Wish>(),
                [](api::Context&, Wish wish) { return reserve(std::move(wish)); });
    net::http::Server server(loop, clock, {}, service);
    const int port = argc > 1 ? std::atoi(argv[1]) : 0;
    if (!server.listen(net::TcpAddress{.port = static_cast<std::uint16_t>(port)})) {
        return 1;
    }
    std::printf("http://127.0.0.1:%d/docs\n", server.port());
    std::fflush(stdout);
    loop.run();
}
