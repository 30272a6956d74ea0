#pragma once
/// How an account goes, from this node and from the data node.

#include <string>

#include "courseselect/api/trace.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/nodes/auth/data_calls.hpp"
#include "courseselect/repo/auth_administration.hpp"

namespace courseselect::nodes::accounts {

/// A student's account goes at once, and the data node is told until it has freed the seats and
/// forgotten the name. A teacher's goes when the data node agrees, because it keeps teachers who
/// have courses. Either way the removal is noted before the data node hears of it, so that a crash
/// or a lost answer in between is made up for by the background task.
/// Ownership: borrows both. Thread-safety: the runtime's loop.
class AccountRemover {
  public:
    AccountRemover(AuthState& state, net::http::Client& data_node)
        : state_(state), data_(state, data_node), tasks_(state.runtime.loop) {}

    void start() { tasks_.spawn(run(*this)); }
    [[nodiscard]] async::Task<> stop();

    /// Administrators remove anybody, everybody else themselves.
    /// Errors: those of `find_admin` or `find_caller`; not_found `Student not found` (`Teacher`,
    /// `Admin`); invalid_argument `At least one admin must remain`, or what the data node says of a
    /// teacher; unavailable (a teacher, and no answer: the removal goes on in the background).
    [[nodiscard]] async::Task<core::Result<>> remove(api::Context& context, repo::UserKey user);
    /// Carries on with the removals that are due, until the data node turns out to be away.
    [[nodiscard]] async::Task<> deliver_due();

  private:
    static async::Task<> run(AccountRemover& self);
    /// Forgets the account, if it is there, and notes what the data node has to forget.
    [[nodiscard]] async::Task<core::Result<repo::Removal>> note(api::Context& context,
                                                                repo::UserKey user);
    /// Tells the data node and writes down what it says; `event` tells how it ended.
    /// Errors: invalid_argument (it refuses), unavailable.
    [[nodiscard]] async::Task<core::Result<>> carry_out(api::RequestIdentity identity,
                                                        repo::AuditEntry event,
                                                        repo::Removal removal);
    [[nodiscard]] async::Task<core::Result<>> refuse(repo::AuditEntry event, repo::Removal removal,
                                                     core::Error why);

    AuthState& state_;
    DataCalls data_;
    api::TraceIds traces_;
    async::TaskGroup tasks_;
};

/// "Student", for texts.
[[nodiscard]] std::string_view kind_title(UserKind kind);
/// `Student not found` and so on.
[[nodiscard]] core::Error kind_missing(UserKind kind);

}  // namespace courseselect::nodes::accounts
