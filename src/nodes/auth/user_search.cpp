#include "courseselect/nodes/auth/user_search.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "courseselect/nodes/auth/user_rules.hpp"
#include "courseselect/nodes/wire/own_students.hpp"
#include "courseselect/repo/auth_search.hpp"

namespace courseselect::nodes::accounts {
namespace {

repo::UserSearch search_of(const wire::UserSearchBody& body) {
    repo::UserSearch search{.username = body.username.value_or(""),
                            .email = body.email.value_or("")};
    if (body.status) {
        search.is_active = *body.status == "active";
    }
    return search;
}

/// One page of the students of `ids` whom the search wants. As many look-ups by key as there are
/// ids: the students of one teacher, never all users.
core::Result<repo::FoundUsers> search_among(storage::Connection& connection,
                                            const std::vector<std::int64_t>& ids,
                                            const repo::UserSearch& search, std::int64_t offset,
                                            std::int64_t limit) {
    repo::FoundUsers found;
    for (const std::int64_t id : ids) {
        COURSESELECT_TRY(auto user,
                         repo::find_user(connection, repo::UserKey{UserKind::student, id}));
        if (!user || !repo::is_wanted(search, *user)) {
            continue;
        }
        if (found.total >= offset && found.total < offset + limit) {
            found.users.push_back(*std::move(user));
        }
        ++found.total;
    }
    return found;
}

}  // namespace

void UserSearch::add_routes(api::Service& service) {
    service.add(
        api::post("/users/search")
            .summary("Users by parts of name and address, and by status.")
            .description("Three characters or more are looked for anywhere, one or two at the "
                         "beginning; case does not matter. Matches are counted to 1,000 and to the "
                         "end of the page; total_is_exact is false when there are more, and "
                         "10,000 can be reached. Teachers find their own students only.")
            .tag("users")
            .errors(api::ErrorStyle::success_flag)
            .access(api::Access::teacher)
            .body<wire::UserSearchBody>()
            .error(503, "The data node is away; teachers cannot search now"),
        [this](api::Context& context, wire::UserSearchBody body) {
            return search(context, std::move(body));
        });
}

async::Task<core::Result<UserSearch::Ids>> UserSearch::own_students(const api::Context& context) {
    const std::int64_t teacher = context.who().id;
    const core::MonoTime now = state_.runtime.clock.mono_now();
    const auto known = by_teacher_.find(teacher);
    if (known != by_teacher_.end() && known->second.until > now) {
        co_return known->second.ids;
    }
    std::string target = fmt::format("/internal/teacher/students?teacher_id={}", teacher);
    COURSESELECT_CO_TRY(const auto told,
                        co_await data_.ask<wire::OwnStudents>(context, std::move(target)));
    OwnStudents own;
    own.until = now + own_students_lifetime;
    for (const core::StudentId id : told.student_ids) {
        own.ids.push_back(id.value());
    }
    Ids ids = own.ids;
    if (by_teacher_.size() >= teachers_max) {
        by_teacher_.clear();
    }
    by_teacher_[teacher] = std::move(own);
    co_return ids;
}

async::Task<core::Result<wire::UsersFound>> UserSearch::search(api::Context& context,
                                                               wire::UserSearchBody body) {
    const bool is_admin = context.who().kind == UserKind::admin;
    Ids ids;
    if (!is_admin) {
        COURSESELECT_CO_TRY(ids, co_await own_students(context));
    }
    const std::int64_t offset = std::int64_t{body.page - 1} * body.page_size;
    auto look = [caller = caller_of(state_, context), ids = std::move(ids), is_admin, offset,
                 wanted = search_of(body), limit = body.page_size](
                    storage::Connection& connection) -> core::Result<repo::FoundUsers> {
        COURSESELECT_TRY_OK(find_live_caller(connection, caller));
        return is_admin ? repo::search_users(connection, wanted, offset, limit)
                        : search_among(connection, ids, wanted, offset, limit);
    };
    COURSESELECT_CO_TRY(const auto found, co_await state_.readers->read(std::move(look)));
    wire::UsersFound answer;
    answer.total = found.total;
    answer.page = body.page;
    answer.page_size = body.page_size;
    if (!found.is_exact) {
        answer.total_is_exact = false;
    }
    for (const repo::User& user : found.users) {
        answer.users.push_back(to_wire(user));
    }
    co_return answer;
}

}  // namespace courseselect::nodes::accounts
