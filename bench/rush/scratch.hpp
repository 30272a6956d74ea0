#pragma once
/// A directory for one run.

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

namespace courseselect::bench {

/// Makes a fresh directory and removes it at the end, unless the caller named it.
class Scratch {
  public:
    explicit Scratch(const std::filesystem::path& wanted) : path_(wanted), owned_(wanted.empty()) {
        if (owned_) {
            std::string name =
                (std::filesystem::temp_directory_path() / "course-bench-XXXXXX").string();
            if (::mkdtemp(name.data()) == nullptr) {
                throw std::runtime_error("cannot make a directory like " + name);
            }
            path_ = name;
        } else if (std::filesystem::exists(path_) && !std::filesystem::is_empty(path_)) {
            throw std::runtime_error(path_.string() + " is not empty");
        } else {
            std::filesystem::create_directories(path_);
        }
        path_ = std::filesystem::absolute(path_);
    }
    ~Scratch() {
        std::error_code ignored;
        if (owned_) {
            std::filesystem::remove_all(path_, ignored);
        }
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
    bool owned_;
};

}  // namespace courseselect::bench
