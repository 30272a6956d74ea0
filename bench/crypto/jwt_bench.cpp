// Question: what does one access-token check cost? Workload: sign and verify one student token.
// A good answer: HS256 verify under 1.5 us. One JSON line per result; the median of nine runs.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "courseselect/auth/jwt.hpp"

using namespace courseselect;

namespace {

template <class Work>
void measure(const char* name, int calls, Work work) {
    std::array<double, 9> runs{};
    for (double& run : runs) {
        const auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < calls; ++i) {
            work();
        }
        const std::chrono::duration<double, std::nano> took =
            std::chrono::steady_clock::now() - start;
        run = took.count() / calls;
    }
    std::sort(runs.begin(), runs.end());
    std::printf(
        "{\"bench\":\"%s\",\"calls\":%d,\"ns_min\":%.0f,\"ns_median\":%.0f,"
        "\"ns_max\":%.0f,\"compiler\":\"%s\"}\n",
        name, calls, runs.front(), runs[4], runs.back(), __VERSION__);
}

void measure_pair(const char* sign_name, const char* verify_name, int calls,
                  const auth::JwtSigner& signer, const auth::JwtVerifier& verifier) {
    const core::WallTime now{std::chrono::seconds{1'700'000'000}};
    auth::Claims claims;
    claims.principal = {auth::UserKind::student, 12345, "student12345"};
    claims.issued_at = std::chrono::floor<std::chrono::seconds>(now);
    claims.expires_at = claims.issued_at + std::chrono::minutes{30};
    claims.token_id = "AAAAAAAAAAAAAAAAAAAAAA";
    const std::string token = *signer.sign(claims);
    measure(sign_name, calls, [&] { COURSESELECT_CHECK(signer.sign(claims)); });
    measure(verify_name, calls, [&] { COURSESELECT_CHECK(verifier.verify(token, now)); });
}

}  // namespace

int main() {
    const core::Secret secret(std::string(32, 'k'));
    measure_pair("hs256_sign", "hs256_verify", 20'000, *auth::JwtSigner::hs256(secret),
                 *auth::JwtVerifier::hs256(secret));
    const auto ed = *crypto::PrivateKey::generate(crypto::KeyKind::ed25519);
    measure_pair("eddsa_sign", "eddsa_verify", 200, auth::JwtSigner::with_key(ed),
                 auth::JwtVerifier::with_key(ed.public_key()));
    const auto rsa = *crypto::PrivateKey::generate(crypto::KeyKind::rsa);
    measure_pair("rs256_sign", "rs256_verify", 50, auth::JwtSigner::with_key(rsa),
                 auth::JwtVerifier::with_key(rsa.public_key()));
    return 0;
}
