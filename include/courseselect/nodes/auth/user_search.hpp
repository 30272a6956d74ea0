#pragma once
/// `POST /users/search` (user management contract).

#include <string>
#include <unordered_map>
#include <vector>

#include "courseselect/api/service.hpp"
#include "courseselect/nodes/auth/auth_state.hpp"
#include "courseselect/nodes/auth/data_calls.hpp"
#include "courseselect/nodes/wire/user_api.hpp"

namespace courseselect::nodes::accounts {

/// Administrators search everybody, from indexes. Teachers search the students who have a seat in
/// one of their courses: the data node says who they are, and its word is good for a few seconds;
/// while it is away teachers are refused.
/// Ownership: borrows both. Thread-safety: the runtime's loop.
class UserSearch {
  public:
    static constexpr std::chrono::seconds own_students_lifetime{5};
    static constexpr std::size_t teachers_max = 1'000;  ///< remembered; then all are forgotten

    UserSearch(AuthState& state, net::http::Client& data_node)
        : state_(state), data_(state, data_node) {}
    void add_routes(api::Service& service);

  private:
    using Ids = std::vector<std::int64_t>;
    struct OwnStudents {
        Ids ids;
        core::MonoTime until;
    };

    async::Task<core::Result<wire::UsersFound>> search(api::Context& context,
                                                       wire::UserSearchBody body);
    [[nodiscard]] async::Task<core::Result<Ids>> own_students(const api::Context& context);

    AuthState& state_;
    DataCalls data_;
    std::unordered_map<std::int64_t, OwnStudents> by_teacher_;
};

}  // namespace courseselect::nodes::accounts
