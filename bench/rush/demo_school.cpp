#include "rush/demo_school.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

#include "courseselect/auth/totp.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/secret.hpp"
#include "rush/databases.hpp"

namespace courseselect::bench {
namespace {

constexpr std::string_view demo_password = "demo-password-1";
constexpr const char* day_names[] = {"monday", "tuesday",  "wednesday", "thursday",
                                     "friday", "saturday", "sunday"};

struct Reply {
    int status = 0;
    json::Value body;

    [[nodiscard]] std::string text(std::string_view name) const {
        return body[name].string().value_or("");
    }
};

/// Who sends a request.
struct Sender {
    std::string address;
    std::string token;  ///< bearer; may be empty
};

std::string post(std::string_view path, const Sender& sender, std::string_view body) {
    std::string authorization;
    if (!sender.token.empty()) {
        authorization = fmt::format("Authorization: Bearer {}\r\n", sender.token);
    }
    return fmt::format(
        "POST {} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {}\r\n{}Content-Type: "
        "application/json\r\nContent-Length: {}\r\n\r\n{}",
        path, sender.address, authorization, body.size(), body);
}

std::string totp_body(const std::string& secret) {
    const auto step = auth::totp_step(core::SystemClock().wall_now());
    const auto code = auth::totp_code(core::Secret(secret), step);
    if (!code) {
        throw std::runtime_error("the TOTP secret is not base32");
    }
    return fmt::format(R"({{"totp_code":"{}"}})", *code);
}

/// Sends the same step for many people over a few connections.
class Step {
  public:
    using Write = std::function<std::string(std::size_t person)>;

    Step(const Terminal& terminal, std::size_t connections)
        : terminal_(terminal), connections_(connections) {}

    /// Replies by person. Without a label nothing is shown.
    std::vector<Reply> run(const std::string& label, std::uint16_t port, std::size_t people,
                           const Write& write) const {
        std::vector<Reply> replies(people);
        std::optional<Progress> progress;
        if (!label.empty()) {
            progress.emplace(terminal_, label, people);
        }
        std::size_t done = 0;
        LoadDriver driver({.port = port,
                           .connections = std::min(connections_, people),
                           .time_max = std::chrono::seconds{600}});
        driver.run(
            people, [&](std::size_t person, std::string& out) { out += write(person); },
            [&](const Answer& answer) {
                Reply& reply = replies[answer.request];
                reply.status = answer.status;
                if (auto body = json::Value::parse(answer.body)) {
                    reply.body = *std::move(body);
                }
                ++done;
                if (progress) {
                    progress->show(done);
                }
            });
        if (progress) {
            progress->finish(done);
        }
        return replies;
    }

    Reply one(std::uint16_t port, std::string request) const {
        return run("", port, 1, [&](std::size_t) { return request; }).front();
    }

  private:
    const Terminal& terminal_;
    std::size_t connections_;
};

void require(const Reply& reply, const std::string& what) {
    if (reply.status != 200) {
        const json::Value detail = reply.body["detail"];
        throw std::runtime_error(fmt::format("{}: answered {} {}", what, reply.status,
                                             detail.string().value_or(detail.text())));
    }
}

void require(const std::vector<Reply>& replies, const std::string& what) {
    for (const Reply& reply : replies) {
        require(reply, what);
    }
}

/// What `POST /bulk/import/courses` takes.
std::string course_json(const PlannedCourse& course, const std::string& name) {
    return fmt::format(
        R"({{"course_name":"{}","course_credit":{},"course_type":"{}","course_location":"{}",)"
        R"("course_capacity":{},"course_schedule":{{"{}":[{}]}},"course_tags":[],)"
        R"("course_notes":"Made by the demo."}})",
        name, course.credit_hundredths / 100.0, course.type, course.location, course.capacity,
        day_names[course.weekday - 1], fmt::join(course.periods, ","));
}

class SchoolOpening {
  public:
    SchoolOpening(const SchoolOptions& options, const Workload& workload, int term,
                  const Terminal& terminal)
        : options_(options), workload_(workload), step_(terminal, options.connections) {
        school_.term = term;
    }

    School open() {
        log_in_admin();
        teacher_code_ = make_code("teacher", options_.teachers + terms_tried_max);
        student_code_ = make_code("student", options_.students);
        find_free_term();
        register_teachers();
        import_courses();
        register_students();
        log_in_students();
        return std::move(school_);
    }

  private:
    static constexpr int terms_tried_max = 1000;

