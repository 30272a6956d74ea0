#include "courseselect/nodes/realtime/visitor.hpp"

#include <fmt/format.h>

#include "courseselect/json/value.hpp"
#include "courseselect/nodes/control/revocations.hpp"

namespace courseselect::nodes::realtime {

std::string user_room(auth::UserKind kind, std::int64_t id) {
    return fmt::format("user_{}_{}", auth::user_kind_name(kind), id);
}

std::optional<std::string> token_of(const courseselect::realtime::ConnectRequest& request) {
    const auto bare = [](std::string text) {
        const auto inner = auth::bearer_token(text);
        return inner ? std::string(*inner) : text;
    };
    const auto payload = json::Value::parse(request.auth);
    if (payload) {
        const auto token = (*payload)["token"].string();
        if (token && !token->empty()) {
            return bare(*token);
        }
    }
    auto parameter = request.handshake.parameter("token");
    if (parameter && !parameter->empty()) {
        return bare(*std::move(parameter));
    }
    const auto header = request.handshake.header("authorization");
    const auto token = header ? auth::bearer_token(*header) : std::nullopt;
    return token ? std::optional(std::string(*token)) : std::nullopt;
}

core::Result<Visitor> Door::open(const courseselect::realtime::ConnectRequest& request) const {
    const auto refuse = [](const char* why) {
        return core::Error(core::Errc::unauthenticated, why);
    };
    const auto token = token_of(request);
    if (!token) {
        return refuse("authentication required");
    }
    const auto claims = verifier_.verify(*token, clock_.wall_now());
    if (!claims) {
        return refuse(claims.error().reason() == "token_expired" ? "token expired"
                                                                 : "invalid token");
    }
    if (!gate_.admits(*claims)) {
        return refuse("invalid token");
    }
    const auth::Principal& who = claims->principal;
    return Visitor{.claims = *claims,
                   .key = revocation_key(who),
                   .id = std::to_string(who.id),
                   .room = user_room(who.kind, who.id),
                   .since = clock_.wall_now()};
}

std::optional<std::string_view> Door::objection(const Visitor& visitor) const {
    if (visitor.claims.expires_at <= clock_.wall_now()) {
        return "token expired";
    }
    if (!gate_.admits(visitor.claims)) {
        return "token revoked";
    }
    return std::nullopt;
}

}  // namespace courseselect::nodes::realtime
