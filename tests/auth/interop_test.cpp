// Tokens, hashes and codes against programs of others: PyJWT, python's bcrypt, htpasswd, oathtool.

#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "courseselect/auth/jwt.hpp"
#include "courseselect/auth/password.hpp"
#include "courseselect/auth/totp.hpp"
#include "courseselect/crypto/signature.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;
using namespace std::chrono_literals;

namespace {

std::string quoted(const std::string& word) {
    std::string out = "'";
    for (const char c : word) {
        out += c == '\'' ? "'\\''" : std::string(1, c);
    }
    return out + "'";
}

/// What a program prints, without the last line end. A missing program fails with its package.
std::string output_of(const std::vector<std::string>& words, const char* package) {
    std::string command;
    for (const std::string& word : words) {
        command += quoted(word) + " ";
    }
    std::FILE* pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string text;
    std::array<char, 512> part{};
    while (std::fgets(part.data(), static_cast<int>(part.size()), pipe) != nullptr) {
        text.append(part.data());
    }
    const int status = ::pclose(pipe);
    INFO("install the package ", package, " if the program is missing");
    REQUIRE(status == 0);
    while (text.ends_with('\n')) {
        text.pop_back();
    }
    return text;
}

std::string python(const std::string& script, std::vector<std::string> arguments,
                   const char* package) {
    arguments.insert(arguments.begin(), {"/usr/bin/python3", "-c", script});
    return output_of(arguments, package);
}

constexpr const char* jwt_package = "python3-jwt";
const std::string shared_secret = "0123456789abcdef0123456789abcdef";
constexpr core::WallTime token_time{1'700'000'000s};

/// One algorithm: our two halves, and the keys as texts for the other side.
struct Algorithm {
    std::string name;
    auth::JwtSigner signer;
    auth::JwtVerifier verifier;
    std::string signing_key, verifying_key;
    std::string key_set;  ///< JWK Set; empty: shared secret
};

Algorithm with_key(const std::string& name, crypto::KeyKind kind) {
    const auto key = crypto::PrivateKey::generate(kind).value();
    return {name,
            auth::JwtSigner::with_key(key, "key-1"),
            auth::JwtVerifier::with_key(key.public_key()),
            std::string(key.to_pem().reveal()),
            key.public_key().to_pem(),
            auth::jwks_json(key.public_key(), "key-1")};
}

std::vector<Algorithm> all_algorithms() {
    const core::Secret secret(shared_secret);
    std::vector<Algorithm> all;
    all.push_back({"HS256", auth::JwtSigner::hs256(secret).value(),
                   auth::JwtVerifier::hs256(secret).value(), shared_secret, shared_secret, ""});
    all.push_back(with_key("RS256", crypto::KeyKind::rsa));
    all.push_back(with_key("EdDSA", crypto::KeyKind::ed25519));
    return all;
}

auth::Claims full_claims() {
    auth::Claims claims;
    claims.principal = {auth::UserKind::teacher, 7, "\xe5\xad\xa6"};
    claims.type = auth::TokenType::refresh;
    claims.issued_at = std::chrono::sys_seconds(token_time.time_since_epoch() / 1s * 1s);
    claims.expires_at = std::chrono::sys_seconds(4'000'000'000s);
    claims.token_id = "token-1";
    claims.session_id = "session-1";
    return claims;
}

auth::PasswordHasher cheap_hasher(crypto::RandomSource& random) {
    return auth::PasswordHasher::create({.bcrypt_cost = 4}, random).value();
}

/// Short, with blanks and quotes, not ASCII, and as long as bcrypt reads.
const std::vector<std::string> passwords = {"hunter22", "two words' \"quotes\" $1",
                                            "\xe5\xaf\x86\xe7\xa0\x81-123", std::string(72, 'z')};

}  // namespace

TEST_SUITE("auth/interop") {
    TEST_CASE("PyJWT reads every claim of our tokens, with each algorithm") {
        for (const Algorithm& algorithm : all_algorithms()) {
            CAPTURE(algorithm.name);
            const std::string ours = algorithm.signer.sign(full_claims()).value();
            CHECK(python("import jwt, json, sys\n"
                         "token, key, name = sys.argv[1:]\n"
                         "print(jwt.get_unverified_header(token)['alg'], json.dumps(\n"
                         "    jwt.decode(token, key, algorithms=[name]), sort_keys=True))",
                         {ours, algorithm.verifying_key, algorithm.name}, jwt_package) ==
                  algorithm.name + R"( {"exp": 4000000000, "iat": 1700000000, "jti": "token-1", )"
                                   R"("sid": "session-1", "type": "refresh", "user_id": 7, )"
                                   R"("user_type": "teacher", "username": "\u5b66"})");
        }
    }

    TEST_CASE("we read every claim of PyJWT's tokens, with each algorithm") {
        for (const Algorithm& algorithm : all_algorithms()) {
            CAPTURE(algorithm.name);
            const std::string theirs = python(
                "import jwt, sys\n"
                "key, name = sys.argv[1:]\n"
                "print(jwt.encode({'user_id': 7, 'username': '\\u5b66', 'user_type': 'teacher',\n"
                "                  'type': 'refresh', 'exp': 4000000000, 'iat': 1700000000,\n"
                "                  'jti': 'token-1', 'sid': 'session-1', 'more': [1, {}]}, key,\n"
                "                 algorithm=name))",
                {algorithm.signing_key, algorithm.name}, jwt_package);
            const auto claims =
                algorithm.verifier.verify(theirs, token_time, auth::TokenType::refresh);
            REQUIRE(claims);
            CHECK(*claims == full_claims());
            CHECK_FALSE(algorithm.verifier.verify(theirs, core::WallTime{4'000'000'000s},
                                                  auth::TokenType::refresh));
            CHECK_FALSE(algorithm.verifier.verify(theirs, token_time));
        }
    }

    TEST_CASE("PyJWT verifies our tokens with nothing but our key set") {
        for (const Algorithm& algorithm : all_algorithms()) {
            if (algorithm.key_set.empty()) {
                continue;
            }
            CAPTURE(algorithm.name);
            const std::string ours = algorithm.signer.sign(full_claims()).value();
            CHECK(python("import jwt, json, sys\n"
                         "token, keys = sys.argv[1:]\n"
                         "wanted = jwt.get_unverified_header(token)['kid']\n"
                         "found = [k for k in json.loads(keys)['keys'] if k['kid'] == wanted]\n"
                         "key = jwt.PyJWK.from_dict(found[0])\n"
                         "print(jwt.decode(token, key.key, algorithms=[found[0]['alg']])"
                         "['user_id'])",
                         {ours, algorithm.key_set}, jwt_package) == "7");
        }
    }

    TEST_CASE("a token in an algorithm of the sender's choice is refused") {
        const std::string claims =
            "{'user_id': 1, 'username': 'a', 'user_type': 'admin', 'type': 'access', "
            "'exp': 4000000000}";
        const std::string unsigned_token =
            python("import jwt\nprint(jwt.encode(" + claims + ", None, algorithm='none'))", {},
                   jwt_package);
        const std::string stronger = python(
            "import jwt, sys\nprint(jwt.encode(" + claims + ", sys.argv[1], algorithm='HS512'))",
            {shared_secret}, jwt_package);
        for (const Algorithm& algorithm : all_algorithms()) {
            CAPTURE(algorithm.name);
            // The public key taken for a shared secret (RFC 8725 §2.1); PyJWT itself would not.
            const std::string confused = python(
                "import base64, hashlib, hmac, json, sys\n"
                "text = lambda b: base64.urlsafe_b64encode(b).rstrip(b'=')\n"
                "head = text(b'{\"alg\":\"HS256\",\"typ\":\"JWT\"}') + b'.' + text(json.dumps(" +
                    claims +
                    ").encode())\n"
                    "mac = hmac.new(sys.argv[1].encode(), head, hashlib.sha256).digest()\n"
                    "print((head + b'.' + text(mac)).decode())",
                {algorithm.verifying_key}, jwt_package);
            CHECK_FALSE(algorithm.verifier.verify(unsigned_token, token_time));
            CHECK_FALSE(algorithm.verifier.verify(stronger, token_time));
            // With a shared secret that is the honest token: the script makes good ones.
            CHECK(algorithm.verifier.verify(confused, token_time).has_value() ==
                  algorithm.key_set.empty());
        }
    }

    TEST_CASE("htpasswd -B and ours agree, both ways") {
        crypto::SystemRandomSource random;
        const auto hasher = cheap_hasher(random);
        const test::TempDir directory;
        for (const std::string& password : passwords) {
            CAPTURE(password);
            const std::string theirs =
                output_of({"htpasswd", "-nbB", "-C", "4", "user", password}, "apache2-utils")
                    .substr(5);
            CHECK(theirs.starts_with("$2y$04$"));
            CHECK(hasher.verify(core::Secret(password), theirs));
            CHECK_FALSE(hasher.verify(core::Secret("!" + password), theirs));

            const std::string file = directory.file("passwords");
            std::ofstream(file) << "user:" << hasher.hash(core::Secret(password)).value() << "\n";
            CHECK(output_of({"sh", "-c", "htpasswd -vb \"$0\" user \"$1\" 2>&1", file, password},
                            "apache2-utils") == "Password for user user correct.");
            CHECK(output_of({"sh", "-c", "htpasswd -vb \"$0\" user wrong 2>&1 || true", file},
                            "apache2-utils") == "password verification failed");
        }
    }

    TEST_CASE("python's bcrypt and ours agree, both ways") {
        crypto::SystemRandomSource random;
        const auto hasher = cheap_hasher(random);
        const std::string check =
            "import bcrypt, sys\n"
            "print(bcrypt.checkpw(sys.argv[1].encode(), sys.argv[2].encode()))";
        for (const std::string& password : passwords) {
            CAPTURE(password);
            const std::string theirs = python(
                "import bcrypt, sys\n"
                "print(bcrypt.hashpw(sys.argv[1].encode(), bcrypt.gensalt(4)).decode())",
                {password}, "python3-bcrypt");
            CHECK(theirs.starts_with("$2b$04$"));
            CHECK(hasher.verify(core::Secret(password), theirs));
            CHECK_FALSE(hasher.verify(core::Secret("!" + password), theirs));
            const std::string ours = hasher.hash(core::Secret(password)).value();
            CHECK(python(check, {password, ours}, "python3-bcrypt") == "True");
            CHECK(python(check, {"!" + password, ours}, "python3-bcrypt") == "False");
        }
    }

    TEST_CASE("beyond 72 bytes both take the SHA-256 of the password, in hex") {
        crypto::SystemRandomSource random;
        const std::string long_password(73, 'z');
        const std::string ours = cheap_hasher(random).hash(core::Secret(long_password)).value();
        CHECK(python("import bcrypt, hashlib, sys\n"
                     "digest = hashlib.sha256(sys.argv[1].encode()).hexdigest()\n"
                     "print(bcrypt.checkpw(digest.encode(), sys.argv[2].encode()))",
                     {long_password, ours}, "python3-bcrypt") == "True");
    }

    TEST_CASE("oathtool shows the codes we expect, and we take oathtool's in their window only") {
        core::WallTime now{2'000'000'000s};
        for (const char* base32 :
             {"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
              "MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U", "77777777777777777777777777777777"}) {
            const core::Secret secret(base32);
            now += 1'234'567s;
            const auto seconds =
                std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
            const std::string codes =
                output_of({"oathtool", "--totp", "-b", "--window=4", "--now",
                           "@" + std::to_string(seconds - 60), std::string(secret.reveal())},
                          "oathtool");
            REQUIRE(codes.size() == 5 * 7 - 1);
            for (int step = -2; step <= 2; ++step) {
                const std::string code = codes.substr(static_cast<std::size_t>(step + 2) * 7, 6);
                CAPTURE(step);
                CHECK(auth::totp_code(secret, auth::totp_step(now) + step) == code);
                const bool in_window = step >= -1 && step <= 1;
                CHECK(auth::verify_totp(secret, code, now, std::nullopt).has_value() == in_window);
            }
        }
    }
}