    [[nodiscard]] Sender admin() const { return {"10.255.255.1", admin_token_}; }
    [[nodiscard]] Sender teacher(std::size_t i, std::string token = {}) const {
        return {person_address(school_.term, 60'000 + i), std::move(token)};
    }
    [[nodiscard]] Sender student(std::size_t i, std::string token = {}) const {
        return {person_address(school_.term, i), std::move(token)};
    }
    [[nodiscard]] std::string name(std::string_view kind, std::size_t i) const {
        return fmt::format("demo{}-{}{:03}", school_.term, kind, i + 1);
    }
    [[nodiscard]] static std::string credentials(const std::string& username) {
        return fmt::format(R"({{"username":"{}","password":"{}"}})", username, demo_password);
    }
    [[nodiscard]] std::string registration(const char* kind, std::size_t i) const {
        return fmt::format(
            R"({{"username":"{}","password":"{}","user_type":"{}","registration_code":"{}"}})",
            name(kind, i), demo_password, kind, kind[0] == 't' ? teacher_code_ : student_code_);
    }

    void log_in_admin() {
        const std::string body = fmt::format(R"({{"username":"{}","password":"{}"}})",
                                             options_.admin_name, options_.admin_password);
        const Reply reply = step_.one(options_.ports.auth, post("/login/admin", admin(), body));
        require(reply, "logging in as administrator (ADMIN_PASSWORD)");
        admin_token_ = reply.text("access_token");
    }

    std::string make_code(const char* kind, std::size_t uses) {
        const std::string body = fmt::format(R"({{"user_type":"{}","max_uses":{}}})", kind, uses);
        const Reply reply =
            step_.one(options_.ports.auth, post("/generate/registration-code", admin(), body));
        require(reply, "making a registration code");
        return reply.text("code");
    }

    /// The first teacher of a term that ran before exists already.
    void find_free_term() {
        for (int tried = 0; tried < terms_tried_max; ++tried, ++school_.term) {
            const Reply reply = step_.one(
                options_.ports.auth, post("/register/v1", teacher(0), registration("teacher", 0)));
            if (reply.status == 200) {
                return;
            }
            if (reply.text("detail") != "Username already exists") {
                require(reply, "registering a teacher");
            }
        }
        throw std::runtime_error("no free term number");
    }

    void register_teachers() {
        const std::size_t others = options_.teachers - 1;
        if (others > 0) {
            require(step_.run("Registering teachers", options_.ports.auth, others,
                              [this](std::size_t i) {
                                  return post("/register/v1", teacher(i + 1),
                                              registration("teacher", i + 1));
                              }),
                    "registering a teacher");
        }
        const auto first = step_.run(
            "Teachers log in", options_.ports.auth, options_.teachers, [this](std::size_t i) {
                return post("/login/v1", teacher(i), credentials(name("teacher", i)));
            });
        require(first, "logging in a teacher");
        const auto second =
            step_.run("", options_.ports.auth, options_.teachers, [&](std::size_t i) {
                return post("/login/no-2fa", teacher(i, first[i].text("refresh_token")), "{}");
            });
        require(second, "logging in a teacher");
        for (const Reply& reply : second) {
            teacher_tokens_.push_back(reply.text("access_token"));
        }
    }

    void import_courses() {
        std::vector<std::string> lists(options_.teachers);
        std::map<std::string, std::size_t> places;
        for (std::size_t i = 0; i < workload_.courses.size(); ++i) {
            const PlannedCourse& course = workload_.courses[i];
            school_.course_names.push_back(fmt::format("{} (term {})", course.name, school_.term));
            places.emplace(school_.course_names.back(), i);
            std::string& list = lists[i % options_.teachers];
            list += list.empty() ? "" : ",";
            list += course_json(course, school_.course_names.back());
        }
        const auto replies = step_.run(
            "Teachers add courses", options_.ports.teacher, options_.teachers, [&](std::size_t i) {
                return post("/teacher/courses/bulk-import", teacher(i, teacher_tokens_[i]),
                            "[" + lists[i] + "]");
            });
        require(replies, "importing courses");
        school_.courses.resize(workload_.courses.size());
        for (const Reply& reply : replies) {
            for (const json::Value& course : reply.body["imported"].items()) {
                const auto place = places.find(course["course_name"].string().value_or(""));
                if (place != places.end()) {
                    school_.courses[place->second] =
                        core::CourseId(course["course_id"].integer().value_or(0));
                }
            }
            if (reply.body["error_count"].integer().value_or(0) != 0) {
                throw std::runtime_error("importing courses: " + reply.body["errors"].text());
            }
        }
        for (const core::CourseId id : school_.courses) {
            if (!id.is_set()) {
                throw std::runtime_error("importing courses: one was not answered");
            }
        }
    }

    void register_students() {
        const auto first = step_.run(
            "Registering students", options_.ports.auth, options_.students, [this](std::size_t i) {
                return post("/register/v1", student(i), registration("student", i));
            });
        require(first, "registering a student");
        for (const Reply& reply : first) {
            totp_secrets_.push_back(reply.text("totp_secret"));
        }
        require(step_.run("Confirming their 2FA", options_.ports.auth, options_.students,
                          [&](std::size_t i) {
                              return post("/register/v2",
                                          student(i, first[i].text("refresh_token")),
                                          totp_body(totp_secrets_[i]));
                          }),
                "confirming a student's 2FA");
    }

    void log_in_students() {
        const auto first = step_.run(
            "Students log in", options_.ports.auth, options_.students, [this](std::size_t i) {
                return post("/login/v1", student(i), credentials(name("student", i)));
            });
        require(first, "logging in a student");
        const auto second = step_.run(
            "Students give their code", options_.ports.auth, options_.students, [&](std::size_t i) {
                return post("/login/v2", student(i, first[i].text("refresh_token")),
                            totp_body(totp_secrets_[i]));
            });
        require(second, "logging in a student with 2FA");
        for (const Reply& reply : second) {
            school_.student_tokens.push_back(reply.text("access_token"));
        }
    }

    const SchoolOptions& options_;
    const Workload& workload_;
    Step step_;
    School school_;
    std::string admin_token_;
    std::string teacher_code_;
    std::string student_code_;
    std::vector<std::string> teacher_tokens_;
    std::vector<std::string> totp_secrets_;
};

}  // namespace

std::string person_address(int term, std::size_t person) {
    return fmt::format("10.{}.{}.{}", term & 0xff, person >> 8 & 0xff, person & 0xff);
}

School open_school(const SchoolOptions& options, const Workload& workload, int term,
                   const Terminal& terminal) {
    return SchoolOpening(options, workload, term, terminal).open();
}

}  // namespace courseselect::bench
