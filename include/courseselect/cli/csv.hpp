#pragma once
/// CSV (RFC 4180) of any size, a row at a time.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/core/result.hpp"

namespace courseselect::cli {

struct CsvLimits {
    std::size_t cell_bytes_max = 65'536;  ///< a longer one is an error: a quote is missing
    std::size_t cells_max = 1'000;        ///< of one row
};

struct CsvRow {
    std::int64_t line = 0;  ///< where it begins, counted from 1
    std::vector<std::string> cells;
};

/// Reads in blocks of 64 KiB. Blank lines are skipped, blanks around unquoted cells dropped, a
/// UTF-8 byte order mark at the start ignored. Lines end with LF, CRLF or CR. Thread-safety: one
/// thread.
class CsvReader {
  public:
    /// Errors: unavailable `file`.
    [[nodiscard]] static core::Result<CsvReader> open(const std::string& path,
                                                      CsvLimits limits = {});
    CsvReader(CsvReader&&) noexcept;
    CsvReader& operator=(CsvReader&&) = delete;
    ~CsvReader();

    /// The next row; nothing at the end. Errors: unavailable `file`; data_corrupt `csv`, with the
    /// line: a quote inside an unquoted cell, text behind a closing quote, no closing quote, a
    /// limit.
    [[nodiscard]] core::Result<std::optional<CsvRow>> next();

    /// 64 hexadecimal digits that depend on every byte read so far.
    [[nodiscard]] std::string digest() const;

  private:
    struct State;
    explicit CsvReader(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Whether spreadsheets take a cell that begins like this for a formula: `= + - @`, tab, CR.
[[nodiscard]] bool looks_like_formula(std::string_view cell);
/// The cell as it is written: quoted where it has to be. One that looks like a formula gets a `'`
/// in front, so that a spreadsheet shows it and does not run it.
[[nodiscard]] std::string csv_cell(std::string_view text);
/// What such a `'` was put in front of; any other text as it is.
[[nodiscard]] std::string_view without_formula_guard(std::string_view cell);

}  // namespace courseselect::cli
