#pragma once
/// The bytes of selection requests, with everything that repeats made beforehand, and what their
/// answers say.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/core/ids.hpp"
#include "courseselect/core/secret.hpp"
#include "courseselect/core/uuid.hpp"
#include "rush/load_driver.hpp"
#include "rush/workload.hpp"

namespace courseselect::bench {

/// Access tokens for students, signed with the fleet's secret, good for one hour.
[[nodiscard]] std::vector<std::string> sign_student_tokens(
    const std::vector<core::StudentId>& students, const core::Secret& jwt_secret);

struct SelectionRequestOptions {
    /// X-Forwarded-For of each student; none when empty.
    std::vector<std::string> addresses;
    /// "<prefix>-<number of the request>" in Idempotency-Key; none when empty.
    std::string idempotency_prefix;
};

class SelectionRequests {
  public:
    SelectionRequests(const std::vector<std::string>& tokens, std::vector<core::CourseId> courses,
                      SelectionRequestOptions options = {});

    /// Appends POST /student/course/select (or deselect); `number` makes the key unique.
    void write(const PlannedRequest& request, std::size_t number, std::string& out) const;
    /// Appends GET /student/queue/status.
    void write_status(std::uint32_t student, std::string_view task_id, std::string& out) const;

  private:
    std::vector<std::string> heads_;   ///< header fields of each student
    std::vector<std::string> bodies_;  ///< of each course
    SelectionRequestOptions options_;
};

/// `"name":"value"` in a compact JSON object without escapes in the value; empty when missing.
[[nodiscard]] std::string_view text_member(std::string_view json, std::string_view name);

/// What the answers to submissions were.
struct SubmitTally {
    std::vector<core::Uuid> task_ids;            ///< by request; nil: not accepted
    std::map<std::string, std::size_t> refused;  ///< "400 Course is full" to how often
    std::size_t accepted = 0;
    std::size_t failed = 0;  ///< connection lost, or an answer of 500 and above
    std::vector<std::int64_t> latency_us;

    explicit SubmitTally(std::size_t requests) : task_ids(requests) {}
    void add(const Answer& answer, std::size_t request);
    [[nodiscard]] std::vector<core::Uuid> accepted_ids() const;
};

}  // namespace courseselect::bench
