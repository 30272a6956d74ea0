#include "screen.hpp"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <cstdio>
#include <cstdlib>
#include <utility>

// After <cstdio>: its declarations use FILE.
#include <readline/history.h>
#include <readline/readline.h>

#include "courseselect/net/line_framer.hpp"

namespace courseselect::apps {
namespace {

constexpr std::size_t typed_bytes_max = 64 * 1024;
constexpr const char* prompt = "> ";
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

/// "10:30" of "2026-01-15T10:30:00".
std::string_view clock_of(std::string_view timestamp) {
    return timestamp.size() >= 16 ? timestamp.substr(11, 5) : timestamp;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool is_c1 =
            byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
        if (text[i] == '\n') {
            out += "\\n";
        } else if (byte < 0x20 || byte == 0x7f) {
            out += fmt::format("\\x{:02x}", byte);
        } else if (is_c1) {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[++i]));
        } else {
            out += text[i];
        }
    }
    return out;
}

struct Screen::State : std::enable_shared_from_this<State> {
    State(async::EventLoop& loop, Options screen_options, OnLine line, OnEnd end)
        : options(screen_options),
          on_line(std::move(line)),
          on_end(std::move(end)),
          input(loop.context(), ::dup(STDIN_FILENO)),
          framer(typed_bytes_max) {}

    /// readline's callback has no argument to tell whose it is.
    static State*& current() {
        static State* state = nullptr;
        return state;
    }
    static void on_readline(char* line) { current()->take_readline(line); }

    void take_readline(char* line) {
        if (line == nullptr) {
            end();
            return;
        }
        const std::string text(line);
        std::free(line);
        // The server's echo shows the message, with its time and place among the others.
        std::fputs("\x1b[1A\x1b[2K\r", stdout);
        std::fflush(stdout);
        if (!text.empty()) {
            ::add_history(text.c_str());
            on_line(text);
        }
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
            std::array<char, 4096> bytes{};
            const ssize_t size = ::read(STDIN_FILENO, bytes.data(), bytes.size());
            if (size <= 0) {
                end();
                return;
            }
            framer.put({bytes.data(), static_cast<std::size_t>(size)});
            while (const auto line = framer.next()) {
                on_line(std::string(*line));
            }
        }
        if (is_open && !has_ended) {
            wait();
        }
    }

    void end() {
        if (!std::exchange(has_ended, true)) {
            remove_prompt();
            on_end();
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
            ::rl_clear_visible_line();
        }
        std::fputs((line + '\n').c_str(), stdout);
        std::fflush(stdout);
        if (has_prompt) {
            ::rl_on_new_line();
            ::rl_redisplay();
        }
    }

    const Options options;
    OnLine on_line;
    OnEnd on_end;
    asio::posix::stream_descriptor input;
    net::LineFramer framer;
    bool is_open = true;
    bool has_ended = false;
    bool has_prompt = false;
};

Screen::Screen(async::EventLoop& loop, Options options, OnLine on_line, OnEnd on_end)
    : state_(std::make_shared<State>(loop, options, std::move(on_line), std::move(on_end))) {
    if (options.is_interactive) {
        State::current() = state_.get();
        ::rl_catch_signals = 0;  // the program's own loop hears them
        ::stifle_history(lines_remembered);
        state_->has_prompt = true;
        ::rl_callback_handler_install(prompt, &State::on_readline);
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
    const std::string_view time = clock_of(message.timestamp);
    state_->print(state_->options.has_colours
                      ? fmt::format("\x1b[2m{}\x1b[0m \x1b[1;38;5;{}m{}\x1b[0m {}", time,
                                    colour_of(sender), sender, text)
                      : fmt::format("{} {}: {}", time, sender, text));
}

void Screen::note(std::string_view text) {
    state_->print(state_->options.has_colours ? fmt::format("\x1b[2m-- {}\x1b[0m", printable(text))
                                              : fmt::format("-- {}", printable(text)));
}

std::string ask_password(const std::string& question) {
    ::termios before{};
    const bool is_terminal = ::tcgetattr(STDIN_FILENO, &before) == 0;
    if (is_terminal) {
        ::termios silent = before;
        silent.c_lflag &= ~static_cast<::tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
        std::fputs(question.c_str(), stdout);
        std::fflush(stdout);
    }
    // Byte by byte: what follows the line is for whoever reads next.
    std::string line;
    char byte = 0;
    while (::read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n') {
        line += byte;
    }
    if (is_terminal) {
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        std::fputs("\n", stdout);
    }
    return line;
}

}  // namespace courseselect::apps
