#pragma once
/// What users change of their own account (contract §3.2).

#include <string>

#include "courseselect/nodes/wire/auth.hpp"

namespace courseselect::nodes::wire {

/// Body of `POST /user/change-password`.
struct PasswordChange {
    core::Secret old_password;
    core::Secret new_password;
};
/// Body of `POST /user/2fa/setup`.
struct PasswordProof {
    core::Secret password;
};
/// Body of `POST /user/2fa/disable`.
struct TotpDisable {
    core::Secret password;
    std::string totp_code;
};
/// Answer of `POST /user/2fa/setup`: the web client reads the last two names, others the first.
struct OwnTotpSetup {
    bool success = true;
    std::string totp_secret;
    std::string totp_uri;
    std::string message;
    std::string secret;
    std::string qr_uri;
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

template <>
struct Describe<wire::PasswordChange> {
    static constexpr auto fields() {
        using P = wire::PasswordChange;
        return object(
            "PasswordChange", "The password of now and the next one.",
            field<&P::old_password>("old_password", length_max(4096), example("\"correct horse\"")),
            field<&P::new_password>("new_password", wire::password_rules,
                                    example("\"battery staple\"")));
    }
};
template <>
struct Describe<wire::PasswordProof> {
    static constexpr auto fields() {
        return object("PasswordProof", "The caller's password.",
                      field<&wire::PasswordProof::password>("password", length_max(4096),
                                                            example("\"correct horse\"")));
    }
};
template <>
struct Describe<wire::TotpDisable> {
    static constexpr auto fields() {
        using T = wire::TotpDisable;
        return object(
            "TotpDisable", "The caller's password and a code of the app.",
            field<&T::password>("password", length_max(4096), example("\"correct horse\"")),
            field<&T::totp_code>("totp_code", wire::totp_rules));
    }
};
template <>
struct Describe<wire::OwnTotpSetup> {
    static constexpr auto fields() {
        using T = wire::OwnTotpSetup;
        return object("OwnTotpSetup", "A secret that counts once it is verified.",
                      field<&T::success>("success"), field<&T::totp_secret>("totp_secret"),
                      field<&T::totp_uri>("totp_uri"), field<&T::message>("message"),
                      field<&T::secret>("secret", doc("Same as totp_secret.")),
                      field<&T::qr_uri>("qr_uri", doc("Same as totp_uri.")));
    }
};

}  // namespace courseselect::json
