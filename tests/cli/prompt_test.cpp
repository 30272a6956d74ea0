#include "courseselect/cli/prompt.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <string>

#include "streams.hpp"

using namespace courseselect;

namespace {

/// A pipe that holds what somebody typed. On a terminal tests/cli/terminal_test.py types.
class Typed {
  public:
    explicit Typed(const std::string& text) {
        REQUIRE(::pipe(ends_.data()) == 0);
        REQUIRE(::write(ends_[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
        ::close(ends_[1]);
    }
    Typed(const Typed&) = delete;
    Typed& operator=(const Typed&) = delete;
    ~Typed() { ::close(ends_[0]); }

    [[nodiscard]] int input() const { return ends_[0]; }
    [[nodiscard]] std::string rest() const {
        std::string left(100, '\0');
        const ssize_t size = ::read(ends_[0], left.data(), left.size());
        left.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return left;
    }

  private:
    std::array<int, 2> ends_{};
};

struct Asking {
    explicit Asking(const std::string& text) : typed(text) {}
    Typed typed;
    test::Captured out;
    test::Captured err;
    cli::Console console{out.stream(), err.stream()};
    cli::Prompter prompter{console, typed.input()};
};

}  // namespace

TEST_SUITE("cli/prompt") {
    TEST_CASE("an answer is one line, and what follows stays for others") {
        Asking asking("alice\r\nsecret\nnext\n");
        CHECK_FALSE(asking.prompter.is_terminal());
        CHECK(*asking.prompter.text("Username") == "alice");
        CHECK(asking.prompter.hidden("Password")->reveal() == "secret");
        CHECK(asking.typed.rest() == "next\n");
        CHECK(asking.out.text() == "Username: ");
        CHECK(asking.err.text().empty());
    }

    TEST_CASE("a last line needs no end, an empty line is an empty answer") {
        Asking asking("\nlast");
        CHECK(asking.prompter.hidden("Password")->empty());
        CHECK(asking.prompter.hidden("Password")->reveal() == "last");
    }

    TEST_CASE("the end of input aborts") {
        Asking asking("");
        const auto answer = asking.prompter.text("Username");
        REQUIRE_FALSE(answer.has_value());
        CHECK(answer.error().code() == core::Errc::cancelled);
        CHECK_FALSE(asking.prompter.confirm("Sure?").has_value());
    }

    TEST_CASE("only y and yes are a yes") {
        Asking asking("y\n YES \nn\n\nyesterday\n");
        CHECK(*asking.prompter.confirm("Sure?"));
        CHECK(*asking.prompter.confirm("Sure?"));
        CHECK_FALSE(*asking.prompter.confirm("Sure?"));
        CHECK_FALSE(*asking.prompter.confirm("Sure?"));
        CHECK_FALSE(*asking.prompter.confirm("Sure?"));
        CHECK(asking.out.text().starts_with("Sure? [y/N]: Sure? [y/N]: "));
    }

    TEST_CASE("a line may be as long as its bound, and no longer") {
        Asking fitting(std::string(60'000, 'a') + "\n");
        CHECK(fitting.prompter.text("Username")->size() == 60'000);
        std::FILE* const file = std::tmpfile();
        const std::string long_line(cli::answer_bytes_max + 1, 'a');
        std::fwrite(long_line.data(), 1, long_line.size(), file);
        std::rewind(file);
        test::Captured out;
        cli::Console console(out.stream(), out.stream());
        cli::Prompter prompter(console, ::fileno(file));
        CHECK_FALSE(prompter.text("Username").has_value());
        std::fclose(file);
    }
}
