#include "conformance/demo_term.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "courseselect/auth/totp.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/net/http/local_client.hpp"
#include "courseselect/nodes/assembly.hpp"
#include "courseselect/nodes/host.hpp"
#include "support/run.hpp"

namespace courseselect::test {
namespace {

using net::http::Method;
using nodes::Service;

nodes::ProgramConfig term_config(const std::filesystem::path& directory) {
    nodes::ProgramConfig config;
    config.common.internal_token = core::Secret(std::string(term_internal_token));
    config.common.jwt_secret = core::Secret(std::string(term_jwt_secret));
    config.common.dev = true;
    config.common.rate_limits = false;
    config.common.use_sockets = false;
    config.auth.admin_password = core::Secret("admin123");
    config.auth.super_admin_password = core::Secret("super123");
    config.auth.bcrypt_cost = 4;
    config.database.durability = storage::Durability::off;
    for (const Service service : nodes::all_services) {
        config.listeners.emplace(service, nodes::Listeners{});
        const std::string file = std::string(nodes::service_name(service)) + ".db";
        config.database_urls[service].path = (directory / file).string();
    }
    return config;
}

async::Task<> start_node(nodes::Node& node, std::string& problem) {
    const auto started = co_await node.start();
    problem = started ? "" : started.error().to_string();
}

async::Task<> ask_node(net::http::Handler& handler, net::http::ClientRequest request,
                       TermAnswer& answer) {
    net::http::LocalClient client(handler);
    constexpr std::chrono::seconds patience(30);
    const auto response = co_await client.send(std::move(request), patience);
    if (!response) {
        throw std::runtime_error(response.error().to_string());
    }
    answer.status = response->status;
    answer.text = response->body;
    const auto parsed = json::Value::parse(answer.text);
    if (parsed) {
        answer.body = *parsed;
    }
}

net::http::Header bearer(const std::string& token) { return {"Authorization", "Bearer " + token}; }

}  // namespace

/// Listens, and never accepts: the system completes the handshakes.
class RunningTerm::SilentPeer {
  public:
    SilentPeer() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        if (::bind(descriptor_, any, size) != 0 || ::listen(descriptor_, 16) != 0 ||
            ::getsockname(descriptor_, any, &size) != 0) {
            throw std::runtime_error("no port to listen on");
        }
        port_ = ntohs(address.sin_port);
    }
    ~SilentPeer() { ::close(descriptor_); }
    SilentPeer(const SilentPeer&) = delete;
    SilentPeer& operator=(const SilentPeer&) = delete;
    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    int descriptor_;
    std::uint16_t port_ = 0;
};

RunningTerm::RunningTerm(const std::filesystem::path& directory, bool has_data_node)
    : config_(term_config(directory)),
      host_(std::make_unique<nodes::Host>(loop_, clock_, config_.host)) {
    std::vector<Service> services(std::begin(nodes::all_services), std::end(nodes::all_services));
    if (!has_data_node) {
        std::erase(services, Service::data);
        silent_peer_ = std::make_unique<SilentPeer>();
        config_.common.urls[Service::data] =
            "http://127.0.0.1:" + std::to_string(silent_peer_->port());
    }
    const auto assembled =
        nodes::assemble(*host_, nodes::Runtime{loop_, clock_, random_}, config_, services);
    if (!assembled) {
        throw std::runtime_error(assembled.error().to_string());
    }
    // The host would also listen, and follow settings: nobody here needs that.
    for (nodes::Node* node : host_->nodes()) {
        std::string problem = "did not finish";
        test::run(loop_, start_node(*node, problem));
        if (!problem.empty()) {
            throw std::runtime_error(problem);
        }
        started_.push_back(node);
    }
}

RunningTerm::~RunningTerm() {
    silent_peer_.reset();  // calls that wait for it fail now
    for (nodes::Node* node : started_) {
        node->drain();
    }
    for (auto at = started_.rbegin(); at != started_.rend(); ++at) {
        test::run(loop_, (*at)->stop());
    }
}

