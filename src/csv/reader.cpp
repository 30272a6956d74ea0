#include "courseselect/csv/reader.hpp"

#include <csv.h>
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <new>
#include <utility>

namespace courseselect::csv {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
/// Given to libcsv at once: a quote that is never closed makes it keep no more than that beyond the
/// limit of a cell.
constexpr std::size_t step_bytes = 65'536;

}  // namespace

struct Reader::State {
    explicit State(const Limits& bounds) : limits(bounds) {
        // Strict: a stray quote is reported, not guessed at. Every line end is reported too, so
        // that lines can be counted.
        ::csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL);
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { ::csv_free(&parser); }

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
        if (text.size() > limits.cell_bytes_max) {
            note_fault(fmt::format("a cell over {} bytes is too long; is a closing quote missing?",
                                   limits.cell_bytes_max));
        } else if (row.cells.size() == limits.cells_max) {
            note_fault(fmt::format("more than {} cells are too many", limits.cells_max));
        } else {
            row.cells.emplace_back(text);
        }
        line += std::count(text.begin(), text.end(), '\n');
        after_return = false;
    }
    void end_line(int character) {
        const bool has_nothing = row.cells.size() == 1 && row.cells.front().empty();
        if (!row.cells.empty() && !has_nothing) {
            rows.push_back(std::move(row));
        }
        row = Row{};
        const bool is_second_half = character == '\n' && after_return;
        line += character >= 0 && !is_second_half ? 1 : 0;
        after_return = character == '\r';
    }
    /// The first one is told.
    void note_fault(std::string what) {
        if (fault.empty()) {
            fault = fmt::format("line {}: {}", line, what);
        }
    }
    [[nodiscard]] core::Result<> verdict() const {
        return fault.empty() ? core::Result<>()
                             : core::Error(core::Errc::invalid_argument, "csv", fault);
    }

    core::Result<> parse(std::string_view text) {
        const std::size_t parsed =
            ::csv_parse(&parser, text.data(), text.size(), &on_cell, &on_line_end, this);
        if (::csv_error(&parser) == CSV_ENOMEM) {
            throw std::bad_alloc();
        }
        if (parsed < text.size()) {
            note_fault(
                "a quote stands where none may; put the cell in quotes and double those "
                "inside");
        } else if (::csv_get_buffer_size(&parser) > limits.cell_bytes_max + 2 * step_bytes) {
            note_fault("a cell is too long; is a closing quote missing?");
        }
        return verdict();
    }

    Limits limits;
    csv_parser parser{};
    std::deque<Row> rows;
    Row row;
    std::string fault;
    std::int64_t line = 1;
    bool is_first = true;
    bool after_return = false;
};

Reader::Reader(const Limits& limits) : state_(std::make_unique<State>(limits)) {}
Reader::Reader(Reader&&) noexcept = default;
Reader::~Reader() = default;

core::Result<> Reader::feed(std::string_view piece) {
    if (std::exchange(state_->is_first, false) && piece.starts_with(byte_order_mark)) {
        piece.remove_prefix(byte_order_mark.size());
    }
    while (!piece.empty()) {
        const std::string_view step = piece.substr(0, step_bytes);
        COURSESELECT_TRY_OK(state_->parse(step));
        piece.remove_prefix(step.size());
    }
    return {};
}

core::Result<> Reader::finish() {
    if (::csv_fini(&state_->parser, &State::on_cell, &State::on_line_end, state_.get()) != 0) {
        state_->note_fault("the file ends inside a quoted cell");
    }
    return state_->verdict();
}

std::optional<Row> Reader::take() {
    if (state_->rows.empty()) {
        return std::nullopt;
    }
    std::optional<Row> row(std::move(state_->rows.front()));
    state_->rows.pop_front();
    return row;
}

}  // namespace courseselect::csv
