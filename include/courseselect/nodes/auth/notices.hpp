#pragma once
/// Who is told what: from something that happened to a user to messages in the outbox.

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "courseselect/crypto/random.hpp"
#include "courseselect/nodes/control/settings.hpp"
#include "courseselect/notify/templates.hpp"
#include "courseselect/repo/auth_contacts.hpp"

namespace courseselect::nodes::accounts {

/// Something that happened to one user.
struct Notice {
    std::string_view event;  ///< one of `notify::events()`
    repo::UserKey user;
    notify::Values values{};  ///< beside `username` and `name`
    /// The same key tells once, however often it is tried; empty: each call is another event.
    std::string key{};
};

/// Somebody is let in again, or kept out.
[[nodiscard]] inline Notice status_notice(repo::UserKey user, bool is_active) {
    Notice notice{.event = "account_status", .user = user};
    notice.values = {{"status", is_active ? "activated" : "deactivated"}};
    return notice;
}

/// Writes messages into the outbox, in the transaction of what they tell of: both exist or none.
/// Nothing is written for events and channels that the settings leave out, nor for users whose
/// address is not known. No message carries a password, code or token.
/// Ownership: borrows the random source. Thread-safety: any thread.
class Notices {
  public:
    Notices(crypto::RandomSource& random, notify::Templates templates)
        : random_(random), templates_(std::move(templates)) {}

    /// From now on these decide.
    void use(const NotificationSettings& settings);
    /// Whether anybody is told of this.
    [[nodiscard]] bool wants(std::string_view event) const;
    /// Errors: those of the database. An address that cannot be used is logged, and undoes nothing.
    [[nodiscard]] core::Result<> tell(storage::Connection& connection, const Notice& notice,
                                      core::WallTime now) const;
    /// The same for somebody who was looked up already.
    [[nodiscard]] core::Result<> tell(storage::Connection& connection, const Notice& notice,
                                      const repo::Contact& contact, core::WallTime now) const;
    /// A login that was let in; tells of addresses that are new for the user.
    [[nodiscard]] core::Result<> tell_of_login(storage::Connection& connection, repo::UserKey user,
                                               const std::string& address,
                                               core::WallTime now) const;
    /// A message of the event "test", whatever the settings say. Errors: those of `enqueue`.
    [[nodiscard]] core::Result<> try_out(storage::Connection& connection, notify::Channel channel,
                                         const std::string& recipient, const std::string& username,
                                         core::WallTime now) const;

  private:
    struct Rules {
        bool by_email = false;
        bool by_sms = false;
        std::set<std::string, std::less<>> events;
    };
    [[nodiscard]] std::shared_ptr<const Rules> rules() const;
    [[nodiscard]] core::Result<> put(storage::Connection& connection, notify::Channel channel,
                                     const Notice& notice, const repo::Contact& contact,
                                     core::WallTime now) const;

    crypto::RandomSource& random_;
    notify::Templates templates_;
    mutable std::mutex gate_;
    std::shared_ptr<const Rules> rules_ = std::make_shared<const Rules>();
};

}  // namespace courseselect::nodes::accounts
