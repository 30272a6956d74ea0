#include "courseselect/auth/totp.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "courseselect/core/check.hpp"
#include "courseselect/core/encoding.hpp"
#include "courseselect/crypto/digest.hpp"

namespace courseselect::auth {
namespace {

constexpr std::size_t totp_secret_bytes = 20;
constexpr std::size_t totp_secret_bytes_min = 10;
constexpr std::string_view totp_issuer = "Course%20Selection";

std::optional<std::string> secret_key(const core::Secret& base32_secret) {
    auto key = core::base32_decode(base32_secret.reveal());
    if (!key || key->size() < totp_secret_bytes_min || key->size() > totp_secret_bytes_max) {
        return std::nullopt;
    }
    return key;
}

}  // namespace

std::string hotp(std::string_view key, std::uint64_t counter, int digits) {
    COURSESELECT_CHECK(digits >= 6 && digits <= 8);
    std::array<char, 8> message{};
    for (std::size_t i = message.size(); i-- > 0; counter >>= 8U) {
        message[i] = static_cast<char>(counter & 0xffU);
    }
    const auto tag = crypto::hmac_sha1(key, {message.data(), message.size()});
    const std::size_t at = tag.back() & 0x0fU;  // RFC 4226 §5.3: dynamic truncation
    std::uint32_t value = (tag[at] & 0x7fU);
    for (std::size_t i = 1; i < 4; ++i) {
        value = (value << 8U) | tag[at + i];
    }
    std::string text(static_cast<std::size_t>(digits), '0');
    for (auto digit = text.rbegin(); digit != text.rend(); ++digit, value /= 10) {
        *digit = static_cast<char>('0' + value % 10);
    }
    return text;
}

TotpStep totp_step(core::WallTime now) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    return seconds / totp_step_seconds;
}

core::Secret make_totp_secret(crypto::RandomSource& random) {
    return core::Secret(core::base32_encode(random.bytes(totp_secret_bytes)));
}

std::optional<std::string> totp_code(const core::Secret& base32_secret, TotpStep step) {
    const auto key = secret_key(base32_secret);
    if (!key) {
        return std::nullopt;
    }
    return hotp(*key, static_cast<std::uint64_t>(step), totp_digits);
}

std::optional<TotpStep> verify_totp(const core::Secret& base32_secret, std::string_view code,
                                    core::WallTime now, std::optional<TotpStep> last_used) {
    const bool six_digits =
        code.size() == std::size_t{totp_digits} &&
        std::all_of(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; });
    const auto key = secret_key(base32_secret);
    if (!six_digits || !key) {
        return std::nullopt;
    }
    const TotpStep current = totp_step(now);
    std::optional<TotpStep> matched;
    for (int offset = -totp_window_steps; offset <= totp_window_steps; ++offset) {
        const TotpStep step = current + offset;
        const std::string expected = hotp(*key, static_cast<std::uint64_t>(step), totp_digits);
        const bool equal = crypto::constant_time_equal(expected, code);
        if (equal && step >= 0 && (!last_used || step > *last_used) && !matched) {
            matched = step;
        }
    }
    return matched;
}

std::string totp_uri(std::string_view username, const core::Secret& base32_secret) {
    std::string uri = "otpauth://totp/";
    uri.append(totp_issuer).append(":").append(core::percent_encode(username));
    uri.append("?secret=").append(base32_secret.reveal());
    return uri.append("&issuer=").append(totp_issuer);
}

}  // namespace courseselect::auth
