#include "courseselect/metrics/process.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <optional>
#include <sstream>

namespace courseselect::metrics {
namespace {

double seconds(const ::timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

/// The fields of proc(5)'s stat behind the program's name, which may itself hold blanks.
struct ProcessStat {
    double threads = 0;
    double start_ticks = 0;  ///< since the machine started
    double virtual_bytes = 0;
    double resident_pages = 0;
};

std::optional<ProcessStat> read_stat() {
    std::ifstream file("/proc/self/stat");
    std::string text;
    std::getline(file, text);
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) {
        return std::nullopt;
    }
    std::istringstream fields(text.substr(name_end + 1));
    std::string skipped;
    const auto skip = [&](int count) {
        for (int i = 0; i < count; ++i) {
            fields >> skipped;
        }
    };
    ProcessStat stat;
    skip(17);  // fields 3 to 19
    fields >> stat.threads;
    skip(1);
    fields >> stat.start_ticks >> stat.virtual_bytes >> stat.resident_pages;
    return fields ? std::optional(stat) : std::nullopt;
}

/// When the machine started, in seconds of the epoch.
std::optional<double> read_boot_time() {
    std::ifstream file("/proc/stat");
    std::string word;
    while (file >> word) {
        double value = 0;
        if (word == "btime" && file >> value) {
            return value;
        }
    }
    return std::nullopt;
}

/// Since Linux 6.2 the directory's size is the number of its entries; before it is 0.
std::optional<double> count_descriptors() {
    constexpr const char* directory = "/proc/self/fd";
    struct ::stat status {};
    if (::stat(directory, &status) == 0 && status.st_size > 0) {
        return static_cast<double>(status.st_size);
    }
    const std::unique_ptr<::DIR, int (*)(::DIR*)> entries(::opendir(directory), &::closedir);
    if (!entries) {
        return std::nullopt;
    }
    double count = 0;
    while (const ::dirent* entry = ::readdir(entries.get())) {
        count += entry->d_name[0] != '.';
    }
    return count - 1;  // without the one that reads
}

void collect_descriptors(Scrape& scrape) {
    if (const auto open = count_descriptors()) {
        scrape.gauge("process_open_fds", "Number of open file descriptors.", *open);
    }
    ::rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        scrape.gauge("process_max_fds", "Maximum number of open file descriptors.",
                     static_cast<double>(limit.rlim_cur));
    }
}

}  // namespace

void collect_process(Scrape& scrape) {
    ::rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) == 0) {
        scrape.counter("process_cpu_seconds_total",
                       "Total user and system CPU time spent in seconds.",
                       seconds(usage.ru_utime) + seconds(usage.ru_stime));
    }
    if (const auto stat = read_stat()) {
        scrape.gauge("process_resident_memory_bytes", "Resident memory size in bytes.",
                     stat->resident_pages * static_cast<double>(::sysconf(_SC_PAGESIZE)));
        scrape.gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.",
                     stat->virtual_bytes);
        scrape.gauge("process_threads", "Number of threads of the process.", stat->threads);
        if (const auto boot = read_boot_time()) {
            scrape.gauge("process_start_time_seconds",
                         "Start time of the process since the Unix epoch in seconds.",
                         *boot + stat->start_ticks / static_cast<double>(::sysconf(_SC_CLK_TCK)));
        }
    }
    collect_descriptors(scrape);
}

}  // namespace courseselect::metrics
