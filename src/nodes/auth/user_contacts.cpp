#include "courseselect/nodes/auth/user_contacts.hpp"

#include <utility>

#include "courseselect/nodes/auth/account_remover.hpp"
#include "courseselect/nodes/auth/steps.hpp"
#include "courseselect/repo/auth_contacts.hpp"
#include "courseselect/repo/auth_search.hpp"

namespace courseselect::nodes::accounts {
namespace {

namespace auth = courseselect::auth;
using core::Errc;

/// The contact with what the body asks for. Errors: invalid_argument `Email already exists`.
core::Result<repo::Contact> changed_contact(storage::Connection& connection, repo::Contact contact,
                                            const wire::ContactChange& body) {
    body.name.apply_to(contact.name);
    body.email.apply_to(contact.email);
    body.phone.apply_to(contact.phone);
    body.group.apply_to(contact.group);
    if (body.email.has_value()) {
        COURSESELECT_TRY(const auto owner, repo::find_user_by_email(connection, *body.email));
        if (owner && owner->key != contact.user) {
            return core::Error(Errc::invalid_argument, "email_taken", "Email already exists");
        }
    }
    return contact;
}

}  // namespace

core::Result<wire::UserDetail> detail_of(storage::Connection& connection, const repo::User& user) {
    COURSESELECT_TRY(auto contact, repo::find_contact(connection, user.key));
    if (!contact) {
        return kind_missing(user.key.kind);
    }
    return wire::UserDetail{.user_id = user.key.id,
                            .username = user.username,
                            .name = std::move(contact->name).value_or(user.username),
                            .user_type = std::string(auth::user_kind_name(user.key.kind)),
                            .is_active = user.is_active,
                            .email = user.email,
                            .phone = std::move(contact->phone),
                            .group = std::move(contact->group),
                            .has_2fa = user.has_2fa(),
                            .created_at = user.created_at,
                            .updated_at = user.updated_at};
}

void UserContacts::add_routes(api::Service& service) {
    service.add(api::get("/admin/user/{id}")
                    .summary("The account of a number.")
                    .tag("users")
                    .access(api::Access::admin)
                    .path<wire::UserNumberPath>()
                    .query<wire::UserKindQuery>()
                    .error(404, "Student not found"),
                [this](api::Context& context, wire::UserNumberPath path, wire::UserKindQuery kind) {
                    return look(context, path.id, std::move(kind.user_type));
                });
    service.add(api::post("/admin/user/contact")
                    .summary("Say what somebody is called and how they are reached.")
                    .description("What is left out stays, null clears. Notifications go to email "
                                 "and phone.")
                    .tag("users")
                    .access(api::Access::admin)
                    .body<wire::ContactChange>()
                    .error(400, "Email already exists")
                    .error(404, "User not found"),
                [this](api::Context& context, wire::ContactChange body) {
                    return change(context, std::move(body));
                });
}

async::Task<core::Result<wire::UserDetail>> UserContacts::look(api::Context& context,
                                                               std::int64_t id,
                                                               std::string user_type) {
    const auto kind = auth::parse_user_kind(user_type);
    COURSESELECT_CHECK(kind.has_value());  // the declaration lets no other pass
    auto read = [key = repo::UserKey{*kind, id}](
                    storage::Connection& connection) -> core::Result<wire::UserDetail> {
        COURSESELECT_TRY(const auto user, repo::find_user(connection, key));
        return user ? detail_of(connection, *user) : kind_missing(key.kind);
    };
    auto seen = co_await look_as_admin(state_, context, std::move(read));
    co_return seen;
}

async::Task<core::Result<wire::UserDetail>> UserContacts::change(api::Context& context,
                                                                 wire::ContactChange body) {
    std::string target = body.username;
    auto apply = [body = std::move(body), now = state_.runtime.clock.wall_now()](
                     storage::Connection& connection) -> core::Result<wire::UserDetail> {
        COURSESELECT_TRY(const auto user, repo::find_user(connection, body.username));
        if (!user) {
            return core::Error(Errc::not_found, "user_unknown", "User not found");
        }
        COURSESELECT_TRY(auto contact, repo::find_contact(connection, user->key));
        COURSESELECT_CHECK(contact.has_value());  // it is the same row
        COURSESELECT_TRY(const auto changed,
                         changed_contact(connection, *std::move(contact), body));
        COURSESELECT_TRY_OK(repo::set_contact(connection, changed, now));
        COURSESELECT_TRY(const auto present, repo::find_user(connection, user->key));
        return detail_of(connection, *present);
    };
    auto seen = co_await act_as_admin(state_, context, "change_contact", std::move(target),
                                      std::move(apply));
    co_return seen;
}

}  // namespace courseselect::nodes::accounts
