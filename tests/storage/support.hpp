#pragma once
/// Opening databases in tests.

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "courseselect/storage/database.hpp"

namespace courseselect::test {

/// The value of a result that a test depends on; throws (which fails the test) when it is an error.
template <class T>
T must(core::Result<T> result) {
    if (!result) {
        throw std::runtime_error(result.error().to_string());
    }
    if constexpr (!std::is_void_v<T>) {
        return *std::move(result);
    }
}

inline std::unique_ptr<storage::Database> open_database(const std::string& path,
                                                        storage::DatabaseOptions options = {}) {
    return must(storage::Database::open({.path = path}, options));
}

inline std::int64_t count(storage::Connection& connection, std::string_view sql) {
    const auto first = [](const storage::Row& row) { return row.get<std::int64_t>(0); };
    return must(connection.one(sql, first)).value();
}

}  // namespace courseselect::test
