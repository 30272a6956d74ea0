#include "courseselect/cli/csv.hpp"

#include <csv.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <deque>
#include <system_error>
#include <utility>

#include "courseselect/core/encoding.hpp"
#include "courseselect/crypto/digest.hpp"

namespace courseselect::cli {
namespace {

constexpr std::size_t block_bytes = 65'536;
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

}  // namespace

struct CsvReader::State {
    State(std::FILE* opened, std::string name, CsvLimits bounds)
        : file(opened), path(std::move(name)), limits(bounds) {
        // Strict: a stray quote is reported, not guessed at. Every line end is reported too, so
        // that lines can be counted.
        ::csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL);
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        ::csv_free(&parser);
        std::fclose(file);
    }

    static void on_cell(void* bytes, std::size_t size, void* self) {
        static_cast<State*>(self)->take_cell({static_cast<const char*>(bytes), size});
    }
    static void on_line_end(int character, void* self) {
        static_cast<State*>(self)->end_line(character);
    }

    void take_cell(std::string_view text) {
        if (row.cells.empty()) {
            row.line = line;
        }
        line += std::count(text.begin(), text.end(), '\n');
        after_return = false;
        is_too_big |= text.size() > limits.cell_bytes_max || row.cells.size() == limits.cells_max;
        if (!is_too_big) {
            row.cells.emplace_back(text);
        }
    }
    void end_line(int character) {
        if (!row.cells.empty()) {
            rows.push_back(std::exchange(row, CsvRow{}));
        }
        const bool is_second_half = character == '\n' && after_return;
        line += character >= 0 && !is_second_half ? 1 : 0;
        after_return = character == '\r';
    }

    core::Error broken(std::string_view what) const {
        return {core::Errc::data_corrupt, "csv", fmt::format("{}, line {}: {}", path, line, what)};
    }

    core::Result<> read_block() {
        std::array<char, block_bytes> buffer;  // uninitialised: it is filled
        const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), file);
        if (std::ferror(file) != 0) {
            return core::Error(
                core::Errc::unavailable, "file",
                fmt::format("Cannot read {}: {}", path, std::generic_category().message(errno)));
        }
        std::string_view block(buffer.data(), size);
        digest = crypto::sha256(std::string(crypto::as_text(digest)).append(block));
        if (is_first && block.starts_with(byte_order_mark)) {
            block.remove_prefix(byte_order_mark.size());
        }
        is_first = false;
        const std::size_t parsed =
            ::csv_parse(&parser, block.data(), block.size(), &on_cell, &on_line_end, this);
        const bool is_end = size < buffer.size();
        if (parsed < block.size()) {
            return broken(
                "a quote stands where none may; put the cell in quotes and double those "
                "inside");
        }
        if (is_too_big || ::csv_get_buffer_size(&parser) > 2 * limits.cell_bytes_max) {
            return broken("a cell or row is too long; is a closing quote missing?");
        }
        if (is_end) {
            is_done = true;
            if (::csv_fini(&parser, &on_cell, &on_line_end, this) != 0) {
                return broken("the file ends inside a quoted cell");
            }
        }
        return {};
    }

    std::FILE* file;
    std::string path;
    CsvLimits limits;
    csv_parser parser{};
    std::deque<CsvRow> rows;
    CsvRow row;
    crypto::Sha256Digest digest{};
    std::int64_t line = 1;
    bool is_first = true;
    bool is_done = false;
    bool is_too_big = false;
    bool after_return = false;
};

CsvReader::CsvReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
CsvReader::CsvReader(CsvReader&&) noexcept = default;
CsvReader::~CsvReader() = default;

core::Result<CsvReader> CsvReader::open(const std::string& path, CsvLimits limits) {
    std::FILE* const file = std::fopen(path.c_str(), "rbe");
    if (file == nullptr) {
        return core::Error(
            core::Errc::unavailable, "file",
            fmt::format("Cannot read {}: {}", path, std::generic_category().message(errno)));
    }
    return CsvReader(std::make_unique<State>(file, path, limits));
}

core::Result<std::optional<CsvRow>> CsvReader::next() {
    while (state_->rows.empty() && !state_->is_done) {
        COURSESELECT_TRY_OK(state_->read_block());
    }
    if (state_->rows.empty()) {
        return std::optional<CsvRow>();
    }
    std::optional<CsvRow> row(std::move(state_->rows.front()));
    state_->rows.pop_front();
    return row;
}

std::string CsvReader::digest() const { return core::hex_encode(crypto::as_text(state_->digest)); }

bool looks_like_formula(std::string_view cell) {
    constexpr std::string_view starts = "=+-@\t\r";
    return !cell.empty() && starts.find(cell.front()) != std::string_view::npos;
}

std::string csv_cell(std::string_view text) {
    std::string cell = looks_like_formula(text) ? "'" : "";
    cell += text;
    const bool has_blanks = !cell.empty() && (cell.front() == ' ' || cell.back() == ' ');
    if (cell.find_first_of(",\"\r\n\t") == std::string::npos && !has_blanks) {
        return cell;
    }
    std::string quoted = "\"";
    for (const char c : cell) {
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    }
    return quoted + "\"";
}

std::string_view without_formula_guard(std::string_view cell) {
    return cell.starts_with('\'') && looks_like_formula(cell.substr(1)) ? cell.substr(1) : cell;
}

}  // namespace courseselect::cli
