#pragma once
/// A small term on all five nodes, wired as the programs wire them: what the documented requests of
/// every route are about.

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/secret.hpp"
#include "courseselect/crypto/random.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/net/http/client.hpp"
#include "courseselect/nodes/config.hpp"
#include "courseselect/nodes/node.hpp"
#include "support/temp_dir.hpp"

namespace courseselect::test {

inline constexpr std::string_view term_internal_token = "internal-token-of-the-term";
inline constexpr std::string_view term_jwt_secret = "jwt-secret-of-the-term-0123456789abcdef";
/// Everybody's but the administrator's; the examples of the API know it.
inline constexpr std::string_view term_password = "correct horse";

/// What a node answered.
struct TermAnswer {
    int status = 0;
    std::string text;
    json::Value body;

    [[nodiscard]] std::string member(std::string_view name) const {
        return body[name].string().value_or("");
    }
};

/// One request of one caller.
struct TermCall {
    net::http::Method method = net::http::Method::get;
    std::string target;
    std::string body;
    std::vector<net::http::Header> headers;
};

/// The five nodes in this process, on databases in a directory, calling each other in memory.
class RunningTerm {
  public:
    /// Without the data node its address takes connections and says nothing: whatever needs a
    /// decision waits.
    explicit RunningTerm(const std::filesystem::path& directory, bool has_data_node = true);
    ~RunningTerm();
    RunningTerm(const RunningTerm&) = delete;
    RunningTerm& operator=(const RunningTerm&) = delete;

    [[nodiscard]] nodes::Node& node(nodes::Service service);
    TermAnswer call(nodes::Service service, TermCall call);
    /// POST with a bearer token (if any) that has to succeed; throws what came instead.
    TermAnswer post(nodes::Service service, std::string target, std::string body,
                    const std::string& token = "");
    /// POST as a node.
    TermAnswer post_inside(nodes::Service service, std::string target, std::string body);

  private:
    TermAnswer must_succeed(nodes::Service service, TermCall call);

    class SilentPeer;
    std::unique_ptr<SilentPeer> silent_peer_;
    async::EventLoop loop_;
    core::SystemClock clock_;
    crypto::SystemRandomSource random_;
    nodes::ProgramConfig config_;
    std::unique_ptr<nodes::Host> host_;
    std::vector<nodes::Node*> started_;
};

/// Somebody of the term, with what they hold.
struct TermPerson {
    std::string name;
    std::string refresh_token;
    std::string access_token;
    core::Secret totp_secret;         ///< active or pending
    std::int64_t last_step_used = 0;  ///< of its codes; 0: none

    /// A code that is good now.
    [[nodiscard]] std::string totp_code() const;
};

/// The term's databases, and what only a running system knows of it:
/// students alice (1, has course 2), bob (2) and emmy (3, who has not confirmed her 2FA yet);
/// teachers curie (1, teaches both courses) and noether (2, who asked for 2FA); the administrator;
/// courses 1 and 2, and a video and a quiz of course 2. `alice@example.org` is alice's address.
/// Mail is on, to a server that is away, and the first message waits.
class DemoTerm {
  public:
    DemoTerm();

    /// The term as it was at the beginning, in files of its own.
    class Copy {
      public:
        Copy(const DemoTerm& term, bool has_data_node);
        RunningTerm& operator*() { return *running_; }
        RunningTerm* operator->() { return running_.get(); }

      private:
        TempDir directory_;
        std::unique_ptr<RunningTerm> running_;
    };
    [[nodiscard]] std::unique_ptr<Copy> open(bool has_data_node = true) const {
        return std::make_unique<Copy>(*this, has_data_node);
    }

    TermPerson alice{"alice"}, bob{"bob"}, emmy{"emmy"}, curie{"curie"}, noether{"noether"},
        admin{"admin"};
    std::string alice_id;  ///< `_id` of the user management
    std::string registration_code, teacher_registration_code, reset_code;
    std::string task_id;  ///< of alice's seat in course 2

  private:
    void seed(RunningTerm& term);
    void enrol_student(RunningTerm& term, TermPerson& student);
    void enrol_teacher(RunningTerm& term, TermPerson& teacher);
    void add_courses(RunningTerm& term);
    void switch_mail_on(RunningTerm& term);
    [[nodiscard]] TermAnswer register_person(RunningTerm& term, const TermPerson& person,
                                             const std::string& kind);

    TempDir directory_;
};

}  // namespace courseselect::test
