#pragma once
/// Requests without sockets, and the described types that the tests of the api module send.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "courseselect/api/service.hpp"
#include "courseselect/async/event_loop.hpp"
#include "courseselect/json/describe.hpp"
#include "courseselect/json/value.hpp"
#include "support/run.hpp"

namespace courseselect::test {

/// A request in the making; `to(service)` sends it.
class Call {
  public:
    Call(net::http::Method method, std::string target)
        : method_(method), target_(std::move(target)) {}

    Call&& header(std::string name, std::string value) && {
        headers_.push_back({std::move(name), std::move(value)});
        return std::move(*this);
    }
    Call&& internal() && { return std::move(*this).header("Internal-Token", "swordfish"); }
    Call&& bearer(const std::string& token) && {
        return std::move(*this).header("Authorization", "Bearer " + token);
    }
    Call&& body(std::string text) && {
        body_ = std::move(text);
        return std::move(*this);
    }
    Call&& from(std::string address, bool is_unix = false) && {
        address_ = std::move(address);
        is_unix_ = is_unix;
        return std::move(*this);
    }

    [[nodiscard]] net::http::Response to(net::http::Handler& handler) && {
        std::vector<net::http::HeaderView> views;
        for (const net::http::Header& field : headers_) {
            views.push_back({field.name, field.value});
        }
        const std::string_view target = target_;
        const std::size_t mark = std::min(target.find('?'), target.size());
        net::http::Request request;
        request.method = method_;
        request.target = target;
        request.path = target.substr(0, mark);
        request.query = target.substr(std::min(mark + 1, target.size()));
        request.body = body_;
        request.headers = views;
        request.peer.address = address_;
        request.peer.is_unix = is_unix_;

        net::http::Response answer;
        async::EventLoop loop;
        run(loop, ask(handler, request, answer));
        return answer;
    }

  private:
    static async::Task<> ask(net::http::Handler& handler, const net::http::Request& request,
                             net::http::Response& answer) {
        answer = co_await handler.handle(request);
    }

    net::http::Method method_;
    std::string target_;
    std::vector<net::http::Header> headers_;
    std::string body_;
    std::string address_ = "192.0.2.1";
    bool is_unix_ = false;
};

inline Call get(std::string target) { return {net::http::Method::get, std::move(target)}; }
inline Call post(std::string target, std::string body = {}) {
    return Call(net::http::Method::post, std::move(target)).body(std::move(body));
}
inline Call options(std::string target) { return {net::http::Method::options, std::move(target)}; }

/// All values of a response field, joined; empty when there is none.
inline std::string header_of(const net::http::Response& response, std::string_view name) {
    std::string all;
    for (const net::http::Header& field : response.headers) {
        if (net::http::same_field_name(field.name, name)) {
            all.append(all.empty() ? "" : ", ").append(field.value);
        }
    }
    return all;
}

inline bool has_header(const net::http::Response& response, std::string_view name) {
    return std::any_of(response.headers.begin(), response.headers.end(),
                       [&](const net::http::Header& field) {
                           return net::http::same_field_name(field.name, name);
                       });
}

inline json::Value json_of(const net::http::Response& response) {
    return json::Value::parse(response.body).value_or(json::Value());
}

/// The text in `{"detail": "..."}`.
inline std::string detail_of(const net::http::Response& response) {
    return json_of(response)["detail"].string().value_or("no detail: " + response.body);
}

/// The faults of a 422 as "header.Internal-Token missing; query.page int_parsing".
inline std::string faults_of(const net::http::Response& response) {
    std::string all;
    for (const json::Value& fault : json_of(response)["detail"].items()) {
        all.append(all.empty() ? "" : "; ");
        std::string_view dot;
        for (const json::Value& part : fault["loc"].items()) {
            all.append(dot).append(part.string().value_or(part.text()));
            dot = ".";
        }
        all.append(" ").append(fault["type"].string().value_or("?"));
    }
    return all;
}

/// Knows "student", "teacher", "admin" and "refresh" as tokens, all of user 7.
class FakeAuthenticator final : public api::Authenticator {
  public:
    [[nodiscard]] core::Result<auth::Principal> verify(std::string_view token,
                                                       auth::TokenType expected) const override {
        const bool is_refresh = token == "refresh";
        const auto kind =
            is_refresh ? std::optional(auth::UserKind::student) : auth::parse_user_kind(token);
        if (!kind) {
            return core::Error(core::Errc::unauthenticated, "token_refused", "Invalid token");
        }
        if (is_refresh != (expected == auth::TokenType::refresh)) {
            return core::Error(core::Errc::unauthenticated, "token_refused", "Invalid token type");
        }
        return auth::Principal{*kind, 7, "ada"};
    }
};

struct SeatWish {
    core::CourseId course_id;
    std::string note;
};

struct SeatAnswer {
    bool success = true;
    std::string message;
};

struct CoursePath {
    core::CourseId id;
};

struct PageQuery {
    int page = 1;
    std::string search;
};

}  // namespace courseselect::test

namespace courseselect::json {

template <>
struct Describe<test::SeatWish> {
    using T = test::SeatWish;
    static constexpr auto fields() {
        return object("SeatWish", "A wish for a seat.", field<&T::course_id>("course_id"),
                      field<&T::note>("note", length_max(20), optional_with_default));
    }
};

template <>
struct Describe<test::SeatAnswer> {
    using T = test::SeatAnswer;
    static constexpr auto fields() {
        return object("SeatAnswer", "What became of it.", field<&T::success>("success"),
                      field<&T::message>("message"));
    }
};

template <>
struct Describe<test::CoursePath> {
    using T = test::CoursePath;
    static constexpr auto fields() {
        return object("CoursePath", "", field<&T::id>("id", doc("The course.")));
    }
};

template <>
struct Describe<test::PageQuery> {
    using T = test::PageQuery;
    static constexpr auto fields() {
        return object("PageQuery", "",
                      field<&T::page>("page", between(1, 1000), optional_with_default),
                      field<&T::search>("search", optional_with_default));
    }
};

}  // namespace courseselect::json

namespace courseselect::test {

inline async::Task<core::Result<SeatAnswer>> said(std::string message) {
    SeatAnswer answer;
    answer.message = std::move(message);
    co_return answer;
}

/// A service with a clock that stands still, the token "swordfish", and the routes of the tests.
class ServiceFixture {
  public:
    explicit ServiceFixture(api::ServiceOptions service_options = {})
        : service(clock, with_token(std::move(service_options)), &authenticator) {}

    static api::ServiceOptions with_token(api::ServiceOptions service_options) {
        service_options.internal_token = core::Secret("swordfish");
        return service_options;
    }

    core::ManualClock clock;
    FakeAuthenticator authenticator;
    api::Service service;
};

}  // namespace courseselect::test
