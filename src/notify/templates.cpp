#include "courseselect/notify/templates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "builtin_templates.hpp"
#include "courseselect/core/check.hpp"

namespace courseselect::notify {
namespace {

namespace fs = std::filesystem;
using core::Errc;
using std::string_view_literals::operator""sv;

constexpr std::size_t template_bytes_max = 64 * 1024;
constexpr std::string_view subject_mark = "Subject: ";

constexpr std::array account_fields{"username"sv, "name"sv};
constexpr std::array status_fields{"username"sv, "name"sv, "status"sv};
constexpr std::array login_fields{"username"sv, "name"sv, "address"sv, "time"sv};
constexpr std::array date_fields{"username"sv, "name"sv, "time"sv};
constexpr std::array course_fields{"username"sv, "name"sv, "course_name"sv};
constexpr std::array refusal_fields{"username"sv, "name"sv, "course_name"sv, "reason"sv};

constexpr std::array all_events{
    EventInfo{"account_created", "An account was made.", account_fields},
    EventInfo{"password_changed", "A password was changed or reset.", account_fields},
    EventInfo{"two_factor_reset", "2FA was switched off or reset.", account_fields},
    EventInfo{"reset_code_made", "A code was made that resets 2FA.", account_fields},
    EventInfo{"account_status", "An account was activated or deactivated.", status_fields},
    EventInfo{"new_login", "A login from an address that is new for the account.", login_fields},
    EventInfo{"session_reused", "A refresh token came twice; the session ended.", login_fields},
    EventInfo{"selection_accepted", "A student got a seat.", course_fields},
    EventInfo{"selection_refused", "A selection was refused.", refusal_fields},
    EventInfo{"selection_ended", "A student left a course or was removed.", course_fields},
    EventInfo{"selection_opens", "Selecting begins soon.", date_fields},
    EventInfo{"selection_closes", "Selecting ends soon.", date_fields},
    EventInfo{"test", "An administrator tries the settings.", account_fields},
};

core::Error template_error(std::string_view file, std::string_view what) {
    return {Errc::invalid_argument, "template", fmt::format("template {}: {}", file, what)};
}

std::string field_list(const EventInfo& event) {
    return fmt::format("{}", fmt::join(event.fields, ", "));
}

std::string one_line(std::string_view value) {
    std::string line(value);
    std::replace_if(
        line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    return line;
}

/// Calls `text(piece)` and `field(name)` in order; false when a `{{` has no end.
template <class OnText, class OnField>
bool walk(std::string_view source, OnText text, OnField field) {
    while (true) {
        const std::size_t open = source.find("{{");
        text(source.substr(0, open));
        if (open == std::string_view::npos) {
            return true;
        }
        const std::size_t close = source.find("}}", open);
        if (close == std::string_view::npos) {
            return false;
        }
        std::string_view name = source.substr(open + 2, close - open - 2);
        while (name.starts_with(' ')) {
            name.remove_prefix(1);
        }
        while (name.ends_with(' ')) {
            name.remove_suffix(1);
        }
        field(name);
        source.remove_prefix(close + 2);
    }
}

core::Result<> check_fields(std::string_view file, const EventInfo& event, std::string_view text) {
    std::string unknown;
    const auto check = [&](std::string_view name) {
        const auto& known = event.fields;
        if (std::find(known.begin(), known.end(), name) == known.end() && unknown.empty()) {
            unknown = name.empty() ? "(nothing)" : std::string(name);
        }
    };
    if (!walk(
            text, [](std::string_view) {}, check)) {
        return template_error(file, "a {{ has no }}");
    }
    if (!unknown.empty()) {
        return template_error(file, fmt::format("there is no field {}; {} has: {}", unknown,
                                                event.name, field_list(event)));
    }
    return {};
}

std::string filled(std::string_view source, const Values& values) {
    std::string text;
    walk(
        source, [&](std::string_view piece) { text += piece; },
        [&](std::string_view name) {
            const auto found = values.find(name);
            text += found == values.end() ? std::string() : one_line(found->second);
        });
    return text;
}

core::Result<std::string> file_content(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string content(template_bytes_max + 1, '\0');
    file.read(content.data(), static_cast<std::streamsize>(content.size()));
    content.resize(static_cast<std::size_t>(file.gcount()));
    if (file.bad() || (content.empty() && !file.eof())) {
        return template_error(path.filename().string(), "cannot be read");
    }
    if (content.size() > template_bytes_max) {
        return template_error(path.filename().string(),
                              fmt::format("over {} bytes", template_bytes_max));
    }
    return content;
}

}  // namespace

std::span<const EventInfo> events() { return all_events; }

const EventInfo* find_event(std::string_view name) {
    const auto found = std::find_if(all_events.begin(), all_events.end(),
                                    [&](const EventInfo& event) { return event.name == name; });
    return found == all_events.end() ? nullptr : found;
}

core::Result<> Templates::add(std::string_view file_name, std::string_view content) {
    const std::size_t dot = file_name.find('.');
    const std::string_view name = file_name.substr(0, dot);
    const EventInfo* event = find_event(name);
    std::string_view rest = dot == std::string_view::npos ? "" : file_name.substr(dot + 1);
    const bool is_text = rest.ends_with(".txt");
    rest.remove_suffix(is_text ? 4 : 0);
    const auto channel = parse_channel(rest);
    if (!is_text || !channel || event == nullptr) {
        return template_error(file_name,
                              "name it <event>.<channel>.txt, like selection_accepted.email.txt");
    }
    COURSESELECT_TRY_OK(check_fields(file_name, *event, content));
    Template made;
    if (channel == Channel::email) {
        const std::size_t line = content.find('\n');
        if (!content.starts_with(subject_mark) || line == std::string_view::npos ||
            line == subject_mark.size() || !content.substr(line + 1).starts_with('\n')) {
            return template_error(file_name, "must begin with 'Subject: ...' and an empty line");
        }
        made.subject = content.substr(subject_mark.size(), line - subject_mark.size());
        content.remove_prefix(line + 2);
    }
    if (content.empty()) {
        return template_error(file_name, "has no text");
    }
    made.text = content;
    templates_.insert_or_assign(Key(name, *channel), std::move(made));
    return {};
}

Templates Templates::built_in() {
    Templates made;
    for (const Asset& asset : builtin_templates()) {
        const auto added = made.add(asset.name, asset.body);
        COURSESELECT_CHECK(added.has_value());  // a test reads each of them
    }
    return made;
}

core::Result<Templates> Templates::load(const std::string& directory) {
    Templates made = built_in();
    std::error_code problem;
    fs::directory_iterator files(directory, problem);
    if (problem) {
        return template_error(directory, problem.message());
    }
    for (const fs::directory_entry& file : files) {
        if (file.path().filename().string().starts_with('.') || !file.is_regular_file(problem)) {
            continue;
        }
        COURSESELECT_TRY(const std::string content, file_content(file.path()));
        COURSESELECT_TRY_OK(made.add(file.path().filename().string(), content));
    }
    return made;
}

core::Result<Rendered> Templates::render(std::string_view event, Channel channel,
                                         const Values& values) const {
    const auto found = templates_.find(Key(event, channel));
    if (found == templates_.end()) {
        return core::Error(Errc::not_found, "event", fmt::format("there is no event {}", event));
    }
    return Rendered{.subject = one_line(filled(found->second.subject, values)),
                    .text = filled(found->second.text, values)};
}

}  // namespace courseselect::notify
