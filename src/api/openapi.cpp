#include <algorithm>
#include <map>
#include <set>

#include "courseselect/core/check.hpp"
#include "courseselect/json/example.hpp"
#include "courseselect/json/schema.hpp"
#include "courseselect/json/value.hpp"
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

bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

/// "post_select_course", "get_courses_by_id"; with a number behind it where two paths read alike.
std::string operation_id(const RouteInfo& route, std::set<std::string>& used) {
    std::string id = lower_method(route);
    for (const char c : route.path) {
        if (is_alphanumeric(c)) {
            id += c;
        } else if (id.back() != '_') {
            id += '_';
        }
        if (c == '{') {
            id += "by_";
        }
    }
    if (id.back() == '_') {
        id.pop_back();
    }
    std::string unique = id;
    for (int number = 2; !used.insert(unique).second; ++number) {
        unique = id + '_' + std::to_string(number);
    }
    return unique;
}

/// The first segment, unless the route names a tag.
std::string tag_of(const RouteInfo& route) {
    if (!route.tag.empty()) {
        return route.tag;
    }
    const std::size_t end = route.path.find('/', 1);
    const std::string first = route.path.substr(1, end == std::string::npos ? end : end - 1);
    return first.empty() ? "root" : first;
}

/// The field's value in the documented request; empty when it is left out there.
std::string example_of(const json::FieldInfo& field, bool is_required, std::string_view object) {
    if (!object.empty()) {
        const auto values = json::Value::parse(object);
        COURSESELECT_CHECK(values.has_value() && values->is_object());
        const json::Value value = (*values)[field.name];
        return value.exists() ? value.text() : "";
    }
    std::string example;
    if (is_required || json::is_in_example(field)) {
        json::append_example(example, field);
    }
    return example;
}

/// `object` has the examples of all parameters, where the route gives them itself.
void append_parameters(ArrayWriter& parameters, const json::TypeInfo* type, std::string_view in,
                       std::string_view object) {
    if (type == nullptr) {
        return;
    }
    for (const json::FieldInfo& field : type->fields) {
        ObjectWriter parameter(parameters.slot());
        const bool is_required = field.required || in == "path";
        parameter.add("name", field.name).add("in", in).add("required", is_required);
        if (!field.doc.empty()) {
            parameter.add("description", field.doc);
        }
        json::append_schema(parameter.slot("schema"), *type, field);
        if (const auto example = example_of(field, is_required, object); !example.empty()) {
            parameter.add_raw("example", example);
        }
    }
}

void append_content(ObjectWriter& owner, const json::TypeInfo& type) {
    ObjectWriter content(owner.slot("content"));
    ObjectWriter json_content(content.slot("application/json"));
    json::append_schema(json_content.slot("schema"), type);
}

void append_body(ObjectWriter& operation, const RouteInfo& route) {
    ObjectWriter body(operation.slot("requestBody"));
    body.add("required", !route.body_is_optional);
    ObjectWriter content(body.slot("content"));
    ObjectWriter json_content(content.slot("application/json"));
    json::append_schema(json_content.slot("schema"), *route.body_type);
    std::string& example = json_content.slot("example");
    if (route.body_example.empty()) {
        json::append_example(example, *route.body_type);
    } else {
        example += route.body_example;
    }
}

/// A file in a form (OpenAPI 3.1 §4.8.14: a binary string without schema keywords of its own).
void append_upload(ObjectWriter& operation, const RouteInfo& route) {
    const UploadField& upload = route.upload;
    ObjectWriter body(operation.slot("requestBody"));
    body.add("required", true);
    ObjectWriter content(body.slot("content"));
    ObjectWriter form(content.slot("multipart/form-data"));
    {
        ObjectWriter schema(form.slot("schema"));
        schema.add("type", "object");
        {
            ArrayWriter required(schema.slot("required"));
            required.add(upload.name);
        }
        ObjectWriter properties(schema.slot("properties"));
        ObjectWriter file(properties.slot(upload.name));
        file.add("type", "string").add("contentMediaType", upload.content_type);
        file.add("description", upload.summary);
    }
    {
        ObjectWriter encoding(form.slot("encoding"));
        ObjectWriter of_file(encoding.slot(upload.name));
        of_file.add("contentType", upload.content_type);
    }
    if (!route.body_example.empty()) {
        form.add_raw("example", route.body_example);
    }
}

