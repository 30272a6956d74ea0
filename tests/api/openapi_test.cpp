// The OpenAPI document and the page at /docs, which follow from the declarations.

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "json/sample_types.hpp"
#include "support.hpp"

using namespace courseselect;
using api::Access;
using json::Value;
using net::http::Response;
using test::get;

namespace {

template <class T>
async::Task<core::Result<T>> give() {
    co_return T{};
}

api::ServiceOptions described() {
    api::ServiceOptions service_options;
    service_options.title = "Test node";
    service_options.version = "1.2.3";
    service_options.description = "For tests.";
    service_options.license = "MIT";
    service_options.tag_descriptions = {{"catalogue", "What there is."}, {"unused", "Nothing."}};
    service_options.bearer_limit = ratelimit::LimiterOptions{};
    return service_options;
}

/// Every shape a route can have, and two pairs of paths that read alike.
struct Documented : test::ServiceFixture {
    Documented() : test::ServiceFixture(described()) {
        service.add(api::get("/health").summary("Alive."),
                    [](api::Context&) { return test::said("healthy"); });
        service.add(api::get("/courses").access(Access::internal).query<test::Page>(),
                    [](api::Context&, const test::Page&) { return give<test::Catalogue>(); });
        service.add(api::put("/courses/{id}")
                        .tag("catalogue")
                        .description("Changes what is sent.")
                        .access(Access::admin)
                        .path<test::CoursePath>()
                        .body<test::CoursePatch>()
                        .error(404, "Course not found")
                        .error(422, "The timetable clashes with itself."),
                    [](api::Context&, test::CoursePath, const test::CoursePatch&) {
                        return give<test::CourseSeen>();
                    });
        service.add(api::post("/leave").handler_reads(api::HandlerReads::bearer),
                    [](api::Context&) { return test::said("bye"); });
        service.add(api::post("/join").handler_reads(api::HandlerReads::optional_bearer),
                    [](api::Context&) { return test::said("hello"); });
        service.add(api::get("/details").handler_reads(api::HandlerReads::optional_token),
                    [](api::Context&) { return test::said("more"); });
        service.add(api::get("/courses/id"), [](api::Context&) { return test::said(""); });
        service.add(api::get("/courses/by/id"), [](api::Context&) { return test::said(""); });
        service.add(api::get("/courses/{id}").path<test::CoursePath>(),
                    [](api::Context&, test::CoursePath) { return give<test::CourseSeen>(); });
        service.add(api::post("/login").status(201).optional_body<test::Login>(),
                    [](api::Context&, const test::Login&) { return test::said("in"); });
        service.add(api::post("/either").access(Access::admin_or_internal),
                    [](api::Context&) { return test::said("in"); });
        service.add(api::get("/secret").hidden(), [](api::Context&) { return test::said(""); });
    }

    Value document() { return test::json_of(get("/openapi.json").to(service)); }
};

// NOLINTNEXTLINE(misc-no-recursion): the depth is that of the document
void collect_references(const Value& value, std::set<std::string>& found) {
    for (const Value& item : value.items()) {
        collect_references(item, found);
    }
    for (const auto& [name, member] : value.members()) {
        if (name == "$ref") {
            found.insert(member.string().value_or("not a string"));
        }
        collect_references(member, found);
    }
}

/// (method, path, operation) of the document.
struct Operation {
    std::string method;
    std::string path;
    Value value;
};

std::vector<Operation> operations_of(const Value& document) {
    std::vector<Operation> all;
    for (const auto& [path, item] : document["paths"].members()) {
        for (const auto& [method, operation] : item.members()) {
            all.push_back({method, path, operation});
        }
    }
    return all;
}

std::string operation_key(const api::RouteInfo& route) {
    std::string key(net::http::method_name(route.method));
    for (char& c : key) {
        c = static_cast<char>(c | 0x20);
    }
    return key + " " + route.path;
}

}  // namespace

