#pragma once
/// The daemons' databases as the bench makes and reads them.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "courseselect/core/ids.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/storage/connection.hpp"
#include "courseselect/storage/database.hpp"
#include "rush/workload.hpp"

namespace courseselect::bench {

/// The value, or std::runtime_error with `what` and the error's own words: a bench that cannot
/// prepare or read its databases has nothing to go on with.
template <class T>
T expect(core::Result<T> result, const std::string& what) {
    if (!result) {
        throw std::runtime_error(what + ": " + std::string(result.error().detail()));
    }
    if constexpr (!std::is_void_v<T>) {
        return *std::move(result);
    }
}

/// A database opened for reading beside the process that owns it.
class ReadOnlyDatabase {
  public:
    /// Throws std::runtime_error when it cannot be opened.
    explicit ReadOnlyDatabase(const std::filesystem::path& file);

    [[nodiscard]] storage::Connection& connection() { return *reader_; }

  private:
    std::unique_ptr<storage::Database> database_;
    std::unique_ptr<storage::Connection> reader_;
};

/// The ids that the term's courses and students got, by their index in the workload.
struct TermIds {
    std::vector<core::CourseId> courses;
    std::vector<core::StudentId> students;
};

/// Makes the data node's database in `file` (which must not exist) with the workload's courses and
/// `students` students, in one transaction. Throws std::runtime_error.
[[nodiscard]] TermIds make_term_database(const std::filesystem::path& file,
                                         const Workload& workload, std::size_t students);

/// Tasks in the queue's database that have no outcome yet. Throws std::runtime_error.
[[nodiscard]] std::int64_t count_undecided(storage::Connection& queue);

}  // namespace courseselect::bench
