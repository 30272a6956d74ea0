#include "courseselect/auth/password.hpp"

#include <crypt.h>
#include <string.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>

#include "courseselect/core/encoding.hpp"
#include "courseselect/crypto/digest.hpp"

namespace courseselect::auth {
namespace {

constexpr std::size_t bcrypt_password_bytes_max = 72;
constexpr std::size_t bcrypt_hash_bytes = 60;  // $2b$12$ + 22 of salt + 31 of digest
constexpr std::size_t bcrypt_salt_characters = 22;
constexpr std::size_t stored_hash_bytes_max = 512;

core::Error bad_password(const char* reason, std::string detail) {
    return core::Error(core::Errc::invalid_argument, reason, std::move(detail));
}

/// The whole of `text` as a number of at most nine digits; -1 otherwise.
int parse_number(std::string_view text) {
    int value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    return whole && text.size() <= 9 && value >= 0 ? value : -1;
}

/// The rule for what bcrypt cannot read whole (contract §1.4).
std::string bcrypt_input(std::string_view password) {
    return password.size() > bcrypt_password_bytes_max ? crypto::sha256_hex(password)
                                                       : std::string(password);
}

/// `crypt_r` with its 32 KiB of working memory on the heap. Empty when it refuses.
std::string run_crypt(const std::string& password, const std::string& setting) {
    const auto data = std::make_unique<crypt_data>();
    const char* hash = crypt_r(password.c_str(), setting.c_str(), data.get());
    std::string text = hash == nullptr || hash[0] == '*' ? std::string() : std::string(hash);
    explicit_bzero(data.get(), sizeof(crypt_data));
    return text;
}

/// The cost in a well-formed `$2a$`, `$2b$` or `$2y$` hash; nothing for anything else.
std::optional<int> bcrypt_cost_of(std::string_view stored) {
    const bool known =
        stored.starts_with("$2b$") || stored.starts_with("$2a$") || stored.starts_with("$2y$");
    if (!known || stored.size() != bcrypt_hash_bytes || stored[6] != '$') {
        return std::nullopt;
    }
    const int cost = parse_number(stored.substr(4, 2));
    return cost >= 4 && cost <= 31 ? std::optional(cost) : std::nullopt;
}

std::uint64_t rounds_of(int cost) { return std::uint64_t{1} << static_cast<unsigned>(cost); }

/// A hash of that cost which no password matches.
std::string dummy_hash(int cost) {
    std::string hash = cost < 10 ? "$2b$0" : "$2b$";
    hash.append(std::to_string(cost)).append("$");
    hash.append(bcrypt_hash_bytes - hash.size(), '.');
    return hash;
}

bool bcrypt_matches(const std::string& input, std::string_view stored) {
    return crypto::constant_time_equal(run_crypt(input, std::string(stored)), stored);
}

/// passlib's `$bcrypt-sha256$2b,12$salt$digest` and `$bcrypt-sha256$v=2,t=2b,r=12$salt$digest` as
/// the bcrypt hash inside and the text that went into it.
struct BcryptSha256 {
    std::string input;
    std::string inner;
};

std::optional<BcryptSha256> unpack_bcrypt_sha256(std::string_view password,
                                                 std::string_view stored) {
    stored.remove_prefix(std::string_view("$bcrypt-sha256$").size());
    const std::size_t first = stored.find('$');
    const std::size_t second = stored.find('$', std::min(first, stored.size() - 1) + 1);
    if (first == std::string_view::npos || second != first + 1 + bcrypt_salt_characters) {
        return std::nullopt;
    }
    std::string_view config = stored.substr(0, first);
    const std::string_view salt = stored.substr(first + 1, bcrypt_salt_characters);
    const bool version_two = config.starts_with("v=2,t=2b,r=");
    if (!version_two && !config.starts_with("2b,") && !config.starts_with("2a,")) {
        return std::nullopt;
    }
    const std::string_view kind = version_two ? "2b" : config.substr(0, 2);
    config.remove_prefix(version_two ? 11 : 3);
    const int cost = parse_number(config);
    if (cost < 4 || cost > 31) {
        return std::nullopt;
    }
    BcryptSha256 unpacked;
    unpacked.input =
        core::base64_encode(version_two ? crypto::as_text(crypto::hmac_sha256(salt, password))
                                        : crypto::as_text(crypto::sha256(password)));
    unpacked.inner.append("$").append(kind).append(cost < 10 ? "$0" : "$");
    unpacked.inner.append(std::to_string(cost)).append("$").append(salt);
    unpacked.inner.append(stored.substr(second + 1));
    return unpacked;
}

/// passlib's base64: standard, without padding, with '.' for '+'.
std::optional<std::string> passlib_base64(std::string_view text) {
    std::string standard(text);
    if (standard.find('+') != std::string::npos) {
        return std::nullopt;
    }
    std::replace(standard.begin(), standard.end(), '.', '+');
    return core::base64_decode(standard, core::Padding::none);
}

/// `$pbkdf2-sha256$29000$salt$digest`; nothing when malformed or over the rounds allowed.
std::optional<bool> pbkdf2_matches(std::string_view password, std::string_view stored,
                                   int rounds_max) {
    stored.remove_prefix(std::string_view("$pbkdf2-sha256$").size());
    const std::size_t first = stored.find('$');
    const std::size_t second =
        first == std::string_view::npos ? first : stored.find('$', first + 1);
    if (second == std::string_view::npos) {
        return std::nullopt;
    }
    const int rounds = parse_number(stored.substr(0, first));
    const auto salt = passlib_base64(stored.substr(first + 1, second - first - 1));
    const auto digest = passlib_base64(stored.substr(second + 1));
    if (rounds < 1 || rounds > rounds_max || !salt || !digest) {
        return std::nullopt;
    }
    const auto made = crypto::pbkdf2_sha256(password, *salt, rounds);
    return crypto::constant_time_equal(crypto::as_text(made), *digest);
}

}  // namespace

core::Result<> PasswordPolicy::check(std::string_view password) const {
    if (password.size() > bytes_max) {
        return bad_password("password_long",
                            "Password must be at most " + std::to_string(bytes_max) + " bytes");
    }
    const auto characters = core::utf8_length(password);
    if (!characters || password.find('\0') != std::string_view::npos) {
        return bad_password("password_text", "Password must be UTF-8 text without NUL characters");
    }
    if (*characters < characters_min) {
        return bad_password("password_short", "Password must be at least " +
                                                  std::to_string(characters_min) + " characters");
    }
    return {};
}

core::Result<PasswordHasher> PasswordHasher::create(PasswordOptions options,
                                                    crypto::RandomSource& random) {
    if (options.bcrypt_cost < 4 || options.bcrypt_cost > 31 ||
        options.bcrypt_cost > options.bcrypt_cost_max) {
        return core::Error(core::Errc::invalid_argument, "bcrypt_cost",
                           "the bcrypt cost must be 4 to 31, and at most bcrypt_cost_max");
    }
    return PasswordHasher(options, random);
}

PasswordHasher::PasswordHasher(PasswordOptions options, crypto::RandomSource& random)
    : options_(options), random_(&random) {}

core::Result<std::string> PasswordHasher::hash(const core::Secret& password) const {
    const std::string_view text = password.reveal();
    if (text.size() > options_.bytes_max || text.find('\0') != std::string_view::npos) {
        return bad_password("password_text", "Password is too long or has a NUL character");
    }
    *rounds_ += rounds_of(options_.bcrypt_cost);
    const std::string random = random_->bytes(16);
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    const char* made =
        crypt_gensalt_rn("$2b$", static_cast<unsigned long>(options_.bcrypt_cost), random.data(),
                         static_cast<int>(random.size()), setting, sizeof(setting));
    std::string hash = made == nullptr ? std::string() : run_crypt(bcrypt_input(text), made);
    if (hash.size() != bcrypt_hash_bytes) {
        return core::Error(core::Errc::internal, "bcrypt", "the library made no bcrypt hash");
    }
    return hash;
}

bool PasswordHasher::verify(const core::Secret& password, std::string_view stored) const {
    const std::string_view text = password.reveal();
    if (!can_match(text) || stored.size() > stored_hash_bytes_max) {
        return verify_unknown_user(password);
    }
    if (stored.starts_with("$pbkdf2-sha256$")) {
        const auto matches = pbkdf2_matches(text, stored, options_.pbkdf2_rounds_max);
        return matches ? *matches : verify_unknown_user(password);
    }
    std::string input;
    std::string inner(stored);
    if (stored.starts_with("$bcrypt-sha256$")) {
        auto unpacked = unpack_bcrypt_sha256(text, stored);
        input = unpacked ? std::move(unpacked->input) : std::string();
        inner = unpacked ? std::move(unpacked->inner) : std::string();
    } else {
        input = bcrypt_input(text);
    }
    const auto cost = bcrypt_cost_of(inner);
    if (!cost || *cost > options_.bcrypt_cost_max) {
        return verify_unknown_user(password);
    }
    *rounds_ += rounds_of(*cost);
    const bool matches = bcrypt_matches(input, inner);
    // A hash of a lower cost was checked sooner than nobody's would be: the rest of the work is
    // 2^own - 2^cost rounds, which is 2^cost + 2^(cost+1) + ... + 2^(own-1).
    for (int less = *cost; !matches && less < options_.bcrypt_cost; ++less) {
        burn(input, less);
    }
    return matches;
}

bool PasswordHasher::verify_unknown_user(const core::Secret& password) const {
    // No work for what matches nobody, whoever is asked for.
    if (can_match(password.reveal())) {
        burn(bcrypt_input(password.reveal()), options_.bcrypt_cost);
    }
    return false;
}

bool PasswordHasher::can_match(std::string_view text) const {
    return text.size() <= options_.bytes_max && text.find('\0') == std::string_view::npos;
}

void PasswordHasher::burn(const std::string& input, int cost) const {
    *rounds_ += rounds_of(cost);
    static_cast<void>(run_crypt(input, dummy_hash(cost)));
}

bool PasswordHasher::needs_rehash(std::string_view stored) const {
    const auto cost = bcrypt_cost_of(stored);
    return !stored.starts_with("$2b$") || !cost || *cost < options_.bcrypt_cost;
}

}  // namespace courseselect::auth
