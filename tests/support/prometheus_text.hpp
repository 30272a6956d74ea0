#pragma once
/// A strict reader of Prometheus' text exposition format 0.0.4, for tests of what `/metrics` says.

#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace courseselect::test {

/// Every sample by its series as written, `name{label="value"}`. Reading throws
/// `std::runtime_error` with the line for: a name or label outside the allowed characters, a sample
/// without `# HELP` and `# TYPE` before it or away from its family, a family or series that comes
/// twice, a counter that is negative or lacks `_total`, a value that is no number, a last line
/// without end, and a histogram whose buckets fall, lack `+Inf` or disagree with their count.
class PrometheusText {
  public:
    explicit PrometheusText(std::string_view text) {
        if (text.empty() || text.back() != '\n') {
            throw std::runtime_error("the last line has no end");
        }
        while (!text.empty()) {
            const std::size_t end = text.find('\n');
            read_line(text.substr(0, end));
            text.remove_prefix(end + 1);
        }
        check_histograms();
    }

    /// The value of a series, `courseselect_up{a="b"}`; nothing when it is absent.
    [[nodiscard]] std::optional<double> find(const std::string& series) const {
        const auto found = samples_.find(series);
        return found == samples_.end() ? std::nullopt : std::optional(found->second);
    }
    /// The same, 0 when absent: counters begin so.
    [[nodiscard]] double at(const std::string& series) const { return find(series).value_or(0); }
    /// The sum over all labels of one name.
    [[nodiscard]] double sum(std::string_view name) const {
        double all = 0;
        for (const auto& [series, value] : samples_) {
            all += series.substr(0, series.find('{')) == name ? value : 0;
        }
        return all;
    }
    /// "counter", "gauge" or "histogram"; empty without such a family.
    [[nodiscard]] std::string type(const std::string& family) const {
        const auto found = types_.find(family);
        return found == types_.end() ? std::string() : found->second;
    }
    [[nodiscard]] std::size_t size() const { return samples_.size(); }

  private:
    [[noreturn]] static void refuse(std::string_view line, const std::string& why) {
        throw std::runtime_error(why + ": " + std::string(line));
    }
    static bool is_name(std::string_view name, bool colons) {
        constexpr std::string_view letters =
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
        constexpr std::string_view digits = "0123456789";
        const auto is_letter = [&](char c) {
            return letters.find(c) != std::string_view::npos || (colons && c == ':');
        };
        if (name.empty() || !is_letter(name.front())) {
            return false;
        }
        for (const char c : name) {
            if (!is_letter(c) && digits.find(c) == std::string_view::npos) {
                return false;
            }
        }
        return true;
    }

    void read_line(std::string_view line) {
        if (line.starts_with("# HELP ")) {
            const std::string_view rest = line.substr(7);
            const std::size_t end = rest.find(' ');
            if (end == std::string_view::npos || end + 1 == rest.size()) {
                refuse(line, "no help text");
            }
            family_ = rest.substr(0, end);
            if (!is_name(family_, true) || !families_.insert(family_).second) {
                refuse(line, "a bad name, or a family that comes twice");
            }
        } else if (line.starts_with("# TYPE ")) {
            const std::string_view rest = line.substr(7);
            const std::size_t end = rest.find(' ');
            const std::string type(rest.substr(std::min(end, rest.size() - 1) + 1));
            if (rest.substr(0, end) != family_ || !types_.emplace(family_, type).second ||
                (type != "counter" && type != "gauge" && type != "histogram")) {
                refuse(line, "a type without its help before it, or no type");
            }
            if ((type == "counter") != family_.ends_with("_total")) {
                refuse(line, "counters end in _total and nothing else does");
            }
        } else {
            read_sample(line);
        }
    }

    void read_sample(std::string_view line) {
        std::size_t at = std::min(line.find_first_of("{ "), line.size());
        const std::string name(line.substr(0, at));
        std::string base = name;
        if (types_[family_] == "histogram") {
            for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
                if (name == family_ + std::string(suffix)) {
                    base = family_;
                }
            }
        }
        if (!is_name(name, true) || base != family_ || types_[family_].empty()) {
            refuse(line, "a sample outside its family");
        }
        std::string bound;
        std::string others;
        if (at < line.size() && line[at] == '{') {
            at = read_labels(line, at + 1, bound, others);
        }
        if (at >= line.size() || line[at] != ' ') {
            refuse(line, "no blank before the value");
        }
        const double value = number(line, line.substr(at + 1));
        if (types_[family_] != "gauge" && !name.ends_with("_sum") && !(value >= 0)) {
            refuse(line, "a count below zero");
        }
        if (!samples_.emplace(std::string(line.substr(0, at)), value).second) {
            refuse(line, "a series that comes twice");
        }
        if (name == family_ + "_bucket" && base != name) {
            buckets_[family_ + "{" + others + "}"][number(line, bound)] = value;
        } else if (name == family_ + "_count" && base != name) {
            counts_[family_ + "{" + others + "}"] = value;
        }
    }

    /// Returns the place behind the closing brace.
    static std::size_t read_labels(std::string_view line, std::size_t at, std::string& bound,
                                   std::string& others) {
        std::set<std::string> seen;
        while (true) {
            const std::size_t equals = std::min(line.find('=', at), line.size());
            const std::string label(line.substr(at, equals - at));
            if (!is_name(label, false) || !seen.insert(label).second || equals + 1 >= line.size() ||
                line[equals + 1] != '"') {
                refuse(line, "a bad or repeated label");
            }
            std::string value;
            for (at = equals + 2; at < line.size() && line[at] != '"'; ++at) {
                if (line[at] == '\\') {
                    ++at;
                    if (at >= line.size() ||
                        std::string_view("\\n\"").find(line[at]) == std::string_view::npos) {
                        refuse(line, "a bad escape");
                    }
                }
                value += line[at];
            }
            if (at + 1 >= line.size()) {
                refuse(line, "a label value without end");
            }
            (label == "le" ? bound : others) += label == "le" ? value : label + "=" + value + ",";
            ++at;
            if (line[at] == '}') {
                return at + 1;
            }
            if (line[at] != ',') {
                refuse(line, "no comma between labels");
            }
            ++at;
        }
    }

    static double number(std::string_view line, std::string_view text) {
        if (text == "+Inf" || text == "Inf") {
            return HUGE_VAL;
        }
        const std::string owned(text);
        char* end = nullptr;
        const double value = std::strtod(owned.c_str(), &end);
        if (owned.empty() || end != owned.c_str() + owned.size() || !std::isfinite(value)) {
            refuse(line, "no number");
        }
        return value;
    }

    void check_histograms() const {
        for (const auto& [series, buckets] : buckets_) {
            double before = 0;
            for (const auto& [bound, count] : buckets) {
                if (count < before) {
                    refuse(series, "buckets that fall");
                }
                before = count;
            }
            const auto count = counts_.find(series);
            if (buckets.count(HUGE_VAL) == 0 || count == counts_.end() || count->second != before) {
                refuse(series, "no +Inf bucket, or a count that is not its");
            }
        }
    }

    std::string family_;
    std::set<std::string> families_;
    std::map<std::string, std::string> types_;
    std::map<std::string, double> samples_;
    std::map<std::string, std::map<double, double>> buckets_;
    std::map<std::string, double> counts_;
};

}  // namespace courseselect::test
