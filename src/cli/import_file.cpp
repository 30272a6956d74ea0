#include "courseselect/cli/import_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "courseselect/auth/email.hpp"
#include "courseselect/core/encoding.hpp"
#include "courseselect/crypto/digest.hpp"
#include "courseselect/csv/cell.hpp"

namespace courseselect::cli {
namespace {

// The bounds of `POST /register/v1` (contract/http-api §3.1, §1.4).
constexpr std::size_t username_length_min = 3;
constexpr std::size_t username_length_max = 100;
constexpr std::size_t password_length_min = 6;
constexpr std::size_t password_length_max = 1'024;
constexpr std::size_t name_length_max = 100;

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return text;
}

bool has_username_letters(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '.' || c == '-';
    });
}

}  // namespace

std::optional<std::int64_t> NameBook::add(const std::string& name, std::int64_t line) {
    const auto digest = crypto::sha256(lower(name));
    Key key;
    std::memcpy(&key.high, digest.data(), sizeof key.high);
    std::memcpy(&key.low, digest.data() + sizeof key.high, sizeof key.low);
    const auto [place, is_new] = lines_.emplace(key, line);
    return is_new ? std::nullopt : std::optional(place->second);
}

core::Result<ImportFile> ImportFile::open(const std::string& path, bool makes_passwords) {
    COURSESELECT_TRY(auto reader, CsvFile::open(path));
    ImportFile file(std::move(reader), makes_passwords);
    COURSESELECT_TRY(const auto header, file.reader_.next());
    const std::vector<std::string> names = header ? header->cells : std::vector<std::string>();
    file.columns_ = names.size();
    for (std::size_t i = 0; i < names.size(); ++i) {
        const std::string name = lower(names[i]);
        // Of a column that comes twice the first one counts.
        const auto take = [&](std::string_view wanted, std::optional<std::size_t>& column) {
            if (name == wanted && !column) {
                column = i;
            }
        };
        take("username", file.username_);
        take("password", file.password_);
        take("name", file.name_);
        take("email", file.email_);
    }
    if (!file.username_) {
        return core::Error(core::Errc::data_corrupt, "csv_header",
                           path +
                               ": the first line names no column 'username'; it should be "
                               "username,password,name,email");
    }
    return file;
}

std::string ImportFile::cell(const csv::Row& row, std::optional<std::size_t> column) const {
    return column && *column < row.cells.size() ? row.cells[*column] : std::string();
}

core::Result<std::optional<UserRow>> ImportFile::next() {
    COURSESELECT_TRY(auto cells, reader_.next());
    if (!cells) {
        return std::optional<UserRow>();
    }
    UserRow row{.number = ++rows_,
                .line = cells->line,
                .username = std::string(csv::without_guard(cell(*cells, username_))),
                .password = makes_passwords_ ? std::string() : cell(*cells, password_),
                .name = std::string(csv::without_guard(cell(*cells, name_))),
                .email = std::string(csv::without_guard(cell(*cells, email_))),
                .problem = {}};
    if (row.name.empty()) {
        row.name = row.username;
    }
    row.problem = problem_of(row, *cells);
    return std::optional(std::move(row));
}

std::string ImportFile::problem_of(const UserRow& row, const csv::Row& cells) {
    if (cells.cells.size() > columns_) {
        return fmt::format("{} cells, but the header names {} columns", cells.cells.size(),
                           columns_);
    }
    for (const std::string& text : cells.cells) {
        if (!core::is_valid_utf8(text)) {
            return "Not UTF-8";
        }
    }
    if (row.username.empty()) {
        return "Missing username";
    }
    if (row.password.empty() && !makes_passwords_) {
        return "Missing password";
    }
    const std::size_t length = row.username.size();
    if (length < username_length_min || length > username_length_max ||
        !has_username_letters(row.username)) {
        return "Username must have 3 to 100 characters: letters, digits, '_', '.' or '-'";
    }
    if (!makes_passwords_ &&
        (row.password.size() < password_length_min || row.password.size() > password_length_max)) {
        return "Password must have 6 to 1024 characters";
    }
    if (core::utf8_length(row.name).value_or(0) > name_length_max) {
        return "Name is longer than 100 characters";
    }
    if (!row.email.empty() && !auth::is_email(row.email)) {
        return "Email is no address";
    }
    if (const auto line = names_.add(row.username, row.line)) {
        return fmt::format("Username stands in line {} already", *line);
    }
    if (!row.email.empty()) {
        if (const auto line = addresses_.add(row.email, row.line)) {
            return fmt::format("Email stands in line {} already", *line);
        }
    }
    return "";
}

}  // namespace courseselect::cli
