#include "courseselect/core/csv.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "courseselect/core/encoding.hpp"

namespace courseselect::core {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

Error csv_fault(std::int64_t line, std::string_view what) {
    return {Errc::invalid_argument, "csv", fmt::format("line {}: {}", line, what)};
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

bool looks_like_formula(std::string_view text) {
    return !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string::npos;
}

/// Walks a text row by row.
class CsvReader {
  public:
    CsvReader(std::string_view text, const CsvLimits& limits) : rest_(text), limits_(limits) {}

    /// The next row that is not empty; nothing: there are no more.
    Result<std::optional<CsvRow>> next() {
        while (!rest_.empty()) {
            CsvRow row{.line = line_, .fields = {}};
            bool is_more = true;
            while (is_more) {
                COURSESELECT_TRY(auto field, take_field());
                row.fields.push_back(std::move(field));
                if (row.fields.size() > limits_.fields_max) {
                    return csv_fault(row.line,
                                     fmt::format("more than {} fields", limits_.fields_max));
                }
                COURSESELECT_TRY(is_more, take_separator());
            }
            if (row.fields.size() > 1 || !row.fields.front().empty()) {
                return std::optional(std::move(row));
            }
        }
        return std::optional<CsvRow>();
    }

  private:
    Result<std::string> take_field() {
        const std::size_t start = std::min(rest_.find_first_not_of(" \t"), rest_.size());
        std::string field;
        if (rest_.substr(start).starts_with('"')) {
            rest_.remove_prefix(start + 1);
            COURSESELECT_TRY(field, take_quoted());
        } else {
            const std::size_t end = std::min(rest_.find_first_of(",\r\n"), rest_.size());
            field = trimmed(rest_.substr(0, end));
            rest_.remove_prefix(end);
            if (field.find('"') != std::string::npos) {
                return csv_fault(line_, "a quote within a field that is not quoted");
            }
        }
        if (field.size() > limits_.field_bytes_max) {
            return csv_fault(line_, fmt::format("a field over {} bytes", limits_.field_bytes_max));
        }
        return field;
    }

    /// After the opening quote.
    Result<std::string> take_quoted() {
        const std::int64_t started = line_;
        std::string field;
        while (true) {
            const std::size_t quote = rest_.find('"');
            if (quote == std::string_view::npos) {
                return csv_fault(started, "a quote that does not end");
            }
            const std::string_view piece = rest_.substr(0, quote);
            line_ += std::count(piece.begin(), piece.end(), '\n');
            field += piece;
            rest_.remove_prefix(quote + 1);
            if (!rest_.starts_with('"')) {
                rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size()));
                return field;
            }
            field += '"';
            rest_.remove_prefix(1);
        }
    }

    /// True: a comma, so the row goes on.
    Result<bool> take_separator() {
        if (rest_.empty()) {
            return false;
        }
        if (rest_.starts_with(',')) {
            rest_.remove_prefix(1);
            return true;
        }
        const std::size_t end = rest_.starts_with("\r\n") ? 2 : rest_.starts_with('\n') ? 1 : 0;
        if (end == 0) {
            return csv_fault(line_, "something between a field and the next comma or line end");
        }
        rest_.remove_prefix(end);
        ++line_;
        return false;
    }

    std::string_view rest_;
    const CsvLimits& limits_;
    std::int64_t line_ = 1;
};

Result<std::vector<std::string>> read_columns(CsvRow header) {
    std::vector<std::string> columns;
    for (std::string& name : header.fields) {
        std::transform(name.begin(), name.end(), name.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
        if (name.empty() || std::find(columns.begin(), columns.end(), name) != columns.end()) {
            return csv_fault(header.line, "each column needs a name of its own");
        }
        columns.push_back(std::move(name));
    }
    return columns;
}

}  // namespace

std::optional<std::size_t> CsvTable::column(std::string_view name) const {
    const auto found = std::find(columns.begin(), columns.end(), name);
    return found == columns.end()
               ? std::nullopt
               : std::optional(static_cast<std::size_t>(std::distance(columns.begin(), found)));
}

std::string_view CsvTable::cell(const CsvRow& row, std::string_view name) const {
    const auto at = column(name);
    return at && *at < row.fields.size() ? std::string_view(row.fields[*at]) : std::string_view();
}

Result<CsvTable> parse_csv(std::string_view text, const CsvLimits& limits) {
    if (!is_valid_utf8(text) || text.find('\0') != std::string_view::npos) {
        return csv_fault(1, "the file is not UTF-8 text");
    }
    if (text.starts_with(byte_order_mark)) {
        text.remove_prefix(byte_order_mark.size());
    }
    CsvReader reader(text, limits);
    COURSESELECT_TRY(auto header, reader.next());
    if (!header) {
        return csv_fault(1, "the file is empty; its first line names the columns");
    }
    CsvTable table;
    COURSESELECT_TRY(table.columns, read_columns(*std::move(header)));
    while (true) {
        COURSESELECT_TRY(auto row, reader.next());
        if (!row) {
            return table;
        }
        if (row->fields.size() > table.columns.size()) {
            return csv_fault(row->line, "more fields than there are columns");
        }
        if (table.rows.size() == limits.rows_max) {
            return csv_fault(row->line, fmt::format("more than {} rows", limits.rows_max));
        }
        table.rows.push_back(*std::move(row));
    }
}

void append_csv_row(std::string& out, const std::vector<std::string>& fields) {
    bool is_first = true;
    for (const std::string& field : fields) {
        out += is_first ? "" : ",";
        is_first = false;
        const std::string text = looks_like_formula(field) ? "'" + field : field;
        if (text.find_first_of(",\"\r\n") == std::string::npos && trimmed(text) == text) {
            out += text;
            continue;
        }
        out += '"';
        for (const char c : text) {
            out += c == '"' ? "\"\"" : std::string(1, c);
        }
        out += '"';
    }
    out += "\r\n";
}

std::string_view without_guard(std::string_view field) {
    const bool is_guarded = field.starts_with('\'') && looks_like_formula(field.substr(1));
    return field.substr(is_guarded ? 1 : 0);
}

}  // namespace courseselect::core
