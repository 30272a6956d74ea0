#include "courseselect/core/config.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

namespace courseselect::core {

namespace {

constexpr std::uintmax_t kEnvFileBytesMax = 1'048'576;
constexpr std::size_t kListItemsMax = 1'000;

/// Hides the passwords of a URL: `scheme://user:password@host` (the last '@' counts, a password may
/// hold some itself) and `?password=...`.
std::string mask_url(std::string text) {
    const std::size_t scheme = text.find("://");
    if (scheme == std::string::npos) {
        return text;
    }
    const std::size_t at = text.rfind('@');
    const std::size_t colon = text.find(':', scheme + 3);
    if (at != std::string::npos && colon < at) {
        text.replace(colon + 1, at - colon - 1, "***");
    }
    constexpr std::string_view kParameter = "password=";
    for (std::size_t found = text.find(kParameter, scheme); found != std::string::npos;
         found = text.find(kParameter, found)) {
        found += kParameter.size();
        text.replace(found, std::min(text.find('&', found), text.size()) - found, "***");
    }
    return text;
}

std::string lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

/// A whole number directly followed by a unit, times that unit. Nothing when it would overflow.
std::optional<std::int64_t> scaled(const std::string& text,
                                   const std::map<std::string, std::int64_t, std::less<>>& units) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto unit = units.find(lower_case(std::string(end, text.data() + text.size())));
    std::int64_t product = 0;
    if (error != std::errc{} || unit == units.end() ||
        __builtin_mul_overflow(number, unit->second, &product)) {
        return std::nullopt;
    }
    return product;
}

Error system_error(const std::string& what) {
    return Error(Errc::unavailable, fmt::format("{}: {}", what, std::strerror(errno)));
}

struct FileDescriptor {
    int number;
    explicit FileDescriptor(int descriptor) : number(descriptor) {}
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;
    ~FileDescriptor() {
        if (number >= 0) {
            ::close(number);
        }
    }
};

std::optional<std::string> read_text_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return in.good() || in.eof() ? std::optional(out.str()) : std::nullopt;
}

bool write_whole(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            return false;
        }
        text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    return true;
}

/// Replaces the file by one with this text, mode 0600, and returns when both the text and its name
/// are on the disk: a secret that was handed out must not be gone after a power failure. The caller
/// holds the lock.
Result<> replace_secret_file(const std::string& path, const std::string& text) {
    const std::string fresh = path + ".new";
    ::unlink(fresh.c_str());
    const FileDescriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file.number < 0 || !write_whole(file.number, text) || ::fsync(file.number) != 0 ||
        ::rename(fresh.c_str(), path.c_str()) != 0) {
        return system_error(path);
    }
    const std::filesystem::path parent = std::filesystem::path(path).parent_path();
    const std::string directory = parent.empty() ? "." : parent.string();
    const FileDescriptor entry(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (entry.number < 0 || ::fsync(entry.number) != 0) {
        return system_error(directory);
    }
    return {};
}

/// The file's text, nothing when there is no file. Errors: those of `ensure_secrets`.
Result<std::optional<std::string>> read_secret_file(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) {
            return std::optional<std::string>();
        }
        return system_error(path);
    }
    if ((status.st_mode & 077) != 0) {
        return Error(Errc::failed_precondition, "others may read " + path + ": chmod 600 it");
    }
    auto text = read_text_file(path);
    if (!text) {
        return system_error(path);
    }
    return text;
}

/// `NAME='value'` so that `parse_dotenv` gives the value back. Errors: invalid_argument when no
/// spelling does ("${...}" is replaced even within quotes) or the value is empty.
Result<std::string> secret_line(const std::string& name, const std::string& value) {
    std::string line = name + "='";
    for (const char c : value) {
        line.append(c == '\'' || c == '\\' ? "\\" : "").push_back(c);
    }
    line += "'\n";
    const auto entries = parse_dotenv(line);
    if (value.empty() || !entries || entries->size() != 1 || entries->front().name != name ||
        entries->front().value != value) {
        return Error(Errc::invalid_argument, "the secret made for " + name + " cannot be kept");
    }
    return line;
}

}  // namespace

Environment Environment::of_process() {
    Environment result;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const std::size_t equals = text.find('=');
        if (equals != std::string_view::npos) {
            result.set_variable(std::string(text.substr(0, equals)),
                                std::string(text.substr(equals + 1)));
        }
    }
    return result;
}

void Environment::add(Origin origin, std::string name, std::string value, std::string where) {
    const auto found = settings_.find(name);
    if (value.empty() || (found != settings_.end() && found->second.origin < origin)) {
        return;
    }
    settings_[std::move(name)] = Setting{std::move(value), origin, std::move(where)};
}

void Environment::set_flag(std::string name, std::string value) {
    add(Origin::flag, std::move(name), std::move(value), "flag");
}
void Environment::set_variable(std::string name, std::string value) {
    add(Origin::environment, std::move(name), std::move(value), "environment variable");
}

