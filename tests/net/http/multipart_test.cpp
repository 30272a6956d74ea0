#include "courseselect/net/http/multipart.hpp"

#include <doctest/doctest.h>

using namespace courseselect;
using net::http::FormPart;
using net::http::multipart_boundary;
using net::http::MultipartLimits;
using net::http::parse_multipart;

namespace {

/// A part with these header lines and this content, between boundaries `b`.
std::string form(const std::string& headers, const std::string& content = "x") {
    return "--b\r\n" + headers + "\r\n" + content + "\r\n--b--\r\n";
}
const std::string plain = "Content-Disposition: form-data; name=\"a\"\r\n";

std::string fault_of(const std::string& body, const MultipartLimits& limits = {}) {
    const auto parsed = parse_multipart(body, "b", limits);
    if (parsed) {
        return "";
    }
    CHECK(parsed.error().code() == core::Errc::invalid_argument);
    CHECK(parsed.error().reason() == "multipart");
    return parsed.error().detail();
}

FormPart only(const std::string& body) {
    const auto parsed = parse_multipart(body, "b");
    CAPTURE(body);
    REQUIRE(parsed.has_value());
    REQUIRE(parsed->size() == 1);
    return parsed->front();
}

}  // namespace

TEST_SUITE("net/http/multipart") {
    TEST_CASE("what curl and browsers send is taken apart") {
        const std::string body =
            "------WebKitFormBoundaryX\r\n"
            "Content-Disposition: form-data; name=\"kind\"\r\n"
            "\r\n"
            "student\r\n"
            "------WebKitFormBoundaryX\r\n"
            "Content-Disposition: form-data; name=\"file\"; filename=\"users.csv\"\r\n"
            "Content-Type: text/csv; charset=utf-8\r\n"
            "\r\n"
            "username\r\nann\r\n\r\n"
            "------WebKitFormBoundaryX--\r\n";
        const auto boundary =
            multipart_boundary("multipart/form-data; boundary=----WebKitFormBoundaryX");
        REQUIRE(boundary.has_value());
        const auto parts = parse_multipart(body, *boundary);
        REQUIRE(parts.has_value());
        REQUIRE(parts->size() == 2);
        CHECK(parts->at(0).name == "kind");
        CHECK_FALSE(parts->at(0).filename.has_value());
        CHECK(parts->at(0).content == "student");
        CHECK(parts->at(1).name == "file");
        CHECK(parts->at(1).filename == "users.csv");
        CHECK(parts->at(1).content_type == "text/csv");
        CHECK(parts->at(1).content == "username\r\nann\r\n");
    }

    TEST_CASE("contents are any bytes, also none, and what looks almost like a boundary") {
        CHECK(only(form(plain, "")).content.empty());
        const std::string odd("\0\xff--b\r\n--\r\n-b\n--b", 17);
        CHECK(only(form(plain, odd)).content == odd);
    }

    TEST_CASE("a Content-Type that is no form, or has no good boundary, has none") {
        CHECK(multipart_boundary("Multipart/Form-Data; Boundary=\"a b\"") == "a b");
        CHECK(multipart_boundary("multipart/form-data; charset=utf-8; boundary=x") == "x");
        CHECK(multipart_boundary("multipart/form-data;boundary=" + std::string(70, 'x')));
        for (const std::string& bad :
             {std::string("application/json"), std::string(""),
              std::string("multipart/mixed; boundary=x"), std::string("multipart/form-data"),
              std::string("multipart/form-data; boundary="),
              std::string("multipart/form-data; boundary=\"\""),
              std::string("multipart/form-data; boundary=\"x \""),
              std::string("multipart/form-data; boundary=\"x\r\ny\""),
              std::string("multipart/form-data; boundary=\"x"),
              std::string("multipart/form-data; boundary=x; boundary=y"),
              std::string("multipart/form-data; boundary=\"a\xc3\xa4\""),
              std::string("multipart/form-data; boundary=x y"),
              "multipart/form-data; boundary=" + std::string(71, 'x')}) {
            CAPTURE(bad);
            CHECK_FALSE(multipart_boundary(bad).has_value());
        }
    }

    TEST_CASE("names may be quoted, with quotes in them, or tokens; cases do not matter") {
        CHECK(only(form("content-disposition: FORM-DATA; NAME=file\r\n")).name == "file");
        CHECK(only(form("Content-Disposition: form-data; name=\"a\\\"b\\c%22\"\r\n")).name ==
              "a\"b\\c%22");
        CHECK(only(form("Content-Disposition:form-data ;  name=\"\xc3\xa4;=\"\r\n")).name ==
              "\xc3\xa4;=");
        CHECK(only(form(plain + "X-Other: ignored\r\n")).name == "a");
        CHECK(only(form(plain + "Content-Transfer-Encoding: 8BIT\r\n")).name == "a");
    }

    TEST_CASE("nothing before the first boundary, nothing after the last") {
        const std::string good = form(plain);
        CHECK(fault_of(good).empty());
        CHECK(fault_of(good.substr(0, good.size() - 2)).empty());  // no line end at the end
        CHECK(fault_of("\r\n" + good) == "the body does not begin with its boundary");
        CHECK(fault_of("") == "the body does not begin with its boundary");
        CHECK(fault_of(good + "x") == "there is something after the last boundary");
        CHECK(fault_of(good + "\r\n") == "there is something after the last boundary");
        CHECK(fault_of("--b--\r\n") == "the form has no parts");
    }

    TEST_CASE("a body that is cut anywhere is refused") {
        const std::string good = form(plain + "Content-Type: text/csv\r\n", "line\r\n");
        for (std::size_t size = 0; size + 2 < good.size(); ++size) {
            CAPTURE(size);
            CHECK_FALSE(fault_of(good.substr(0, size)).empty());
        }
    }

    TEST_CASE("line ends are CRLF, boundaries stand alone on their lines") {
        CHECK_FALSE(fault_of("--b\nContent-Disposition: form-data; name=a\n\nx\n--b--\n").empty());
        CHECK(fault_of("--b \r\n" + plain + "\r\nx\r\n--b--") ==
              "a boundary is not followed by the end of its line");
        CHECK(fault_of("--b\r\n" + plain + "\r\nx\r\n--bb\r\n") ==
              "a boundary is not followed by the end of its line");
        CHECK(fault_of("--bb\r\n" + plain + "\r\nx\r\n--bb--") ==
              "a boundary is not followed by the end of its line");
    }

    TEST_CASE("headers that two programs could read differently are refused") {
        const std::string bad[] = {
            "",
            "Content-Type: text/csv\r\n",
            plain + plain,
            plain + "Content-Type: a/b\r\nContent-Type: c/d\r\n",
            plain + " folded\r\n",
            plain + "No colon\r\n",
            plain + "Name : blank before the colon\r\n",
            plain + ": no name\r\n",
            plain + "X: a\nb\r\n",
            plain + std::string("X: a\0b\r\n", 9),
            plain + "Content-Transfer-Encoding: base64\r\n",
            "Content-Disposition: attachment; name=\"a\"\r\n",
            "Content-Disposition: form-data\r\n",
            "Content-Disposition: form-data; filename=\"a\"\r\n",
            "Content-Disposition: form-data; name=\"\"\r\n",
            "Content-Disposition: form-data; name=\"a\r\n",
            "Content-Disposition: form-data; name=\"a\" b\r\n",
            "Content-Disposition: form-data; name=\"a\"; name=\"b\"\r\n",
            "Content-Disposition: form-data; name=\"a\"; filename*=UTF-8''b\r\n",
            "Content-Disposition: form-data; name=\"a\"; filename=\"b\"; filename=\"c\"\r\n",
            "Content-Disposition: form-data; name=\"\xff\"\r\n",
            "Content-Disposition: form-data; name=\"a\"; filename=\"\xff\"\r\n",
        };
        for (const std::string& headers : bad) {
            CAPTURE(headers);
            CHECK_FALSE(fault_of(form(headers)).empty());
        }
    }

    TEST_CASE("parts, headers and names have bounds") {
        const auto parts = [](int count) {
            std::string body;
            for (int i = 0; i < count; ++i) {
                body += "--b\r\n" + plain + "\r\nx\r\n";
            }
            return body + "--b--\r\n";
        };
        CHECK(fault_of(parts(16)).empty());
        CHECK(fault_of(parts(17)) == "there are more than 16 parts");
        const auto headers = [](int count) {
            std::string lines = plain;
            for (int i = 1; i < count; ++i) {
                lines += "X: y\r\n";
            }
            return lines;
        };
        CHECK(fault_of(form(headers(8))).empty());
        CHECK(fault_of(form(headers(9))) == "a part has more than 8 headers");
        const auto long_header = [](std::size_t bytes) {  // of all headers, with the empty line
            return plain + "X: " + std::string(bytes - plain.size() - 3 - 2 - 2, 'y') + "\r\n";
        };
        CHECK(fault_of(form(long_header(4'096))).empty());
        CHECK(fault_of(form(long_header(4'097))) ==
              "a part's headers do not end within 4096 bytes");
        const auto named = [](std::size_t name, std::size_t filename) {
            return "Content-Disposition: form-data; name=\"" + std::string(name, 'n') +
                   "\"; filename=\"" + std::string(filename, 'f') + "\"\r\n";
        };
        CHECK(fault_of(form(named(100, 255))).empty());
        CHECK_FALSE(fault_of(form(named(101, 255))).empty());
        CHECK_FALSE(fault_of(form(named(100, 256))).empty());
    }
}
