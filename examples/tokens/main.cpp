// Logging in with a second factor: a TOTP code as an authenticator app shows it, then a JSON Web
// Token that other services check without asking anybody. Time is injected, so it can be moved.

#include <chrono>
#include <cstdio>
#include <optional>
#include <string>

#include "courseselect/auth/jwt.hpp"
#include "courseselect/auth/token_issuer.hpp"
#include "courseselect/auth/totp.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/crypto/random.hpp"

using namespace courseselect;
using namespace std::chrono_literals;

namespace {

/// What a user table remembers of the second factor.
struct SecondFactor {
    core::Secret secret;
    std::optional<auth::TotpStep> last_used;
};

bool log_in(SecondFactor& factor, const std::string& code, core::WallTime now) {
    const auto step = auth::verify_totp(factor.secret, code, now, factor.last_used);
    std::printf("code: %s\n", step ? "accepted" : "refused");
    if (step) {
        factor.last_used = step;  // store it: from now on this code is dead
    }
    return step.has_value();
}

void show(const auth::JwtVerifier& verifier, const std::string& token, core::WallTime now) {
    const auto claims = verifier.verify(token, now);
    if (claims) {
        std::printf("token: of %s, id %lld\n", claims->principal.username.c_str(),
                    static_cast<long long>(claims->principal.id));
    } else {
        std::printf("token: refused, %s\n", std::string(claims.error().reason()).c_str());
    }
}

core::Result<> run() {
    core::ManualClock clock;
    crypto::SystemRandomSource random;
    const core::Secret key("an example's key: at least 32 bytes, kept secret");
    COURSESELECT_TRY(auto signer, auth::JwtSigner::hs256(key));
    COURSESELECT_TRY(const auto verifier, auth::JwtVerifier::hs256(key));
    const auth::TokenIssuer issuer(std::move(signer), random);

    SecondFactor factor{auth::make_totp_secret(random), std::nullopt};
    const auto code = auth::totp_code(factor.secret, auth::totp_step(clock.wall_now()));
    if (!code || !log_in(factor, *code, clock.wall_now())) {
        return core::Error(core::Errc::internal, "the right code was refused");
    }
    log_in(factor, *code, clock.wall_now());  // somebody looked over the shoulder

    const auth::Principal ada{auth::UserKind::student, 7, "ada"};
    COURSESELECT_TRY(const auto issued,
                     issuer.issue(ada, auth::TokenType::access, clock.wall_now()));
    show(verifier, issued.token, clock.wall_now());
    show(verifier, issued.token + "x", clock.wall_now());
    clock.advance(30min);  // a student's token lives this long
    show(verifier, issued.token, clock.wall_now());
    return {};
}

}  // namespace

int main() {
    const auto done = run();
    if (!done) {
        std::printf("%s\n", done.error().to_string().c_str());
    }
    return done ? 0 : 1;
}
