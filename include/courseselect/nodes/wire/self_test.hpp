#pragma once
/// What the auth node says of itself in development.

#include <cstdint>
#include <map>
#include <string>

#include "courseselect/json/describe.hpp"
#include "courseselect/nodes/health.hpp"

namespace courseselect::nodes::wire {

struct DatabaseTest {
    bool reader_answers = false;
    bool writer_answers = false;
    std::int64_t schema_version = 0;
    std::int64_t reads_waiting = 0;
};
struct SelfTestData {
    DatabaseTest database;
    nodes::DatabaseQueueHealth queue;
    std::map<std::string, std::string> configuration;
};
/// Answer of `GET /auth/test`.
struct SelfTest {
    bool success = true;
    SelfTestData data;
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

template <>
struct Describe<nodes::wire::DatabaseTest> {
    static constexpr auto fields() {
        using D = nodes::wire::DatabaseTest;
        return object("DatabaseTest", "Each connection was asked just now.",
                      field<&D::reader_answers>("reader_answers"),
                      field<&D::writer_answers>("writer_answers"),
                      field<&D::schema_version>("schema_version"),
                      field<&D::reads_waiting>("reads_waiting"));
    }
};
template <>
struct Describe<nodes::wire::SelfTestData> {
    static constexpr auto fields() {
        using D = nodes::wire::SelfTestData;
        return object(
            "SelfTestData", "Database, queue, configuration.", field<&D::database>("database"),
            field<&D::queue>("queue"),
            field<&D::configuration>("configuration", doc("By name; secrets are masked.")));
    }
};
template <>
struct Describe<nodes::wire::SelfTest> {
    static constexpr auto fields() {
        using S = nodes::wire::SelfTest;
        return object("SelfTest", "The node's own view of itself.", field<&S::success>("success"),
                      field<&S::data>("data"));
    }
};

}  // namespace courseselect::json
