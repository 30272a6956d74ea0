#include "jwt_claims.hpp"

#include <array>
#include <charconv>

#include "courseselect/core/encoding.hpp"

namespace courseselect::auth::detail {
namespace {

constexpr std::size_t members_max = 32;
constexpr std::size_t name_bytes_max = 64;
constexpr int depth_max = 4;

/// A cursor over JSON (RFC 8259). Every function moves behind what it read, or returns false.
class JsonCursor {
  public:
    explicit JsonCursor(std::string_view text) : text_(text) {}

    bool take(char wanted) {
        skip_space();
        if (at_ >= text_.size() || text_[at_] != wanted) {
            return false;
        }
        ++at_;
        return true;
    }

    bool at_end() {
        skip_space();
        return at_ == text_.size();
    }

    /// A string with its escapes resolved, of at most `bytes_max` bytes.
    bool take_string(std::string& to, std::size_t bytes_max) {
        to.clear();
        if (!take('"')) {
            return false;
        }
        while (at_ < text_.size() && to.size() <= bytes_max) {
            const char c = text_[at_++];
            if (c == '"') {
                return to.size() <= bytes_max;
            }
            if (static_cast<unsigned char>(c) < 0x20) {
                return false;
            }
            if (c != '\\') {
                to.push_back(c);
            } else if (!take_escape(to)) {
                return false;
            }
        }
        return false;
    }

    /// A whole number in 64 bits: no fraction, no exponent, no leading zero.
    bool take_integer(std::int64_t& to) {
        skip_space();
        const std::string_view rest = text_.substr(at_);
        const std::string_view digits = rest.substr(rest.starts_with('-') ? 1 : 0);
        if (digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') {
            return false;
        }
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), to);
        if (error != std::errc{}) {
            return false;
        }
        at_ += static_cast<std::size_t>(end - rest.data());
        return at_ >= text_.size() || text_[at_] == ',' || text_[at_] == '}' || is_space();
    }

    /// Any value, dropped.
    bool skip_value(std::string& scratch, int depth = 0) {
        skip_space();
        if (at_ >= text_.size() || depth > depth_max) {
            return false;
        }
        const char c = text_[at_];
        if (c == '"') {
            return take_string(scratch, text_.size());
        }
        if (c == '{' || c == '[') {
            return skip_container(scratch, depth);
        }
        return skip_word("true") || skip_word("false") || skip_word("null") || skip_number();
    }

