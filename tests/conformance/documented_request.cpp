#include "conformance/documented_request.hpp"

#include <stdexcept>

#include "courseselect/json/writer.hpp"
#include "courseselect/net/http/url.hpp"

namespace courseselect::test {
namespace {

net::http::Method documented_method(const std::string& name) {
    using net::http::Method;
    for (const Method method :
         {Method::get, Method::post, Method::put, Method::patch, Method::delete_}) {
        std::string lower(net::http::method_name(method));
        for (char& c : lower) {
            c = static_cast<char>(c | 0x20);
        }
        if (lower == name) {
            return method;
        }
    }
    throw std::runtime_error("no method: " + name);
}

std::string plain_text(const json::Value& value) { return value.string().value_or(value.text()); }

std::string filled_body(const json::Value& body, const LiveValues& live) {
    if (!body.is_object()) {
        return body.text();
    }
    std::string out;
    {
        json::ObjectWriter object(out);
        for (const auto& [name, value] : body.members()) {
            const auto found = live.find(name);
            if (found != live.end() && value.string()) {
                object.add(name, found->second);
            } else {
                object.add_raw(name, value.text());
            }
        }
    }
    return out;
}

DocumentedRequest documented_request(const std::string& path, const std::string& method,
                                     const json::Value& operation) {
    DocumentedRequest request;
    request.method = documented_method(method);
    request.path = path;
    request.access = operation["x-access"].string().value_or("");
    for (const auto& [status, response] : operation["responses"].members()) {
        if (status.starts_with('2')) {
            request.success_status = std::stoi(status);
        }
    }
    for (const json::Value& parameter : operation["parameters"].items()) {
        if (parameter["example"].exists()) {
            auto& values =
                parameter["in"].string() == "path" ? request.path_values : request.query_values;
            values.emplace_back(parameter["name"].string().value_or(""), parameter["example"]);
        }
    }
    request.takes_body = operation["requestBody"].exists();
    const json::Value content = operation["requestBody"]["content"];
    request.is_form = content["multipart/form-data"].exists();
    request.body = content[request.is_form ? "multipart/form-data" : "application/json"]["example"];
    return request;
}

}  // namespace

std::string DocumentedRequest::name() const {
    return std::string(net::http::method_name(method)) + " " + path;
}

TermCall DocumentedRequest::call(const LiveValues& in_target, const LiveValues& in_body) const {
    const auto live = [&](const std::string& value_name, const json::Value& value) {
        const auto found = in_target.find(value_name);
        return found == in_target.end() ? plain_text(value) : found->second;
    };
    TermCall call{.method = method, .target = path};
    for (const auto& [value_name, value] : path_values) {
        const std::string segment = "{" + value_name + "}";
        call.target.replace(call.target.find(segment), segment.size(), live(value_name, value));
    }
    net::http::Query query;
    for (const auto& [value_name, value] : query_values) {
        if (value.is_array()) {
            for (const json::Value& item : value.items()) {
                query.add(value_name, std::string_view(plain_text(item)));
            }
        } else {
            query.add(value_name, std::string_view(live(value_name, value)));
        }
    }
    call.target += query.str();
    if (is_form) {
        const auto members = body.members();
        const auto& [field, file] = members.front();
        call.body = "--b\r\nContent-Disposition: form-data; name=\"" + field +
                    "\"; filename=\"f.csv\"\r\n\r\n" + file.string().value_or("") + "\r\n--b--\r\n";
        call.headers.push_back({"Content-Type", "multipart/form-data; boundary=b"});
    } else if (takes_body) {
        call.body = filled_body(body, in_body);
    }
    return call;
}

std::vector<DocumentedRequest> documented_requests(const json::Value& document) {
    std::vector<DocumentedRequest> requests;
    for (const auto& [path, operations] : document["paths"].members()) {
        for (const auto& [method, operation] : operations.members()) {
            requests.push_back(documented_request(path, method, operation));
        }
    }
    return requests;
}

}  // namespace courseselect::test
