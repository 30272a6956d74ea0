#pragma once
/// The student node's copy of the catalogue: young, cheap to keep, and never the one that decides.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "courseselect/async/mutex.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/net/http/client.hpp"
#include "courseselect/nodes/node.hpp"
#include "courseselect/nodes/wire/course.hpp"

namespace courseselect::nodes::student {

/// Asks the data node only for what changed since the last time. Many callers share one call.
/// Thread-safety: the runtime's loop.
class CatalogueSnapshot {
  public:
    using Courses = std::map<core::CourseId, wire::Course>;

    CatalogueSnapshot(Runtime runtime, net::http::Client& data_node, std::string internal_token,
                      std::chrono::milliseconds call_timeout = std::chrono::seconds{5});

    /// True when the copy is at most that old.
    [[nodiscard]] bool is_younger_than(std::chrono::milliseconds age) const;
    /// Makes the copy at most that old. Errors: unavailable (the data node does not answer; the old
    /// copy stays).
    [[nodiscard]] async::Task<core::Result<>> refresh(std::chrono::milliseconds age);

    /// By id. Pointers into it hold until the next await.
    [[nodiscard]] const Courses& courses() const { return courses_; }
    [[nodiscard]] const wire::Course* find(core::CourseId id) const;
    /// False until the first successful refresh.
    [[nodiscard]] bool is_loaded() const { return is_loaded_; }

  private:
    [[nodiscard]] async::Task<core::Result<>> fetch();
    void apply(wire::Catalogue changes);

    Runtime runtime_;
    net::http::Client& data_node_;
    std::string internal_token_;
    std::chrono::milliseconds call_timeout_;
    async::Mutex fetching_;
    Courses courses_;
    std::int64_t epoch_ = 0;
    std::int64_t structure_ = 0;
    std::int64_t version_ = 0;
    core::MonoTime fetched_at_{};  ///< when the request of the present copy left
    bool is_loaded_ = false;
};

}  // namespace courseselect::nodes::student
