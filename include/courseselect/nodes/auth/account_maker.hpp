#pragma once
/// How an account comes into being, in this node and in the data node.

#include <optional>
#include <string>

#include "courseselect/nodes/auth/auth_state.hpp"
#include "courseselect/nodes/auth/profile_outbox.hpp"

namespace courseselect::nodes::accounts {

/// An account with its first session.
struct MadeAccount {
    repo::User user;
    NewSession session;
};

/// Code use, user and undelivered profile are one transaction. Then the data node is told: if it
/// refuses, all three are undone; if it is away, the outbox delivers later. Whatever fails in
/// between, the outbox ends it: an account that was never promised to its client is delivered or
/// undone, one that was promised stays.
/// Ownership: borrows both. Thread-safety: the runtime's loop.
class AccountMaker {
  public:
    AccountMaker(AuthState& state, ProfileOutbox& outbox) : state_(state), outbox_(outbox) {}

    /// Whether the code lets this user in. Errors: invalid_argument with the texts of contract
    /// §3.1, in its order.
    [[nodiscard]] async::Task<core::Result<>> check(repo::User user, std::string code);
    /// Makes the account, with what its owner is called if that is known; `user.key.id` is given
    /// here.
    /// Errors: those of `check`; invalid_argument `Email already exists`; unavailable (no id is
    /// left and no data node there); internal `profile_refused`, and then nothing remains.
    [[nodiscard]] async::Task<core::Result<MadeAccount>> make(api::Context& context,
                                                              repo::User user, std::string code,
                                                              std::optional<std::string> name);
    /// The same on behalf of an administrator: without code, tags and session, but with what the
    /// user is called besides the user name, if that is known. Administrators
    /// themselves have no profile. `user.key.id` is given here.
    /// Errors: those of `find_admin`; invalid_argument `User already exists` or, for an
    /// administrator, `Admin already exists`; `Email already exists`; unavailable; internal
    /// `profile_refused`.
    [[nodiscard]] async::Task<core::Result<>> make_for_admin(api::Context& context, repo::User user,
                                                             std::optional<std::string> name);
    /// The same where registration is open: without code, tags and session. Whoever asks was let in
    /// already. Returns the user as stored.
    /// Errors: conflict `username_taken`, `email_taken`; unavailable; internal `profile_refused`.
    [[nodiscard]] async::Task<core::Result<repo::User>> make_open(api::Context& context,
                                                                  repo::User user);

  private:
    [[nodiscard]] async::Task<core::Result<repo::ProfileEntry>> store_open(api::Context& context,
                                                                           repo::User user);
    /// Gives the account to its client: its profile is delivered, or follows.
    [[nodiscard]] async::Task<core::Result<repo::User>> keep(repo::UserKey key, Delivery delivery);
    [[nodiscard]] async::Task<core::Result<repo::ProfileEntry>> create(
        api::Context& context, repo::User user, std::string code, std::optional<std::string> name);
    [[nodiscard]] async::Task<core::Result<repo::ProfileEntry>> store_for_admin(
        api::Context& context, repo::User user, std::optional<std::string> name);
    /// Tells the data node of an account; one that it refuses is undone, `action` tells of it.
    /// Errors: internal `profile_refused`.
    [[nodiscard]] async::Task<core::Result<Delivery>> settle(api::Context& context,
                                                             repo::ProfileEntry& profile,
                                                             std::string action);
    [[nodiscard]] async::Task<core::Result<Delivery>> introduce(repo::ProfileEntry& profile);
    [[nodiscard]] async::Task<core::Result<std::int64_t>> next_id(repo::UserKey user);
    [[nodiscard]] async::Task<core::Result<NewSession>> promise(api::Context& context,
                                                                repo::User user, Delivery delivery);

    AuthState& state_;
    ProfileOutbox& outbox_;
};

}  // namespace courseselect::nodes::accounts
