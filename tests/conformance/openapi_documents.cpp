/// Writes the OpenAPI document of each of the five nodes, as it serves them, into a directory:
///     openapi_documents DIRECTORY        data.json, auth.json, ...

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "conformance/demo_term.hpp"

using namespace courseselect;

namespace {

void write_documents(const std::filesystem::path& directory) {
    const test::TempDir databases;
    test::RunningTerm term(databases.path());
    for (const nodes::Service service : nodes::all_services) {
        const auto answer = term.call(service, {.target = "/openapi.json"});
        const std::string name = std::string(nodes::service_name(service)) + ".json";
        std::ofstream file(directory / name);
        file << answer.text;
        if (answer.status != 200 || !file.flush()) {
            throw std::runtime_error("cannot write " + name);
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: openapi_documents DIRECTORY\n", stderr);
        return 2;
    }
    try {
        write_documents(argv[1]);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "openapi_documents: %s\n", error.what());
        return 1;
    }
    return 0;
}