void Environment::load_file(Origin origin, const std::string& path) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
        return;
    }
    const std::uintmax_t size = std::filesystem::file_size(path, error);
    const auto text = error || size > kEnvFileBytesMax ? std::nullopt : read_text_file(path);
    if (!text) {
        add_fault(path + " cannot be read or is over 1 MiB");
        return;
    }
    auto entries = parse_dotenv(*text, [this](const std::string& name) {
        const Setting* setting = find(name);
        return setting == nullptr ? nullptr : &setting->value;
    });
    if (!entries) {
        add_fault(path + " " + entries.error().detail());
        return;
    }
    for (DotenvEntry& entry : *entries) {
        add(origin, std::move(entry.name), std::move(entry.value),
            fmt::format("{} line {}", path, entry.line));
    }
}

const Environment::Setting* Environment::find(std::string_view name) const {
    const auto found = settings_.find(name);
    return found == settings_.end() ? nullptr : &found->second;
}
bool Environment::has(std::string_view name) const { return find(name) != nullptr; }

const Environment::Setting* Environment::ask(const std::string& name,
                                             std::string_view shown_fallback, bool secret) {
    const Setting* setting = find(name);
    asked_[name] = setting == nullptr
                       ? Asked{mask_url(std::string(shown_fallback)), "default"}
                       : Asked{secret ? "***" : mask_url(setting->value), setting->where};
    return setting;
}

void Environment::fault(const std::string& name, const Setting& setting, std::string_view problem,
                        std::string_view remedy, bool secret) {
    add_fault(fmt::format("{}={} ({}) {}: {}", name, secret ? "***" : mask_url(setting.value),
                          setting.where, problem, remedy));
}

std::string Environment::text(const std::string& name, std::string fallback, LengthBounds bounds) {
    const Setting* setting = ask(name, fallback, false);
    if (setting == nullptr) {
        return fallback;
    }
    if (setting->value.size() < bounds.min || setting->value.size() > bounds.max) {
        fault(name, *setting, "has a bad length",
              fmt::format("give {} to {} bytes", bounds.min, bounds.max));
        return fallback;
    }
    return setting->value;
}

std::string Environment::choice(const std::string& name, std::string fallback,
                                const std::vector<std::string>& choices) {
    const Setting* setting = ask(name, fallback, false);
    if (setting == nullptr) {
        return fallback;
    }
    if (std::find(choices.begin(), choices.end(), setting->value) == choices.end()) {
        fault(name, *setting, "is not a choice",
              fmt::format("use one of {}", fmt::join(choices, ", ")));
        return fallback;
    }
    return setting->value;
}

std::int64_t Environment::integer(const std::string& name, std::int64_t fallback,
                                  IntegerBounds bounds) {
    const Setting* setting = ask(name, std::to_string(fallback), false);
    if (setting == nullptr) {
        return fallback;
    }
    const auto value = scaled(setting->value, {{"", 1}});
    if (!value || *value < bounds.min || *value > bounds.max) {
        fault(name, *setting, "is not a valid number",
              fmt::format("give a whole number from {} to {}", bounds.min, bounds.max));
        return fallback;
    }
    return *value;
}

bool Environment::boolean(const std::string& name, bool fallback) {
    const Setting* setting = ask(name, fallback ? "true" : "false", false);
    if (setting == nullptr) {
        return fallback;
    }
    const std::string value = lower_case(setting->value);
    const bool yes = value == "true" || value == "yes" || value == "on" || value == "1";
    if (!yes && value != "false" && value != "no" && value != "off" && value != "0") {
        fault(name, *setting, "is neither true nor false", "use true or false");
        return fallback;
    }
    return yes;
}

