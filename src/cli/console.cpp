#include "courseselect/cli/console.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "courseselect/cli/text.hpp"
#include "courseselect/json/writer.hpp"

namespace courseselect::cli {
namespace {

std::string_view colour_code(Colour colour) {
    switch (colour) {
        case Colour::green: return "\x1b[32m";
        case Colour::yellow: return "\x1b[33m";
        case Colour::red: return "\x1b[31m";
        case Colour::none: break;
    }
    return "";
}

std::string dyed(bool has_colours, Colour colour, std::string_view text) {
    if (!has_colours || colour == Colour::none) {
        return std::string(text);
    }
    return std::string(colour_code(colour)).append(text).append("\x1b[0m");
}

bool is_terminal(std::FILE* stream) { return ::isatty(::fileno(stream)) == 1; }

}  // namespace

Report& Report::add(std::string label, std::string name, std::string value) {
    entries_.push_back({std::move(label), std::move(name), printable(value), json::to_text(value)});
    return *this;
}

Report& Report::add(std::string label, std::string name, std::int64_t value) {
    entries_.push_back(
        {std::move(label), std::move(name), std::to_string(value), std::to_string(value)});
    return *this;
}

Report& Report::add_json(std::string name, std::string json_text) {
    entries_.push_back({std::string(), std::move(name), std::string(), std::move(json_text)});
    return *this;
}

ConsoleOptions Console::options_for(std::FILE* out, std::FILE* err, const std::string& no_colour,
                                    const std::string& term) {
    const bool may_colour = no_colour.empty() && term != "dumb";
    return {.colours_out = may_colour && is_terminal(out),
            .colours_err = may_colour && is_terminal(err),
            .out_is_terminal = is_terminal(out),
            .err_is_terminal = is_terminal(err)};
}

void Console::put(std::FILE* stream, std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stream) != text.size() && stream == out_ &&
        first_error_ == 0) {
        first_error_ = errno == 0 ? EIO : errno;
    }
}

void Console::success(std::string_view text) {
    if (!options_.quiet && !options_.json) {
        put(out_, coloured(Colour::green, "✓") + " " + printable(text) + "\n");
    }
}

void Console::note(std::string_view text) {
    if (!options_.quiet && !options_.json) {
        put(out_, std::string(text) + "\n");
    }
}

void Console::report(const Report& report) {
    if (options_.json) {
        std::string text;
        {
            json::ObjectWriter object(text);
            object.add("success", true).add("message", report.headline_);
            for (const Report::Entry& entry : report.entries_) {
                object.add_raw(entry.name, entry.json);
            }
        }
        json(text);
        return;
    }
    success(report.headline_);
    for (const Report::Entry& entry : report.entries_) {
        if (!entry.label.empty()) {
            put(out_, "  " + entry.label + ": " + entry.shown + "\n");
        }
    }
}

void Console::data(std::string_view text) {
    if (!options_.json) {
        put(out_, text);
    }
}

void Console::json(std::string_view json_text) {
    if (options_.json) {
        put(out_, std::string(json_text) + "\n");
    }
}

void Console::failure(std::string_view text) {
    std::fflush(out_);
    put(err_, dyed(options_.colours_err, Colour::red, "✗") + " " + std::string(text) + "\n");
}

void Console::warning(std::string_view text) {
    std::fflush(out_);
    put(err_, dyed(options_.colours_err, Colour::yellow, "⚠ " + std::string(text)) + "\n");
}

void Console::complain(std::string_view line) {
    std::fflush(out_);
    put(err_, std::string(line) + "\n");
}

std::string Console::coloured(Colour colour, std::string_view text) const {
    return dyed(options_.colours_out, colour, text);
}

void Console::draw(std::string_view text) {
    put(err_, text);
    std::fflush(err_);
}

void Console::ask(std::string_view text) {
    // With --json standard output is for the document alone.
    std::FILE* const stream = options_.json ? err_ : out_;
    put(stream, text);
    std::fflush(stream);
}

core::Result<> Console::finish() {
    if (std::fflush(out_) != 0 && first_error_ == 0) {
        first_error_ = errno;
    }
    if (first_error_ == 0) {
        return {};
    }
    return core::Error(
        core::Errc::unavailable, "output_failed",
        "Cannot write to standard output: " + std::generic_category().message(first_error_));
}

}  // namespace courseselect::cli
