#include "screen.hpp"

#include <fmt/format.h>
#include <langinfo.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

// After <cstdio>: its declarations use FILE.
#include <readline/history.h>
#include <readline/readline.h>

#include "courseselect/net/line_framer.hpp"

namespace courseselect::apps {
namespace {

constexpr std::size_t typed_bytes_max = 1024 * 1024;  // of a line in a pipe
constexpr int lines_remembered = 500;

/// A colour for each name, the same every time: 256-colour codes that can be read on both black and
/// white.
int colour_of(std::string_view name) {
    constexpr std::array colours = {31, 67, 71, 97, 101, 130, 133, 137, 161, 166, 168, 172};
    unsigned hash = 2'166'136'261U;  // FNV-1a
    for (const char c : name) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619U;
    }
    return colours[hash % colours.size()];
}

/// When a message was stored, where this terminal stands.
std::tm local_time_of(const std::string& timestamp) {
    std::tm utc{};
    std::tm local{};
    if (::strptime(timestamp.c_str(), "%Y-%m-%dT%H:%M:%S", &utc) != nullptr) {
        const std::time_t time = ::timegm(&utc);
        ::localtime_r(&time, &local);
    }
    return local;
}

std::string formatted(const char* format, const std::tm& time) {
    std::array<char, 64> text{};
    return {text.data(), std::strftime(text.data(), text.size(), format, &time)};
}

/// How many bytes of the character at `at` must not reach a terminal, and what is shown instead.
struct Unprintable {
    std::size_t bytes = 0;
    std::string shown;
};

Unprintable unprintable_at(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) {
        return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
    };
    if (text[at] == '\n') {
        return {1, "\\n"};
    }
    if (byte(0) < 0x20 || byte(0) == 0x7f) {
        return {1, fmt::format("\\x{:02x}", byte(0))};
    }
    if (byte(0) == 0xc2 && byte(1) < 0xa0) {  // C1 controls
        return {2, fmt::format("\\x{:02x}", byte(1))};
    }
    // U+2028 to U+202E and U+2066 to U+2069: separators of lines, and what turns the direction.
    const bool turns =
        byte(0) == 0xe2 && ((byte(1) == 0x80 && byte(2) >= 0xa8 && byte(2) <= 0xae) ||
                            (byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9));
    if (turns) {
        return {3, fmt::format("\\u20{:02x}", (byte(1) & 0x3fU) << 6U | (byte(2) & 0x3fU))};
    }
    return {};
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const Unprintable found = unprintable_at(text, i);
        out += found.bytes > 0 ? found.shown : std::string(1, text[i]);
        i += std::max<std::size_t>(found.bytes, 1);
    }
    return out;
}

struct Screen::State : std::enable_shared_from_this<State> {
    State(async::EventLoop& event_loop, Options screen_options, OnLine line, OnEnd end)
        : loop(event_loop),
          options(screen_options),
          on_line(std::move(line)),
          on_end(std::move(end)),
          input(event_loop.context(), ::dup(STDIN_FILENO)),
          framer(typed_bytes_max) {}

    /// readline's callbacks have no argument to tell whose they are.
    static State*& current() {
        static State* state = nullptr;
        return state;
    }
    /// The end of the input, and lines ended by another key than Return.
    static void on_readline(char* line) {
        if (line == nullptr) {
            current()->end(true);
            return;
        }
        const std::string text(line);
        std::free(line);
        current()->take_typed(text);
    }
    /// Return: the typed line goes from the screen, however many rows it has. The server's echo
    /// shows it, with its time and place among the others.
    static int on_return(int /*count*/, int /*key*/) {
        const std::string text(::rl_line_buffer, static_cast<std::size_t>(::rl_end));
        current()->clear_typed();
        current()->take_typed(text);
        return 0;
    }
    static char** complete(const char* text, int /*begin*/, int /*end*/) {
        ::rl_attempted_completion_over = 1;  // never the names of files
        return ::rl_completion_matches(text, [](const char* begin, int state) -> char* {
            static std::size_t next = 0;
            const auto& words = current()->words;
            for (next = state == 0 ? 0 : next; next < words.size();) {
                const std::string& word = words[next++];
                if (word.starts_with(begin)) {
                    return ::strdup(word.c_str());
                }
            }
            return nullptr;
        });
    }

    void install() {
        current() = this;
        ::rl_readline_name = "course-chat";
        ::rl_catch_signals = 0;               // the program's own loop hears them
        ::rl_persistent_signal_handlers = 1;  // but SIGWINCH, also between two keys
        ::rl_attempted_completion_function = &State::complete;
        ::stifle_history(lines_remembered);
        has_prompt = true;
        ::rl_callback_handler_install(prompt.c_str(), &State::on_readline);
        for (const ::Keymap keys :
             {::emacs_standard_keymap, ::vi_insertion_keymap, ::vi_movement_keymap}) {
            ::rl_bind_key_in_map('\r', &State::on_return, keys);
            ::rl_bind_key_in_map('\n', &State::on_return, keys);
        }
    }

    void clear_typed() {
        ::rl_clear_visible_line();
        ::rl_replace_line("", 1);
        ::rl_on_new_line();
    }

    void take_typed(const std::string& text) {
        if (text.empty()) {
            return;
        }
        ::add_history(text.c_str());
        ::using_history();  // the arrow keys start from the end again
        // Not from within readline: whoever hears it may end all of this.
        loop.post([self = shared_from_this(), text] {
            if (self->is_open && !self->has_ended) {
                self->on_line(text);
            }
        });
    }

    void wait() {
        input.async_wait(
            asio::posix::descriptor_base::wait_read,
            [self = shared_from_this()](const asio::error_code& error) {
                // A file is always ready, but cannot be waited for.
                if (self->is_open && (!error || error == asio::error::operation_not_supported)) {
                    self->read();
                }
            });
    }

