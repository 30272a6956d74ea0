#pragma once
/// Streams that a test can read back.

#include <cstdio>
#include <cstdlib>
#include <string>

namespace courseselect::test {

/// A stream into memory.
class Captured {
  public:
    Captured() : stream_(::open_memstream(&text_, &size_)) {}
    Captured(const Captured&) = delete;
    Captured& operator=(const Captured&) = delete;
    ~Captured() {
        std::fclose(stream_);
        std::free(text_);
    }
    [[nodiscard]] std::FILE* stream() const { return stream_; }
    [[nodiscard]] std::string text() const {
        std::fflush(stream_);
        return {text_, size_};
    }

  private:
    char* text_ = nullptr;
    std::size_t size_ = 0;
    std::FILE* stream_;
};

}  // namespace courseselect::test
