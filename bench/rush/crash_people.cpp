#include "rush/crash_people.hpp"

#include <fmt/format.h>

#include <chrono>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <utility>

#include "courseselect/auth/totp.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/secret.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/net/http/blocking_client.hpp"

namespace courseselect::bench {
namespace {

constexpr std::size_t registering_threads = 2;
constexpr int code_uses = 5;            // a round and kind
constexpr std::size_t people_min = 4;   // a thread and round
constexpr std::size_t people_max = 12;  // so that somebody finds a code used up
constexpr std::chrono::seconds answer_wait_max{60};
constexpr std::chrono::seconds profiles_wait_max{30};
constexpr std::chrono::milliseconds repeat_pause{20};
constexpr const char* crash_password = "crash-password-1";

struct PersonReply {
    int status = 0;
    std::size_t tries = 1;
    json::Value body;

    [[nodiscard]] std::string text(const char* name) const {
        return body[name].string().value_or("");
    }
};

/// Sends requests to one daemon, each until it is answered below 500.
class Patient {
  public:
    explicit Patient(std::uint16_t port)
        : client_(expect(net::http::BlockingClient::open({{.host = "127.0.0.1", .port = port}}),
                         "a client")) {}

    PersonReply post(const std::string& target, const std::string& token, std::string body) {
        const auto give_up = std::chrono::steady_clock::now() + answer_wait_max;
        for (std::size_t tries = 1;; ++tries) {
            net::http::ClientRequest request;
            request.method = net::http::Method::post;
            request.target = target;
            request.body = body;
            if (!token.empty()) {
                request.headers.push_back({"Authorization", "Bearer " + token});
            }
            const auto answer = client_->send(std::move(request), std::chrono::seconds{10});
            if (answer && answer->status < 500) {
                auto value = json::Value::parse(answer->body);
                return {answer->status, tries, value ? *std::move(value) : json::Value()};
            }
            if (std::chrono::steady_clock::now() > give_up) {
                throw std::runtime_error(
                    fmt::format("{}: no answer below 500 in {} tries", target, tries));
            }
            std::this_thread::sleep_for(repeat_pause);
        }
    }

  private:
    std::unique_ptr<net::http::BlockingClient> client_;
};

[[noreturn]] void unexpected(const std::string& what, const PersonReply& reply) {
    throw std::runtime_error(fmt::format("{}: answered {} {} at try {}", what, reply.status,
                                         reply.body.text(), reply.tries));
}

std::string login_json(const std::string& username) {
    return fmt::format(R"({{"username":"{}","password":"{}"}})", username, crash_password);
}

/// One person's way through the auth node. A step whose repeat is refused because the first try was
/// carried out leaves the person where the first try brought them.
class Person {
  public:
    Person(Patient& auth, std::string username, bool is_student) : auth_(auth) {
        account_.username = std::move(username);
        account_.is_student = is_student;
    }

    /// Nothing when the code is used up.
    std::optional<CrashAccount> live(const std::string& code, bool logs_out) {
        const std::string body = fmt::format(
            R"({{"username":"{}","password":"{}","user_type":"{}","registration_code":"{}"}})",
            account_.username, crash_password, account_.is_student ? "student" : "teacher", code);
        const PersonReply made = auth_.post("/register/v1", "", body);
        if (made.status == 400 && made.text("detail") == "Invalid or expired registration code") {
            return std::nullopt;
        }
        const bool was_made = made.status == 400 && made.tries > 1 &&
                              made.text("detail") == "Username already exists";
        if (made.status != 200 && !was_made) {
            unexpected("registering " + account_.username, made);
        }
        account_.is_promised = true;  // "exists" is a promise too
        account_.is_student ? confirm(made) : log_in();
        if (logs_out && !account_.refresh_token.empty()) {
            const PersonReply out = auth_.post("/logout", account_.refresh_token, "{}");
            if (out.status != 200) {
                unexpected("logging out " + account_.username, out);
            }
            account_.is_logged_out = true;
        }
        return std::move(account_);
    }

  private:
    void confirm(const PersonReply& made) {
        if (made.status != 200) {
            return;  // the answer with the secret was lost
        }
        const auto step = auth::totp_step(core::SystemClock().wall_now());
        const auto code = auth::totp_code(core::Secret(made.text("totp_secret")), step);
        if (!code) {
            unexpected("the TOTP secret of " + account_.username, made);
        }
        const PersonReply confirmed = auth_.post("/register/v2", made.text("refresh_token"),
                                                 fmt::format(R"({{"totp_code":"{}"}})", *code));
        // A code works once: after a lost answer its repeat is refused.
        if (confirmed.status == 200) {
            account_.refresh_token = made.text("refresh_token");
        } else if (confirmed.tries == 1) {
            unexpected("confirming " + account_.username, confirmed);
        }
    }

