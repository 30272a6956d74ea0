/// Replays a fuzzer's corpus: linked with each `<name>_fuzz.cpp` (CMakeLists.txt).

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void try_one(const std::string& text, std::size_t size) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    REQUIRE(LLVMFuzzerTestOneInput(bytes, size) == 0);
}

}  // namespace

TEST_SUITE("fuzz") {
    TEST_CASE("the committed corpus, every prefix and every one-byte change of it, passes") {
        // What some format gives a meaning to, and what none does.
        constexpr char changes[] = {'\0', '\n', '\r', '\x1e', ' ', '"',    ':',    '-',
                                    '0',  'A',  'b',  '[',    '{', '\x7f', '\x80', '\xff'};
        int files = 0;
        for (const auto& entry : std::filesystem::directory_iterator(FUZZ_CORPUS)) {
            CAPTURE(entry.path().string());
            std::ifstream file(entry.path(), std::ios::binary);
            std::string text((std::istreambuf_iterator<char>(file)), {});
            for (std::size_t size = 0; size <= text.size(); ++size) {
                try_one(text, size);
            }
            for (char& byte : text) {
                const char before = byte;
                for (const char change : changes) {
                    byte = change;
                    try_one(text, text.size());
                }
                byte = before;
            }
            ++files;
        }
        CHECK(files > 0);
    }
}
