#include "courseselect/nodes/realtime/told_mark.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>

namespace courseselect::nodes::realtime {
namespace {

constexpr mode_t owner_only = 0600;

core::Error cannot_open(const std::string& path) {
    return {core::Errc::unavailable, "told_mark",
            "cannot open " + path + ": may this user write there?"};
}

}  // namespace

core::Result<std::unique_ptr<ToldMark>> ToldMark::open(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, owner_only);
    if (file < 0) {
        return cannot_open(path);
    }
    void* mapped = MAP_FAILED;
    if (::ftruncate(file, sizeof(std::int64_t)) == 0) {  // a new one is zero
        mapped = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    }
    ::close(file);
    if (mapped == MAP_FAILED) {
        return cannot_open(path);
    }
    return std::unique_ptr<ToldMark>(new ToldMark(static_cast<std::int64_t*>(mapped)));
}

ToldMark::~ToldMark() { ::munmap(mapped_, sizeof *mapped_); }

std::optional<std::int64_t> ToldMark::told() const {
    const std::int64_t number = std::atomic_ref(*mapped_).load(std::memory_order_relaxed);
    return number == 0 ? std::nullopt : std::optional(number - 1);
}

void ToldMark::set(std::int64_t number) {
    std::atomic_ref(*mapped_).store(number + 1, std::memory_order_relaxed);
}

}  // namespace courseselect::nodes::realtime
