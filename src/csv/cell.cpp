#include "courseselect/csv/cell.hpp"

namespace courseselect::csv {

bool looks_like_formula(std::string_view cell) {
    constexpr std::string_view starts = "=+-@\t\r";
    return !cell.empty() && starts.find(cell.front()) != std::string_view::npos;
}

std::string written_cell(std::string_view text) {
    std::string cell = looks_like_formula(text) ? "'" : "";
    cell += text;
    const bool has_blanks = !cell.empty() && (cell.front() == ' ' || cell.back() == ' ');
    if (cell.find_first_of(",\"\r\n\t") == std::string::npos && !has_blanks) {
        return cell;
    }
    std::string quoted = "\"";
    for (const char c : cell) {
        quoted.append(c == '"' ? 2 : 1, c);
    }
    return quoted + "\"";
}

std::string_view without_guard(std::string_view cell) {
    const bool is_guarded = cell.starts_with('\'') && looks_like_formula(cell.substr(1));
    return cell.substr(is_guarded ? 1 : 0);
}

void append_row(std::string& out, const std::vector<std::string>& cells) {
    bool is_first = true;
    for (const std::string& cell : cells) {
        out += is_first ? "" : ",";
        out += written_cell(cell);
        is_first = false;
    }
    out += "\r\n";
}

}  // namespace courseselect::csv
