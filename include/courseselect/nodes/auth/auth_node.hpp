#pragma once
/// The auth node: accounts, registration codes, login in steps, tokens (contract §3).
///
/// The namespace is `accounts`, because `nodes::auth` would hide the library module `auth` from
/// every other node.

#include <cstdint>
#include <memory>
#include <string_view>

#include "courseselect/api/service.hpp"
#include "courseselect/net/http/client.hpp"
#include "courseselect/nodes/auth/auth_options.hpp"
#include "courseselect/nodes/node.hpp"

namespace courseselect::nodes::accounts {

struct AuthState;
class AccountMaker;
class AccountRemover;
class Administration;
class ControlFeed;
class CourseAdmin;
class Housekeeping;
class Login;
class MailRoom;
class NoticeRounds;
class NotificationAdmin;
class OwnAccount;
class ProfileOutbox;
class Registration;
class ResetCodes;
class Sessions;
class StudentTags;
class SystemSettings;
class TwoFactor;
class UserAdmin;
class UserContacts;
class UserFiles;
class UserManagement;

/// Accounts live here, profiles in the data node; the profile of a new account reaches it through
/// an outbox, so that registration works while the data node is away.
/// Passwords are hashed on a bounded pool of quiet threads: `/health` answers whatever they do.
/// Thread-safety: the runtime's loop.
class AuthNode final : public Node {
  public:
    /// Opens or creates the database. `data_node` is how ids are reserved and profiles delivered.
    /// Errors: invalid_argument (a token secret that is too short, cost out of bounds); those of
    /// `storage::Database::open`.
    [[nodiscard]] static core::Result<std::unique_ptr<AuthNode>> open(
        Runtime runtime, AuthNodeOptions options, std::unique_ptr<net::http::Client> data_node);
    ~AuthNode() override;

    [[nodiscard]] std::string_view name() const override { return "auth_node"; }
    [[nodiscard]] net::http::Handler& handler() override { return *service_; }
    /// The routes, for tests that walk them.
    [[nodiscard]] api::Service& service() override { return *service_; }
    /// At the first start also makes the administrators. Errors: invalid_argument `admin_password`
    /// (none, or a documented one outside development).
    [[nodiscard]] async::Task<core::Result<>> start() override;
    [[nodiscard]] async::Task<> stop() override;
    void drain() override;
    [[nodiscard]] NodeParts parts() override;

    /// Delivers and removes the profiles that are due, now instead of at the next turn of the
    /// background task.
    [[nodiscard]] async::Task<> deliver_profiles();
    /// Tells of decisions and dates, and sends what is due, now; returns how many messages were
    /// tried.
    [[nodiscard]] async::Task<std::size_t> deliver_messages();
    /// Forgets what is over, now; returns how many rows.
    [[nodiscard]] async::Task<core::Result<std::int64_t>> purge();
    /// What the endpoints share, for programs and tests in the same process.
    [[nodiscard]] AuthState& state() { return *state_; }

  private:
    explicit AuthNode(std::unique_ptr<net::http::Client> data_node);
    void add_routes();

    std::unique_ptr<net::http::Client> data_node_;
    std::unique_ptr<AuthState> state_;
    std::unique_ptr<ProfileOutbox> outbox_;
    std::unique_ptr<Housekeeping> housekeeping_;
    std::unique_ptr<AccountMaker> accounts_;
    std::unique_ptr<AccountRemover> remover_;
    std::unique_ptr<Registration> registration_;
    std::unique_ptr<Login> login_;
    std::unique_ptr<TwoFactor> two_factor_;
    std::unique_ptr<Sessions> sessions_;
    std::unique_ptr<OwnAccount> own_account_;
    std::unique_ptr<Administration> administration_;
    std::unique_ptr<ResetCodes> reset_codes_;
    std::unique_ptr<UserAdmin> user_admin_;
    std::unique_ptr<UserContacts> contacts_;
    std::unique_ptr<UserFiles> files_;
    std::unique_ptr<StudentTags> student_tags_;
    std::unique_ptr<CourseAdmin> course_admin_;
    std::unique_ptr<UserManagement> users_;
    std::unique_ptr<SystemSettings> settings_;
    std::unique_ptr<ControlFeed> feed_;
    std::unique_ptr<NoticeRounds> rounds_;
    std::unique_ptr<MailRoom> mail_room_;
    std::unique_ptr<NotificationAdmin> notifications_;
    std::unique_ptr<api::Service> service_;
};

}  // namespace courseselect::nodes::accounts
