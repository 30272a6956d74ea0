#pragma once
/// What a process has used so far, as the kernel tells it in /proc.

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace courseselect::bench {

struct Usage {
    double cpu_seconds = 0;  ///< user and system
    long resident_kib = 0;   ///< counted page by page: the figure in `status` lags behind
    long peak_kib = 0;
};

/// The number behind `name` in a file of lines like "Rss:   123 kB"; 0 when it is not there.
inline long proc_number(const std::string& path, const std::string& name) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(name)) {
            return std::stol(line.substr(name.size()));
        }
    }
    return 0;
}

/// All zero when there is no such process. Reads of a process of another user need root.
inline Usage usage_of(int pid) {
    const std::string directory = "/proc/" + std::to_string(pid) + "/";
    std::ifstream stat(directory + "stat");
    const std::string text(std::istreambuf_iterator<char>(stat), {});
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) {
        return {};
    }
    std::istringstream fields(text.substr(name_end + 2));  // from the third field of proc(5) on
    std::string skipped;
    for (int i = 3; i < 14; ++i) {
        fields >> skipped;
    }
    double user = 0;
    double system = 0;
    fields >> user >> system;
    return {(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK)),
            proc_number(directory + "smaps_rollup", "Rss:"),
            proc_number(directory + "status", "VmHWM:")};
}

}  // namespace courseselect::bench
