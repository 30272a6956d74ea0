#include "courseselect/cli/csv_file.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "courseselect/core/encoding.hpp"
#include "courseselect/crypto/digest.hpp"

namespace courseselect::cli {
namespace {

constexpr std::size_t block_bytes = 65'536;

core::Error unreadable(const std::string& path) {
    return {core::Errc::unavailable, "file",
            fmt::format("Cannot read {}: {}", path, std::generic_category().message(errno))};
}

}  // namespace

struct CsvFile::State {
    State(std::FILE* opened, std::string name, const csv::Limits& limits)
        : file(opened), path(std::move(name)), reader(limits) {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { std::fclose(file); }

    core::Result<> read_block() {
        std::array<char, block_bytes> buffer;  // uninitialised: it is filled
        const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), file);
        if (std::ferror(file) != 0) {
            return unreadable(path);
        }
        const std::string_view block(buffer.data(), size);
        digest = crypto::sha256(std::string(crypto::as_text(digest)).append(block));
        is_done = size < buffer.size();
        const auto fed = reader.feed(block);
        const auto read = fed && is_done ? reader.finish() : fed;
        if (!read) {
            return core::Error(core::Errc::data_corrupt, "csv",
                               fmt::format("{}, {}", path, read.error().detail()));
        }
        return {};
    }

    std::FILE* file;
    std::string path;
    csv::Reader reader;
    crypto::Sha256Digest digest{};
    core::Result<> outcome;
    bool is_done = false;
};

CsvFile::CsvFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
CsvFile::CsvFile(CsvFile&&) noexcept = default;
CsvFile::~CsvFile() = default;

core::Result<CsvFile> CsvFile::open(const std::string& path, csv::Limits limits) {
    std::FILE* const file = std::fopen(path.c_str(), "rbe");
    if (file == nullptr) {
        return unreadable(path);
    }
    return CsvFile(std::make_unique<State>(file, path, limits));
}

core::Result<std::optional<csv::Row>> CsvFile::next() {
    auto row = state_->reader.take();
    while (!row && !state_->is_done) {
        COURSESELECT_TRY_OK(state_->outcome);
        state_->outcome = state_->read_block();
        row = state_->reader.take();  // also those before a fault
    }
    if (!row) {
        COURSESELECT_TRY_OK(state_->outcome);
    }
    return row;
}

std::string CsvFile::digest() const { return core::hex_encode(crypto::as_text(state_->digest)); }

}  // namespace courseselect::cli
