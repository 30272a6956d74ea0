#include "courseselect/nodes/service_options.hpp"

#include <map>
#include <string>
#include <utility>

namespace courseselect::nodes {
namespace {

/// Every tag of every node; a document shows those that its routes have.
std::map<std::string, std::string> tag_descriptions() {
    return {
        {"administration", "Accounts, registration and reset codes: for administrators."},
        {"audit", "Security events, as they happened: for administrators."},
        {"courses", "Courses: what there is, how many seats are left, who is in them."},
        {"health", "Whether the node is alive and can do its work."},
        {"internal", "Between nodes only (Internal-Token)."},
        {"login", "Login in its steps."},
        {"notifications", "Messages on their way to people, and those given up."},
        {"operation", "Figures for those who run the service."},
        {"own account", "What users change of their own account."},
        {"people", "Students and teachers as the data node knows them."},
        {"quizzes", "Quizzes of a course and the attempts at them."},
        {"queue", "Selections on their way: submit, look, wait, take back."},
        {"reviews", "What students think of a course."},
        {"registration", "New accounts, with a code."},
        {"selection", "Seats taken and given back."},
        {"sessions", "Tokens refreshed and given up."},
        {"settings", "What may change while everything runs: for administrators."},
        {"students", "Students of a course or teacher."},
        {"tags", "Tags of courses and students."},
        {"two-factor", "Codes of an authenticator: set up, checked, reset."},
        {"user sessions", "Logins, sessions and the caller's own user, by email or name."},
        {"users", "Other people's accounts: for administrators."},
        {"videos", "Videos of a course, how far students have come, and their chats."},
        {"wallets", "Credits of users, entry by entry: for administrators."},
    };
}

}  // namespace

api::ServiceOptions service_options(const CommonConfig& common, std::string title) {
    api::ServiceOptions options;
    options.title = std::move(title);
    options.description =
        "A service of the courseselect backend. Errors are `{\"detail\": text}`, faults of a "
        "request "
        "a 422 that lists them all; each answer has an `X-Request-Id` to find it in the logs.";
    options.tag_descriptions = tag_descriptions();
    options.metrics_open = common.metrics_open;
    options.internal_token = common.internal_token;
    options.cors_origins = common.cors_origins;
    options.addresses.trusted_proxies = common.trusted_proxies;
    return options;
}

std::optional<ratelimit::LimiterOptions> bearer_limit(const CommonConfig& common) {
    if (!common.rate_limits) {
        return std::nullopt;
    }
    return ratelimit::LimiterOptions{.bucket = common.bearer_bucket};
}

}  // namespace courseselect::nodes
