#include "courseselect/nodes/auth/directory.hpp"

#include <utility>

#include "courseselect/nodes/wire/directory.hpp"

namespace courseselect::nodes::accounts {
namespace {

async::Task<core::Result<wire::FoundUsers>> look_up_users(AuthState& state,
                                                          wire::UserLookup lookup) {
    auto find = [names = std::move(lookup.usernames)](
                    storage::Connection& connection) -> core::Result<wire::FoundUsers> {
        wire::FoundUsers found;
        found.users.reserve(names.size());
        for (const std::string& name : names) {
            COURSESELECT_TRY(const auto user, repo::find_user(connection, name));
            wire::FoundUser& entry = found.users.emplace_back();
            entry.username = name;
            if (user) {
                entry.user_id = user->key.id;
                entry.user_type = courseselect::auth::user_kind_name(user->key.kind);
                entry.email = user->email;
            }
        }
        return found;
    };
    co_return co_await state.readers->read(std::move(find));
}

}  // namespace

void add_directory_routes(api::Service& service, AuthState& state) {
    service.add(api::post("/internal/users/lookup")
                    .summary("Whose accounts these names are.")
                    .tag("internal")
                    .access(api::Access::internal)
                    .body<wire::UserLookup>(),
                [&state](api::Context&, wire::UserLookup lookup) {
                    return look_up_users(state, std::move(lookup));
                });
}

}  // namespace courseselect::nodes::accounts
