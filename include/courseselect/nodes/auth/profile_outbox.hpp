#pragma once
/// How profiles of new accounts reach the data node, and how ids come from there.

#include <cstdint>
#include <string>
#include <string_view>

#include "courseselect/async/mutex.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/net/http/client.hpp"
#include "courseselect/nodes/auth/auth_state.hpp"
#include "courseselect/repo/auth_tokens.hpp"

namespace courseselect::nodes::accounts {

enum class Delivery : std::uint8_t {
    done,
    refused,   ///< the data node has that name under another id
    id_taken,  ///< the id belongs to somebody else there
    away,      ///< not reached, or not answered in time: try again
};

/// Delivery is idempotent: a profile that is there already, with our name, is delivered.
/// A refused profile undoes its account, unless the account was promised to its client: then it is
/// kept and tried again, in case somebody clears the name.
/// Ownership: borrows state and client. Thread-safety: the runtime's loop.
class ProfileOutbox {
  public:
    ProfileOutbox(AuthState& state, net::http::Client& data_node)
        : state_(state),
          data_node_(data_node),
          ids_gate_(state.runtime.loop),
          tasks_(state.runtime.loop) {}

    /// Starts the background task: reserves ids ahead, delivers what is due.
    void start() { tasks_.spawn(run(*this)); }
    [[nodiscard]] async::Task<> stop();

    /// Makes sure that an id is left. Errors: unavailable (no id and no data node).
    [[nodiscard]] async::Task<core::Result<>> ensure_ids(UserKind kind, std::int64_t at_least);
    /// Fetches the next block in the background when few ids are left.
    void refill_soon(UserKind kind);

    [[nodiscard]] async::Task<Delivery> deliver(repo::ProfileEntry entry);
    /// Undoes a registration: the user goes, the code gets its use back, `event` tells.
    [[nodiscard]] async::Task<core::Result<>> undo(repo::AuditEntry event,
                                                   repo::ProfileEntry entry);
    /// Delivers what is due, until the data node turns out to be away.
    [[nodiscard]] async::Task<> deliver_due();

  private:
    static async::Task<> run(ProfileOutbox& self);
    static async::Task<> refill(ProfileOutbox& self, UserKind kind);
    /// True: there may be more that are due.
    [[nodiscard]] async::Task<bool> deliver_batch();
    [[nodiscard]] async::Task<core::Result<>> deliver_one(repo::ProfileEntry entry, bool& is_away);
    [[nodiscard]] async::Task<core::Result<net::http::ClientResponse>> call(
        net::http::Method method, std::string target, std::string body);
    [[nodiscard]] async::Task<Delivery> compare(repo::ProfileEntry entry);

    AuthState& state_;
    net::http::Client& data_node_;
    async::Mutex ids_gate_;
    async::TaskGroup tasks_;
    bool refilling_[2] = {false, false};
};

/// When the data node is asked again after so many attempts: later each time.
[[nodiscard]] core::WallTime profile_retry_at(const AuthState& state, std::int64_t attempts);

}  // namespace courseselect::nodes::accounts
