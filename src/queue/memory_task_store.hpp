#pragma once
/// `TaskStore` that forgets.

#include <map>
#include <string>

#include "task_store.hpp"

namespace courseselect::queue {

class MemoryTaskStore final : public TaskStore {
  public:
    async::Task<core::Result<std::vector<Inserted>>> insert(std::vector<Task> tasks) override;
    async::Task<core::Result<>> finish(std::vector<Task> tasks) override;
    async::Task<core::Result<>> save_attempt(Task task) override;
    async::Task<core::Result<std::vector<Task>>> load(std::vector<std::int64_t> sequences) override;
    async::Task<core::Result<std::vector<Task>>> older(std::int64_t before, bool given_up_only,
                                                       std::size_t limit) override;
    async::Task<core::Result<PurgeStep>> purge(core::WallTime before, std::int64_t cursor,
                                               std::size_t step) override;

  private:
    std::map<std::int64_t, Task> tasks_;
    std::map<std::pair<core::StudentId, std::string>, std::int64_t> refs_;
};

}  // namespace courseselect::queue
