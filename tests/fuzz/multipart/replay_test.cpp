#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

TEST_SUITE("fuzz/multipart") {
    TEST_CASE("the committed corpus, and every prefix of it, passes") {
        int files = 0;
        for (const auto& entry : std::filesystem::directory_iterator(MULTIPART_FUZZ_CORPUS)) {
            std::ifstream file(entry.path(), std::ios::binary);
            const std::string text((std::istreambuf_iterator<char>(file)), {});
            for (std::size_t size = 0; size <= text.size(); ++size) {
                const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
                CHECK(LLVMFuzzerTestOneInput(bytes, size) == 0);
            }
            ++files;
        }
        CHECK(files > 0);
    }
}