    void log_in() {
        const PersonReply first = auth_.post("/login/v1", "", login_json(account_.username));
        if (first.status != 200) {
            unexpected("logging in " + account_.username, first);
        }
        const PersonReply second = auth_.post("/login/no-2fa", first.text("refresh_token"), "{}");
        if (second.status == 200) {
            account_.refresh_token = first.text("refresh_token");
        } else if (second.tries == 1) {
            unexpected("finishing the login of " + account_.username, second);
        }
    }

    Patient& auth_;
    CrashAccount account_;
};

std::string kind_of(bool is_student) { return is_student ? "student" : "teacher"; }

}  // namespace

CrashPeople::CrashPeople(const Fleet& fleet, TermIds ids, std::uint64_t seed)
    : fleet_(fleet), ids_(std::move(ids)), seed_(seed) {}

CrashPeople::~CrashPeople() {
    stopping_ = true;
    for (std::thread& thread : threads_) {
        thread.join();
    }
}

void CrashPeople::log_in_admin() {
    const PersonReply reply =
        Patient(fleet_.port("auth"))
            .post("/login/admin", "", R"({"username":"admin","password":"admin123"})");
    if (reply.status != 200) {
        unexpected("logging in as administrator", reply);
    }
    admin_token_ = reply.text("access_token");
}

std::string CrashPeople::make_code(const std::string& kind) {
    const PersonReply reply =
        Patient(fleet_.port("auth"))
            .post("/generate/registration-code", admin_token_,
                  fmt::format(R"({{"user_type":"{}","max_uses":{}}})", kind, code_uses));
    if (reply.status != 200) {
        unexpected("making a registration code", reply);
    }
    return reply.text("code");
}

void CrashPeople::start(std::size_t round) {
    round_ = round;
    if (admin_token_.empty()) {
        log_in_admin();
    }
    for (const bool is_student : {true, false}) {
        round_codes_[kind_of(is_student)] = make_code(kind_of(is_student));
    }
    stopping_ = false;
    made_.assign(registering_threads, {});
    faults_.assign(registering_threads + 1, nullptr);
    const auto guarded = [this](std::size_t place, auto work) {
        threads_.emplace_back([this, place, work] {
            try {
                work();
            } catch (...) {
                faults_[place] = std::current_exception();
            }
        });
    };
    for (std::size_t worker = 0; worker < registering_threads; ++worker) {
        guarded(worker, [this, worker] { register_people(worker); });
    }
    guarded(registering_threads, [this] { move_seats(); });
}

void CrashPeople::finish() {
    stopping_ = true;
    for (std::thread& thread : threads_) {
        thread.join();
    }
    threads_.clear();
    for (std::vector<CrashAccount>& made : made_) {
        std::move(made.begin(), made.end(), std::back_inserter(accounts_));
        made.clear();
    }
    for (const std::exception_ptr& fault : faults_) {
        if (fault) {
            std::rethrow_exception(fault);
        }
    }
}

void CrashPeople::register_people(std::size_t worker) {
    Patient auth(fleet_.port("auth"));
    std::mt19937_64 random(seed_ + (round_ * registering_threads + worker) * 7919);
    for (std::size_t i = 0; i < people_max && (i < people_min || !stopping_); ++i) {
        const bool is_student = i % 2 == worker % 2;
        Person person(auth, fmt::format("crash-{}-{}-{}", round_, worker, i), is_student);
        auto account = person.live(round_codes_.at(kind_of(is_student)), random() % 2 == 0);
        if (account) {
            made_[worker].push_back(*std::move(account));
        }
    }
}

void CrashPeople::move_seats() {
    Patient teacher(fleet_.port("teacher"));
    std::mt19937_64 random(seed_ ^ (round_ + 1) * 104729);
    for (std::size_t i = 0; i < people_max && (i < people_min || !stopping_); ++i) {
        const auto course = ids_.courses[random() % ids_.courses.size()].value();
        const auto student = ids_.students[random() % ids_.students.size()].value();
        const PersonReply given =
            teacher.post("/teacher/course/add-students", admin_token_,
                         fmt::format(R"({{"course_id":{},"student_ids":[{}]}})", course, student));
        if (given.status != 200) {
            unexpected("giving a seat", given);
        }
        const PersonReply taken = teacher.post(
            fmt::format("/teacher/student/remove?course_id={}&student_id={}", course, student),
            admin_token_, "");
        if (taken.status != 200 && taken.status != 400) {  // 400: no seat, or already taken away
            unexpected("taking a seat", taken);
        }
        seats_moved_ += taken.status == 200 ? 1 : 0;
    }
}

std::vector<std::string> CrashPeople::check(bool settled) {
    std::vector<std::string> faults;
    ReadOnlyDatabase auth(fleet_.database("auth"));
    check_codes(auth.connection(), faults);
    check_accounts(auth.connection(), faults);
    check_logouts(faults);
    if (settled) {
        check_profiles(auth.connection(), faults);
    }
    return faults;
}

void CrashPeople::check_codes(storage::Connection& auth, std::vector<std::string>& faults) const {
    // Every account of a round and kind was made with that round's code.
    for (const auto& [kind, code] : round_codes_) {
        const auto first = [](const storage::Row& row) { return row.get<std::int64_t>(0); };
        const auto accounts =
            expect(auth.one("SELECT count(*) FROM users WHERE kind = ? AND username LIKE ?", first,
                            kind, fmt::format("crash-{}-%", round_)),
                   "counting accounts");
        const auto uses =
            expect(auth.one("SELECT uses FROM registration_codes WHERE code = ?", first, code),
                   "reading a code's uses");
        if (uses != accounts || accounts > code_uses) {
            faults.push_back(fmt::format("a {} code of {} uses counts {}, {} accounts have it",
                                         kind, code_uses, uses.value_or(-1),
                                         accounts.value_or(-1)));
        }
    }
}

void CrashPeople::check_accounts(storage::Connection& auth,
                                 std::vector<std::string>& faults) const {
    std::map<std::string, std::string> stored;
    const auto keep = [&stored](const storage::Row& row) {
        stored.emplace(row.get<std::string>(0), row.get<std::string>(1));
    };
    expect(auth.each("SELECT username, kind FROM users", keep), "reading accounts");
    for (const CrashAccount& account : accounts_) {
        const auto found = stored.find(account.username);
        if (account.is_promised &&
            (found == stored.end() || found->second != kind_of(account.is_student))) {
            faults.push_back(fmt::format("the account {} is lost", account.username));
        }
    }
}

void CrashPeople::check_logouts(std::vector<std::string>& faults) {
    Patient auth(fleet_.port("auth"));
    for (; logouts_checked_ < accounts_.size(); ++logouts_checked_) {
        const CrashAccount& account = accounts_[logouts_checked_];
        if (account.refresh_token.empty()) {
            continue;
        }
        const PersonReply reply = auth.post(
            "/auth/refresh", "", fmt::format(R"({{"refresh_token":"{}"}})", account.refresh_token));
        if (account.is_logged_out && reply.status != 401) {
            faults.push_back(fmt::format("{} has logged out, and its token is answered {}",
                                         account.username, reply.status));
        }
        if (!account.is_logged_out && reply.status != 200) {
            faults.push_back(fmt::format("{} has not logged out, and its token is answered {}",
                                         account.username, reply.status));
        }
    }
}

void CrashPeople::check_profiles(storage::Connection& auth,
                                 std::vector<std::string>& faults) const {
    const auto first = [](const storage::Row& row) { return row.get<std::int64_t>(0); };
    const auto give_up = std::chrono::steady_clock::now() + profiles_wait_max;
    while (expect(auth.one("SELECT count(*) FROM profile_outbox", first), "outbox").value_or(0) >
           0) {
        if (std::chrono::steady_clock::now() > give_up) {
            faults.push_back("profiles are still on their way");
            return;
        }
        std::this_thread::sleep_for(repeat_pause);
    }
    std::map<std::pair<std::string, std::int64_t>, std::string> profiles;
    const auto keep = [&profiles](const storage::Row& row) {
        profiles.emplace(std::pair(row.get<std::string>(0), row.get<std::int64_t>(1)),
                         row.get<std::string>(2));
    };
    ReadOnlyDatabase data(fleet_.database("data"));
    expect(data.connection().each("SELECT 'student', student_id, name FROM students UNION ALL "
                                  "SELECT 'teacher', teacher_id, name FROM teachers",
                                  keep),
           "reading profiles");
    const auto compare = [&](const storage::Row& row) {
        const auto kind = row.get<std::string>(0);
        const auto name = row.get<std::string>(2);
        const auto found = profiles.find({kind, row.get<std::int64_t>(1)});
        if (found == profiles.end() || found->second != name) {
            faults.push_back(fmt::format("the {} {} has no profile", kind, name));
        }
    };
    expect(auth.each("SELECT kind, id, username FROM users WHERE kind <> 'admin'", compare),
           "comparing accounts with profiles");
}

std::size_t CrashPeople::registrations() const { return accounts_.size(); }

std::size_t CrashPeople::logouts() const {
    std::size_t count = 0;
    for (const CrashAccount& account : accounts_) {
        count += account.is_logged_out ? 1 : 0;
    }
    return count;
}

}  // namespace courseselect::bench