TEST_SUITE("api/openapi") {
    TEST_CASE_FIXTURE(Documented, "the head is that of the options") {
        const Value api_document = document();
        CHECK(api_document["openapi"].string() == "3.1.0");
        CHECK(api_document["info"]["title"].string() == "Test node");
        CHECK(api_document["info"]["version"].string() == "1.2.3");
        CHECK(api_document["info"]["description"].string() == "For tests.");
        CHECK(api_document["info"]["license"].text() == R"({"name":"MIT","identifier":"MIT"})");
        CHECK(api_document["tags"][0].text() ==
              R"({"name":"catalogue","description":"What there is."})");
        CHECK(api_document["tags"].size() == 9);
        CHECK(api_document["servers"][0]["url"].string() == ".");
    }

    TEST_CASE_FIXTURE(Documented, "every route is there that is not hidden, and no other") {
        std::set<std::string> wanted;
        for (const api::RouteInfo* route : service.routes()) {
            if (!route->is_hidden) {
                wanted.insert(operation_key(*route));
            }
        }
        std::set<std::string> shown;
        for (const Operation& operation : operations_of(document())) {
            shown.insert(operation.method + " " + operation.path);
        }
        CHECK(shown == wanted);
        CHECK(shown.size() == 12);
    }

    TEST_CASE_FIXTURE(Documented, "every reference leads to a schema, every schema is used") {
        const Value api_document = document();
        std::set<std::string> references;
        collect_references(api_document, references);
        std::set<std::string> defined;
        for (const auto& [name, schema] : api_document["components"]["schemas"].members()) {
            CHECK_MESSAGE(defined.insert("#/components/schemas/" + name).second, name);
        }
        CHECK(references == defined);
    }

    TEST_CASE_FIXTURE(Documented, "operation ids are unique, also where paths read alike") {
        std::set<std::string> ids;
        for (const Operation& operation : operations_of(document())) {
            const std::string id = operation.value["operationId"].string().value_or("");
            CHECK_FALSE(id.empty());
            CHECK_MESSAGE(ids.insert(id).second, id);
        }
        CHECK(ids.count("get_courses_by_id") == 1);
        CHECK(ids.count("get_courses_by_id_2") == 1);
        CHECK(ids.count("put_courses_by_id") == 1);
    }

    TEST_CASE_FIXTURE(Documented, "every segment of a path is a required parameter") {
        for (const Operation& operation : operations_of(document())) {
            CAPTURE(operation.path);
            std::set<std::string> declared;
            for (const Value& parameter : operation.value["parameters"].items()) {
                if (parameter["in"].string() == "path") {
                    CHECK(parameter["required"].boolean() == true);
                    declared.insert("{" + parameter["name"].string().value_or("") + "}");
                }
            }
            std::size_t variables = 0;
            for (const char c : operation.path) {
                variables += c == '{' ? 1 : 0;
            }
            CHECK(declared.size() == variables);
            for (const std::string& name : declared) {
                CHECK(operation.path.find(name) != std::string::npos);
            }
        }
    }

    TEST_CASE_FIXTURE(Documented, "no object of the document has a member twice") {
        for (const Operation& operation : operations_of(document())) {
            std::set<std::string> statuses;
            for (const auto& [status, response] : operation.value["responses"].members()) {
                CHECK_MESSAGE(statuses.insert(status).second, operation.path << " " << status);
            }
        }
    }

    TEST_CASE_FIXTURE(Documented, "errors follow from the declaration and join what it names") {
        const Value responses = document()["paths"]["/courses/{id}"]["put"]["responses"];
        CHECK(responses["200"]["description"].string() == "Success");
        CHECK(responses["403"]["description"].string() == "Admin access required");
        CHECK(responses["404"]["description"].string() == "Course not found");
        CHECK(responses["429"].exists());
        CHECK(responses["422"]["description"].string() ==
              "Everything that is wrong with the request, in one list. / "
              "The timetable clashes with itself.");
        const Value open = document()["paths"]["/health"]["get"]["responses"];
        CHECK(open.size() == 1);
        CHECK(document()["paths"]["/courses"]["get"]["responses"]["429"].exists() == false);
    }

    TEST_CASE_FIXTURE(Documented, "who may call is a security requirement and x-access") {
        const Value paths = document()["paths"];
        CHECK(paths["/health"]["get"]["security"].text() == "[]");
        CHECK(paths["/courses"]["get"]["security"].text() == R"([{"InternalToken":[]}])");
        CHECK(paths["/courses/{id}"]["put"]["security"].text() == R"([{"Bearer":[]}])");
        CHECK(paths["/either"]["post"]["security"].text() ==
              R"([{"InternalToken":[]},{"Bearer":[]}])");
        CHECK(paths["/either"]["post"]["x-access"].string() == "admin_or_internal");
        CHECK(paths["/leave"]["post"]["security"].text() == R"([{"Bearer":[]}])");
        CHECK(paths["/join"]["post"]["security"].text() == R"([{},{"Bearer":[]}])");
        CHECK(paths["/details"]["get"]["security"].text() ==
              R"([{},{"InternalToken":[]},{"Bearer":[]}])");
        CHECK(paths["/leave"]["post"]["x-access"].string() == "open");
    }

    TEST_CASE_FIXTURE(Documented, "every body and every parameter that is needed has an example") {
        for (const Operation& operation : operations_of(document())) {
            CAPTURE(operation.path);
            for (const Value& parameter : operation.value["parameters"].items()) {
                CHECK(parameter["example"].exists() == (parameter["required"].boolean() == true));
            }
            const Value body = operation.value["requestBody"];
            CHECK(body["content"]["application/json"]["example"].is_object() == body.exists());
        }
        const Value login = document()["paths"]["/login"]["post"]["requestBody"]["content"];
        CHECK(login["application/json"]["example"]["user_type"].string() == "student");
    }

    TEST_CASE_FIXTURE(Documented, "a route that gives examples of its own has those") {
        service.add(api::post("/seats")
                        .query<test::Page>()
                        .example_query(R"({"page":3,"student_tags":["a","b"]})")
                        .body<test::Submission>()
                        .example_body(R"({"student_id":7})"),
                    [](api::Context&, const test::Page&, const test::Submission&) {
                        return test::said("in");
                    });
        const Value operation = document()["paths"]["/seats"]["post"];
        CHECK(operation["requestBody"]["content"]["application/json"]["example"].text() ==
              R"({"student_id":7})");
        std::string examples;
        for (const Value& parameter : operation["parameters"].items()) {
            examples +=
                parameter["name"].string().value_or("") + "=" + parameter["example"].text() + " ";
        }
        CHECK(examples ==
              R"(page=3 page_size=null user_type=null student_tags=["a","b"] active=null )");
    }

    TEST_CASE_FIXTURE(Documented, "bodies, tags and statuses are those declared") {
        const Value paths = document()["paths"];
        const Value login = paths["/login"]["post"];
        CHECK(login["requestBody"]["required"].boolean() == false);
        CHECK(login["responses"]["201"].exists());
        CHECK(login["tags"].text() == R"(["login"])");
        CHECK(paths["/courses/{id}"]["put"]["tags"].text() == R"(["catalogue"])");
        CHECK(paths["/courses/{id}"]["put"]["requestBody"]["required"].boolean() == true);
    }
}

