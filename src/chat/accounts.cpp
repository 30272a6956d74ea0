#include "courseselect/chat/accounts.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "courseselect/core/log.hpp"

namespace courseselect::chat {
namespace {

Refusal refuse_login(Fault fault, std::string message) {
    return {fault, std::move(message), {}, AnswerType::login_response};
}
Refusal refuse_registration(Fault fault, std::string message) {
    return {fault, std::move(message), {}, AnswerType::register_response};
}

/// The caller need not know what broke; the log does.
std::string unavailable(const core::Error& error) {
    core::log::warn("chat_account_unavailable", {{"error", error}});
    return "The server is busy, try again shortly";
}

std::string in_seconds(std::chrono::milliseconds wait) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
    return "Too many attempts, try again in " + std::to_string(std::max<long long>(seconds, 1)) +
           " s";
}

std::string throttle_key(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return "chat:" + name;
}

}  // namespace

core::Result<Accounts> Accounts::create(Services services, AccountsOptions options) {
    COURSESELECT_TRY(auto per_address, ratelimit::KeyedLimiter::create(options.per_address));
    return Accounts(services, options, std::move(per_address));
}

Accounts::Accounts(Services services, AccountsOptions options, ratelimit::KeyedLimiter per_address)
    : services_(services),
      options_(options),
      per_account_(options.per_account),
      per_address_(std::move(per_address)) {}

/// Charges an attempt; what to tell when there have been too many.
std::optional<std::string> Accounts::too_many_of_address(const std::string& address) {
    if (!options_.has_limits) {
        return std::nullopt;
    }
    const auto taken = per_address_.try_take(address, services_.clock.mono_now());
    if (taken.allowed) {
        return std::nullopt;
    }
    return in_seconds(std::chrono::ceil<std::chrono::milliseconds>(taken.wait));
}

async::Task<Accounts::Outcome> Accounts::register_user(Register request, std::string address) {
    if (!options_.has_passwords) {
        co_return refuse_registration(Fault::not_offered,
                                      "Accounts are made by the auth node, register there");
    }
    if (auto wait = too_many_of_address(address)) {
        co_return refuse_registration(Fault::too_many_attempts, std::move(*wait));
    }
    const auto policy = options_.password.check(request.password.reveal());
    if (!policy) {
        co_return refuse_registration(Fault::invalid_field, "password: " + policy.error().detail());
    }
    const auto known = co_await services_.store.find_user(request.username);
    if (known && known->has_value()) {
        co_return refuse_registration(Fault::username_taken,
                                      "username: The name is taken, choose another one");
    }
    auto make_hash = [hasher = &services_.hasher, password = std::move(request.password)] {
        return hasher->hash(password);
    };
    auto hashed = co_await services_.pool.run(services_.loop, std::move(make_hash));
    if (!hashed || !*hashed) {
        co_return refuse_registration(Fault::busy,
                                      unavailable(hashed ? hashed->error() : hashed.error()));
    }
    const auto added = co_await services_.store.add_user(request.username, *std::move(*hashed),
                                                         services_.clock.wall_now());
    if (!added) {
        if (added.error().reason() == "username_taken") {
            co_return refuse_registration(Fault::username_taken,
                                          "username: The name is taken, choose another one");
        }
        co_return refuse_registration(Fault::busy, unavailable(added.error()));
    }
    co_return Account{*added, std::move(request.username)};
}

async::Task<Accounts::Outcome> Accounts::log_in(Login request, std::string address) {
    if (auto wait = too_many_of_address(address)) {
        co_return refuse_login(Fault::too_many_attempts, std::move(*wait));
    }
    if (!request.token.empty()) {
        co_return co_await log_in_by_token(std::move(request.token));
    }
    if (!options_.has_passwords) {
        co_return refuse_login(Fault::not_offered,
                               "password: Accounts are the auth node's, log in there and send its "
                               "access token as token");
    }
    co_return co_await log_in_by_password(std::move(request));
}

/// Takes as long for a name that does not exist as for one that does.
async::Task<core::Result<bool>> Accounts::matches(core::Secret password,
                                                  std::optional<std::string> hash) {
    auto verify = [hasher = &services_.hasher, password = std::move(password),
                   hash = std::move(hash)] {
        return hash ? hasher->verify(password, *hash) : hasher->verify_unknown_user(password);
    };
    co_return co_await services_.pool.run(services_.loop, std::move(verify));
}

async::Task<Accounts::Outcome> Accounts::log_in_by_password(Login request) {
    const std::string key = throttle_key(request.username);
    if (options_.has_limits) {
        const auto decision = per_account_.attempt(key, services_.clock.mono_now());
        if (!decision.allowed) {
            co_return refuse_login(Fault::too_many_attempts, in_seconds(decision.retry_after));
        }
    }
    const auto found = co_await services_.store.find_user(std::move(request.username));
    if (!found) {
        co_return refuse_login(Fault::busy, unavailable(found.error()));
    }
    std::optional<std::string> hash;
    if (*found && !(*found)->password_hash.empty()) {
        hash = (*found)->password_hash;
    }
    const auto matched = co_await matches(std::move(request.password), std::move(hash));
    if (!matched) {
        co_return refuse_login(Fault::busy, unavailable(matched.error()));
    }
    if (!*matched) {
        co_return refuse_login(Fault::bad_credentials, "Wrong username or password");
    }
    per_account_.succeeded(key);
    co_return Account{(*found)->id, (*found)->username};
}

async::Task<Accounts::Outcome> Accounts::log_in_by_token(core::Secret token) {
    if (services_.tokens == nullptr) {
        co_return refuse_login(Fault::not_offered,
                               "token: This server takes no tokens, log in with username and "
                               "password");
    }
    const auto now = services_.clock.wall_now();
    const auto claims = services_.tokens->verify(token.reveal(), now);
    if (!claims) {
        co_return refuse_login(Fault::bad_credentials,
                               claims.error().reason() == "token_expired"
                                   ? "token: It has expired, get a new one"
                                   : "token: It is not an access token of this system");
    }
    const std::string& username = claims->principal.username;
    if (const auto fault = username_fault(username)) {
        co_return refuse_login(Fault::bad_credentials, "token: its username: " + *fault);
    }
    auto found = co_await services_.store.find_user(username);
    if (found && !found->has_value()) {
        const auto added = co_await services_.store.add_user(username, "", now);
        if (added) {
            co_return Account{*added, username, claims->expires_at};
        }
        found = co_await services_.store.find_user(username);  // another connection was faster
    }
    if (!found || !found->has_value()) {
        co_return refuse_login(Fault::busy, found ? "The server is busy, try again shortly"
                                                  : unavailable(found.error()));
    }
    if (options_.has_passwords && !(*found)->password_hash.empty()) {
        co_return refuse_login(Fault::bad_credentials,
                               "token: The name belongs to an account of this server, log in with "
                               "its password");
    }
    co_return Account{(*found)->id, (*found)->username, claims->expires_at};
}

}  // namespace courseselect::chat
