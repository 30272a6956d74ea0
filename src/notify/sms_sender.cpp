#include <fmt/format.h>

#include <array>

#include "courseselect/core/encoding.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/notify/sender.hpp"
#include "curl_call.hpp"

namespace courseselect::notify {
namespace {

using core::Errc;

constexpr std::string_view form_type = "application/x-www-form-urlencoded";
constexpr std::string_view json_type = "application/json";

std::string as_json(std::string_view text) {
    const std::string quoted = json::to_text(std::string(text));
    return quoted.substr(1, quoted.size() - 2);
}

/// `source` with every `{{name}}` of `values` replaced by its escaped value.
template <class Escape>
std::string fill_in(std::string_view source,
                    std::span<const std::pair<std::string_view, std::string_view>> values,
                    Escape escape) {
    std::string text;
    while (!source.empty()) {
        bool replaced = false;
        for (const auto& [name, value] : values) {
            if (source.starts_with(name)) {
                text += escape(value);
                source.remove_prefix(name.size());
                replaced = true;
                break;
            }
        }
        if (!replaced) {
            text += source.front();
            source.remove_prefix(1);
        }
    }
    return text;
}

class SmsSender final : public Sender {
  public:
    explicit SmsSender(SmsOptions options) : options_(std::move(options)) {}

    DeliveryResult send(const Message& message, std::string_view id, core::WallTime) override {
        const auto checked = check_message(message);
        if (!checked) {
            return {Delivery::refused, checked.error().detail()};
        }
        const std::array<std::pair<std::string_view, std::string_view>, 3> values{
            {{"{{to}}", message.recipient}, {"{{text}}", message.text}, {"{{id}}", id}}};
        const std::string url = fill_in(options_.url, values, core::percent_encode);
        const std::string body = options_.content_type == json_type
                                     ? fill_in(options_.body, values, as_json)
                                     : fill_in(options_.body, values, core::percent_encode);
        const CurlHandle handle = new_handle("http,https", options_.ca_file, options_.timeout);
        CurlList headers;
        if (handle == nullptr || !append(headers, "Content-Type: " + options_.content_type) ||
            (!options_.authorization.empty() &&
             !append(headers, std::string(options_.authorization.reveal())))) {
            return {Delivery::try_again, "out of memory"};
        }
        CURL* raw = handle.get();
        curl_easy_setopt(raw, CURLOPT_URL, url.c_str());
        curl_easy_setopt(raw, CURLOPT_HTTPHEADER, headers.get());
        curl_easy_setopt(raw, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
        curl_easy_setopt(raw, CURLOPT_POSTFIELDS, body.c_str());
        return run_transfer(raw, true);
    }

  private:
    SmsOptions options_;
};

}  // namespace

core::Result<std::unique_ptr<Sender>> make_sms_sender(SmsOptions options) {
    if (!options.url.starts_with("https://") && !options.url.starts_with("http://")) {
        return core::Error(Errc::invalid_argument, "sms_url",
                           "sms url must begin with https:// (or http://)");
    }
    if (options.content_type != json_type && options.content_type != form_type) {
        return core::Error(Errc::invalid_argument, "sms_content_type",
                           fmt::format("sms content type must be {} or {}", json_type, form_type));
    }
    const std::string all = options.url + options.body;
    if (all.find("{{to}}") == std::string::npos || all.find("{{text}}") == std::string::npos) {
        return core::Error(Errc::invalid_argument, "sms_body",
                           "{{to}} and {{text}} must stand in the sms url or body");
    }
    if (options.authorization.reveal().find_first_of("\r\n") != std::string_view::npos) {
        return core::Error(Errc::invalid_argument, "sms_authorization",
                           "sms authorization must be one header line");
    }
    return std::unique_ptr<Sender>(std::make_unique<SmsSender>(std::move(options)));
}

}  // namespace courseselect::notify
