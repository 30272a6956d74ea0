#include "courseselect/core/log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <iterator>
#include <memory>
#include <mutex>
#include <utility>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/time_format.hpp"

namespace courseselect::core::log {

namespace {

constexpr std::size_t kQueueLinesLimit = 1'000'000;
/// Long for any disk, short for a person who waits for the program to end.
constexpr std::chrono::seconds kFlushWait{2};
constexpr std::array<std::string_view, 5> kLevelNames = {"debug", "info", "warn", "error", "off"};

/// Writes a whole line with one system call, so that lines of several processes do not mix.
void write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            return;  // a full disk or closed terminal must not stop the service
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

class DescriptorSink final : public spdlog::sinks::base_sink<std::mutex> {
  public:
    DescriptorSink(int descriptor, bool owned) : descriptor_(descriptor), owned_(owned) {}
    ~DescriptorSink() override {
        if (owned_) {
            ::close(descriptor_);
        }
    }

    [[nodiscard]] std::uint64_t flushes() {
        const std::lock_guard lock(flush_mutex_);
        return flushes_;
    }
    /// Waits until there were more than `before` flushes; false when that took too long.
    bool wait_for_flush(std::uint64_t before, std::chrono::milliseconds limit) {
        std::unique_lock lock(flush_mutex_);
        return flushed_.wait_for(lock, limit, [&] { return flushes_ > before; });
    }

  protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        write_all(descriptor_, {message.payload.data(), message.payload.size()});
    }
    void flush_() override {
        const std::lock_guard lock(flush_mutex_);
        ++flushes_;
        flushed_.notify_all();
    }

  private:
    int descriptor_;
    bool owned_;
    std::mutex flush_mutex_;
    std::condition_variable flushed_;
    std::uint64_t flushes_ = 0;
};

/// The open session's writer; all null without one. Copied under the mutex, so a thread that logs
/// while the session ends keeps thread and sink alive for its line.
struct Writer {
    std::shared_ptr<DescriptorSink> sink;
    std::shared_ptr<spdlog::details::thread_pool> pool;
    std::shared_ptr<spdlog::logger> logger;
};

struct LogState {
    std::mutex mutex;
    Writer writer;
    std::mutex flush_mutex;  ///< one flush at a time: each then waits for its own
};

/// Never destroyed: a line must be possible while static objects end.
LogState& log_state() {
    static LogState& state = *new LogState;
    return state;
}

Writer current_writer() {
    LogState& state = log_state();
    const std::lock_guard lock(state.mutex);
    return state.writer;
}

using Buffer = fmt::memory_buffer;

void append(Buffer& out, std::string_view text) {
    out.append(text.data(), text.data() + text.size());
}

bool needs_quotes(std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte == 0x7f || c == '"' || c == '=' || c == '\\') {
            return true;
        }
    }
    return text.empty();
}

void append_text(Buffer& out, std::string_view text) {
    if (!needs_quotes(text)) {
        append(out, text);
        return;
    }
    out.push_back('"');
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(c);
        } else if (c == '\n') {
            append(out, "\\n");
        } else if (byte < 0x20 || byte == 0x7f) {
            fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
        } else {
            out.push_back(c);
        }
    }
    out.push_back('"');
}

struct AppendValue {
    Buffer& out;
    void operator()(std::string_view text) const { append_text(out, text); }
    void operator()(bool value) const { append(out, value ? "true" : "false"); }
    void operator()(double value) const {
        fmt::format_to(std::back_inserter(out), "{:.3f}", value);
    }
    void operator()(std::int64_t value) const {
        fmt::format_to(std::back_inserter(out), "{}", value);
    }
    void operator()(std::uint64_t value) const {
        fmt::format_to(std::back_inserter(out), "{}", value);
    }
    void operator()(const Error* value) const { append_text(out, value->to_string()); }
};

void append_line(Buffer& out, Level level, std::string_view event, Fields fields) {
    append(out, "level=");
    append(out, level_name(level));
    append(out, " event=");
    append_text(out, event);
    for (const Field& field : fields) {
        out.push_back(' ');
        append(out, field.key());
        out.push_back('=');
        std::visit(AppendValue{out}, field.value());
    }
}

}  // namespace

namespace detail {

std::atomic<Level> current_level{Level::info};

void write(Level level, std::string_view event, Fields fields) {
    Buffer line;
    append(line, "ts=");
    append(line, format_rfc3339(SystemClock{}.wall_now()));
    line.push_back(' ');
    append_line(line, level, event, fields);
    line.push_back('\n');
    if (const Writer writer = current_writer(); writer.logger) {
        writer.logger->log(spdlog::level::info, spdlog::string_view_t{line.data(), line.size()});
    } else {
        write_all(STDERR_FILENO, {line.data(), line.size()});
    }
}

}  // namespace detail

std::string_view level_name(Level level) { return kLevelNames[static_cast<std::size_t>(level)]; }

std::optional<Level> parse_level(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    if (lower == "warning") {
        return Level::warn;
    }
    for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
        if (lower == kLevelNames[i]) {
            return static_cast<Level>(i);
        }
    }
    return std::nullopt;
}

Result<Session> Session::open(const LogOptions& options) {
    if (options.queue_lines_max == 0 || options.queue_lines_max > kQueueLinesLimit) {
        return Error(Errc::invalid_argument, "queue_lines_max must be 1 to 1000000");
    }
    LogState& state = log_state();
    const std::lock_guard lock(state.mutex);
    if (state.writer.logger) {
        return Error(Errc::failed_precondition, "a log session is open already");
    }
    int descriptor = STDERR_FILENO;
    if (!options.file.empty()) {
        descriptor = ::open(options.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
        if (descriptor < 0) {
            return Error(Errc::unavailable,
                         fmt::format("log file {}: {}", options.file, std::strerror(errno)));
        }
    }
    Writer writer;
    writer.sink = std::make_shared<DescriptorSink>(descriptor, !options.file.empty());
    writer.pool =
        std::make_shared<spdlog::details::thread_pool>(options.queue_lines_max, std::size_t{1});
    writer.logger = std::make_shared<spdlog::async_logger>(
        "courseselect", writer.sink, writer.pool, spdlog::async_overflow_policy::overrun_oldest);
    writer.logger->set_level(spdlog::level::trace);
    state.writer = std::move(writer);
    set_level(options.level);
    return Session(true);
}

Session::~Session() {
    if (!open_) {
        return;
    }
    LogState& state = log_state();
    Writer ended;
    {
        const std::lock_guard lock(state.mutex);
        std::swap(ended, state.writer);
    }
    // The pool's destructor, outside the lock, writes what waits and joins its thread.
}

void set_level(Level level) { detail::current_level.store(level, std::memory_order_relaxed); }

Level level() { return detail::current_level.load(std::memory_order_relaxed); }

std::size_t dropped_lines() {
    LogState& state = log_state();
    const std::lock_guard lock(state.mutex);
    return state.writer.pool ? state.writer.pool->overrun_counter() : 0;
}

bool flush() {
    const Writer writer = current_writer();
    if (!writer.logger) {
        return true;
    }
    const std::lock_guard lock(log_state().flush_mutex);
    const std::uint64_t before = writer.sink->flushes();
    writer.logger->flush();  // only queues the request; the sink counts it when its turn comes
    return writer.sink->wait_for_flush(before, kFlushWait);
}

std::string format_line(Level level, std::string_view event, Fields fields) {
    Buffer line;
    append_line(line, level, event, fields);
    return fmt::to_string(line);
}

}  // namespace courseselect::core::log
