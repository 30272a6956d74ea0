#pragma once
/// Accounts, logins and tokens on the wire (contract §3.1, §3.3).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/secret.hpp"
#include "courseselect/json/describe.hpp"
#include "courseselect/nodes/wire/contact_rules.hpp"

namespace courseselect::nodes::wire {

/// Letters, digits, `_ . -`: no two names that look alike, and comparing them ignores case.
[[nodiscard]] constexpr bool is_username(std::string_view text) {
    for (const char c : text) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '.' && c != '-') {
            return false;
        }
    }
    return true;
}
/// Six digits.
[[nodiscard]] constexpr bool is_totp_code(std::string_view text) {
    for (const char c : text) {
        if (c < '0' || c > '9') {
            return false;
        }
    }
    return text.size() == 6;
}
/// For the one path that has an answer of its own to a code left empty.
[[nodiscard]] constexpr bool is_totp_code_or_empty(std::string_view text) {
    return text.empty() || is_totp_code(text);
}

inline constexpr auto username_rules = [](json::FieldInfo& field) {
    json::length(3, 100)(field);
    json::pattern("^[A-Za-z0-9_.-]+$", &is_username)(field);
    json::example("\"alice\"")(field);
};
inline constexpr auto password_rules = [](json::FieldInfo& field) {
    json::length(6, 1024)(field);
    json::example("\"correct horse\"")(field);
};
inline constexpr auto totp_rules = [](json::FieldInfo& field) {
    json::pattern("^[0-9]{6}$", &is_totp_code)(field);
    json::secret(field);
    json::example("\"123456\"")(field);
};

inline constexpr auto optional_totp_rules = [](json::FieldInfo& field) {
    json::pattern("^([0-9]{6})?$", &is_totp_code_or_empty)(field);
    json::secret(field);
    json::example("\"123456\"")(field);
};

/// Body of `POST /register/v1`.
struct RegisterStart {
    std::string username;
    core::Secret password;
    std::string user_type;
    std::optional<std::string> registration_code;
    std::optional<std::string> name;  ///< as others see it; empty: not known
    std::optional<std::string> email;
};
struct RegisterStarted {
    std::optional<std::string> totp_secret;
    std::optional<std::string> totp_uri;
    std::string refresh_token;
    std::int64_t expires_in = 0;
    std::string message;
};

/// Body of `POST /register` and `POST /register/teacher` (contract §7).
struct RegisterAtOnce {
    std::string username;
    core::Secret password;
    std::optional<std::string> name;
    std::optional<std::string> email;
    std::optional<std::string> registration_code;
};
struct Registered {
    std::int64_t id = 0;
    std::string username;
    std::optional<std::string> totp_secret;
    std::optional<std::string> totp_uri;
};

/// Body of the logins. Any name is looked up, so that rules of new names do not lock out old ones.
struct LoginStart {
    std::string username;
    core::Secret password;
};
struct LoginStarted {
    std::string refresh_token;
    std::int64_t expires_in = 0;
};
struct TotpStepBody {
    std::string totp_code;
};
struct TokenOut {
    std::string access_token;
    std::string token_type = "bearer";
    std::int64_t expires_in = 0;
};
struct TwoFactorStatus {
    bool has_2fa = false;
    std::string user_type;
    std::string username;
};
struct TotpSetup {
    std::string totp_secret;
    std::string totp_uri;
    std::string message;
};
/// Body of `POST /setup/2fa/v2`; what is missing is a 400, so nothing is required here.
struct TotpConfirm {
    std::optional<core::Secret> totp_secret;
    std::optional<std::string> totp_code;
};

/// Answer of `POST /login/admin`.
struct AdminTokens {
    std::string access_token;
    std::string refresh_token;
    std::string token_type = "bearer";
    std::int64_t expires_in = 0;
};
/// `POST /auth/refresh`: the token in the query, or in a body.
struct RefreshInQuery {
    std::optional<std::string> refresh_token;
};
struct RefreshInBody {
    std::optional<core::Secret> refresh_token;
};

/// Answer of `GET /get/user`.
struct AccountSeen {
    std::int64_t user_id = 0;
    std::optional<std::int64_t> admin_id;
    std::string username;
    std::string user_type;
    bool is_active = true;
    bool has_2fa = false;
    bool must_change_password = false;
    core::WallTime created_at;
};

/// Body of `POST /add/admin`.
struct AdminCreate {
    std::string username;
    core::Secret password;
};

