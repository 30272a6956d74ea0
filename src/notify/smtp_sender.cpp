#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "courseselect/core/encoding.hpp"
#include "courseselect/notify/sender.hpp"
#include "curl_call.hpp"

namespace courseselect::notify {
namespace {

using core::Errc;

constexpr std::size_t base64_line_chars = 76;
constexpr std::size_t encoded_word_bytes = 45;  // 60 characters of base64: RFC 2047 §2 allows 75

bool is_ascii(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) >= 0x80) {
            return false;
        }
    }
    return true;
}

/// A header's value: as it is, or as encoded words (RFC 2047), never cut within a character.
std::string header_text(std::string_view text) {
    if (is_ascii(text)) {
        return std::string(text);
    }
    std::string words;
    while (!text.empty()) {
        std::size_t end = std::min(encoded_word_bytes, text.size());
        while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
            --end;
        }
        words += words.empty() ? "" : "\r\n ";
        words += fmt::format("=?UTF-8?B?{}?=",
                             core::base64_encode(text.substr(0, end), core::Padding::required));
        text.remove_prefix(end);
    }
    return words;
}

std::string domain_of(std::string_view address) {
    return std::string(address.substr(address.rfind('@') + 1));
}

/// RFC 5322 §3.3, always in UTC.
std::string mail_date(core::WallTime time) {
    return fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

/// Lines of 76 characters (RFC 2045 §6.8): no line is too long and none begins with a dot.
std::string base64_lines(std::string_view bytes) {
    const std::string encoded = core::base64_encode(bytes, core::Padding::required);
    std::string lines;
    for (std::size_t at = 0; at < encoded.size(); at += base64_line_chars) {
        lines += encoded.substr(at, base64_line_chars);
        lines += "\r\n";
    }
    return lines;
}

/// What remains to be sent, for libcurl's callback.
std::size_t take_bytes(char* buffer, std::size_t size, std::size_t count, void* remaining) {
    auto& rest = *static_cast<std::string_view*>(remaining);
    const std::size_t taken = std::min(size * count, rest.size());
    std::copy_n(rest.data(), taken, buffer);
    rest.remove_prefix(taken);
    return taken;
}

class SmtpSender final : public Sender {
  public:
    explicit SmtpSender(SmtpOptions options) : options_(std::move(options)) {}

    DeliveryResult send(const Message& message, std::string_view id,
                        core::WallTime created_at) override {
        const auto checked = check_message(message);
        if (!checked) {
            return {Delivery::refused, checked.error().detail()};
        }
        const CurlHandle handle = new_handle("smtp,smtps", options_.ca_file, options_.timeout);
        CurlList recipients;
        if (handle == nullptr || !append(recipients, '<' + message.recipient + '>')) {
            return {Delivery::try_again, "out of memory"};
        }
        CURL* raw = handle.get();
        set_server(raw);
        const std::string from = '<' + options_.from + '>';
        const std::string mail = mail_text(message, id, created_at);
        std::string_view remaining = mail;
        curl_easy_setopt(raw, CURLOPT_MAIL_FROM, from.c_str());
        curl_easy_setopt(raw, CURLOPT_MAIL_RCPT, recipients.get());
        curl_easy_setopt(raw, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(raw, CURLOPT_READFUNCTION, take_bytes);
        curl_easy_setopt(raw, CURLOPT_READDATA, &remaining);
        return run_transfer(raw, false);
    }

  private:
    void set_server(CURL* raw) const {
        const bool tls = options_.security == SmtpSecurity::tls;
        // The path is what EHLO says; the sender's own domain is true wherever we run.
        const std::string url = fmt::format("{}://{}:{}/{}", tls ? "smtps" : "smtp", options_.host,
                                            options_.port, domain_of(options_.from));
        curl_easy_setopt(raw, CURLOPT_URL, url.c_str());
        if (options_.security == SmtpSecurity::starttls) {
            curl_easy_setopt(raw, CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
        }
        if (!options_.username.empty()) {
            curl_easy_setopt(raw, CURLOPT_USERNAME, options_.username.c_str());
            const std::string password(options_.password.reveal());
            curl_easy_setopt(raw, CURLOPT_PASSWORD, password.c_str());
        }
    }

    /// RFC 5322, the text in base64.
    [[nodiscard]] std::string mail_text(const Message& message, std::string_view id,
                                        core::WallTime created_at) const {
        return fmt::format(
            "Date: {}\r\nFrom: {} <{}>\r\nTo: <{}>\r\nSubject: {}\r\nMessage-ID: <{}@{}>\r\n"
            "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"  // RFC 3834 §5
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"
            "\r\n{}",
            mail_date(created_at), header_text(options_.from_name), options_.from,
            message.recipient, header_text(message.subject), id, domain_of(options_.from),
            base64_lines(message.text));
    }

    SmtpOptions options_;
};

}  // namespace

core::Result<std::unique_ptr<Sender>> make_smtp_sender(SmtpOptions options) {
    if (options.host.empty() || options.host.find_first_of("/@ \r\n") != std::string::npos) {
        return core::Error(Errc::invalid_argument, "smtp_host",
                           "smtp host must be the name or address of a mail server");
    }
    const Message probe{.recipient = options.from, .subject = options.from_name, .text = "-"};
    if (!check_message(probe) || options.from_name.find_first_of("<>\"") != std::string::npos) {
        return core::Error(Errc::invalid_argument, "smtp_from",
                           "smtp from must be a mail address like courses@example.org, its name "
                           "plain text");
    }
    return std::unique_ptr<Sender>(std::make_unique<SmtpSender>(std::move(options)));
}

}  // namespace courseselect::notify
