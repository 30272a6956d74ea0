#pragma once
/// A database with the outbox's table, for one test case.

#include <doctest/doctest.h>

#include <memory>

#include "courseselect/core/clock.hpp"
#include "courseselect/notify/outbox.hpp"
#include "courseselect/storage/database.hpp"
#include "courseselect/storage/migration.hpp"

namespace courseselect::notify {

inline constexpr storage::Migration outbox_steps[] = {{1, "notifications", outbox_schema}};

struct OutboxFixture {
    OutboxFixture() {
        auto opened = storage::Database::open({.path = ""});
        REQUIRE(opened.has_value());
        database = *std::move(opened);
        auto connected = database->connect_writer();
        REQUIRE(connected.has_value());
        writer = *std::move(connected);
        REQUIRE(storage::migrate(*writer, outbox_steps, clock).has_value());
    }

    core::ManualClock clock;
    std::unique_ptr<storage::Database> database;
    std::unique_ptr<storage::Connection> writer;
};

inline Message mail_to(std::string recipient) {
    return {.channel = Channel::email,
            .recipient = std::move(recipient),
            .subject = "subject",
            .text = "text"};
}

}  // namespace courseselect::notify
