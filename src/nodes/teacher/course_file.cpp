#include "courseselect/nodes/teacher/course_file.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "courseselect/csv/cell.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/json/writer.hpp"

namespace courseselect::nodes::teacher {
namespace {

constexpr int period_max = 99;  // the data node says which there are

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(separator), text.size());
        std::string_view part = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
        part = part.substr(0, part.find_last_not_of(' ') + 1);
        if (!part.empty()) {
            parts.push_back(part);
        }
    }
    return parts;
}

std::optional<int> period_of(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_whole = error == std::errc{} && end == text.data() + text.size();
    return is_whole && value >= 0 && value <= period_max ? std::optional(value) : std::nullopt;
}

/// "1-2,5" as [1,2,5].
std::optional<std::vector<int>> periods_of(std::string_view text) {
    std::vector<int> periods;
    for (const std::string_view part : split(text, ',')) {
        const std::size_t dash = part.find('-');
        const auto first = period_of(part.substr(0, dash));
        const auto last = dash == std::string_view::npos ? first : period_of(part.substr(dash + 1));
        if (!first || !last) {
            return std::nullopt;
        }
        for (int period = *first; period <= *last; ++period) {
            periods.push_back(period);
        }
    }
    return periods;
}

/// "monday:1-2,5;friday:3" as JSON; nothing when it is not like that.
std::optional<std::string> short_schedule(std::string_view text) {
    std::string schedule;
    {
        json::ObjectWriter days(schedule);
        for (const std::string_view day : split(text, ';')) {
            const std::size_t colon = day.find(':');
            if (colon == std::string_view::npos ||
                day.substr(0, colon).find_first_of("\"\\") != std::string_view::npos) {
                return std::nullopt;
            }
            const auto periods = periods_of(day.substr(colon + 1));
            if (!periods) {
                return std::nullopt;
            }
            days.add(day.substr(0, colon), *periods);
        }
    }
    return schedule;
}

void add_cell(json::ObjectWriter& item, std::string_view column, std::string_view cell) {
    if (column == "course_tags") {
        std::vector<std::string> tags;
        for (const std::string_view tag : split(cell, ';')) {
            tags.emplace_back(tag);
        }
        item.add(column, tags);
        return;
    }
    if (column == "course_schedule") {
        const auto value = json::Value::parse(std::string(cell));
        const auto schedule =
            value && value->is_object() ? std::optional(std::string(cell)) : short_schedule(cell);
        if (schedule) {
            item.add_raw(column, *schedule);
            return;
        }
    }
    item.add(column, std::string(cell));
}

}  // namespace

core::Result<std::vector<json::Raw>> read_course_file(std::string_view content) {
    constexpr std::string_view columns[] = {
        "course_name",     "course_credit",   "course_type",       "course_teacher_id",
        "course_location", "course_capacity", "course_time_begin", "course_time_end",
        "course_schedule", "course_tags",     "course_notes",      "course_cost"};
    COURSESELECT_TRY(const auto table,
                     csv::parse_table(content, {.rows_max = courses_imported_max}));
    if (!table.column("course_name")) {
        return core::Error(core::Errc::invalid_argument, "no_column",
                           "line 1: the file has no column course_name");
    }
    std::vector<json::Raw> items;
    for (const csv::Row& row : table.rows) {
        json::Raw raw;
        raw.text.clear();
        {
            json::ObjectWriter item(raw.text);  // closes the object when it goes
            for (const std::string_view column : columns) {
                const std::string_view cell = csv::without_guard(table.cell(row, column));
                if (!cell.empty()) {
                    add_cell(item, column, cell);
                }
            }
        }
        items.push_back(std::move(raw));
    }
    return items;
}

}  // namespace courseselect::nodes::teacher
