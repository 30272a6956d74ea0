#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

TEST_SUITE("fuzz/realtime_packet") {
    TEST_CASE("the committed corpus, every prefix and every one-byte change of it, passes") {
        int files = 0;
        for (const auto& entry : std::filesystem::directory_iterator(REALTIME_PACKET_FUZZ_CORPUS)) {
            std::ifstream file(entry.path(), std::ios::binary);
            std::string text((std::istreambuf_iterator<char>(file)), {});
            const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
            for (std::size_t size = 0; size <= text.size(); ++size) {
                REQUIRE(LLVMFuzzerTestOneInput(bytes, size) == 0);
            }
            for (char& byte : text) {
                const char before = byte;
                for (const char change : {'\0', '\x1e', '"', '{', '[', '0', 'b', '\x7f', '\xff'}) {
                    byte = change;
                    REQUIRE(LLVMFuzzerTestOneInput(bytes, text.size()) == 0);
                }
                byte = before;
            }
            ++files;
        }
        CHECK(files > 0);
    }
}
