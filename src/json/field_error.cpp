#include "courseselect/json/field_error.hpp"

#include "courseselect/core/error.hpp"
#include "courseselect/json/reader.hpp"
#include "courseselect/json/writer.hpp"

namespace courseselect::json {

FieldError missing_error(std::string_view where, std::string_view name) {
    return {.type = "missing",
            .loc = {std::string(where), std::string(name)},
            .msg = "Field required",
            .input = "null",
            .ctx = {}};
}

std::string validation_body(const std::vector<FieldError>& errors) {
    std::string body = "{\"detail\":";
    {
        ArrayWriter list(body);
        for (const FieldError& error : errors) {
            ObjectWriter object(list.slot());
            object.add("type", error.type);
            {
                ArrayWriter loc(object.slot("loc"));
                for (const LocPart& part : error.loc) {
                    std::visit([&loc](const auto& step) { loc.add(step); }, part);
                }
            }
            object.add("msg", error.msg);
            object.add_raw("input", error.input);
            if (!error.ctx.empty()) {
                object.add_raw("ctx", error.ctx);
            }
        }
    }
    body += '}';
    return body;
}

std::string to_string(const FieldError& error) {
    std::string text;
    for (const LocPart& part : error.loc) {
        if (!text.empty()) {
            text += '.';
        }
        if (const auto* name = std::get_if<std::string>(&part)) {
            text += *name;
        } else {
            text += std::to_string(std::get<std::int64_t>(part));
        }
    }
    text += text.empty() ? "" : ": ";
    return text + error.msg;
}

core::Error detail::answer_error(const std::vector<FieldError>& errors) {
    std::string text = to_string(errors.front());
    if (!errors.front().ctx.empty() && errors.front().type == "json_invalid") {
        text += " " + errors.front().ctx;
    }
    return {core::Errc::data_corrupt, "json", std::move(text)};
}

}  // namespace courseselect::json
