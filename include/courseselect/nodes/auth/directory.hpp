#pragma once
/// `POST /internal/users/lookup`: whose accounts a list of names are, for the other nodes.

#include "courseselect/api/service.hpp"
#include "courseselect/nodes/auth/auth_state.hpp"

namespace courseselect::nodes::accounts {

/// One call and one snapshot for up to `wire::users_looked_up_max` names; nothing but number and
/// kind of an account leaves here. `state` must outlive the service.
void add_directory_routes(api::Service& service, AuthState& state);

}  // namespace courseselect::nodes::accounts