nodes::Node& RunningTerm::node(Service service) {
    const std::string name = std::string(nodes::service_name(service)) + "_node";
    for (nodes::Node* node : started_) {
        if (node->name() == name) {
            return *node;
        }
    }
    throw std::runtime_error("no " + name + " in this term");
}

TermAnswer RunningTerm::call(Service service, TermCall call) {
    TermAnswer answer;
    net::http::ClientRequest request{.method = call.method,
                                     .target = std::move(call.target),
                                     .headers = std::move(call.headers),
                                     .body = std::move(call.body)};
    test::run(loop_, ask_node(node(service).handler(), std::move(request), answer));
    return answer;
}

TermAnswer RunningTerm::must_succeed(Service service, TermCall call) {
    const std::string target = call.target;
    TermAnswer answer = this->call(service, std::move(call));
    if (answer.status >= 300) {
        throw std::runtime_error(target + ": " + std::to_string(answer.status) + " " + answer.text);
    }
    return answer;
}

TermAnswer RunningTerm::post(Service service, std::string target, std::string body,
                             const std::string& token) {
    TermCall call{.method = Method::post, .target = std::move(target), .body = std::move(body)};
    if (!token.empty()) {
        call.headers.push_back(bearer(token));
    }
    return must_succeed(service, std::move(call));
}

TermAnswer RunningTerm::post_inside(Service service, std::string target, std::string body) {
    return must_succeed(service,
                        {.method = Method::post,
                         .target = std::move(target),
                         .body = std::move(body),
                         .headers = {{"Internal-Token", std::string(term_internal_token)}}});
}

std::string TermPerson::totp_code() const {
    const std::int64_t now = auth::totp_step(core::SystemClock().wall_now());
    return auth::totp_code(totp_secret, std::max(now, last_step_used + 1)).value();
}

DemoTerm::Copy::Copy(const DemoTerm& term, bool has_data_node) {
    for (const char* database : {"auth.db", "data.db", "queue.db"}) {
        // What the last connection did not move into the database is in its log.
        for (const std::string& name : {std::string(database), std::string(database) + "-wal"}) {
            if (std::filesystem::exists(term.directory_.file(name))) {
                std::filesystem::copy_file(term.directory_.file(name), directory_.file(name));
            }
        }
    }
    running_ = std::make_unique<RunningTerm>(directory_.path(), has_data_node);
}

DemoTerm::DemoTerm() {
    RunningTerm term(directory_.path());
    seed(term);
}

void DemoTerm::seed(RunningTerm& term) {
    const auto in =
        term.post(Service::auth, "/login/admin", R"({"username":"admin","password":"admin123"})");
    admin.access_token = in.member("access_token");
    admin.refresh_token = in.member("refresh_token");
    enrol_student(term, alice);
    enrol_student(term, bob);
    const auto begun = register_person(term, emmy, "student");
    emmy.refresh_token = begun.member("refresh_token");
    emmy.totp_secret = core::Secret(begun.member("totp_secret"));
    enrol_teacher(term, curie);
    enrol_teacher(term, noether);
    const auto pending =
        term.post(Service::auth, "/user/2fa/setup", json::make_object("password", term_password),
                  noether.access_token);
    noether.totp_secret = core::Secret(pending.member("totp_secret"));
    const auto found =
        term.post(Service::auth, "/users/search", R"({"username":"alice"})", admin.access_token);
    alice_id = found.body["users"][0]["_id"].string().value_or("");
    const auto changed = term.call(Service::auth, {.method = Method::put,
                                                   .target = "/auth/" + alice_id,
                                                   .body = R"({"email":"alice@example.org"})",
                                                   .headers = {bearer(alice.access_token)}});
    if (changed.status != 200) {
        throw std::runtime_error(changed.text);
    }
    add_courses(term);
    switch_mail_on(term);
    registration_code = term.post(Service::auth, "/generate/registration-code",
                                  R"({"user_type":"student"})", admin.access_token)
                            .member("code");
    teacher_registration_code = term.post(Service::auth, "/generate/registration-code",
                                          R"({"user_type":"teacher"})", admin.access_token)
                                    .member("code");
    reset_code = term.post(Service::auth, "/generate/reset-code", R"({"username":"alice"})",
                           admin.access_token)
                     .member("code");
}

