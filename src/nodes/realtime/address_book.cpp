#include "courseselect/nodes/realtime/address_book.hpp"

#include <set>
#include <utility>

#include "courseselect/json/writer.hpp"
#include "courseselect/nodes/upstream.hpp"
#include "courseselect/nodes/wire/directory.hpp"

namespace courseselect::nodes::realtime {

AddressBook::AddressBook(Runtime runtime, net::http::Client& auth_node, std::string internal_token,
                         AddressBookOptions options)
    : runtime_(runtime),
      auth_node_(auth_node),
      internal_token_(std::move(internal_token)),
      options_(options),
      calls_(runtime.loop,
             {.batch_max = wire::users_looked_up_max, .in_flight_max = 1, .waiting_max = 20'000},
             [this](std::vector<std::string> names) { return ask(std::move(names)); }) {}

const AddressBook::Entry* AddressBook::find(const std::string& name) const {
    const auto found = entries_.find(name);
    const bool is_fresh =
        found != entries_.end() && runtime_.clock.mono_now() - found->second.at < options_.kept;
    return is_fresh ? &found->second : nullptr;
}

async::Task<std::vector<std::string>> AddressBook::look_up(std::vector<std::string> names) {
    std::set<std::string> unknown;
    for (const std::string& name : names) {
        if (!name.empty() && find(name) == nullptr) {
            unknown.insert(name);
        }
    }
    if (!unknown.empty()) {
        std::vector<std::string> wanted(unknown.begin(), unknown.end());
        const auto asked = co_await calls_.submit_all(std::move(wanted));
        static_cast<void>(asked);  // without an answer the names serve
    }
    for (std::string& name : names) {
        if (const Entry* entry = find(name)) {
            name = entry->address;
        }
    }
    co_return names;
}

async::Task<std::string> AddressBook::look_up(std::string name) {
    std::vector<std::string> names;
    names.push_back(std::move(name));
    auto found = co_await look_up(std::move(names));
    co_return std::move(found.front());
}

async::Task<core::Result<std::vector<std::string>>> AddressBook::ask(
    std::vector<std::string> names) {
    wire::UserLookup lookup{.usernames = names};
    std::string body = json::to_text(lookup);
    api::TraceIds ids;
    auto identity = ids.identity();
    COURSESELECT_CO_TRY(const auto found,
                        co_await post_json<wire::FoundUsers>(
                            auth_node_, "/internal/users/lookup", std::move(body), internal_token_,
                            std::move(identity), options_.call_timeout));
    if (found.users.size() != names.size()) {
        co_return core::Error(core::Errc::unavailable, "users are missing in an answer");
    }
    if (entries_.size() + names.size() > options_.kept_max) {
        entries_.clear();
    }
    const core::MonoTime now = runtime_.clock.mono_now();
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto& address = found.users[i].email;
        entries_[names[i]] = {address.value_or(names[i]), now};
    }
    co_return names;
}

}  // namespace courseselect::nodes::realtime