std::chrono::milliseconds Environment::duration(const std::string& name,
                                                std::chrono::milliseconds fallback,
                                                DurationBounds bounds) {
    const Setting* setting = ask(name, fmt::format("{}ms", fallback.count()), false);
    if (setting == nullptr) {
        return fallback;
    }
    const auto value = scaled(
        setting->value,
        {{"ms", 1}, {"", 1'000}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}});
    if (!value || *value < bounds.min.count() || *value > bounds.max.count()) {
        fault(name, *setting, "is not a valid duration",
              fmt::format("give {}ms to {}ms, as 250ms, 30s, 5m, 2h or 1d", bounds.min.count(),
                          bounds.max.count()));
        return fallback;
    }
    return std::chrono::milliseconds{*value};
}

std::int64_t Environment::bytes(const std::string& name, std::int64_t fallback,
                                IntegerBounds bounds) {
    const Setting* setting = ask(name, std::to_string(fallback), false);
    if (setting == nullptr) {
        return fallback;
    }
    const auto value = scaled(setting->value, {{"", 1},
                                               {"b", 1},
                                               {"k", 1024},
                                               {"kib", 1024},
                                               {"kb", 1000},
                                               {"m", 1 << 20},
                                               {"mib", 1 << 20},
                                               {"mb", 1'000'000},
                                               {"g", 1 << 30},
                                               {"gib", 1 << 30},
                                               {"gb", 1'000'000'000}});
    if (!value || *value < bounds.min || *value > bounds.max) {
        fault(name, *setting, "is not a valid size",
              fmt::format("give {} to {} bytes, as 4096, 64KiB or 10MB", bounds.min, bounds.max));
        return fallback;
    }
    return *value;
}

std::vector<std::string> Environment::list(const std::string& name,
                                           const std::vector<std::string>& fallback) {
    const Setting* setting = ask(name, fmt::format("{}", fmt::join(fallback, ",")), false);
    if (setting == nullptr) {
        return fallback;
    }
    std::vector<std::string> items;
    std::istringstream in(setting->value);
    for (std::string item; std::getline(in, item, ',');) {
        const std::size_t first = item.find_first_not_of(" \t");
        if (first != std::string::npos) {
            items.push_back(item.substr(first, item.find_last_not_of(" \t") - first + 1));
        }
    }
    if (items.size() > kListItemsMax) {
        fault(name, *setting, "has too many items", "give at most 1000");
        return fallback;
    }
    return items;
}

Secret Environment::read_secret(const std::string& name, LengthBounds bounds, bool required) {
    const Setting* setting = ask(name, "(not set)", true);
    if (setting == nullptr) {
        if (required) {
            add_fault(name + " is not set: put it into the environment or an .env file");
        }
        return Secret{};
    }
    if (setting->value.size() < bounds.min || setting->value.size() > bounds.max) {
        fault(name, *setting, "has a bad length",
              fmt::format("give {} to {} bytes", bounds.min, bounds.max), true);
        return Secret{};
    }
    return Secret(setting->value);
}
Secret Environment::secret(const std::string& name, LengthBounds bounds) {
    return read_secret(name, bounds, false);
}
Secret Environment::required_secret(const std::string& name, LengthBounds bounds) {
    return read_secret(name, bounds, true);
}

Result<std::vector<std::string>> Environment::ensure_secrets(const std::string& file,
                                                             const std::vector<std::string>& names,
                                                             const SecretMaker& make) {
    const std::filesystem::path parent = std::filesystem::path(file).parent_path();
    if (!parent.empty()) {
        std::error_code ignored;  // what went wrong shows when the lock is opened
        std::filesystem::create_directories(parent, ignored);
    }
    const FileDescriptor lock(::open((file + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (lock.number < 0 || ::flock(lock.number, LOCK_EX) != 0) {
        return system_error(file + ".lock");
    }
    COURSESELECT_TRY(const std::optional<std::string> present, read_secret_file(file));
    std::string text =
        present.value_or("# Generated at first start. Keep it secret and back it up.\n");
    const auto entries = parse_dotenv(text);
    if (!entries) {
        return Error(Errc::data_corrupt, file + " " + entries.error().detail());
    }
    if (!text.empty() && text.back() != '\n') {
        text.push_back('\n');
    }
    std::vector<std::string> created;
    for (const std::string& name : names) {
        const bool kept = std::any_of(
            entries->begin(), entries->end(),
            [&](const DotenvEntry& entry) { return entry.name == name && !entry.value.empty(); });
        if (!kept && !has(name)) {
            COURSESELECT_TRY(const std::string line, secret_line(name, make(name)));
            text += line;
            created.push_back(name);
        }
    }
    if (!created.empty()) {
        COURSESELECT_TRY_OK(replace_secret_file(file, text));
    }
    load_file(Origin::secrets_file, file);
    return created;
}

Result<> Environment::preview_secrets(const std::string& file,
                                      const std::vector<std::string>& names,
                                      const SecretMaker& make) {
    COURSESELECT_TRY(const std::optional<std::string> present, read_secret_file(file));
    if (present) {
        const auto entries = parse_dotenv(*present);
        if (!entries) {
            return Error(Errc::data_corrupt, file + " " + entries.error().detail());
        }
        load_file(Origin::secrets_file, file);
    }
    for (const std::string& name : names) {
        if (!has(name)) {
            add(Origin::secrets_file, name, make(name), file + ", made at the start");
        }
    }
    return {};
}

void Environment::add_fault(std::string message) { faults_.push_back(std::move(message)); }

Result<> Environment::check() const {
    if (faults_.empty()) {
        return {};
    }
    return Error(Errc::invalid_argument, fmt::format("{}", fmt::join(faults_, "\n")));
}

std::vector<std::string> Environment::warnings() const {
    std::vector<std::string> found;
    for (const auto& [name, setting] : settings_) {
        const bool ours = name.starts_with("COURSESELECT_") || setting.origin == Origin::flag;
        if (ours && asked_.find(name) == asked_.end()) {
            found.push_back(
                fmt::format("{} ({}) is not known and has no effect", name, setting.where));
        }
    }
    return found;
}

std::string Environment::report() const {
    std::string out;
    for (const auto& [name, asked] : asked_) {
        out += fmt::format("{}={}  # {}\n", name, asked.shown, asked.where);
    }
    return out;
}

}  // namespace courseselect::core