    void read() {
        if (options.is_interactive) {
            ::rl_callback_read_char();
        } else {
            read_pipe();
        }
        if (is_open && !has_ended) {
            wait();
        }
    }

    void read_pipe() {
        std::array<char, 4096> bytes{};
        const ssize_t size = ::read(STDIN_FILENO, bytes.data(), bytes.size());
        if (size <= 0) {
            framer.put("\n");  // the last line counts, whether it has an end or not
            if (const auto line = framer.next(); line && !line->empty()) {
                on_line(std::string(*line));
            }
            end(true);
            return;
        }
        framer.put({bytes.data(), static_cast<std::size_t>(size)});
        while (const auto line = framer.next()) {
            on_line(std::string(*line));
        }
        if (framer.is_too_long()) {
            print(fmt::format("-- A line has more than {} bytes, nothing after it was read",
                              typed_bytes_max));
            end(false);
        }
    }

    void end(bool is_complete) {
        if (!std::exchange(has_ended, true)) {
            remove_prompt();
            on_end(is_complete);
        }
    }

    void remove_prompt() {
        if (std::exchange(has_prompt, false)) {
            ::rl_clear_visible_line();
            ::rl_callback_handler_remove();
            std::fflush(stdout);
        }
    }

    /// Above the line being typed.
    void print(const std::string& line) {
        if (has_prompt) {
            ::rl_check_signals();  // the terminal may have another width by now
            ::rl_clear_visible_line();
        }
        std::fputs((line + '\n').c_str(), stdout);
        std::fflush(stdout);
        if (has_prompt) {
            ::rl_on_new_line();
            ::rl_redisplay();
        }
    }

    async::EventLoop& loop;
    const Options options;
    OnLine on_line;
    OnEnd on_end;
    asio::posix::stream_descriptor input;
    net::LineFramer framer;
    std::string prompt = "> ";
    std::vector<std::string> words;
    std::string last_day;  // of the last message shown
    bool is_open = true;
    bool has_ended = false;
    bool has_prompt = false;
};

Screen::Screen(async::EventLoop& loop, Options options, OnLine on_line, OnEnd on_end)
    : state_(std::make_shared<State>(loop, options, std::move(on_line), std::move(on_end))) {
    if (options.is_interactive) {
        state_->install();
    }
    state_->wait();
}

Screen::~Screen() { close(); }

void Screen::close() {
    state_->is_open = false;
    state_->remove_prompt();
    asio::error_code ignored;
    state_->input.close(ignored);
}

void Screen::show(const chat::ToldMessage& message) {
    const std::string sender = printable(message.sender);
    const std::string text = printable(message.text);
    const std::tm local = local_time_of(message.timestamp);
    if (state_->options.is_interactive) {
        const std::string day = formatted("%A, %Y-%m-%d", local);
        if (std::exchange(state_->last_day, day) != day) {
            note(day);
        }
    }
    const std::string time = formatted("%H:%M", local);
    state_->print(state_->options.has_colours
                      ? fmt::format("\x1b[2m{}\x1b[0m \x1b[1;38;5;{}m{}\x1b[0m {}", time,
                                    colour_of(sender), sender, text)
                      : fmt::format("{} {}: {}", time, sender, text));
}

void Screen::note(std::string_view text) {
    state_->print(state_->options.has_colours ? fmt::format("\x1b[2m-- {}\x1b[0m", printable(text))
                                              : fmt::format("-- {}", printable(text)));
}

void Screen::set_prompt(std::string prompt) {
    state_->prompt = std::move(prompt);
    if (state_->has_prompt) {
        ::rl_clear_visible_line();
        ::rl_set_prompt(state_->prompt.c_str());
        ::rl_on_new_line();
        ::rl_redisplay();
    }
}

void Screen::set_words(std::vector<std::string> words) { state_->words = std::move(words); }

bool Screen::discard_typed() {
    const bool is_searching = RL_ISSTATE(RL_STATE_ISEARCH | RL_STATE_NSEARCH) != 0;
    const bool has_typed = state_->has_prompt && (::rl_end > 0 || is_searching);
    if (has_typed) {
        if (is_searching) {  // Ctrl-R: the search goes, too
            ::rl_callback_sigcleanup();
        }
        state_->clear_typed();
        ::rl_redisplay();
    }
    return has_typed;
}

void use_utf8() {
    std::setlocale(LC_CTYPE, "");
    if (std::strcmp(::nl_langinfo(CODESET), "UTF-8") != 0) {
        ::setenv("LC_ALL", "C.UTF-8", 1);  // readline asks the environment once more
        std::setlocale(LC_CTYPE, "");
    }
}

std::optional<std::string> ask_password(const std::string& question) {
    constexpr char interrupt = 3;  // Ctrl-C
    ::termios before{};
    const bool is_terminal = ::tcgetattr(STDIN_FILENO, &before) == 0;
    if (is_terminal) {
        // Ctrl-C comes as the end of a line: as a signal it would leave the terminal silent.
        ::termios silent = before;
        silent.c_lflag &= ~static_cast<::tcflag_t>(ECHO | ISIG);
        silent.c_cc[VEOL] = interrupt;
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
        std::fputs(question.c_str(), stderr);
    }
    // Byte by byte: what follows the line is for whoever reads next.
    std::string line;
    char byte = 0;
    while (::read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n' &&
           !(is_terminal && byte == interrupt)) {
        line += byte;
    }
    if (is_terminal) {
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        std::fputs("\n", stderr);
        if (byte == interrupt) {
            return std::nullopt;
        }
    }
    return line;
}

}  // namespace courseselect::apps
