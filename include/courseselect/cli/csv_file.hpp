#pragma once
/// A CSV file of any size, a row at a time.

#include <memory>
#include <optional>
#include <string>

#include "courseselect/core/result.hpp"
#include "courseselect/csv/reader.hpp"

namespace courseselect::cli {

/// Reads in blocks of 64 KiB. Thread-safety: one thread.
class CsvFile {
  public:
    /// Errors: unavailable `file`.
    [[nodiscard]] static core::Result<CsvFile> open(const std::string& path,
                                                    csv::Limits limits = {});
    CsvFile(CsvFile&&) noexcept;
    CsvFile& operator=(CsvFile&&) = delete;
    ~CsvFile();

    /// The next row; nothing at the end. Errors, behind the rows before: unavailable `file`;
    /// data_corrupt `csv`, with the path and what `csv::Reader` says.
    [[nodiscard]] core::Result<std::optional<csv::Row>> next();

    /// 64 hexadecimal digits that depend on every byte read so far.
    [[nodiscard]] std::string digest() const;

  private:
    struct State;
    explicit CsvFile(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace courseselect::cli