void DemoTerm::switch_mail_on(RunningTerm& term) {
    const auto changed = term.call(
        Service::auth, {.method = Method::patch,
                        .target = "/admin/system-settings",
                        .body = R"({"notifications":{"email_enabled":true,"smtp_host":"127.0.0.1",)"
                                R"("smtp_port":1,"email_from":"courses@example.org"}})",
                        .headers = {bearer(admin.access_token)}});
    if (changed.status != 200) {
        throw std::runtime_error(changed.text);
    }
}

TermAnswer DemoTerm::register_person(RunningTerm& term, const TermPerson& person,
                                     const std::string& kind) {
    const auto code = term.post(Service::auth, "/generate/registration-code",
                                json::make_object("user_type", kind), admin.access_token);
    return term.post(
        Service::auth, "/register/v1",
        json::make_object("username", person.name, "password", term_password, "user_type", kind,
                          "registration_code", code.member("code")));
}

void DemoTerm::enrol_student(RunningTerm& term, TermPerson& student) {
    const auto begun = register_person(term, student, "student");
    student.totp_secret = core::Secret(begun.member("totp_secret"));
    term.post(Service::auth, "/register/v2", json::make_object("totp_code", student.totp_code()),
              begun.member("refresh_token"));
    student.refresh_token =
        term.post(Service::auth, "/login/v1",
                  json::make_object("username", student.name, "password", term_password))
            .member("refresh_token");
    const std::string code = student.totp_code();
    // At most the step of a moment later than that of the code.
    student.last_step_used = auth::totp_step(core::SystemClock().wall_now());
    student.access_token = term.post(Service::auth, "/login/v2",
                                     json::make_object("totp_code", code), student.refresh_token)
                               .member("access_token");
}

void DemoTerm::enrol_teacher(RunningTerm& term, TermPerson& teacher) {
    const auto begun = register_person(term, teacher, "teacher");
    teacher.refresh_token = begun.member("refresh_token");
    teacher.access_token =
        term.post(Service::auth, "/register/v2", R"({"totp_code":"123456"})", teacher.refresh_token)
            .member("access_token");
}

void DemoTerm::add_courses(RunningTerm& term) {
    for (const char* course :
         {R"({"course_name":"Algebra","course_credit":3,"course_type":"required",)"
          R"("course_location":"A1","course_capacity":25,"course_schedule":{"tuesday":[1,2]}})",
          R"({"course_name":"Chemistry","course_credit":2.5,"course_type":"elective",)"
          R"("course_location":"Lab","course_capacity":5,"course_schedule":{"friday":[3,4]}})"}) {
        term.post(Service::teacher, "/teacher/course/create", course, curie.access_token);
    }
    const auto receipt = term.post(Service::student, "/student/course/select", R"({"course_id":2})",
                                   alice.access_token);
    task_id = receipt.member("task_id");
    const auto decided =
        term.call(Service::student, {.target = "/student/queue/status?wait=20&task_id=" + task_id,
                                     .headers = {bearer(alice.access_token)}});
    if (decided.member("status") != "completed") {
        throw std::runtime_error("alice got no seat: " + decided.text);
    }
    term.post(Service::teacher, "/teacher/video/create",
              R"({"course_id":2,"title":"Lecture 1","url":"https://example.org/1.mp4"})",
              curie.access_token);
    term.post(Service::teacher, "/teacher/quiz/create",
              R"({"course_id":2,"title":"Week 1","questions":)"
              R"([{"question":"1 + 1 = ?","options":["1","2","3"],"answer":1}]})",
              curie.access_token);
}

}  // namespace courseselect::test
