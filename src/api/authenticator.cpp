#include "courseselect/api/authenticator.hpp"

#include <utility>

namespace courseselect::api {

core::Result<auth::Principal> JwtAuthenticator::verify(std::string_view token,
                                                       auth::TokenType expected) const {
    auto claims = verifier_.verify(token, clock_.wall_now(), expected);
    if (!claims) {
        const bool wrong_type = claims.error().reason() == "token_type";
        return core::Error(core::Errc::unauthenticated, "token_refused",
                           std::string(wrong_type ? texts_.wrong_type : texts_.bad));
    }
    if (gate_ != nullptr && !gate_->admits(*claims)) {
        return core::Error(core::Errc::unauthenticated, "token_revoked", std::string(texts_.bad));
    }
    return std::move(claims->principal);
}

}  // namespace courseselect::api
