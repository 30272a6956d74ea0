#pragma once
/// An auth node where registration is open, and what clients of user management do with it.

#include <string>
#include <utility>
#include <vector>

#include "admin_world.hpp"

namespace courseselect::test {

inline const std::string user_password = "correct horse";

struct ManagedLogin {
    std::string id, access, refresh;
};

struct UserWorld : AdminWorld {
    explicit UserWorld(bool open = true, std::function<void(Options&)> tweak = {})
        : AdminWorld([open, tweak = std::move(tweak)](Options& options) {
              options.settings.security.open_registration_enabled = open;
              if (tweak) {
                  tweak(options);
              }
          }) {}

    static std::string new_user(const std::string& name) {
        return json::make_object("username", name, "email", name + "@example.org", "password",
                                 user_password);
    }
    /// Registers somebody; returns the `_id`.
    std::string join(const std::string& name) {
        const auto made = post("/users", new_user(name));
        CHECK(made.status == 201);
        return made.body["user"]["_id"].string().value_or("");
    }
    AuthAnswer log_in(const std::string& name, const std::string& password = user_password,
                      const std::string& code = "") {
        return post("/auth/login",
                    json::make_object("email", name, "password", password, "totp_code", code));
    }
    ManagedLogin joined(const std::string& name) {
        ManagedLogin made;
        made.id = join(name);
        const json::Value tokens = log_in(name).body["data"];
        made.access = tokens["access_token"].string().value_or("");
        made.refresh = tokens["refresh_token"].string().value_or("");
        CHECK_FALSE(made.access.empty());
        return made;
    }
    AuthAnswer put(std::string path, std::string body, std::string token) {
        return call({.method = net::http::Method::put,
                     .path = std::move(path),
                     .body = std::move(body),
                     .token = std::move(token)});
    }
    AuthAnswer remove(std::string path, std::string token) {
        return call({.method = net::http::Method::delete_,
                     .path = std::move(path),
                     .token = std::move(token)});
    }
    [[nodiscard]] std::string oid_of(const std::string& name) {
        return text("SELECT oid FROM users WHERE username = '" + name + "'");
    }
    /// "username@email@" of the fields that a 400 names.
    static std::string fields_of(const AuthAnswer& answer) {
        std::string fields;
        for (const json::Value& error : answer.body["errors"].items()) {
            CHECK(member_names(error) == "field message");
            CHECK_FALSE(error["message"].string().value_or("").empty());
            fields += (fields.empty() ? "" : " ") + error["field"].string().value_or("?");
        }
        return fields;
    }
};

/// One refusal of this family: status and text.
inline void check_user_refusals(AuthFixture& world, const std::vector<RefusalRow>& rows) {
    for (const RefusalRow& row : rows) {
        CAPTURE(row.what);
        CAPTURE(row.call.path);
        const AuthAnswer answer = world.call(row.call);
        CHECK(answer.status == row.status);
        CHECK(answer.body["success"].boolean() == false);
        CHECK(answer.text("error") == row.detail);
        CHECK_FALSE(answer.body["detail"].exists());
        CHECK(answer.header("WWW-Authenticate") == (row.status == 401 ? "Bearer" : ""));
    }
}

}  // namespace courseselect::test
