#pragma once
/// SQLite's codes in our terms.

#include <sqlite3.h>

#include <string>

#include "courseselect/core/error.hpp"

namespace courseselect::storage::sqlite {

/// `code` is an extended result code; `message` what the connection says about it.
[[nodiscard]] core::Error error_of(int code, const std::string& message);
/// The last error of a connection.
[[nodiscard]] core::Error last_error(sqlite3* handle);

}  // namespace courseselect::storage::sqlite
