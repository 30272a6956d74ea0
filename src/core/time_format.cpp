#include "courseselect/core/time_format.hpp"

#include <cstddef>

namespace courseselect::core {
namespace {

using namespace std::chrono;

void put_digits(char* to, unsigned value, int width) {
    for (int i = width - 1; i >= 0; --i) {
        to[i] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
}

/// Reads exactly `width` digits at `at`; -1 when there are others.
int take_digits(std::string_view text, std::size_t at, int width) {
    if (at + static_cast<std::size_t>(width) > text.size()) {
        return -1;
    }
    int value = 0;
    for (int i = 0; i < width; ++i) {
        const char c = text[at + static_cast<std::size_t>(i)];
        if (c < '0' || c > '9') {
            return -1;
        }
        value = value * 10 + (c - '0');
    }
    return value;
}

/// The fraction after the dot, as microseconds; moves `at` behind it. -1 when malformed.
int take_fraction(std::string_view text, std::size_t& at) {
    if (at >= text.size() || text[at] != '.') {
        return 0;
    }
    ++at;
    int micros = 0;
    int digits = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++digits) {
        if (digits < 6) {
            micros = micros * 10 + (text[at] - '0');
        }
    }
    if (digits == 0) {
        return -1;
    }
    for (; digits < 6; ++digits) {
        micros *= 10;
    }
    return micros;
}

/// `Z` or `+hh:mm` up to the end of the text, in minutes.
std::optional<minutes> take_offset(std::string_view text) {
    if (text == "Z" || text == "z") {
        return minutes{0};
    }
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') {
        return std::nullopt;
    }
    const int hour = take_digits(text, 1, 2);
    const int minute = take_digits(text, 4, 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59) {
        return std::nullopt;
    }
    const minutes offset{hour * 60 + minute};
    return text[0] == '-' ? -offset : offset;
}

}  // namespace

std::string format_rfc3339(WallTime time) {
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{time - day};
    std::string text = "0000-00-00T00:00:00.000000Z";
    char* to = text.data();
    put_digits(to, static_cast<unsigned>(static_cast<int>(date.year())), 4);
    put_digits(to + 5, static_cast<unsigned>(date.month()), 2);
    put_digits(to + 8, static_cast<unsigned>(date.day()), 2);
    put_digits(to + 11, static_cast<unsigned>(clock.hours().count()), 2);
    put_digits(to + 14, static_cast<unsigned>(clock.minutes().count()), 2);
    put_digits(to + 17, static_cast<unsigned>(clock.seconds().count()), 2);
    put_digits(to + 20, static_cast<unsigned>(clock.subseconds().count()), 6);
    return text;
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
    const int y = take_digits(text, 0, 4);
    const int mo = take_digits(text, 5, 2);
    const int d = take_digits(text, 8, 2);
    const int h = take_digits(text, 11, 2);
    const int mi = take_digits(text, 14, 2);
    const int s = take_digits(text, 17, 2);
    if (y < 0 || mo < 0 || d < 0 || h < 0 || h > 23 || mi < 0 || mi > 59 || s < 0 || s > 59) {
        return std::nullopt;
    }
    if (text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != ' ') ||
        text[13] != ':' || text[16] != ':') {
        return std::nullopt;
    }
    const year_month_day date{year{y}, month{static_cast<unsigned>(mo)},
                              day{static_cast<unsigned>(d)}};
    std::size_t at = 19;
    const int micros = take_fraction(text, at);
    if (!date.ok() || micros < 0) {
        return std::nullopt;
    }
    const auto offset = take_offset(text.substr(at));
    if (!offset) {
        return std::nullopt;
    }
    const WallTime time =
        sys_days{date} + hours{h} + minutes{mi} + seconds{s} + microseconds{micros} - *offset;
    // An offset may lead out of the years that can be written again.
    const int utc_year{year_month_day{floor<days>(time)}.year()};
    return utc_year >= 0 && utc_year <= 9999 ? std::optional(time) : std::nullopt;
}

}  // namespace courseselect::core
