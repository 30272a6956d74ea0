#include "rush/report.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace courseselect::bench {
namespace {

constexpr std::size_t width = 98;  // inside the box; 100 with its sides
constexpr std::size_t name_width = 34;
constexpr std::size_t bar_width = 30;

std::string repeat(std::string_view text, std::size_t times) {
    std::string result;
    for (std::size_t i = 0; i < times; ++i) {
        result += text;
    }
    return result;
}

/// What a text takes on the screen: a column a character of UTF-8 (ours are all that wide), and
/// none for colours.
std::size_t columns(std::string_view text) {
    std::size_t count = 0;
    bool in_colour = false;
    for (const char c : text) {
        in_colour = in_colour || c == '\x1b';
        const bool continues = (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
        count += in_colour || continues ? 0 : 1;
        in_colour = in_colour && c != 'm';
    }
    return count;
}

/// Fills with blanks, or cuts, to `to` columns; what is cut must be without colours.
std::string padded(std::string_view text, std::size_t to) {
    std::string result(text);
    for (std::size_t have = columns(text); have > to; --have) {
        while ((static_cast<unsigned char>(result.back()) & 0xC0U) == 0x80U) {
            result.pop_back();
        }
        result.pop_back();
    }
    return result + std::string(to - columns(result), ' ');
}

void print_rule(const Terminal& terminal, std::string_view left, std::string_view right,
                std::string_view title) {
    const std::string caption = title.empty() ? "" : fmt::format(" {} ", title);
    const std::size_t rest = width - std::min(width, columns(caption) + 2);
    fmt::print(terminal.out, "{}{}{}{}{}\n", left, "──", terminal.bold(caption), repeat("─", rest),
               right);
}

double rank(const std::vector<std::int64_t>& sorted, double share) {
    const auto last = static_cast<double>(sorted.size());
    const auto index = static_cast<std::size_t>(std::max(1.0, std::ceil(share * last))) - 1;
    return static_cast<double>(sorted[index]) / 1000.0;
}

}  // namespace

Latencies Latencies::of(std::vector<std::int64_t>& microseconds) {
    if (microseconds.empty()) {
        return {};
    }
    std::sort(microseconds.begin(), microseconds.end());
    return {.p50 = rank(microseconds, 0.5),
            .p99 = rank(microseconds, 0.99),
            .p999 = rank(microseconds, 0.999),
            .max = rank(microseconds, 1.0)};
}

Terminal Terminal::standard_output() {
    Terminal terminal;
    terminal.is_interactive = ::isatty(STDOUT_FILENO) == 1;
    const char* no_colour = std::getenv("NO_COLOR");
    const char* kind = std::getenv("TERM");
    const bool dumb = kind == nullptr || std::string_view(kind) == "dumb";
    terminal.has_colour =
        terminal.is_interactive && !dumb && (no_colour == nullptr || *no_colour == '\0');
    return terminal;
}

std::string Terminal::styled(std::string_view code, std::string_view text) const {
    return has_colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}
std::string Terminal::bold(std::string_view text) const { return styled("1", text); }
std::string Terminal::green(std::string_view text) const { return styled("1;32", text); }
std::string Terminal::red(std::string_view text) const { return styled("1;31", text); }
std::string Terminal::dim(std::string_view text) const { return styled("2", text); }

void print_report(const Terminal& terminal, std::string_view title,
                  const std::vector<Section>& sections) {
    print_rule(terminal, "┌", "┐", title);
    bool first = true;
    for (const Section& section : sections) {
        if (section.figures.empty()) {
            continue;
        }
        if (!first || !section.title.empty()) {
            print_rule(terminal, "├", "┤", section.title);
        }
        first = false;
        for (const Figure& figure : section.figures) {
            const std::string value = padded(figure.value, width - name_width - 2);
            fmt::print(terminal.out, "│ {}{} │\n",
                       terminal.dim(padded(figure.name, name_width - 2)) + "  ", value);
        }
    }
    print_rule(terminal, "└", "┘", "");
}

void print_seats(const Terminal& terminal, const std::vector<SeatLine>& lines) {
    print_rule(terminal, "┌", "┐", "hottest courses: seats taken of capacity");
    for (const SeatLine& line : lines) {
        const double share =
            line.capacity > 0 ? static_cast<double>(line.taken) / static_cast<double>(line.capacity)
                              : 0;
        const auto filled = static_cast<std::size_t>(
            std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(bar_width)));
        const std::string bar = repeat("█", filled) + repeat("░", bar_width - filled);
        const std::string numbers = fmt::format("{:>4} of {:<4}", line.taken, line.capacity);
        const std::string wanted = fmt::format("{:>6} asked", line.wanted);
        const std::size_t used = name_width + numbers.size() + bar_width + wanted.size() + 3;
        const bool oversold = line.taken > line.capacity;
        fmt::print(terminal.out, "│ {}{} {}{}{} │\n", padded(line.course, name_width - 2) + "  ",
                   oversold ? terminal.red(numbers) : numbers, bar, wanted,
                   std::string(width > used ? width - used : 0, ' '));
    }
    print_rule(terminal, "└", "┘", "");
}

Progress::Progress(const Terminal& terminal, std::string label, std::size_t total)
    : terminal_(terminal), label_(std::move(label)), total_(total) {}

void Progress::print(std::size_t done, std::string_view note) const {
    const double share = total_ > 0 ? static_cast<double>(done) / static_cast<double>(total_) : 1;
    if (!terminal_.is_interactive) {
        fmt::print(terminal_.out, "{}: {} of {}{}{}\n", label_, grouped(done), grouped(total_),
                   note.empty() ? "" : ", ", note);
    } else {
        const auto filled =
            static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(bar_width));
        fmt::print(terminal_.out, "\r\x1b[2K{} {}{} {}/{} {}", padded(label_, 22),
                   repeat("█", filled), repeat("░", bar_width - filled), grouped(done),
                   grouped(total_), note);
    }
    std::fflush(terminal_.out);
}

void Progress::show(std::size_t done, std::string_view note) {
    const auto now = std::chrono::steady_clock::now();
    const auto pause =
        terminal_.is_interactive ? std::chrono::milliseconds{100} : std::chrono::milliseconds{1000};
    if (now - shown_at_ >= pause) {
        shown_at_ = now;
        print(done, note);
    }
}

void Progress::finish(std::size_t done, std::string_view note) {
    print(done, note);
    if (terminal_.is_interactive) {
        fmt::print(terminal_.out, "\n");
    }
}

std::string grouped(std::uint64_t number) {
    std::string text = std::to_string(number);
    for (std::size_t i = text.size(); i > 3; i -= 3) {
        text.insert(i - 3, 1, ',');
    }
    return text;
}

std::string in_milliseconds(double milliseconds) {
    if (milliseconds >= 1000) {
        return fmt::format("{:.2f} s", milliseconds / 1000);
    }
    return fmt::format("{:.{}f} ms", milliseconds, milliseconds < 10 ? 2 : 1);
}

}  // namespace courseselect::bench
