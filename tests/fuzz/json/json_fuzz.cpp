// Any bytes as a request body and as a parameter: no crash, no leak of memory, and every refusal is
// itself valid JSON. The entry point is libFuzzer's; replay_test.cpp runs the corpus through it.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "courseselect/json/reader.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/json/writer.hpp"
#include "json/sample_types.hpp"

using namespace courseselect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto catalogue = json::parse_body<test::Catalogue>(text);
    if (catalogue) {
        const std::string written = json::to_text(*catalogue);
        if (!json::parse<test::Catalogue>(written)) {
            std::abort();  // what we write we must be able to read
        }
    } else if (!json::Value::parse(json::validation_body(catalogue.errors()))) {
        std::abort();
    }
    const auto login = json::parse_body<test::Login>(text);
    const json::NameValue pairs[] = {{"page", text}, {"student_tags", text}, {"active", text}};
    const auto page = json::parse_query<test::Page>(pairs);
    if (!json::Value::parse(json::validation_body(login.errors())) ||
        !json::Value::parse(json::validation_body(page.errors()))) {
        std::abort();
    }
    return 0;
}
