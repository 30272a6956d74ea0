#include "rush/selection_requests.hpp"

#include <fmt/format.h>

#include <iterator>

#include "courseselect/auth/jwt.hpp"
#include "courseselect/core/clock.hpp"
#include "rush/databases.hpp"

namespace courseselect::bench {

std::vector<std::string> sign_student_tokens(const std::vector<core::StudentId>& students,
                                             const core::Secret& jwt_secret) {
    const auto signer = expect(auth::JwtSigner::hs256(jwt_secret), "JWT secret");
    const auto now = std::chrono::floor<std::chrono::seconds>(core::SystemClock().wall_now());
    std::vector<std::string> tokens;
    tokens.reserve(students.size());
    for (const core::StudentId id : students) {
        auth::Claims claims;
        claims.principal.id = id.value();
        claims.principal.username = fmt::format("student{:05}", id.value());
        claims.principal.kind = auth::UserKind::student;
        claims.expires_at = now + std::chrono::hours{1};
        claims.issued_at = now;
        claims.token_id = fmt::format("rush-{}", id.value());
        tokens.push_back(expect(signer.sign(claims), "signing a token"));
    }
    return tokens;
}

SelectionRequests::SelectionRequests(const std::vector<std::string>& tokens,
                                     std::vector<core::CourseId> courses,
                                     SelectionRequestOptions options)
    : options_(std::move(options)) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        std::string head =
            fmt::format("Host: localhost\r\nAuthorization: Bearer {}\r\n", tokens[i]);
        if (!options_.addresses.empty()) {
            head += fmt::format("X-Forwarded-For: {}\r\n", options_.addresses[i]);
        }
        heads_.push_back(std::move(head));
    }
    for (const core::CourseId course : courses) {
        const std::string body = fmt::format(R"({{"course_id":{}}})", course.value());
        bodies_.push_back(fmt::format(
            "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", body.size(), body));
    }
}

void SelectionRequests::write(const PlannedRequest& request, std::size_t number,
                              std::string& out) const {
    out += request.deselect ? "POST /student/course/deselect HTTP/1.1\r\n"
                            : "POST /student/course/select HTTP/1.1\r\n";
    out += heads_[request.student];
    if (!options_.idempotency_prefix.empty()) {
        fmt::format_to(std::back_inserter(out), "Idempotency-Key: {}-{}\r\n",
                       options_.idempotency_prefix, number);
    }
    out += bodies_[request.course];
}

void SelectionRequests::write_status(std::uint32_t student, std::string_view task_id,
                                     std::string& out) const {
    fmt::format_to(std::back_inserter(out),
                   "GET /student/queue/status?task_id={} HTTP/1.1\r\n{}\r\n", task_id,
                   heads_[student]);
}

std::string_view text_member(std::string_view json, std::string_view name) {
    const std::string opening = fmt::format("\"{}\":\"", name);
    const std::size_t found = json.find(opening);
    if (found == std::string_view::npos) {
        return {};
    }
    const std::size_t begin = found + opening.size();
    return json.substr(begin, json.find('"', begin) - begin);
}

void SubmitTally::add(const Answer& answer, std::size_t request) {
    latency_us.push_back(
        std::chrono::duration_cast<std::chrono::microseconds>(answer.latency).count());
    if (answer.status == 0 || answer.status >= 500) {
        ++failed;
    }
    const auto id = core::parse_uuid(text_member(answer.body, "task_id"));
    if (answer.status == 200 && id) {
        ++accepted;
        task_ids[request] = *id;
        return;
    }
    ++refused[answer.status == 0
                  ? "connection lost"
                  : fmt::format("{} {}", answer.status, text_member(answer.body, "detail"))];
}

std::vector<core::Uuid> SubmitTally::accepted_ids() const {
    std::vector<core::Uuid> ids;
    for (const core::Uuid& id : task_ids) {
        if (!id.is_nil()) {
            ids.push_back(id);
        }
    }
    return ids;
}

}  // namespace courseselect::bench
