#pragma once
/// A database with the auth node's schema, for tests of its repositories.

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "courseselect/core/clock.hpp"
#include "courseselect/repo/auth_schema.hpp"
#include "courseselect/repo/auth_tokens.hpp"
#include "courseselect/repo/auth_users.hpp"
#include "courseselect/storage/database.hpp"

namespace courseselect::test {

class AuthDatabase {
  public:
    AuthDatabase() {
        auto opened = storage::Database::open({});
        REQUIRE(opened.has_value());
        database_ = *std::move(opened);
        auto writer = database_->connect_writer();
        REQUIRE(writer.has_value());
        connection_ = *std::move(writer);
        CHECK(storage::migrate(*connection_, repo::auth_migrations(), clock).has_value());
    }

    [[nodiscard]] storage::Connection& operator*() { return *connection_; }

    [[nodiscard]] repo::User user(auth::UserKind kind, std::int64_t id, std::string name) const {
        repo::User made;
        made.key = {kind, id};
        made.username = std::move(name);
        made.password_hash = "hash";
        made.created_at = made.updated_at = clock.wall_now();
        return made;
    }
    repo::User add(auth::UserKind kind, std::int64_t id, std::string name) {
        repo::User made = user(kind, id, std::move(name));
        CHECK(repo::insert_user(*connection_, made).has_value());
        return made;
    }
    [[nodiscard]] std::int64_t number(std::string_view sql) {
        const auto first = [](const storage::Row& row) { return row.get<std::int64_t>(0); };
        return connection_->one(sql, first).value().value();
    }
    /// How the engine would run a statement, one line a step.
    template <class... Args>
    [[nodiscard]] std::string plan(std::string_view explain_sql, const Args&... args) {
        std::string text;
        const auto keep = [&text](const storage::Row& row) {
            text.append(row.get<std::string>(3)).append("\n");
        };
        CHECK(connection_->each(explain_sql, keep, args...).has_value());
        return text;
    }

    core::ManualClock clock;

  private:
    std::unique_ptr<storage::Database> database_;
    std::unique_ptr<storage::Connection> connection_;
};

}  // namespace courseselect::test
