#include "courseselect/nodes/queue/task_news.hpp"

#include <algorithm>
#include <utility>

#include "courseselect/json/writer.hpp"

namespace courseselect::nodes::queue {

void TaskNews::queued(core::StudentId student, const core::Uuid& task, std::size_t position) {
    add(student, json::make_object("task_id", core::format_uuid(task), "status", "pending",
                                   "position", position));
}

void TaskNews::finished(core::StudentId student, const core::Uuid& task, bool success,
                        const std::string& reason) {
    const std::string id = core::format_uuid(task);
    add(student, success ? json::make_object("task_id", id, "status", "completed")
                         : json::make_object("task_id", id, "status", "failed", "reason", reason));
}

void TaskNews::add(core::StudentId student, std::string data) {
    if (!wake_) {
        return;  // nobody will ever ask
    }
    kept_.push_back({.sequence = ++last_,
                     .kind = "task",
                     .course_id = std::nullopt,
                     .student_id = student,
                     .user_name = std::nullopt,
                     .data = json::Raw{std::move(data)}});
    if (kept_.size() > kept_max_) {
        kept_.pop_front();
    }
    wake_();
}

events::Page TaskNews::take(std::int64_t after, std::size_t limit) {
    while (!kept_.empty() && kept_.front().sequence <= after) {
        kept_.pop_front();
    }
    const auto count = static_cast<std::ptrdiff_t>(std::min(limit, kept_.size()));
    events::Page page;
    page.events.assign(kept_.begin(), kept_.begin() + count);
    page.last = page.events.empty() ? std::max(after, last_) : page.events.back().sequence;
    return page;
}

}  // namespace courseselect::nodes::queue
