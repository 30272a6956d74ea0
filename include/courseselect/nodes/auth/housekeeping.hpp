#pragma once
/// What the auth node does now and then by itself.

#include <cstdint>

#include "courseselect/async/task_group.hpp"
#include "courseselect/nodes/auth/auth_state.hpp"

namespace courseselect::nodes::accounts {

/// Forgets what is over, so that the database does not grow with every login.
/// Ownership: borrows the state. Thread-safety: the runtime's loop.
class Housekeeping {
  public:
    explicit Housekeeping(AuthState& state) : state_(state), tasks_(state.runtime.loop) {}

    /// Tidies every `options.purge.every` until `stop()`.
    void start() { tasks_.spawn(run(*this)); }
    [[nodiscard]] async::Task<> stop();

    /// Forgets every refresh token that has expired, `options.purge.batch` to a transaction so that
    /// logins get their turn in between. Returns how many. Errors: those of the write queue.
    [[nodiscard]] async::Task<core::Result<std::int64_t>> purge();

  private:
    static async::Task<> run(Housekeeping& self);

    AuthState& state_;
    async::TaskGroup tasks_;
};

}  // namespace courseselect::nodes::accounts