TEST_SUITE("api/docs") {
    TEST_CASE_FIXTURE(Documented, "the page and what it loads are served, and nothing else is") {
        const Response page = get("/docs").to(service);
        CHECK(page.status == 200);
        CHECK(page.content_type == "text/html; charset=utf-8");
        CHECK(page.body.find("://") == page.body.find("://www.w3.org/2000/svg"));
        CHECK(get("/docs/docs.js").to(service).content_type == "text/javascript; charset=utf-8");
        CHECK(get("/docs/docs.css").to(service).content_type == "text/css; charset=utf-8");
        for (const char* module : {"dom", "schema", "tokens", "try"}) {
            CHECK(get("/docs/" + std::string(module) + ".js").to(service).status == 200);
        }
        CHECK(get("/docs/index.html").to(service).status == 404);
    }

    TEST_CASE_FIXTURE(Documented, "the page may load nothing from elsewhere, nor be framed") {
        const std::string policy =
            test::header_of(get("/docs").to(service), "Content-Security-Policy");
        CHECK(policy.find("default-src 'none'") != std::string::npos);
        CHECK(policy.find("script-src 'self';") != std::string::npos);
        CHECK(policy.find("frame-ancestors 'none'") != std::string::npos);
        CHECK(policy.find("unsafe") == std::string::npos);
    }

    TEST_CASE_FIXTURE(Documented, "who has the current version gets 304, others the file") {
        for (const char* path : {"/docs", "/docs/docs.js", "/openapi.json"}) {
            CAPTURE(path);
            const std::string etag = test::header_of(get(path).to(service), "ETag");
            CHECK(etag.size() == 18);
            for (const std::string& known :
                 {etag, "W/" + etag, "\"x\", " + etag, std::string("*")}) {
                const Response same = get(path).header("If-None-Match", known).to(service);
                CHECK(same.status == 304);
                CHECK(same.body.empty());
                CHECK(test::header_of(same, "ETag") == etag);
            }
            CHECK(get(path).header("If-None-Match", "\"0\"").to(service).status == 200);
        }
    }

    TEST_CASE("a route that is added later changes the document and its tag") {
        test::ServiceFixture fixture;
        const std::string before =
            test::header_of(get("/openapi.json").to(fixture.service), "ETag");
        fixture.service.add(api::get("/new"), [](api::Context&) { return test::said(""); });
        const Response after =
            get("/openapi.json").header("If-None-Match", before).to(fixture.service);
        CHECK(after.status == 200);
        CHECK(test::json_of(after)["paths"]["/new"].exists());
    }
}
