#include "courseselect/auth/codes.hpp"

#include "courseselect/core/encoding.hpp"

namespace courseselect::auth {
namespace {

constexpr std::size_t registration_code_bytes = 24;
constexpr std::size_t reset_code_bytes = 5;
constexpr std::size_t reset_code_characters = 8;

}  // namespace

std::string make_registration_code(crypto::RandomSource& random) {
    return core::base64url_encode(random.bytes(registration_code_bytes));
}

std::string make_reset_code(crypto::RandomSource& random) {
    return core::crockford_encode(random.bytes(reset_code_bytes));
}

std::optional<std::string> normalize_reset_code(std::string_view typed) {
    if (typed.size() > 2 * reset_code_characters) {
        return std::nullopt;
    }
    auto code = core::crockford_normalize(typed);
    return code && code->size() == reset_code_characters ? code : std::nullopt;
}

}  // namespace courseselect::auth
