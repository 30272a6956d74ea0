#pragma once
/// What carries messages out of the house: SMTP for mail, an HTTP gateway for SMS. Both on libcurl.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/core/secret.hpp"
#include "courseselect/notify/message.hpp"

namespace courseselect::notify {

enum class Delivery : std::uint8_t {
    sent,       ///< the other side took responsibility
    try_again,  ///< away, busy, or our configuration is wrong: nothing is lost by waiting
    refused,    ///< this message will never be taken
};

struct DeliveryResult {
    Delivery outcome = Delivery::try_again;
    std::string detail;  ///< for the administrator; no secrets
};

/// Thread-safety: any thread. `send` blocks: not on an event loop.
class Sender {
  public:
    virtual ~Sender() = default;
    /// `id` and `created_at` are the same for every try of a message: doubles can be recognised.
    [[nodiscard]] virtual DeliveryResult send(const Message& message, std::string_view id,
                                              core::WallTime created_at) = 0;
};

enum class SmtpSecurity : std::uint8_t {
    none,
    starttls,  ///< refuses to go on when the server does not offer it (RFC 3207)
    tls,       ///< TLS from the first byte (RFC 8314 §3.3)
};

struct SmtpOptions {
    std::string host;
    std::uint16_t port = 587;  ///< RFC 6409 §3.1
    SmtpSecurity security = SmtpSecurity::starttls;
    std::string username;  ///< empty: no AUTH
    core::Secret password;
    std::string from;  ///< the sender's address
    std::string from_name = "Course selection";
    std::string ca_file;                        ///< PEM; empty: the system's
    std::chrono::milliseconds timeout{30'000};  ///< of a whole delivery
};

/// Errors: invalid_argument `smtp_host`, `smtp_from`; the detail names the remedy.
[[nodiscard]] core::Result<std::unique_ptr<Sender>> make_smtp_sender(SmtpOptions options);

/// A gateway is told by one HTTP request. `{{to}}`, `{{text}}` and `{{id}}` are filled in, escaped
/// for where they stand: percent-encoded in the URL and in forms, as JSON strings (without the
/// quotes) in JSON bodies.
struct SmsOptions {
    std::string url;                                ///< `https://…`; `http://` too
    std::string content_type = "application/json";  ///< or `application/x-www-form-urlencoded`
    std::string body = R"({"to":"{{to}}","text":"{{text}}","id":"{{id}}"})";
    /// The whole header line with the gateway's key, like `Authorization: Bearer …`; may be empty.
    core::Secret authorization;
    std::string ca_file;  ///< PEM; empty: the system's
    std::chrono::milliseconds timeout{30'000};
};

/// Errors: invalid_argument `sms_url`, `sms_body` or `sms_content_type`.
[[nodiscard]] core::Result<std::unique_ptr<Sender>> make_sms_sender(SmsOptions options);

}  // namespace courseselect::notify