/// Body of `POST /generate/registration-code`.
struct CodeRequest {
    std::string user_type;
    std::int64_t expires_days = 7;
    std::vector<std::string> code_tags;
    std::int64_t count = 1;
    std::int64_t max_uses = 1;
};
struct CodeMade {
    std::string code;
    std::string user_type;
    core::WallTime expires_at;
    std::vector<std::string> code_tags;
    std::int64_t max_uses = 1;
};
/// One code alone, or a list.
struct CodesMade {
    std::optional<std::string> code;
    std::optional<std::string> user_type;
    std::optional<core::WallTime> expires_at;
    std::optional<std::vector<std::string>> code_tags;
    std::optional<std::int64_t> max_uses;
    std::optional<std::vector<CodeMade>> codes;
    std::optional<std::int64_t> count;
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

namespace wire = nodes::wire;

template <>
struct Describe<wire::RegisterStart> {
    static constexpr auto fields() {
        using R = wire::RegisterStart;
        return object(
            "RegisterStart", "A new account.",
            field<&R::username>("username", wire::username_rules, example("\"dora\"")),
            field<&R::password>("password", wire::password_rules),
            field<&R::user_type>("user_type", one_of<"student", "teacher">, example("\"student\"")),
            field<&R::registration_code>("registration_code", length_max(100), secret,
                                         example("\"q0VYxk3LZ2mJrT7bWcN8dA5sHfUeP1Go\"")),
            field<&R::name>("name", length_max(100), doc("As others see it."),
                            example("\"Dora Maar\"")),
            field<&R::email>("email", wire::email_rules, example("\"dora@example.org\"")));
    }
};
template <>
struct Describe<wire::RegisterAtOnce> {
    static constexpr auto fields() {
        using R = wire::RegisterAtOnce;
        return object(
            "RegisterAtOnce", "A new account.",
            field<&R::username>("username", wire::username_rules, example("\"dora\"")),
            field<&R::password>("password", wire::password_rules),
            field<&R::name>("name", length_max(100), empty_is_absent, example("\"Dora\"")),
            field<&R::email>("email", wire::email_rules, example("\"dora@example.org\"")),
            field<&R::registration_code>("registration_code", length_max(100), secret,
                                         example("\"q0VYxk3LZ2mJrT7bWcN8dA5sHfUeP1Go\"")));
    }
};
template <>
struct Describe<wire::Registered> {
    static constexpr auto fields() {
        using R = wire::Registered;
        return object("Registered", "The account; a student's 2FA is still to be confirmed.",
                      field<&R::id>("id"), field<&R::username>("username"),
                      field<&R::totp_secret>("totp_secret", doc("Null for teachers.")),
                      field<&R::totp_uri>("totp_uri"));
    }
};
template <>
struct Describe<wire::RegisterStarted> {
    static constexpr auto fields() {
        using R = wire::RegisterStarted;
        return object("RegisterStarted", "The account exists; students confirm 2FA next.",
                      field<&R::totp_secret>("totp_secret"), field<&R::totp_uri>("totp_uri"),
                      field<&R::refresh_token>("refresh_token"),
                      field<&R::expires_in>("expires_in"), field<&R::message>("message"));
    }
};
template <>
struct Describe<wire::LoginStart> {
    static constexpr auto fields() {
        using L = wire::LoginStart;
        return object(
            "LoginStart", "Name and password.",
            field<&L::username>("username", length_max(256), example("\"alice\"")),
            field<&L::password>("password", length_max(4096), example("\"correct horse\"")));
    }
};
template <>
struct Describe<wire::LoginStarted> {
    static constexpr auto fields() {
        using L = wire::LoginStarted;
        return object("LoginStarted", "The password was right; the second step follows.",
                      field<&L::refresh_token>("refresh_token"),
                      field<&L::expires_in>("expires_in"));
    }
};
template <>
struct Describe<wire::TotpStepBody> {
    static constexpr auto fields() {
        return object("TotpStep", "A code of the authenticator app.",
                      field<&wire::TotpStepBody::totp_code>("totp_code", wire::totp_rules));
    }
};
template <>
struct Describe<wire::TokenOut> {
    static constexpr auto fields() {
        using T = wire::TokenOut;
        return object("TokenOut", "An access token.", field<&T::access_token>("access_token"),
                      field<&T::token_type>("token_type"), field<&T::expires_in>("expires_in"));
    }
};
template <>
struct Describe<wire::TwoFactorStatus> {
    static constexpr auto fields() {
        using T = wire::TwoFactorStatus;
        return object("TwoFactorStatus", "Which step comes next.", field<&T::has_2fa>("has_2fa"),
                      field<&T::user_type>("user_type"), field<&T::username>("username"));
    }
};
template <>
struct Describe<wire::TotpSetup> {
    static constexpr auto fields() {
        using T = wire::TotpSetup;
        return object("TotpSetup", "A secret for the authenticator app.",
                      field<&T::totp_secret>("totp_secret"), field<&T::totp_uri>("totp_uri"),
                      field<&T::message>("message"));
    }
};
template <>
struct Describe<wire::TotpConfirm> {
    static constexpr auto fields() {
        using T = wire::TotpConfirm;
        return object("TotpConfirm", "The secret that was handed out, and a code made with it.",
                      field<&T::totp_secret>("totp_secret", length_max(256),
                                             example("\"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP\"")),
                      field<&T::totp_code>("totp_code", wire::optional_totp_rules));
    }
};
template <>
struct Describe<wire::AdminTokens> {
    static constexpr auto fields() {
        using T = wire::AdminTokens;
        return object("AdminTokens", "Access and refresh token.",
                      field<&T::access_token>("access_token"),
                      field<&T::refresh_token>("refresh_token"),
                      field<&T::token_type>("token_type"), field<&T::expires_in>("expires_in"));
    }
};
template <>
struct Describe<wire::RefreshInQuery> {
    static constexpr auto fields() {
        return object(
            "RefreshInQuery", "A refresh token.",
            field<&wire::RefreshInQuery::refresh_token>("refresh_token", length_max(4096), secret));
    }
};
template <>
struct Describe<wire::RefreshInBody> {
    static constexpr auto fields() {
        return object("RefreshInBody", "A refresh token.",
                      field<&wire::RefreshInBody::refresh_token>(
                          "refresh_token", length_max(4096), secret, example("\"eyJhbGciOi...\"")));
    }
};
template <>
struct Describe<wire::AccountSeen> {
    static constexpr auto fields() {
        using A = wire::AccountSeen;
        return object("Account", "The account behind a token.", field<&A::user_id>("user_id"),
                      field<&A::admin_id>("admin_id", omit_empty), field<&A::username>("username"),
                      field<&A::user_type>("user_type"), field<&A::is_active>("is_active"),
                      field<&A::has_2fa>("has_2fa"),
                      field<&A::must_change_password>("must_change_password"),
                      field<&A::created_at>("created_at"));
    }
};
template <>
struct Describe<wire::AdminCreate> {
    static constexpr auto fields() {
        using A = wire::AdminCreate;
        return object(
            "AdminCreate", "A new administrator.",
            field<&A::username>("username", wire::username_rules, example("\"registrar\"")),
            field<&A::password>("password", wire::password_rules));
    }
};
template <>
struct Describe<wire::CodeRequest> {
    static constexpr auto fields() {
        using C = wire::CodeRequest;
        return object(
            "CodeRequest", "Codes to be made.",
            field<&C::user_type>("user_type", one_of<"student", "teacher">, example("\"student\"")),
            field<&C::expires_days>("expires_days", between(1, 365), optional_with_default),
            field<&C::code_tags>("code_tags", items(0, 50), each(length(1, 100)),
                                 optional_with_default, example("[]")),
            field<&C::count>("count", between(1, 100), optional_with_default),
            field<&C::max_uses>("max_uses", between(1, 1'000'000), optional_with_default));
    }
};
template <>
struct Describe<wire::CodeMade> {
    static constexpr auto fields() {
        using C = wire::CodeMade;
        return object("CodeMade", "A registration code.", field<&C::code>("code"),
                      field<&C::user_type>("user_type"), field<&C::expires_at>("expires_at"),
                      field<&C::code_tags>("code_tags"), field<&C::max_uses>("max_uses"));
    }
};
template <>
struct Describe<wire::CodesMade> {
    static constexpr auto fields() {
        using C = wire::CodesMade;
        return object("CodesMade", "One code, or with a count over 1 a list of them.",
                      field<&C::code>("code", omit_empty),
                      field<&C::user_type>("user_type", omit_empty),
                      field<&C::expires_at>("expires_at", omit_empty),
                      field<&C::code_tags>("code_tags", omit_empty),
                      field<&C::max_uses>("max_uses", omit_empty),
                      field<&C::codes>("codes", omit_empty), field<&C::count>("count", omit_empty));
    }
};

}  // namespace courseselect::json
