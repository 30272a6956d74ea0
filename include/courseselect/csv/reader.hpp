#pragma once
/// CSV (RFC 4180) of any size, in pieces.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/core/result.hpp"

namespace courseselect::csv {

struct Limits {
    std::size_t cell_bytes_max = 65'536;  ///< a longer one is an error: a quote is missing
    std::size_t cells_max = 1'000;        ///< of one row
};

struct Row {
    std::int64_t line = 0;  ///< on which it begins, from 1
    std::vector<std::string> cells;
};

/// Lines end with LF, CRLF or CR; quoted cells may hold commas, line ends and doubled quotes;
/// blanks around unquoted cells do not count; lines with nothing on them are skipped, and so is a
/// UTF-8 byte order mark at the start (of the first piece, which holds all of it).
/// Thread-safety: one thread.
class Reader {
  public:
    explicit Reader(const Limits& limits = {});
    Reader(Reader&&) noexcept;
    Reader& operator=(Reader&&) = delete;
    ~Reader();

    /// The next piece of the text. Errors, after which there are only the rows before:
    /// invalid_argument `csv`, the detail names the line and what is wrong there: a quote inside an
    /// unquoted cell, text behind a closing quote, a limit.
    [[nodiscard]] core::Result<> feed(std::string_view piece);
    /// There are no more pieces. Errors: also no closing quote.
    [[nodiscard]] core::Result<> finish();
    /// The next row that is complete; nothing: feed more.
    [[nodiscard]] std::optional<Row> take();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace courseselect::csv
