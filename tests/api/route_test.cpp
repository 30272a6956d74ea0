#include "courseselect/api/route.hpp"

#include <doctest/doctest.h>

#include <utility>

#include "support.hpp"

using namespace courseselect;
using net::http::Method;

TEST_SUITE("api/route") {
    TEST_CASE("a bare declaration is an open route without parts") {
        const api::RouteInfo info = api::get("/health").take_info();
        CHECK(info.method == Method::get);
        CHECK(info.path == "/health");
        CHECK(info.access == api::Access::open);
        CHECK(info.success_status == 200);
        CHECK(info.path_type == nullptr);
        CHECK(info.query_type == nullptr);
        CHECK(info.body_type == nullptr);
        CHECK_FALSE(info.body_is_optional);
        CHECK_FALSE(info.is_hidden);
    }

    TEST_CASE("each verb has its function") {
        CHECK(api::post("/a").take_info().method == Method::post);
        CHECK(api::put("/a").take_info().method == Method::put);
        CHECK(api::delete_("/a").take_info().method == Method::delete_);
        CHECK(api::route(Method::patch, "/a").take_info().method == Method::patch);
    }

    TEST_CASE("what is declared is kept, in any order") {
        const api::RouteInfo info = api::post("/courses/{id}")
                                        .body<test::SeatWish>()
                                        .summary("s")
                                        .query<test::PageQuery>()
                                        .description("d")
                                        .tag("t")
                                        .path<test::CoursePath>()
                                        .access(api::Access::admin)
                                        .status(201)
                                        .error(404, "Course not found")
                                        .error(400, "Course is full")
                                        .hidden()
                                        .take_info();
        CHECK(info.summary == "s");
        CHECK(info.description == "d");
        CHECK(info.tag == "t");
        CHECK(info.access == api::Access::admin);
        CHECK(info.success_status == 201);
        CHECK(info.path_type == &json::type_of<test::CoursePath>());
        CHECK(info.query_type == &json::type_of<test::PageQuery>());
        CHECK(info.body_type == &json::type_of<test::SeatWish>());
        REQUIRE(info.errors.size() == 2);
        CHECK(info.errors[0].status == 404);
        CHECK(info.errors[1].text == "Course is full");
        CHECK(info.is_hidden);
    }

    TEST_CASE("an optional body is a body that may be empty") {
        const api::RouteInfo info = api::post("/a").optional_body<test::SeatWish>().take_info();
        CHECK(info.body_is_optional);
        CHECK(info.body_type == &json::type_of<test::SeatWish>());
    }
}