void append_reference(ObjectWriter& owner, std::string_view schema) {
    ObjectWriter content(owner.slot("content"));
    ObjectWriter json_content(content.slot("application/json"));
    ObjectWriter reference(json_content.slot("schema"));
    reference.add("$ref", "#/components/schemas/" + std::string(schema));
}

std::string_view refused_role(Access access) {
    switch (access) {
        case Access::internal: return "Invalid internal token";
        case Access::student: return "Student access required";
        case Access::teacher: return "Teacher or admin access required";
        case Access::admin:
        case Access::admin_or_internal: return "Admin access required";
        default: return "";
    }
}

bool has_input(const RouteInfo& route) {
    return route.body_type != nullptr || !route.upload.name.empty() ||
           route.query_type != nullptr || route.path_type != nullptr ||
           route.access != Access::open;
}

using Errors = std::map<int, std::vector<std::string>>;

void add_error(Errors& errors, int status, std::string_view text) {
    auto& texts = errors[status];
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) {
        texts.emplace_back(text);
    }
}

/// Errors that follow from the declaration, before those that the route names itself.
Errors errors_of(const RouteInfo& route, const ServiceOptions& options) {
    Errors errors;
    if (takes_bearer(route.access)) {
        add_error(errors, 401, "The token is malformed, expired or of the wrong type.");
        if (options.bearer_limit) {
            add_error(errors, 429, "Rate limit exceeded. Please wait N seconds.");
        }
    }
    if (const auto text = refused_role(route.access); !text.empty()) {
        add_error(errors, 403, text);
    }
    if (has_input(route) && route.error_style == ErrorStyle::success_flag) {
        add_error(errors, 400, "Everything that is wrong with the request, in one list.");
    } else if (has_input(route)) {
        add_error(errors, 422, "Everything that is wrong with the request, in one list.");
    }
    for (const DocumentedError& error : route.errors) {
        add_error(errors, error.status, error.text);
    }
    return errors;
}

std::string_view error_schema(const RouteInfo& route, int status) {
    if (route.error_style == ErrorStyle::success_flag) {
        return "Failure";
    }
    return status == 422 && has_input(route) ? "ValidationErrors" : "Error";
}

void append_responses(ObjectWriter& operation, const RouteInfo& route,
                      const ServiceOptions& options) {
    ObjectWriter responses(operation.slot("responses"));
    Errors errors = errors_of(route, options);
    {
        std::string description = "Success";
        for (const std::string& text : errors[route.success_status]) {
            description.append(" / ").append(text);
        }
        errors.erase(route.success_status);
        ObjectWriter success(responses.slot(std::to_string(route.success_status)));
        success.add("description", description);
        if (route.answer_type != nullptr) {
            append_content(success, *route.answer_type);
        } else if (!route.answer_media_type.empty()) {
            ObjectWriter content(success.slot("content"));
            ObjectWriter media(content.slot(route.answer_media_type));
            ObjectWriter(media.slot("schema")).add("type", "string");
        }
    }
    for (const auto& [status, texts] : errors) {
        std::string description;
        for (const std::string& text : texts) {
            description.append(description.empty() ? "" : " / ").append(text);
        }
        ObjectWriter response(responses.slot(std::to_string(status)));
        response.add("description", description);
        append_reference(response, error_schema(route, status));
    }
}

