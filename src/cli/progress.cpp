#include "courseselect/cli/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "courseselect/cli/text.hpp"

namespace courseselect::cli {
namespace {

constexpr std::chrono::seconds rate_window{10};
constexpr std::chrono::milliseconds point_distance{100};
constexpr std::chrono::milliseconds rate_after{500};
constexpr std::size_t bar_columns_max = 40;

/// "20,000".
std::string grouped(std::int64_t number) {
    std::string text = std::to_string(number);
    for (std::ptrdiff_t at = std::ssize(text) - 3; at > 0; at -= 3) {
        text.insert(static_cast<std::size_t>(at), ",");
    }
    return text;
}

std::string rate_text(double rate) {
    return rate < 10 ? fmt::format("{:.1f}/s", rate) : fmt::format("{:.0f}/s", rate);
}

}  // namespace

std::string duration_text(std::chrono::seconds duration) {
    const auto seconds = duration.count();
    if (seconds < 60) {
        return fmt::format("{} s", seconds);
    }
    if (seconds < 3'600) {
        return fmt::format("{} min {} s", seconds / 60, seconds % 60);
    }
    return fmt::format("{} h {} min", seconds / 3'600, seconds % 3'600 / 60);
}

Progress::Progress(std::int64_t total, core::MonoTime start) : total_(total) {
    points_.push_back({start, 0});
}

void Progress::update(std::int64_t done, core::MonoTime now) {
    // The last point is where we are; it becomes one of the past when it is old enough.
    const std::size_t count = points_.size();
    if (count >= 2 && points_[count - 1].time - points_[count - 2].time < point_distance) {
        points_.back() = {now, done};
    } else {
        points_.push_back({now, done});
    }
    while (points_.size() > 2 && points_[1].time + rate_window <= now) {
        points_.pop_front();
    }
}

std::optional<double> Progress::rate() const {
    const Point& first = points_.front();
    const Point& last = points_.back();
    if (last.time - first.time < rate_after) {
        return std::nullopt;
    }
    const std::chrono::duration<double> time = last.time - first.time;
    return static_cast<double>(last.done - first.done) / time.count();
}

std::optional<std::chrono::seconds> Progress::time_left() const {
    const auto now = rate();
    if (!now || *now <= 0) {
        return std::nullopt;
    }
    const double left = static_cast<double>(total_ - points_.back().done) / *now;
    return std::chrono::seconds(static_cast<std::int64_t>(std::ceil(left)));
}

int Progress::percent() const {
    return total_ == 0 ? 100 : static_cast<int>(100 * points_.back().done / total_);
}

std::string Progress::line() const {
    std::string text = fmt::format("{} of {} ({}%)", points_.back().done, total_, percent());
    if (const auto now = rate()) {
        text += ", " + rate_text(*now);
    }
    if (const auto left = time_left()) {
        text += ", " + duration_text(*left) + " left";
    }
    return text;
}

std::string Progress::bar(std::size_t columns) const {
    std::string text =
        fmt::format(" {:>3}%  {}/{}", percent(), grouped(points_.back().done), grouped(total_));
    if (const auto now = rate()) {
        text += "  " + rate_text(*now);
    }
    if (const auto left = time_left()) {
        text += "  " + duration_text(*left) + " left";
    }
    const std::size_t used = text.size() + 2;  // and the brackets
    if (columns < used + 4) {
        return fitting(text.substr(1), columns);
    }
    const auto width = static_cast<std::int64_t>(std::min(bar_columns_max, columns - used));
    const std::int64_t filled = total_ == 0 ? width : width * points_.back().done / total_;
    std::string bar = "[";
    for (std::int64_t i = 0; i < width; ++i) {
        bar += i < filled ? "█" : "░";
    }
    return bar + "]" + text;
}

}  // namespace courseselect::cli
