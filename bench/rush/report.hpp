#pragma once
/// How the bench shows its figures: percentiles, tables of 100 columns, a progress line, JSON.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace courseselect::bench {

/// Percentiles of a set of durations, in milliseconds.
struct Latencies {
    double p50 = 0;
    double p99 = 0;
    double p999 = 0;
    double max = 0;

    /// Nearest rank; all zero without values. Sorts `microseconds`.
    [[nodiscard]] static Latencies of(std::vector<std::int64_t>& microseconds);
};

/// Where text goes, and what it may use there.
struct Terminal {
    std::FILE* out = stdout;
    bool is_interactive = false;  ///< lines may be rewritten
    bool has_colour = false;

    /// What standard output can do: colour on a terminal unless NO_COLOR is set (no-color.org) or
    /// TERM is "dumb".
    [[nodiscard]] static Terminal standard_output();

    [[nodiscard]] std::string bold(std::string_view text) const;
    [[nodiscard]] std::string green(std::string_view text) const;
    [[nodiscard]] std::string red(std::string_view text) const;
    [[nodiscard]] std::string dim(std::string_view text) const;

  private:
    [[nodiscard]] std::string styled(std::string_view code, std::string_view text) const;
};

/// A figure with its name; sections of them make a report.
struct Figure {
    std::string name;
    std::string value;
};
struct Section {
    std::string title;
    std::vector<Figure> figures;
};

/// A box of sections, names left and values behind them.
void print_report(const Terminal& terminal, std::string_view title,
                  const std::vector<Section>& sections);

/// One line of a seat chart: "Algebra 101   25 of 25  ########  212 wanted".
struct SeatLine {
    std::string course;
    std::int64_t taken = 0;
    std::int64_t capacity = 0;
    std::int64_t wanted = 0;
};
void print_seats(const Terminal& terminal, const std::vector<SeatLine>& lines);

/// Shows how far something is: rewritten in place on a terminal, else a line each second.
class Progress {
  public:
    Progress(const Terminal& terminal, std::string label, std::size_t total);
    void show(std::size_t done, std::string_view note = {});
    /// The last state, and a line feed.
    void finish(std::size_t done, std::string_view note = {});

  private:
    void print(std::size_t done, std::string_view note) const;

    const Terminal& terminal_;
    std::string label_;
    std::size_t total_;
    std::chrono::steady_clock::time_point shown_at_{};
};

/// "12,345".
[[nodiscard]] std::string grouped(std::uint64_t number);
/// "1.25 ms", "3.4 s".
[[nodiscard]] std::string in_milliseconds(double milliseconds);

}  // namespace courseselect::bench
