#include "courseselect/api/error.hpp"

#include <doctest/doctest.h>

#include <string>

#include "support.hpp"

using namespace courseselect;
using core::Errc;
using core::Error;

namespace {

struct ErrorRow {
    Error error;
    int status;
    std::string detail;
};

net::http::ClientResponse upstream(int status, std::string body) {
    net::http::ClientResponse response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

}  // namespace

TEST_SUITE("api/error") {
    TEST_CASE("every class of error has its status, and 5xx details stay here") {
        const std::string busy = "Service is busy, please try again";
        const std::string lost(api::communication_error);
        const ErrorRow rows[] = {
            {{Errc::invalid_argument, "r", "Course is full"}, 400, "Course is full"},
            {{Errc::failed_precondition, "r", "Not yet"}, 400, "Not yet"},
            {{Errc::unauthenticated, "r", "Invalid token"}, 401, "Invalid token"},
            {{Errc::permission_denied, "r", "No"}, 403, "No"},
            {{Errc::not_found, "r", "Course not found"}, 404, "Course not found"},
            {{Errc::conflict, "r", "Taken"}, 409, "Taken"},
            {{Errc::conflict, "unique_violation", "UNIQUE constraint failed: users.id"},
             409,
             "Conflicts with what is stored; look at it again and retry"},
            {{Errc::resource_exhausted, "per_student", "Slow down"}, 429, "Slow down"},
            {{Errc::resource_exhausted, "write_queue_full", "4096 jobs wait"}, 503, busy},
            {{Errc::resource_exhausted, "pool_full", "8 threads"}, 503, busy},
            {{Errc::resource_exhausted, "batcher_full", "x"}, 503, busy},
            {{Errc::resource_exhausted, "queue_full", "x"}, 503, busy},
            {{Errc::deadline_exceeded, "r", "10.0.0.5:8001"}, 503, lost},
            {{Errc::unavailable, "r", "10.0.0.5:8001"}, 503, lost},
            {{Errc::outcome_unknown, "r", "10.0.0.5:8001"}, 503, lost},
            {{Errc::cancelled, "r", "x"}, 503, "Service is stopping"},
            {{Errc::data_corrupt, "r", "row 7"}, 500, "Internal Server Error"},
            {{Errc::internal, "r", "sqlite 11"}, 500, "Internal Server Error"},
        };
        for (const ErrorRow& row : rows) {
            CAPTURE(row.error.to_string());
            CHECK(api::http_status(row.error) == row.status);
            const auto response = api::error_response(row.error);
            CHECK(response.status == row.status);
            CHECK(response.content_type == "application/json");
            CHECK(test::detail_of(response) == row.detail);
        }
    }

    TEST_CASE("401 names the scheme, a refusal for load says when to come back") {
        CHECK(test::header_of(api::error_response(Error(Errc::unauthenticated, "r", "x")),
                              "WWW-Authenticate") == "Bearer");
        CHECK(test::header_of(api::error_response(401, "x"), "WWW-Authenticate") == "Bearer");
        CHECK_FALSE(test::has_header(api::error_response(403, "x"), "WWW-Authenticate"));
        CHECK(test::header_of(api::error_response(Error(Errc::resource_exhausted, "r", "x")),
                              "Retry-After") == "1");
    }

    TEST_CASE("a detail is escaped as JSON") {
        const std::string nasty = "a \"quoted\"\nline \xe4\xbd\xa0";
        CHECK(test::detail_of(api::error_response(400, nasty)) == nasty);
    }

    TEST_CASE("a rate limit has the text of the contract") {
        const auto response = api::rate_limited(3, 4);
        CHECK(response.status == 429);
        CHECK(test::detail_of(response) == "Rate limit exceeded. Please wait 3 seconds.");
        CHECK(test::header_of(response, "Retry-After") == "4");
    }

    TEST_CASE("422 carries every fault") {
        const auto response =
            api::validation_response({json::missing_error("header", "Internal-Token"),
                                      json::missing_error("query", "page")});
        CHECK(response.status == 422);
        CHECK(test::faults_of(response) == "header.Internal-Token missing; query.page missing");
    }

    TEST_CASE("another node's refusal passes on where it concerns our caller") {
        const std::string body = R"({"detail":"Course is full"})";
        const std::pair<int, Errc> passed[] = {{400, Errc::invalid_argument},
                                               {404, Errc::not_found},
                                               {409, Errc::conflict},
                                               {429, Errc::resource_exhausted}};
        for (const auto& [status, code] : passed) {
            CAPTURE(status);
            const Error error = api::upstream_error(upstream(status, body));
            CHECK(error.code() == code);
            CHECK(error.detail() == "Course is full");
            CHECK(api::http_status(error) == status);
        }
        for (const int status : {301, 401, 403, 422, 500, 502, 503}) {
            CAPTURE(status);
            const Error error = api::upstream_error(upstream(status, body));
            CHECK(error.code() == Errc::unavailable);
            CHECK(error.detail() == api::communication_error);
        }
    }

    TEST_CASE("a refusal without a readable detail keeps its status") {
        for (const char* body : {"", "<html>", R"({"detail":[1]})", "[]", R"({"detail":null})"}) {
            CAPTURE(body);
            const Error error = api::upstream_error(upstream(404, body));
            CHECK(error.code() == Errc::not_found);
            CHECK(error.detail() == api::communication_error);
        }
    }
}