  private:
    [[nodiscard]] bool is_space() const {
        const char c = text_[at_];
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
    }
    void skip_space() {
        while (at_ < text_.size() && is_space()) {
            ++at_;
        }
    }
    bool skip_word(std::string_view word) {
        if (!text_.substr(at_).starts_with(word)) {
            return false;
        }
        at_ += word.size();
        return true;
    }
    [[nodiscard]] bool at_digit() const {
        return at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9';
    }
    bool skip_digits() {
        const std::size_t from = at_;
        while (at_digit()) {
            ++at_;
        }
        return at_ > from;
    }
    bool skip_one_of(std::string_view characters) {
        if (at_ < text_.size() && characters.find(text_[at_]) != std::string_view::npos) {
            ++at_;
            return true;
        }
        return false;
    }
    bool skip_number() {
        skip_one_of("-");
        if (skip_one_of("0") ? at_digit() : !skip_digits()) {
            return false;
        }
        if (skip_one_of(".") && !skip_digits()) {
            return false;
        }
        if (!skip_one_of("eE")) {
            return true;
        }
        skip_one_of("+-");
        return skip_digits();
    }
    bool skip_container(std::string& scratch, int depth) {
        const bool is_object = text_[at_++] == '{';
        const char close = is_object ? '}' : ']';
        if (take(close)) {
            return true;
        }
        do {
            if (is_object && (!take_string(scratch, name_bytes_max) || !take(':'))) {
                return false;
            }
            if (!skip_value(scratch, depth + 1)) {
                return false;
            }
        } while (take(','));
        return take(close);
    }
    bool take_hex4(std::uint32_t& unit) {
        if (at_ + 4 > text_.size()) {
            return false;
        }
        const auto bytes = core::hex_decode(text_.substr(at_, 4));
        if (!bytes) {
            return false;
        }
        at_ += 4;
        unit = static_cast<std::uint32_t>(static_cast<unsigned char>((*bytes)[0])) << 8U |
               static_cast<unsigned char>((*bytes)[1]);
        return true;
    }
    bool take_escape(std::string& to) {
        if (at_ >= text_.size()) {
            return false;
        }
        const char kind = text_[at_++];
        constexpr std::string_view kinds = "\"\\/bfnrt";
        constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
        const std::size_t simple = kinds.find(kind);
        if (simple != std::string_view::npos) {
            to.push_back(meant[simple]);
            return true;
        }
        std::uint32_t point = 0;
        if (kind != 'u' || !take_hex4(point) || (point >= 0xdc00 && point <= 0xdfff)) {
            return false;
        }
        if (point >= 0xd800 && point <= 0xdbff) {
            std::uint32_t low = 0;
            if (!skip_word("\\u") || !take_hex4(low) || low < 0xdc00 || low > 0xdfff) {
                return false;
            }
            point = 0x10000 + ((point - 0xd800) << 10U) + (low - 0xdc00);
        }
        append_utf8(to, point);
        return true;
    }
    static void append_utf8(std::string& to, std::uint32_t point) {
        const auto tail = [&to, point](unsigned shift) {
            to.push_back(static_cast<char>(0x80U | ((point >> shift) & 0x3fU)));
        };
        if (point < 0x80) {
            to.push_back(static_cast<char>(point));
        } else if (point < 0x800) {
            to.push_back(static_cast<char>(0xc0U | (point >> 6U)));
            tail(0);
        } else if (point < 0x10000) {
            to.push_back(static_cast<char>(0xe0U | (point >> 12U)));
            tail(6);
            tail(0);
        } else {
            to.push_back(static_cast<char>(0xf0U | (point >> 18U)));
            tail(12);
            tail(6);
            tail(0);
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

/// Hands every member's name to `read_value(name)`, which reads the value. Refuses names that come
/// twice, by comparing them all: there are few.
template <class ReadValue>
bool scan_object(JsonCursor& cursor, ReadValue read_value) {
    std::array<std::string, members_max> names;
    std::size_t count = 0;
    if (!cursor.take('{')) {
        return false;
    }
    if (cursor.take('}')) {
        return cursor.at_end();
    }
    do {
        if (count == members_max || !cursor.take_string(names[count], name_bytes_max)) {
            return false;
        }
        for (std::size_t i = 0; i < count; ++i) {
            if (names[i] == names[count]) {
                return false;
            }
        }
        if (!cursor.take(':') || !read_value(names[count])) {
            return false;
        }
        ++count;
    } while (cursor.take(','));
    return cursor.take('}') && cursor.at_end();
}

/// Seconds since 1970 that fit every later conversion: up to the year 9999.
bool take_seconds(JsonCursor& cursor, std::int64_t& to) {
    constexpr std::int64_t seconds_max = 253'402'300'799;
    return cursor.take_integer(to) && to >= 0 && to <= seconds_max;
}

}  // namespace

std::optional<ScannedClaims> scan_claims(std::string_view json, const JwtLimits& limits) {
    if (!core::is_valid_utf8(json)) {
        return std::nullopt;
    }
    ScannedClaims scanned;
    Claims& claims = scanned.claims;
    std::optional<UserKind> kind;
    std::optional<TokenType> type;
    std::int64_t expires_at = -1;
    std::int64_t issued_at = 0;
    bool has_name = false;
    std::string text;
    JsonCursor cursor(json);
    const bool well_formed = scan_object(cursor, [&](std::string_view name) {
        if (name == "user_id") {
            return cursor.take_integer(claims.principal.id) && claims.principal.id >= 1;
        }
        if (name == "username") {
            has_name = true;
            return cursor.take_string(claims.principal.username, limits.username_bytes_max);
        }
        if (name == "user_type") {
            const bool read = cursor.take_string(text, 16);
            kind = parse_user_kind(text);
            return read && kind.has_value();
        }
        if (name == "type") {
            const bool read = cursor.take_string(text, 16);
            if (text == "access" || text == "refresh") {
                type = text == "access" ? TokenType::access : TokenType::refresh;
            }
            return read && type.has_value();
        }
        if (name == "exp") {
            return take_seconds(cursor, expires_at);
        }
        if (name == "iat") {
            return take_seconds(cursor, issued_at);
        }
        if (name == "nbf") {
            return take_seconds(cursor, scanned.not_before);
        }
        if (name == "jti") {
            return cursor.take_string(claims.token_id, limits.token_id_bytes_max);
        }
        if (name == "sid") {
            return cursor.take_string(claims.session_id, limits.token_id_bytes_max);
        }
        return cursor.skip_value(text);
    });
    if (!well_formed || !kind || !type || !has_name || expires_at < 0 || claims.principal.id < 1) {
        return std::nullopt;
    }
    claims.principal.kind = *kind;
    claims.type = *type;
    claims.expires_at = std::chrono::sys_seconds{std::chrono::seconds{expires_at}};
    claims.issued_at = std::chrono::sys_seconds{std::chrono::seconds{issued_at}};
    return scanned;
}

std::optional<std::string> scan_header_algorithm(std::string_view json) {
    std::string algorithm;
    std::string text;
    JsonCursor cursor(json);
    const bool well_formed = scan_object(cursor, [&](std::string_view name) {
        if (name == "alg") {
            return cursor.take_string(algorithm, 16);
        }
        if (name == "typ") {
            const bool read = cursor.take_string(text, 16);
            for (char& c : text) {
                c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
            }
            return read && text == "JWT";
        }
        return name != "crit" && cursor.skip_value(text);
    });
    if (!well_formed || algorithm.empty() || !core::is_valid_utf8(json)) {
        return std::nullopt;
    }
    return algorithm;
}

}  // namespace courseselect::auth::detail
