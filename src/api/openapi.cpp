#include <algorithm>
#include <map>
#include <set>

#include "courseselect/json/schema.hpp"
#include "courseselect/json/writer.hpp"
#include "documentation.hpp"

namespace courseselect::api {
namespace {

using json::ArrayWriter;
using json::ObjectWriter;

std::string lower_method(const RouteInfo& route) {
    std::string name(net::http::method_name(route.method));
    for (char& c : name) {
        c = static_cast<char>(c | 0x20);
    }
    return name;
}

/// "post_select_course": unique because method and path are.
std::string operation_id(const RouteInfo& route) {
    std::string id = lower_method(route);
    for (const char c : route.path) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
        if (plain) {
            id += c;
        } else if (id.back() != '_') {
            id += '_';
        }
    }
    if (id.back() == '_') {
        id.pop_back();
    }
    return id;
}

/// The first segment, unless the route names a tag.
std::string tag_of(const RouteInfo& route) {
    if (!route.tag.empty()) {
        return route.tag;
    }
    const std::size_t end = route.path.find('/', 1);
    return route.path.substr(1, end == std::string::npos ? end : end - 1);
}

void append_parameters(ArrayWriter& parameters, const json::TypeInfo* type, std::string_view in) {
    if (type == nullptr) {
        return;
    }
    for (const json::FieldInfo& field : type->fields) {
        ObjectWriter parameter(parameters.slot());
        parameter.add("name", field.name).add("in", in);
        parameter.add("required", field.required || in == "path");
        if (!field.doc.empty()) {
            parameter.add("description", field.doc);
        }
        json::append_schema(parameter.slot("schema"), *type, field);
    }
}

void append_content(ObjectWriter& owner, const json::TypeInfo& type) {
    ObjectWriter content(owner.slot("content"));
    ObjectWriter json_content(content.slot("application/json"));
    json::append_schema(json_content.slot("schema"), type);
}

void append_reference(ObjectWriter& owner, std::string_view schema) {
    ObjectWriter content(owner.slot("content"));
    ObjectWriter json_content(content.slot("application/json"));
    ObjectWriter reference(json_content.slot("schema"));
    reference.add("$ref", "#/components/schemas/" + std::string(schema));
}

/// Errors that follow from the declaration, before those that the route names itself.
std::map<int, std::set<std::string>> errors_of(const RouteInfo& route) {
    std::map<int, std::set<std::string>> errors;
    if (takes_bearer(route.access)) {
        errors[401].insert("The token is missing, malformed or expired.");
        errors[429].insert("Too many requests from this address.");
    }
    if (route.access != Access::open) {
        errors[403].insert(route.access == Access::internal ? "Invalid internal token"
                                                            : "The role does not allow it.");
    }
    for (const DocumentedError& error : route.errors) {
        errors[error.status].insert(error.text);
    }
    return errors;
}

void append_responses(ObjectWriter& operation, const RouteInfo& route) {
    ObjectWriter responses(operation.slot("responses"));
    {
        ObjectWriter success(responses.slot(std::to_string(route.success_status)));
        success.add("description", "Success");
        if (route.answer_type != nullptr) {
            append_content(success, *route.answer_type);
        }
    }
    for (const auto& [status, texts] : errors_of(route)) {
        std::string description;
        for (const std::string& text : texts) {
            description.append(description.empty() ? "" : " / ").append(text);
        }
        ObjectWriter response(responses.slot(std::to_string(status)));
        response.add("description", description);
        append_reference(response, "Error");
    }
    const bool has_input = route.body_type != nullptr || route.query_type != nullptr ||
                           route.path_type != nullptr || route.access != Access::open;
    if (has_input) {
        ObjectWriter invalid(responses.slot("422"));
        invalid.add("description", "Everything that is wrong with the request, in one list.");
        append_reference(invalid, "ValidationErrors");
    }
}

void append_security(ObjectWriter& operation, Access access) {
    ArrayWriter security(operation.slot("security"));
    const auto require = [&security](std::string_view scheme) {
        ObjectWriter requirement(security.slot());
        requirement.add_raw(scheme, "[]");
    };
    if (access == Access::internal || access == Access::admin_or_internal) {
        require("InternalToken");
    }
    if (takes_bearer(access)) {
        require("Bearer");
    }
}

void append_operation(ObjectWriter& path, const RouteInfo& route) {
    ObjectWriter operation(path.slot(lower_method(route)));
    operation.add("operationId", operation_id(route)).add("summary", route.summary);
    std::string description = route.description;
    description.append(description.empty() ? "" : "\n\n")
        .append("Access: ")
        .append(access_name(route.access));
    operation.add("description", description);
    {
        ArrayWriter tags(operation.slot("tags"));
        tags.add(tag_of(route));
    }
    {
        ArrayWriter parameters(operation.slot("parameters"));
        append_parameters(parameters, route.path_type, "path");
        append_parameters(parameters, route.query_type, "query");
    }
    if (route.body_type != nullptr) {
        ObjectWriter body(operation.slot("requestBody"));
        body.add("required", !route.body_is_optional);
        append_content(body, *route.body_type);
    }
    append_security(operation, route.access);
    append_responses(operation, route);
}

std::vector<const RouteInfo*> shown(const std::vector<const RouteInfo*>& routes) {
    std::vector<const RouteInfo*> result;
    std::copy_if(routes.begin(), routes.end(), std::back_inserter(result),
                 [](const RouteInfo* route) { return !route->is_hidden; });
    return result;
}

constexpr std::string_view error_schemas =
    R"("Error":{"type":"object","description":"What is wrong.","required":["detail"],)"
    R"("properties":{"detail":{"type":"string"}}},)"
    R"("ValidationErrors":{"type":"object","required":["detail"],"properties":{"detail":)"
    R"({"type":"array","items":{"$ref":"#/components/schemas/ValidationError"}}}},)"
    R"("ValidationError":{"type":"object","required":["type","loc","msg"],"properties":{)"
    R"("type":{"type":"string"},"loc":{"type":"array","items":{"type":["string","integer"]}},)"
    R"("msg":{"type":"string"},"input":{},"ctx":{"type":"object"}}})";

constexpr std::string_view security_schemes =
    R"({"Bearer":{"type":"http","scheme":"bearer","bearerFormat":"JWT"},)"
    R"("InternalToken":{"type":"apiKey","in":"header","name":"Internal-Token"}})";

void append_components(ObjectWriter& document, const std::vector<const RouteInfo*>& routes) {
    std::vector<const json::TypeInfo*> named;
    for (const RouteInfo* route : routes) {
        for (const json::TypeInfo* type : {route->body_type, route->answer_type}) {
            if (type != nullptr) {
                json::collect_named(*type, named);
            }
        }
    }
    std::string schemas = "{" + std::string(error_schemas);
    for (const json::TypeInfo* type : named) {
        schemas += ',';
        json::append_string(schemas, type->name);
        schemas += ':';
        json::append_definition(schemas, *type);
    }
    schemas += '}';
    ObjectWriter components(document.slot("components"));
    components.add_raw("schemas", schemas).add_raw("securitySchemes", security_schemes);
}

}  // namespace

std::string write_openapi(const std::vector<const RouteInfo*>& routes,
                          const ServiceOptions& options) {
    const auto documented = shown(routes);
    std::map<std::string, std::vector<const RouteInfo*>> by_path;
    std::set<std::string> tags;
    for (const RouteInfo* route : documented) {
        by_path[route->path].push_back(route);
        tags.insert(tag_of(*route));
    }
    std::string out;
    {
        ObjectWriter document(out);
        document.add("openapi", "3.1.0");
        {
            ObjectWriter info(document.slot("info"));
            info.add("title", options.title).add("version", options.version);
        }
        {
            ArrayWriter list(document.slot("tags"));
            for (const std::string& tag : tags) {
                ObjectWriter entry(list.slot());
                entry.add("name", tag);
            }
        }
        {
            ObjectWriter paths(document.slot("paths"));
            for (const auto& [path, operations] : by_path) {
                ObjectWriter item(paths.slot(path));
                for (const RouteInfo* route : operations) {
                    append_operation(item, *route);
                }
            }
        }
        append_components(document, documented);
    }
    return out;
}

}  // namespace courseselect::api