void append_security(ObjectWriter& operation, Access access, HandlerReads reads) {
    ArrayWriter security(operation.slot("security"));
    const auto require = [&security](std::string_view scheme) {
        ObjectWriter requirement(security.slot());
        requirement.add_raw(scheme, "[]");
    };
    const bool is_optional =
        reads == HandlerReads::optional_bearer || reads == HandlerReads::optional_token;
    if (is_optional) {
        ObjectWriter without_token(security.slot());
    }
    if (access == Access::internal || access == Access::admin_or_internal ||
        reads == HandlerReads::optional_token) {
        require("InternalToken");
    }
    if (takes_bearer(access) || is_optional || reads == HandlerReads::bearer) {
        require("Bearer");
    }
}

/// `x-access` names who may call, which `security` says only by the kind of token.
void append_operation(ObjectWriter& path, const RouteInfo& route, const ServiceOptions& options,
                      std::set<std::string>& operation_ids) {
    ObjectWriter operation(path.slot(lower_method(route)));
    operation.add("operationId", operation_id(route, operation_ids)).add("summary", route.summary);
    if (!route.description.empty()) {
        operation.add("description", route.description);
    }
    operation.add("x-access", access_name(route.access));
    {
        ArrayWriter tags(operation.slot("tags"));
        tags.add(tag_of(route));
    }
    {
        ArrayWriter parameters(operation.slot("parameters"));
        append_parameters(parameters, route.path_type, "path", "");
        append_parameters(parameters, route.query_type, "query", route.query_example);
    }
    if (route.body_type != nullptr) {
        append_body(operation, route);
    } else if (!route.upload.name.empty()) {
        append_upload(operation, route);
    }
    append_security(operation, route.access, route.handler_reads);
    append_responses(operation, route, options);
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
    R"("ValidationErrors":{"type":"object","description":"Every fault of the request.",)"
    R"("required":["detail"],"properties":{"detail":)"
    R"({"type":"array","items":{"$ref":"#/components/schemas/ValidationError"}}}},)"
    R"("ValidationError":{"type":"object","description":"One fault: its kind, place and text.",)"
    R"("required":["type","loc","msg"],"properties":{)"
    R"("type":{"type":"string"},"loc":{"type":"array","items":{"type":["string","integer"]}},)"
    R"("msg":{"type":"string"},"input":{},"ctx":{"type":"object"}}})";

constexpr std::string_view failure_schema =
    R"("Failure":{"type":"object","description":"What is wrong and what to do.",)"
    R"("required":["success","error"],"properties":{"success":{"const":false},)"
    R"("error":{"type":"string"},"errors":{"type":"array","items":{"type":"object",)"
    R"("required":["field","message"],"properties":{"field":{"type":"string"},)"
    R"("message":{"type":"string"}}}},"request_id":{"type":"string"}}})";

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
    if (std::any_of(routes.begin(), routes.end(), [](const RouteInfo* route) {
            return route->error_style == ErrorStyle::success_flag;
        })) {
        schemas.append(",").append(failure_schema);
    }
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
    std::set<std::string> operation_ids;
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
            if (!options.description.empty()) {
                info.add("description", options.description);
            }
            if (!options.license.empty()) {
                ObjectWriter license(info.slot("license"));
                license.add("name", options.license).add("identifier", options.license);
            }
        }
        {
            // Relative to this document, so that a proxy may serve it under a prefix.
            ArrayWriter servers(document.slot("servers"));
            ObjectWriter(servers.slot()).add("url", ".");
        }
        {
            ArrayWriter list(document.slot("tags"));
            for (const std::string& tag : tags) {
                ObjectWriter entry(list.slot());
                entry.add("name", tag);
                const auto text = options.tag_descriptions.find(tag);
                if (text != options.tag_descriptions.end()) {
                    entry.add("description", text->second);
                }
            }
        }
        {
            ObjectWriter paths(document.slot("paths"));
            for (const auto& [path, operations] : by_path) {
                ObjectWriter item(paths.slot(path));
                for (const RouteInfo* route : operations) {
                    append_operation(item, *route, options, operation_ids);
                }
            }
        }
        append_components(document, documented);
    }
    return out;
}

}  // namespace courseselect::api
