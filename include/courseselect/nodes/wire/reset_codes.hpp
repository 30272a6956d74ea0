#pragma once
/// Codes for students who lost their authenticator app (contract §3.3).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/nodes/wire/auth.hpp"

namespace courseselect::nodes::wire {

/// Body of `POST /generate/reset-code`. Any name of the right length is looked up.
struct ResetCodeRequest {
    std::string username;
    std::int64_t expires_days = 7;
};
struct ResetCodeMade {
    std::string code;
    std::string username;
    core::WallTime expires_at;
};
/// One row of `GET /admin/reset-codes`.
struct ResetCodeSeen {
    std::int64_t id = 0;
    std::string code;
    std::string username;
    bool is_used = false;
    core::WallTime expires_at;
    core::WallTime created_at;
};
struct ResetCodePage {
    std::vector<ResetCodeSeen> codes;
    std::int64_t total = 0;
    int page = 1;
    int page_size = 20;
};

/// `POST /reset/2fa`: in the query, in a body, or partly in each; a body counts more.
struct TotpReset {
    std::optional<std::string> reset_code;
    std::optional<std::string> new_totp_code;
};
struct TotpResetDone {
    bool success = true;
    std::string message;
    std::string totp_secret;
    std::string totp_uri;
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

template <>
struct Describe<wire::ResetCodeRequest> {
    static constexpr auto fields() {
        using R = wire::ResetCodeRequest;
        return object(
            "ResetCodeRequest", "For whom, and for how long.",
            field<&R::username>("username", length(3, 100), example("\"alice\"")),
            field<&R::expires_days>("expires_days", between(1, 365), optional_with_default));
    }
};
template <>
struct Describe<wire::ResetCodeMade> {
    static constexpr auto fields() {
        using R = wire::ResetCodeMade;
        return object("ResetCodeMade", "A code to be handed to the student.",
                      field<&R::code>("code"), field<&R::username>("username"),
                      field<&R::expires_at>("expires_at"));
    }
};
template <>
struct Describe<wire::ResetCodeSeen> {
    static constexpr auto fields() {
        using R = wire::ResetCodeSeen;
        return object("ResetCode", "A reset code.", field<&R::id>("id"), field<&R::code>("code"),
                      field<&R::username>("username"), field<&R::is_used>("is_used"),
                      field<&R::expires_at>("expires_at"), field<&R::created_at>("created_at"));
    }
};
template <>
struct Describe<wire::ResetCodePage> {
    static constexpr auto fields() {
        using R = wire::ResetCodePage;
        return object("ResetCodePage", "Reset codes, newest first.", field<&R::codes>("codes"),
                      field<&R::total>("total"), field<&R::page>("page"),
                      field<&R::page_size>("page_size"));
    }
};
template <>
struct Describe<wire::TotpReset> {
    static constexpr auto fields() {
        using R = wire::TotpReset;
        return object(
            "TotpReset", "A reset code, and a code of the app where it knows a secret.",
            field<&R::reset_code>("reset_code", length_max(100), secret, example("\"7K3M9QXA\"")),
            field<&R::new_totp_code>("new_totp_code", length_max(100), secret,
                                     example("\"123456\"")));
    }
};
template <>
struct Describe<wire::TotpResetDone> {
    static constexpr auto fields() {
        using R = wire::TotpResetDone;
        return object("TotpResetDone", "The secret for the app.", field<&R::success>("success"),
                      field<&R::message>("message"), field<&R::totp_secret>("totp_secret"),
                      field<&R::totp_uri>("totp_uri"));
    }
};

}  // namespace courseselect::json
