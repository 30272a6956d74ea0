#pragma once
/// The CSV file of an import (contract/cli §1.3), row by row, with what is wrong with each.

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "courseselect/cli/csv_file.hpp"
#include "courseselect/core/result.hpp"

namespace courseselect::cli {

struct UserRow {
    std::int64_t number = 0;  ///< of the row below the header, counted from 1
    std::int64_t line = 0;    ///< of the file, counted from 1
    std::string username;
    std::string password;
    std::string name;     ///< the user name when the file has none
    std::string email;    ///< may be empty
    std::string problem;  ///< empty: the row can be imported
};

/// Names seen so far and where, whatever their case: 128 bits of a digest each, so that a hundred
/// thousand take a few megabytes.
class NameBook {
  public:
    /// The line where this name stood before; nothing when it is new.
    std::optional<std::int64_t> add(const std::string& name, std::int64_t line);

  private:
    struct Key {
        std::uint64_t high = 0;
        std::uint64_t low = 0;
        friend bool operator==(const Key&, const Key&) = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const { return key.low; }
    };
    std::unordered_map<Key, std::int64_t, KeyHash> lines_;
};

/// Header `username,password,name,email` in any order and case; more columns are ignored. Rows are
/// held one at a time, only their names are remembered to find those that come twice.
class ImportFile {
  public:
    /// Errors: those of `CsvFile`; data_corrupt `csv_header` without a column `username`.
    [[nodiscard]] static core::Result<ImportFile> open(const std::string& path,
                                                       bool makes_passwords);

    /// The next row; nothing at the end. Errors: those of `CsvFile`.
    [[nodiscard]] core::Result<std::optional<UserRow>> next();
    /// After the last row: 64 digits that depend on every byte of the file.
    [[nodiscard]] std::string digest() const { return reader_.digest(); }

  private:
    ImportFile(CsvFile reader, bool makes_passwords)
        : reader_(std::move(reader)), makes_passwords_(makes_passwords) {}
    [[nodiscard]] std::string problem_of(const UserRow& row, const csv::Row& cells);
    [[nodiscard]] std::string cell(const csv::Row& row, std::optional<std::size_t> column) const;

    CsvFile reader_;
    bool makes_passwords_;
    std::size_t columns_ = 0;
    std::optional<std::size_t> username_, password_, name_, email_;
    std::int64_t rows_ = 0;
    NameBook names_;
    NameBook addresses_;
};

}  // namespace courseselect::cli
